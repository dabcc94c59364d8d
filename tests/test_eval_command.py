"""`wherein eval`, as a person meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import SHARED, run_index

from indexer.commands.eval import command
from search.errors import UsageError, WhereinError
from search.evaluation.measures import MEASURES
from search.settings import Settings

DOCUMENTS = {
    "bees": "Bees dance on the comb to tell the way.",
    "boats": "Boats lie in the harbour over winter.",
    "../etc/bread 1%": "Bread rises in a warm place.",
}
QUERIES = {"q1": "bees dance comb", "q2": "boats harbour", "q3": "warm bread", "q4": "nothing"}
GRADES = [("q1", "bees", 2), ("q1", "boats", 0), ("q2", "boats", 1), ("q3", "../etc/bread 1%", 1)]


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEREIN_HOME", str(settings.home))
    monkeypatch.setenv("WHEREIN_CACHE", str(settings.cache))
    monkeypatch.setenv("WHEREIN_MODEL", "hashing")


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """A folder in BEIR's layout."""
    path = tmp_path / "beir"
    (path / "qrels").mkdir(parents=True)
    write_lines(
        path / "corpus.jsonl",
        *(json.dumps({"_id": name, "title": "", "text": text}) for name, text in DOCUMENTS.items()),
    )
    write_lines(
        path / "queries.jsonl",
        *(json.dumps({"_id": name, "text": text}) for name, text in QUERIES.items()),
    )
    write_lines(
        path / "qrels" / "test.tsv",
        "query-id\tcorpus-id\tscore",
        *("\t".join(map(str, row)) for row in GRADES),
    )
    return path


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def run(*arguments: str | Path) -> str:
    """What the command prints; its own errors are raised."""
    return CliRunner().invoke(command, [*map(str, arguments)], catch_exceptions=False).stdout


def as_json(*arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json"))
    return found


def means(found: dict[str, Any], mode: str = "hybrid") -> dict[str, float]:
    return {name: value["mean"] for name, value in found["modes"][mode]["measures"].items()}


def test_a_folder_is_indexed_asked_and_measured(beir: Path) -> None:
    found = as_json(beir)
    assert (found["name"], found["documents"], found["asked"]) == ("beir", 3, 3)
    assert found["unanswered"] == 1
    assert set(found["modes"]) == {"hybrid", "semantic", "keyword"}
    for mode in ("hybrid", "keyword"):
        assert means(found, mode) == dict.fromkeys(MEASURES, 1.0)
        assert set(found["modes"][mode]["milliseconds"]) == {"p50", "p95", "p99"}
        assert found["modes"][mode]["queries"]["q3"]["MAP"] == 1.0


def test_people_get_a_table_with_intervals_and_times(beir: Path) -> None:
    lines = run(beir, "--mode", "keyword").splitlines()
    assert lines[0].startswith("beir: 3 queries, 3 documents, 3 passages of up to 200 pieces, ")
    assert "1 query left out, as no judgement says what answers them." in lines
    for name in MEASURES:
        assert f"{name:<12}1.00 [1.00, 1.00]" in lines
    assert any(line.startswith("p99 in ms") for line in lines)


def test_an_index_is_kept_until_something_it_depends_on_changes(
    beir: Path, settings: Settings
) -> None:
    def builds() -> dict[str, int]:
        stores = (settings.cache / "evaluations").glob("*/*/store.sqlite")
        return {path.parts[-3]: path.stat().st_ino for path in stores}

    run(beir)
    (first,) = builds().items()
    run(beir)
    assert dict([first]) == builds()
    run(beir, "--rebuild")
    assert list(builds()) == [first[0]]
    assert builds()[first[0]] != first[1]
    run(beir, "--passage-pieces", "16")
    assert len(builds()) == 2
    with (beir / "corpus.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"_id": "more", "text": "More."}\n')
    assert as_json(beir)["documents"] == 4
    assert len(builds()) == 3


def test_runs_are_written_and_compared_with(beir: Path, tmp_path: Path) -> None:
    said = run(beir, "--run", tmp_path / "all.run")
    for mode in ("hybrid", "semantic", "keyword"):
        assert f"Wrote {tmp_path / f'all-{mode}.run'}." in said
    kept = tmp_path / "all-keyword.run"
    lines = kept.read_text("utf-8").splitlines()
    assert lines[0].split()[:4] == ["q1", "Q0", "bees", "1"]
    assert lines[0].endswith(" wherein-keyword")
    baseline = as_json(beir, "--mode", "keyword", "--baseline", kept)["baseline"]
    assert baseline["tag"] == "wherein-keyword"
    assert baseline["measures"]["MAP"]["mean"] == 1.0
    same = baseline["differences"]["keyword"]["nDCG@10"]
    assert (same["mean"], same["p"], same["same"]) == (0.0, 1.0, 3)


def test_the_queries_that_gained_and_lost_are_named(beir: Path, tmp_path: Path) -> None:
    old = write_lines(tmp_path / "old.run", "q1 Q0 boats 1 2.0 old", "q2 Q0 boats 1 2.0 old")
    said = run(beir, "--mode", "keyword", "--baseline", old)
    assert "1 query not answered by the baseline." in said
    assert "keyword against old:" in said
    assert "2 better, 0 worse, 1 the same" in said
    assert "  +1.00  q1  bees dance comb\n" in said
    assert "Lost most" not in said
    write_lines(beir / "queries.jsonl", '{"_id": "q1", "text": "zebra"}')
    write_lines(beir / "qrels" / "test.tsv", "q1\tbees\t1")
    write_lines(old, "q1 Q0 bees 1 2.0 old")
    said = run(beir, "--mode", "keyword", "--baseline", old)
    assert "Lost most (nDCG@10):\n  −1.00  q1  zebra\n" in said
    with pytest.raises(UsageError, match="answers none of the queries"):
        run(beir, "--baseline", write_lines(old, "other Q0 bees 1 2.0 old"))


def test_topics_and_judgements_in_trecs_form(beir: Path, tmp_path: Path) -> None:
    topics = write_lines(tmp_path / "t", "<top>", "<num> Number: 1", "<title> bees", "</top>")
    qrels = write_lines(tmp_path / "r", "1 0 bees 1")
    found = as_json(beir, "--queries", topics, "--qrels", qrels, "--mode", "keyword")
    assert means(found, "keyword")["Success@1"] == 1.0


def test_a_query_that_cannot_be_asked_counts_as_nothing(beir: Path) -> None:
    write_lines(beir / "queries.jsonl", *(json.dumps({"_id": q, "text": "?"}) for q in QUERIES))
    found = as_json(beir, "--mode", "hybrid")
    assert means(found)["MAP"] == 0.0
    assert set(found["modes"]["hybrid"]["refused"]) == {"q1", "q2", "q3"}
    assert "Query q1 was not asked: The query holds no letter" in run(beir)


def test_it_is_said_when_words_stood_in_for_meaning(beir: Path) -> None:
    write_lines(beir / "corpus.jsonl", '{"_id": "bees", "text": "Frames hold warm wax for bees"}')
    write_lines(beir / "queries.jsonl", '{"_id": "q1", "text": "what did nine men say of bees"}')
    write_lines(beir / "qrels" / "test.tsv", "q1\tbees\t1")
    (said,) = as_json(beir, "--mode", "hybrid")["modes"]["hybrid"]["fallbacks"]
    assert "1 query answered by words in hybrid mode: " + said in run(beir)


def test_documents_without_text_are_known_and_never_found(beir: Path) -> None:
    write_lines(beir / "corpus.jsonl", '{"_id": "bees", "text": "Bees dance."}', '{"_id": "e"}')
    write_lines(beir / "qrels" / "test.tsv", "q1\tbees\t1", "q1\te\t1")
    assert means(as_json(beir, "--mode", "keyword"), "keyword")["Recall@100"] == 0.5


@pytest.mark.parametrize(
    ("name", "line", "complaint"),
    [
        ("corpus.jsonl", "not json", "corpus.jsonl, line 1: it is no document in JSON"),
        ("corpus.jsonl", '{"_id": " "}', "corpus.jsonl, line 1: its _id is empty"),
        ("corpus.jsonl", '{"_id": "a"}\n{"_id": "a"}', "line 2: document 'a' was there before"),
        ("corpus.jsonl", "", "corpus.jsonl holds no documents"),
        ("queries.jsonl", "", "queries.jsonl holds no queries"),
        ("qrels/test.tsv", "", "test.tsv holds no judgements"),
        ("qrels/test.tsv", "q1\tbears\t1", "test.tsv, line 1: there is no document 'bears'"),
        ("qrels/test.tsv", "q9\tbees\t1", "test.tsv, line 1: there is no query 'q9'"),
    ],
)
def test_bad_files_are_named_with_their_line(
    beir: Path, name: str, line: str, complaint: str
) -> None:
    write_lines(beir / name, line)
    with pytest.raises(UsageError) as caught:
        run(beir)
    assert complaint in caught.value.message
    assert caught.value.remedy


def test_unknown_documents_count_as_never_found_if_that_is_asked_for(beir: Path) -> None:
    write_lines(beir / "qrels" / "test.tsv", "q1\tbears\t1", "q1\tbees\t1")
    found = as_json(beir, "--allow-unknown")
    assert found["unknown"] == 1
    assert means(found)["Recall@100"] == 0.5


@pytest.fixture
def own(settings: Settings, folder: Path) -> Path:
    """A user's own collection, indexed."""
    (folder / "home").mkdir()
    (folder / "work").mkdir()
    (folder / "home" / "bees.txt").write_text("Bees dance on the comb.\n\nBees make honey.")
    (folder / "home" / "notes.md").write_text("Boats lie in the harbour.")
    (folder / "work" / "notes.md").write_text("Bread rises in a warm place.")
    (folder / "work" / "copy of bees.txt").write_bytes((folder / "home/bees.txt").read_bytes())
    run_index(settings, folder)
    return folder


@pytest.mark.parametrize(
    "name",
    ["home/bees.txt", "bees.txt", "bees", "copy of bees.txt", "work/copy of bees.txt", "FOLDER"],
)
def test_a_document_of_ones_own_is_named_by_its_path(
    own: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WHEREIN_MODEL")
    queries = write_lines(tmp_path / "q", "1\tbees dance")
    name = str(own / "home" / "bees.txt") if name == "FOLDER" else name
    qrels = write_lines(tmp_path / "r", f"1\t{name}\t1")
    found = as_json("--queries", queries, "--qrels", qrels, "--run", tmp_path / "out.run")
    assert found["name"] == "default"
    assert means(found)["Success@1"] == 1.0
    first = (tmp_path / "out-hybrid.run").read_text("utf-8").splitlines()[0]
    assert first.split()[2] == "home/bees.txt"
    again = as_json(
        "--queries", queries, "--qrels", qrels, "--baseline", tmp_path / "out-hybrid.run"
    )
    assert again["baseline"]["measures"]["MAP"]["mean"] == 1.0


def test_a_document_may_be_named_by_number_but_not_by_a_name_that_two_have(
    own: Path, tmp_path: Path
) -> None:
    queries = write_lines(tmp_path / "q", "1\tboats harbour", "2\tbees")
    shown = json.loads(
        subprocess.run(
            [sys.executable, "-m", "indexer.cli", "search", "boats harbour", "--json"],
            capture_output=True,
            check=True,
        ).stdout
    )
    number = shown["hits"][0]["document_id"]
    qrels = write_lines(tmp_path / "r", f"1\t{number}\t1")
    assert means(as_json("--queries", queries, "--qrels", qrels))["Success@1"] == 1.0
    for name, complaint in (
        ("notes.md", "'notes.md' may be 'home/notes.md' or 'work/notes.md'"),
        ("play/notes.md", "r, line 2: there is no document 'play/notes.md'"),
        ("999999", "r, line 2: there is no document '999999'"),
        ("9" * 30, "r, line 2: there is no document"),
    ):
        write_lines(qrels, f"1\t{number}\t1", f"2\t{name}\t1")
        with pytest.raises(UsageError) as caught:
            run("--queries", queries, "--qrels", qrels)
        assert complaint in caught.value.message


def test_passages_are_judged_where_quotes_are_given(own: Path, tmp_path: Path) -> None:
    (own / "long.txt").write_text("\n\n".join(f"Pear number {n} is ripe." for n in range(200)))
    run_index(Settings.from_environment(), own)
    queries = write_lines(tmp_path / "q", "1\tpear number 170")
    qrels = write_lines(
        tmp_path / "r",
        "query-id\tdocument\tquote\tscore",
        "1\tlong.txt\tpear  number 170 is\t2",
        "1\tlong.txt\tbanana\t1",
    )
    found = as_json("--queries", queries, "--qrels", qrels, "--mode", "keyword")
    assert means(found, "keyword")["MRR@10"] == 1.0
    assert means(found, "keyword")["Recall@100"] == 0.5


def test_arguments_that_do_not_go_together(beir: Path, tmp_path: Path) -> None:
    for arguments, complaint in (
        ([], "nothing to evaluate with"),
        (["--queries", beir / "queries.jsonl"], "nothing to evaluate with"),
        ([beir, "--collection", "x"], "Both a folder and a collection"),
        (
            ["--queries", "q", "--qrels", "r", "--model", "hashing"],
            "evaluated with the model and the passages it was made with",
        ),
        ([tmp_path / "none"], "There is no folder"),
        ([tmp_path], r"There is no corpus\.jsonl"),
        (
            ["--queries", beir / "queries.jsonl", "--qrels", beir / "qrels" / "test.tsv"],
            "There is no collection 'default'",
        ),
    ):
        with pytest.raises(WhereinError, match=complaint):
            run(*arguments)


def test_the_measures_are_loaded_only_when_they_are_needed() -> None:
    code = (
        "import sys, indexer.commands.eval, indexer.commands.search, search.engine\n"
        "print([m for m in sys.modules if m.startswith(('ir_measures', 'pytrec', 'scipy'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.long
@pytest.mark.model
@pytest.mark.skipif(not (SHARED / "data" / "xquad-en").is_dir(), reason="no XQuAD here")
def test_a_real_collection_with_the_real_encoder(
    model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEREIN_CACHE", str(model_cache))
    monkeypatch.delenv("WHEREIN_MODEL")
    found = as_json(SHARED / "data" / "xquad-en", "--every", "20", "--mode", "hybrid")
    assert found["documents"] == 240
    assert found["asked"] == 60
    assert means(found)["nDCG@10"] > 0.9
