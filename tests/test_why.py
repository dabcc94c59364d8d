"""Why a document is not found, and which others are like it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import run_index

from indexer.commands import similar as similar_command
from indexer.commands import why as why_command
from search import why as why_module
from search.engine import Engine
from search.errors import DocumentMissing
from search.queries import parse
from search.settings import Settings
from web import create_app

Build = Callable[..., Engine]
FILES = {
    "bees__md": "# Bees\n\nBees dance on the comb to tell the way to the flowers.",
    "wasps__txt": "Wasps dance on no comb but tell the way to the flowers by smell.",
    "ships__txt": "Steel ships sail slowly over the northern ocean in winter.",
    "boats__txt": "Steel boats sail slowly over the northern ocean in summer.",
}


@pytest.fixture
def engine(indexed: Build) -> Engine:
    return indexed(**FILES)


@pytest.mark.parametrize(
    ("text", "asked", "file", "says"),
    [
        ("bees dance", {}, "bees.md", "It is among the hits, at place 1."),
        ("bees dance", {"limit": 1}, "wasps.txt", "place 2; only places up to 1 were asked for"),
        ("bees dance", {"offset": 1}, "bees.md", "place 1, which --offset 1 passes over"),
        ("bees type:txt", {}, "bees.md", "No passage of it meets type:txt."),
        ('bees "red comb"', {}, "bees.md", 'No passage of it meets "red comb".'),
        ("bees -comb", {}, "bees.md", 'All of it is left out by -"comb".'),
        ("bees", {"mode": "keyword"}, "ships.txt", "It shares no word with the query"),
        ("bees dance comb", {}, "ships.txt", "on passages count as near."),
        ("comb", {"mode": "keyword", "min_score": 90.0}, "bees.md", "less than the least score 90"),
    ],
)
def test_reasons(engine: Engine, text: str, asked: dict[str, object], file: str, says: str) -> None:
    why = engine.why(parse(text, **asked), file)  # type: ignore[arg-type]
    assert Path(why.path).name == file
    assert any(says in reason for reason in why.reasons), why.reasons


def test_places_in_each_leg_are_those_of_each_leg_alone(engine: Engine) -> None:
    for mode in ("semantic", "keyword"):
        for rank, hit in enumerate(engine.search(parse("bees dance comb", mode)).hits, 1):
            why = engine.why(parse("bees dance comb"), hit.path)
            if mode == "semantic":
                assert (why.semantic_rank, why.cosine) == (rank, pytest.approx(hit.cosine))
            else:
                assert (why.keyword_rank, why.bm25) == (rank, pytest.approx(hit.bm25))
            assert why.document_id == hit.document_id


def test_beyond_the_candidates(indexed: Build) -> None:
    many = {f"m{n:03d}__txt": f"Bees and more bees hum, number {n}." for n in range(210)}
    engine = indexed(**many, last__txt="Of bees and a great many other things this text speaks.")
    why = engine.why(parse("bees hum", "keyword"), "last.txt")
    assert (why.rank, why.keyword_rank) == (None, 211)
    (reason,) = why.reasons
    assert reason.startswith("Its best passage takes place 211 by words (BM25")
    assert engine.why(parse("bees hum"), "last.txt").semantic_rank == 211


def test_a_place_that_is_not_known_for_certain_is_not_told(
    indexed: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = {f"c{n:02d}__txt": f"Bees, number {n}." for n in range(30)}
    rare = {f"r{n}__txt": f"Bees that hum, number {n}." for n in range(3)}
    engine = indexed(**common, **rare, last__txt="Of bees and a great many other things.")
    query = parse("bees hum", "keyword")
    assert engine.why(query, "last.txt").keyword_rank == 34
    monkeypatch.setattr(why_module, "_RANKED", 20)
    assert engine.why(query, "last.txt").keyword_rank is None
    monkeypatch.undo()
    monkeypatch.setattr(why_module, "_READ", 10)  # too few for the bees
    monkeypatch.setattr("search.ranking.CANDIDATES", 2)
    why = engine.why(query, "last.txt")
    assert why.keyword_rank is None
    assert why.bm25
    assert why.reasons[0].startswith("Its best passage takes a place beyond 3 by words (BM25")


def test_a_hit_is_given_a_place_in_a_leg_only_if_it_is_known(
    indexed: Build, settings: Settings
) -> None:
    many = {f"m{n:03d}__txt": f"Bees and more bees hum, number {n}." for n in range(210)}
    ships = "Steel ships sail the northern ocean in winter, and the zebra sleeps."
    engine = indexed(**many, ships__txt=ships)
    query = parse("bees hum zebra", limit=200, explain=True)
    (first, *_) = engine.search(query).hits
    (ships_,) = [
        hit
        for hit in engine.search(replace(query, offset=200)).hits
        if Path(hit.path).name == "ships.txt"
    ]
    for hit, ranks in ((first, (1, 2)), (ships_, (None, 1))):
        assert hit.explanation is not None
        assert (hit.explanation.semantic_rank, hit.explanation.keyword_rank) == ranks
    page = create_app(settings, engine).test_client()
    told = page.get("/why", query_string={"q": query.text, "passage": ships_.passage_id}).text
    assert "not among the best by this alone" in told
    assert "no longer among the answers" not in told


def test_a_passage_that_says_the_same_stands_for_it(indexed: Build) -> None:
    same = "The very same sentence of boilerplate stands in both of these files."
    engine = indexed(a__txt=same, b__txt=same + "\n")
    (hit,) = engine.search(parse("boilerplate sentence")).hits
    other = {"a.txt", "b.txt"} - {Path(hit.path).name}
    (reason,) = engine.why(parse("boilerplate sentence"), other.pop()).reasons
    assert f"the hit at place 1, in {hit.path}, says the same" in reason


def test_what_is_no_document(engine: Engine, folder: Path) -> None:
    query = parse("bees")
    (folder / "bees.md").rename(folder / "renamed.md")
    with pytest.raises(DocumentMissing, match=r"renamed\.md is not in the collection\."):
        engine.why(query, str(folder / "renamed.md"))
    with pytest.raises(DocumentMissing, match="is not in the collection"):
        engine.similar("nowhere")


def test_a_name_that_several_files_have(settings: Settings, folder: Path) -> None:
    for place in ("one", "two"):
        (folder / place).mkdir()
        (folder / place / "same.txt").write_text(f"Number {place}.")
    run_index(settings, folder)
    with Engine.of(settings) as engine:
        with pytest.raises(DocumentMissing, match=r"^2 documents lie .* ends in same\.txt"):
            engine.why(parse("number"), "same.txt")
        assert engine.why(parse("number"), "two/same.txt").rank is not None


def test_a_file_that_could_not_be_read(settings: Settings, folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 cut off")
    (folder / "a.txt").write_text("Text.")
    run_index(settings, folder)
    with (
        Engine.of(settings) as engine,
        pytest.raises(DocumentMissing, match=r"broken\.pdf could not be read: "),
    ):
        engine.why(parse("text"), str(folder / "broken.pdf"))


def test_similar_documents_come_by_their_passages(engine: Engine) -> None:
    hits = engine.similar("ships.txt", 2)
    assert Path(hits[0].path).name == "boats.txt"
    assert [hit.rank for hit in hits] == [1, 2]
    assert hits[0].score >= hits[1].score
    assert hits[0].cosine == pytest.approx(hits[0].score)
    assert Path(engine.similar("wasps.txt", 1)[0].path).name == "bees.md"


def test_a_document_is_not_like_itself(engine: Engine) -> None:
    found = [Path(hit.path).name for hit in engine.similar("bees.md", 50)]
    assert sorted(found) == ["boats.txt", "ships.txt", "wasps.txt"]


def test_nothing_to_be_like(indexed: Build) -> None:
    assert indexed(a__txt="Alone in here.").similar("a.txt") == ()


def test_the_commands(engine: Engine, settings: Settings, folder: Path) -> None:
    def run(command: object, *arguments: str) -> str:
        done = CliRunner().invoke(
            command,  # type: ignore[arg-type]
            [*arguments, "--home", str(settings.home)],
            catch_exceptions=False,
        )
        assert done.exit_code == 0
        return done.stdout

    out = run(why_command.command, "bees type:txt", "bees.md")
    assert out.splitlines()[0] == "Bees"
    assert "No passage of it meets type:txt." in out
    assert json.loads(run(why_command.command, "bees", "bees.md", "--json"))["rank"] == 1
    with pytest.raises(DocumentMissing, match="does not lie in an indexed folder"):
        run(why_command.command, "bees", "/nowhere/at/all.txt")
    (folder / "picture.bin").write_bytes(b"\0\1\2")
    with pytest.raises(DocumentMissing, match="Its kind is not read"):
        run(why_command.command, "bees", str(folder / "picture.bin"))
    out = run(similar_command.command, str(folder / "ships.txt"), "-k", "1")
    assert out.startswith("1. boats.txt")
    assert json.loads(run(similar_command.command, "ships.txt", "--json"))[0]["rank"] == 1
