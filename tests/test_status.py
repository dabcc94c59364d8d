"""What is said of a collection as a whole: `wherein status` and its JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import run_index
from web_site import write_scan

from indexer.commands.status import command
from search.collection import Collection
from search.keywords import latency
from search.schema import WalkRules
from search.settings import Settings
from search.status import status_of

GERMAN = "Die Bienen waren vor dem Frühstück ausgeschwärmt und hingen im Pflaumenbaum.\n" * 3
ENGLISH = "The bees had swarmed before breakfast and hung in the plum tree like a beard.\n" * 3


@pytest.fixture
def library(settings: Settings, folder: Path) -> Path:
    """Documents in two languages, one mostly scanned, and files that cannot be read."""
    (folder / "bees.txt").write_text(ENGLISH)
    (folder / "more.md").write_text(f"# More bees\n\n{ENGLISH}")
    (folder / "bienen.txt").write_text(GERMAN)
    (folder / "short.txt").write_text("E7")
    write_scan(folder / "deed.pdf", pages=4)
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text("")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 cut off")
    rules = WalkRules(exclude=("drafts", "*.bak"), hidden=True)
    run_index(settings, folder, rules=rules)
    return folder


def said(settings: Settings, *options: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(command, ["--home", str(settings.home), *options])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_json_and_the_api_say_the_same(settings: Settings, library: Path) -> None:
    with Collection(settings.collections / settings.collection) as collection:
        assert json.loads(said(settings, "--json")) == status_of(collection)


def test_documents_are_counted_by_format_and_language(settings: Settings, library: Path) -> None:
    status = json.loads(said(settings, "--json"))
    assert status["kinds"] == {"text": 3, "markdown": 1, "pdf": 1}
    assert list(status["kinds"]) == ["text", "markdown", "pdf"], "the most frequent first"
    assert status["languages"]["de"] == 1
    assert status["languages"][""] == 1
    assert sum(status["languages"].values()) == status["documents"] == 5
    lines = said(settings).splitlines()
    assert "  formats: text 3, markdown 1, pdf 1" in lines
    (languages,) = [line for line in lines if line.startswith("  languages: ")]
    assert languages.startswith("  languages: en 3, de 1")
    assert languages.endswith(", unknown 1")


def test_rules_stand_beside_the_folder_they_hold_for(settings: Settings, library: Path) -> None:
    assert f"  indexed: {library} (--exclude 'drafts' --exclude '*.bak' --hidden)\n" in said(
        settings
    )
    assert json.loads(said(settings, "--json"))["rules"] == {
        str(library): {
            "include": [],
            "exclude": ["drafts", "*.bak"],
            "follow": False,
            "hidden": True,
        }
    }


def test_scans_are_reported_as_scans(settings: Settings, library: Path) -> None:
    told = "scanned, 3 of 4 pages have no text"
    assert json.loads(said(settings, "--json"))["scanned"] == {str(library / "deed.pdf"): told}
    out = said(settings)
    assert "  1 document mostly without text\n" in out
    assert "deed.pdf" not in out
    assert (
        "  1 document mostly without text:\n"
        "    Scanned, 3 of 4 pages have no text. Index with --ocr to have it recognised.\n"
        f"      {library / 'deed.pdf'}\n"
    ) in said(settings, "--failures")


def test_failures_are_listed_by_reason_with_what_to_do(settings: Settings, library: Path) -> None:
    failures = json.loads(said(settings, "--json"))["failures"]
    assert sorted(Path(path).name for path in failures) == ["a.txt", "b.txt", "broken.pdf"]
    out = said(settings)
    assert "  3 files could not be read\n" in out
    assert "wherein status --failures" in out
    listed = said(settings, "--failures")
    assert "wherein status --failures" not in listed
    empty = failures[str(library / "a.txt")]
    assert f"    {empty}\n      {library / 'a.txt'}\n      {library / 'b.txt'}\n" in listed
    damaged = failures[str(library / "broken.pdf")]
    assert damaged.count(".") >= 2, "a reason and a remedy"
    assert f"    {damaged}\n      {library / 'broken.pdf'}\n" in listed


def test_a_sound_collection_is_told_of_in_few_lines(settings: Settings, folder: Path) -> None:
    (folder / "bees.txt").write_text(ENGLISH)
    run_index(settings, folder)
    out = said(settings)
    assert f"  indexed: {folder}\n" in out
    assert "could not be read" not in out
    assert "without text" not in out
    assert "--failures" not in out
    assert said(settings, "--failures") == out


def test_what_failed_inside_an_archive_is_named_there(settings: Settings, folder: Path) -> None:
    from zipfile import ZipFile

    with ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("inner/bees.txt", ENGLISH)
        archive.writestr("inner/broken.pdf", b"%PDF-1.4 cut off")
    run_index(settings, folder)
    failures = json.loads(said(settings, "--json"))["failures"]
    assert list(failures) == [str(folder / "all.zip" / "inner" / "broken.pdf")]


def test_an_engine_that_is_outgrown_is_told_with_what_to_do(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "bees.txt").write_text(ENGLISH)
    run_index(settings, folder)
    assert "  words: whoosh, 95 of 100 searches within " in said(settings)
    assert "--keyword-engine" not in said(settings)
    monkeypatch.setattr(latency, "OUTGROWN_MS", 0.0)
    assert "wherein index --keyword-engine tantivy" in said(settings)
