"""The command line, as a person meets it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run_index

from search.settings import Settings


class Shell:
    """Runs `wherein` in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.environment = {
            **os.environ,
            "WHEREIN_HOME": str(home),
            "WHEREIN_CACHE": str(home / "cache"),
            "PYTHONUTF8": "1",
            "COLUMNS": "100",
        }
        self.environment.pop("WHEREIN_MODEL", None)

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "indexer.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
def wherein(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "home")


@pytest.fixture
def bees(wherein: Shell, folder: Path) -> Path:
    """A folder with two files, indexed."""
    (folder / "bees.md").write_text("# Bees\n\n## Dance\n\nBees dance on the comb to tell the way.")
    (folder / "boats.txt").write_text("Boats lie in the harbour over winter.")
    run_index(Settings(home=Path(wherein.environment["WHEREIN_HOME"]), model="hashing"), folder)
    return folder


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a command that was at fault."""
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_help_names_every_command(wherein: Shell) -> None:
    done = wherein("--help")
    assert done.returncode == 0
    for name in ("index", "reindex", "remove", "search", "serve", "status"):
        assert re.search(rf"^  {name} ", done.stdout, re.MULTILINE)
        assert wherein(name, "--help").returncode == 0


def test_index_sums_up_what_it_did(wherein: Shell, folder: Path) -> None:
    (folder / "a.txt").write_text("Text.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 cut off")
    (folder / "music.mp3").write_bytes(b"ID3")
    done = wherein("index", "--model", "hashing", folder)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "Collection 'default': 1 added; 0 unchanged."
    assert lines[1] == "1 passage, 1 of them newly embedded."
    assert lines[2] == "Left out: 1 of kinds that are not read."
    assert lines[3] == "1 file could not be read:"
    assert lines[4].startswith(f"  {folder / 'broken.pdf'}: ")
    assert re.fullmatch(r"Done in \d+\.\d s\.", lines[5])


def test_index_without_paths_goes_through_what_was_indexed(wherein: Shell, bees: Path) -> None:
    (bees / "new.txt").write_text("New.")
    done = wherein("index", "--json")
    assert json.loads(done.stdout)["added"] == 1
    assert json.loads(done.stdout)["unchanged"] == 2


def test_index_without_paths_and_without_history(wherein: Shell) -> None:
    said = complaint(wherein("index", "--model", "hashing"))
    assert said == "wherein: Nothing was indexed before. Say what to index: wherein index FOLDER\n"
    assert "There is no collection" in complaint(wherein("status"))


def test_search_prints_passages_with_their_place_and_marks(wherein: Shell, bees: Path) -> None:
    done = wherein("search", "how", "do", "bees", "dance?")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"1\. Bees  \d\.\d{3}", lines[0])
    place = " ".join(line.strip() for line in lines[1:-2])
    assert place == f"{bees / 'bees.md'} › Dance"
    assert "*Bees* *dance* on the comb to tell the way." in done.stdout


def test_search_as_json(wherein: Shell, bees: Path) -> None:
    answer = json.loads(wherein("search", "bees dance", "--json", "-k", "1").stdout)
    assert answer.keys() == {
        "query", "understood", "mode", "requested_mode", "fallback", "note", "unanswered",
        "did_you_mean", "generation", "total", "total_is_lower_bound", "offset", "more", "took_ms",
        "stages", "hits",
    }  # fmt: skip
    (hit,) = answer["hits"]
    assert hit.keys() == {
        "rank", "score", "cosine", "bm25", "passage_id", "document_id", "path", "title", "kind",
        "page", "headings", "text", "start", "end", "marks", "more_in_document", "also_in",
        "author", "date", "language", "place", "weak", "explanation", "meaning", "shared",
        "rerank_score",
    }  # fmt: skip
    marked = [hit["text"][mark["start"] : mark["end"]] for mark in hit["marks"]]
    assert marked == ["Bees", "dance"]


def test_nothing_found_is_exit_code_1(wherein: Shell, bees: Path) -> None:
    done = wherein("search", "--mode", "keyword", "zeppelin")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "Nothing found.\n")
    done = wherein("search", "--mode", "keyword", "--json", "zeppelin")
    assert done.returncode == 1
    assert json.loads(done.stdout)["hits"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["search", ""], "The query is empty. Type what you are looking for."),
        (["search", "?!"], "The query holds no letter or digit"),
        (["search", "x" * 100_000], "The query has 100,000 characters"),
        (["search", "bees", "-k", "0"], "0 hits cannot be asked for. Ask for 1 to 200 with k."),
        (["search", "bees", "-k", "1000000000"], "1000000000 hits cannot be asked for."),
        (["search", "bees", "-k", "many"], "'many' is not a valid integer"),
        (["search", "bees", "--mode", "magic"], "There is no mode 'magic'. Use one of: hybrid,"),
        (["search", "bees", "--collection", "other"], "There is no collection 'other' yet. Make"),
        (["search", "bees", "--collection", "../x"], "'../x' cannot name a collection."),
        (["search"], "Missing argument"),
        (["index", "/nowhere/at/all"], "There is no file or folder '/nowhere/at/all'."),
        (["index", "--model", "/nowhere", "."], "There is no folder '/nowhere'."),
        (["remove", "/nowhere"], "Nothing at /nowhere is in the collection."),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["status", "--collection", "other"], "There is no collection 'other' yet."),
        (["serve", "--collection", "other"], "There is no collection 'other' yet."),
        (["serve", "--port", "99999"], "There is no port 99999."),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "",
)
def test_mistakes_are_one_sentence(
    wherein: Shell, bees: Path, arguments: list[str], says: str
) -> None:
    assert says in complaint(wherein(*arguments))


def test_a_nul_byte_in_a_query_is_no_harm(bees: Path, wherein: Shell) -> None:
    # No operating system lets one through on a command line; the parser is asked directly.
    from search.queries import parse

    assert parse("bees\x00dance").text == "bees dance"


def test_an_environment_variable_that_is_no_number(wherein: Shell, bees: Path) -> None:
    wherein.environment["WHEREIN_PORT"] = "eighty"
    assert "WHEREIN_PORT is 'eighty', which is not a whole number." in complaint(wherein("serve"))


def test_another_model_is_refused_with_the_command_that_mends_it(
    wherein: Shell, bees: Path
) -> None:
    done = wherein("index", "--passage-pieces", "64", bees)
    assert "wherein reindex --passage-pieces 64" in complaint(done)
    done = wherein("reindex", "--passage-pieces", "64")
    assert done.stdout == "Collection 'default': 2 documents built anew.\n"
    assert wherein("index", bees).returncode == 0
    assert "passages of up to 64 pieces" in wherein("status").stdout


def test_status(wherein: Shell, bees: Path) -> None:
    (bees / "broken.pdf").write_bytes(b"%PDF-1.4 cut off")
    wherein("index")
    out = wherein("status").stdout
    assert "2 documents from 2 files, 2 passages" in out
    assert f"indexed: {bees}" in out
    assert "model: hashing (64 dimensions)" in out
    assert "1 file could not be read" in out
    assert str(bees / "broken.pdf") in wherein("status", "--failures").stdout
    status = json.loads(wherein("status", "--json").stdout)
    assert list(status["failures"]) == [str(bees / "broken.pdf")]


def test_remove(wherein: Shell, bees: Path) -> None:
    done = wherein("remove", bees / "bees.md")
    assert done.stdout == "1 file taken out of collection 'default'.\n"
    assert wherein("search", "--mode", "keyword", "bees").returncode == 1


def test_an_empty_folder_and_one_with_nothing_readable(wherein: Shell, folder: Path) -> None:
    done = wherein("index", "--model", "hashing", folder)
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "Collection 'default': nothing new; 0 unchanged.",
    )
    done = wherein("search", "anything")
    assert done.returncode == 1
    assert "The collection is empty; index a folder first." in done.stderr
    (folder / "noise.txt").write_bytes(bytes(range(256)) * 40)
    done = wherein("index", folder)
    assert done.returncode == 0
    assert "1 file could not be read" in done.stdout


def test_what_disturbs_a_terminal_is_not_printed(wherein: Shell, folder: Path) -> None:
    (folder / "a\n\x1b[31mred.txt").write_text("Some \x1b[31mred\x1b[0m text, marked *so*.")
    wherein("index", "--model", "hashing", folder)
    done = wherein("search", "--mode", "keyword", "red text")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "a\\n\\x1b[31mred.txt" in done.stdout


def test_two_runs_at_once_are_refused_in_a_sentence(
    wherein: Shell, bees: Path, tmp_path: Path
) -> None:
    from search.collection_writer import CollectionWriter

    settings = Settings(home=Path(wherein.environment["WHEREIN_HOME"]))
    with CollectionWriter.open(settings.collections / "default"):
        said = complaint(wherein("index", bees))
        assert "Another process is writing to collection 'default'." in said
        assert wherein("search", "bees").returncode == 0


def test_a_damaged_database_is_said_in_a_sentence(wherein: Shell, bees: Path) -> None:
    home = Path(wherein.environment["WHEREIN_HOME"])
    (home / "collections/default/0001/store.sqlite").write_bytes(b"not a database " * 99)
    said = complaint(wherein("search", "bees"))
    assert "is damaged" in said


def test_a_home_that_cannot_be_made(wherein: Shell, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (folder / "a.txt").write_text("Text.")
    done = wherein("index", "--model", "hashing", "--home", tmp_path / "file" / "home", folder)
    assert "cannot be read or written" in complaint(done)


def test_the_unexpected_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from indexer import cli

    def broken(**_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.delenv("WHEREIN_DEBUG", raising=False)
    monkeypatch.setattr(cli.wherein, "main", broken)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == cli.UNEXPECTED
    assert capsys.readouterr().err.startswith("wherein: Something unexpected went wrong")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
def test_a_terminal_shows_a_bar_with_rate_and_time_left(wherein: Shell, folder: Path) -> None:
    for number in range(30):
        (folder / f"{number}.txt").write_text(f"Document number {number}. " * 200)
    master, slave = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "indexer.cli", "index", "--model", "hashing", str(folder)],
        env={**wherein.environment, "TERM": "xterm", "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=slave,
        check=True,
    )
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 65536):
            shown += part
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(master)
    text = shown.decode()
    assert "Indexing" in text
    assert re.search(r"\d+ of 30 files, [\d,]+ passages, [\d,]+ passages/s", text)
    assert re.search(r"\d\d:\d\d", text)
    assert b"30 added" in done.stdout


def test_elsewhere_plain_lines_say_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexer.commands import progress

    monkeypatch.setattr(progress, "_EVERY", -1.0)
    with progress.Watch() as watch:
        watch.begin(4, 996)
        watch.opened(249)
        watch.split(10)
        watch.encoded(10)
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(
        r"Indexing: 1 of 4 files, 10 passages, [\d,]+ passages/s, about [\d,]+ s left", lines[-1]
    )
