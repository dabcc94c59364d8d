"""Meaning marked for the hits on display: by the engine, the command and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import run_index

from indexer.commands.marking import marked_lines
from indexer.commands.search import command
from search.encoders import HashingEncoder, PieceVectors
from search.engine import Engine
from search.errors import EncoderError, QueryError
from search.models import Hit, Meaning, Span
from search.queries import parse
from search.settings import Settings

Build = Callable[..., Engine]
WIDE = HashingEncoder(2048)
FILES = {
    "bees__txt": "The hive stands by the oak. Bees dance on the comb. Honey is sold in May.",
    "boats__txt": "One boat and bees.",
}
TEXT = "Old bees dance here. Honey is sold."
HIT = Hit(
    1, 1.0, 0.5, 1.0, 1, 1, "a.txt", "a.txt", "text", None, (), TEXT, 0, len(TEXT),
    marks=(Span(4, 8), Span(21, 26)),
    meaning=Meaning(Span(0, 20), (Span(4, 8), Span(9, 14))),
)  # fmt: skip


@pytest.fixture
def engine(settings: Settings, folder: Path) -> Iterator[Engine]:
    """A collection whose words have hardly anything in common."""
    for name, text in FILES.items():
        (folder / name.replace("__", ".")).write_text(text)
    run_index(settings, folder, encoder=WIDE)
    with Engine(settings.collections / "default", settings.cache, WIDE) as opened:
        yield opened


def failing(*_: object) -> HashingEncoder:
    raise EncoderError("The model is gone.", "Fetch it again.")


def shown(hit: Hit) -> tuple[str, list[str]]:
    assert hit.meaning is not None
    assert hit.meaning.sentence is not None
    sentence = hit.meaning.sentence
    words = [hit.text[word.start : word.end] for word in hit.meaning.words]
    return hit.text[sentence.start : sentence.end], words


def test_meanings_are_spans_of_the_passages_text(engine: Engine) -> None:
    query = parse("bees dance")
    answer = engine.search(query)
    assert [hit.meaning for hit in answer.hits] == [None] * len(answer.hits)
    found = engine.meanings(query, [hit.passage_id for hit in answer.hits])
    (bees,) = (hit for hit in answer.hits if hit.title == "bees.txt")
    assert shown(replace(bees, meaning=found[bees.passage_id])) == (
        "Bees dance on the comb.",
        ["Bees", "dance"],
    )
    # The other has one sentence only, which cannot stand out.
    assert set(found) == {bees.passage_id}


def test_an_answer_with_meanings_is_otherwise_the_same(engine: Engine) -> None:
    answer = engine.search(parse("bees dance"))
    marked = engine.with_meanings(answer)
    assert [hit.meaning is not None for hit in marked.hits] == [
        hit.title == "bees.txt" for hit in answer.hits
    ]
    assert tuple(replace(hit, meaning=None) for hit in marked.hits) == answer.hits
    assert replace(marked, hits=()) == replace(answer, hits=())


def test_the_encoder_runs_once_over_all_passages_and_not_for_a_search(
    indexed: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []

    class Counting(HashingEncoder):
        def passage_pieces(self, texts: Sequence[str]) -> list[PieceVectors]:
            batches.append(len(texts))
            return super().passage_pieces(texts)

    engine = indexed(**FILES)
    monkeypatch.setattr(engine._encoding, "of", lambda _: Counting())
    answer = engine.search(parse("bees boat"))
    assert (len(answer.hits), batches) == (2, [])
    engine.with_meanings(answer)
    assert batches == [2]


@pytest.mark.parametrize("ids", [[], [999], [-1], [10**30]])
def test_passages_that_there_are_not_are_passed_over(engine: Engine, ids: list[int]) -> None:
    assert engine.meanings(parse("bees"), ids) == {}


def test_more_passages_than_are_ever_on_display_are_refused(engine: Engine) -> None:
    with pytest.raises(QueryError, match="201 passages"):
        engine.meanings(parse("bees"), range(201))


def test_a_query_of_filters_alone_has_no_meaning(engine: Engine) -> None:
    assert engine.meanings(parse("type:txt"), [1, 2]) == {}


def test_without_the_encoder_hits_come_unmarked_with_a_hint(
    indexed: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = indexed(**FILES)
    monkeypatch.setattr("search.query_encoder.load_encoder", failing)
    answer = engine.with_meanings(engine.search(parse("bees dance")))
    assert answer.hits
    assert all(hit.meaning is None for hit in answer.hits)
    assert answer.note == "Nothing is marked for its meaning: The model is gone. Fetch it again."
    with pytest.raises(EncoderError, match="gone"):
        engine.meanings(parse("bees"), [1])


# What is printed


def test_the_two_kinds_of_marks_look_different_in_plain_text() -> None:
    assert marked_lines(HIT, 80, terminal=False) == [
        "   ‹Old _*bees*_ _dance_ here.› *Honey* is sold."
    ]


def test_marks_on_a_terminal_end_with_their_line() -> None:
    assert marked_lines(replace(HIT, marks=()), 20, terminal=True) == [
        "   \x1b[4mOld \x1b[7mbees\x1b[27m\x1b[24m",
        "   \x1b[4m\x1b[7mdance\x1b[27m here.\x1b[24m",
        "   Honey is sold.",
    ]


def test_what_stands_in_the_text_is_never_taken_for_a_mark() -> None:
    hit = replace(HIT, text="\x01a\x05b \x02c\x06", marks=(), meaning=None)
    assert marked_lines(hit, 80, terminal=False) == ["   ab c"]
    assert marked_lines(hit, 80, terminal=True) == ["   ab c"]


@pytest.fixture
def search(indexed: Build, settings: Settings) -> Callable[..., Result]:
    indexed(**FILES)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(
            command, [*arguments, "--home", str(settings.home)], standalone_mode=False
        )

    return run


def test_json_has_meaning_if_it_is_asked_for(search: Callable[..., Result]) -> None:
    plain = json.loads(search("bees dance comb", "--json").stdout)
    assert {hit["meaning"] for hit in plain["hits"]} == {None}
    (hit, *_) = json.loads(
        search("bees dance comb", "--json", "--highlight", "meaning").stdout
    )["hits"]  # fmt: skip
    sentence = hit["meaning"]["sentence"]
    assert hit["text"][sentence["start"] : sentence["end"]] == "Bees dance on the comb."
    assert all(set(word) == {"start", "end"} for word in hit["meaning"]["words"])


def test_the_sentence_is_marked_only_if_that_is_asked_for(search: Callable[..., Result]) -> None:
    assert "‹" not in search("bees dance comb").stdout
    out = " ".join(search("bees dance comb", "--highlight", "meaning").stdout.split())
    assert "‹" in out
    assert "comb*_.›" in out or "comb*.›" in out
