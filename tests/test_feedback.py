"""More like these: feedback on hits, similar passages, and why documents are alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from indexer.commands.similar import command
from search.engine import Engine
from search.errors import DocumentMissing, QueryError
from search.feedback import rocchio
from search.models import Hit
from search.settings import Settings
from search.similar import nearest_pairs

Build = Callable[..., Engine]
FILES = {
    "two__md": "# Bees\n\nBees dance on the comb.\n\n# Boats\n\nBoats lie in the harbour.",
    "wasps__txt": "Bees dance on no comb.",
    "harbour__txt": "Boats lie in the new harbour.",
    "cheese__txt": "Cheese ripens in cellars.",
}


def names(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.title for hit in hits]


def passage(engine: Engine, text: str) -> int:
    """The number of the passage that begins with ``text``."""
    with engine.collection.snapshot() as snapshot:
        ids = snapshot.vectors.ids().tolist()
        rows = snapshot.reading.passages(ids, snapshot.generation)
    return next(number for number, row in rows.items() if row.text.startswith(text))


# The formula


def test_rocchio_by_hand() -> None:
    liked = np.array([[1, 0], [0, 1]], dtype=np.float32)
    unliked = np.array([[0, 1]], dtype=np.float32)
    # 0.75 · (½, ½) - 0.15 · (0, 1) = (0.375, 0.225), of length √0.19125 = 0.43732
    assert rocchio(liked, unliked) == pytest.approx([0.85749, 0.51450], abs=1e-5)
    none = np.empty((0, 0), dtype=np.float32)
    assert rocchio(liked, none) == pytest.approx([0.70711, 0.70711], abs=1e-5)


def test_rocchio_of_what_cancels_out_is_nowhere_not_an_error() -> None:
    liked = np.array([[1, 0], [-1, 0]], dtype=np.float32)
    assert rocchio(liked, np.empty((0, 0), dtype=np.float32)).tolist() == [0, 0]


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4), st.integers(0, 999))
def test_nearest_pairs_are_the_greatest_left(rows: int, columns: int, most: int, seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 5, (rows, columns)).astype(np.float32)
    left = [(-table[r, c], r, c) for r in range(rows) for c in range(columns)]
    expected: list[tuple[int, int]] = []
    while left and len(expected) < most:
        _, row, column = min(left)
        expected.append((row, column))
        left = [cell for cell in left if cell[1] != row and cell[2] != column]
    assert nearest_pairs(table, most) == expected


# The engine


def test_liking_a_passage_finds_others_like_it_and_never_itself(indexed: Build) -> None:
    engine = indexed(**FILES)
    bees = passage(engine, "Bees dance on the comb")
    hits = engine.like([bees])
    assert hits[0].title == "wasps.txt"
    assert bees not in [hit.passage_id for hit in hits]
    assert hits[0].score == hits[0].cosine
    assert not hits[0].marks
    assert len(engine.like([bees], limit=1)) == 1


def test_what_is_turned_down_is_kept_away_from(indexed: Build) -> None:
    engine = indexed(
        both__txt="red apple green pear",
        red__txt="red apple",
        green__txt="green pear",
        redder__txt="red red apple apple tree",
    )
    both, red = passage(engine, "red apple green"), passage(engine, "red apple")
    before = names(engine.like([both]))
    red = next(h.passage_id for h in engine.like([both]) if h.title == "red.txt")
    after = names(engine.like([both], [red]))
    assert "red.txt" in before
    assert "red.txt" not in after
    assert after[0] == "green.txt"


@pytest.mark.parametrize(
    ("liked", "unliked", "said"),
    [
        ([], [], "No passage is chosen"),
        ([], [1], "No passage is chosen"),
        ([1, 2], [2], "Passage 2 is both to be like and not"),
        ([1] * 201, [], "201 passages are chosen"),
    ],
)
def test_choices_that_make_no_sense(
    indexed: Build, liked: list[int], unliked: list[int], said: str
) -> None:
    with pytest.raises(QueryError, match=said):
        indexed(**FILES).like(liked, unliked)


@pytest.mark.parametrize("number", [0, -1, 999, 10**40])
def test_numbers_that_no_passage_or_document_has(indexed: Build, number: int) -> None:
    engine = indexed(**FILES)
    for ask in (
        lambda: engine.like([number]),
        lambda: engine.like([1], [number]),
        lambda: engine.similar_passages(number),
        lambda: engine.similar_to(number),
    ):
        with pytest.raises(DocumentMissing, match=f"no (passage|document) {number}"):
            ask()


def test_similar_passages_are_those_of_other_documents(indexed: Build) -> None:
    engine = indexed(**FILES)
    hits = engine.similar_passages(passage(engine, "Bees dance on the comb"))
    assert hits[0].title == "wasps.txt"
    assert "two.md" not in [Path(hit.path).name for hit in hits]
    assert len(engine.similar_passages(passage(engine, "Boats"), 1)) == 1
    assert indexed(a__txt="x").similar_passages(passage(engine, "Cheese"))


def test_a_document_alone_has_nothing_like_it(indexed: Build) -> None:
    engine = indexed(a__txt="Alone in here.")
    number = passage(engine, "Alone")
    assert engine.similar_passages(number) == ()
    assert engine.like([number]) == ()


def test_similar_documents_by_number_and_by_path_are_the_same(indexed: Build) -> None:
    engine = indexed(**FILES)
    by_path = engine.similar("wasps.txt")
    (own,) = {h.document_id for h in engine.similar("two.md") if h.title == "wasps.txt"}
    assert engine.similar_to(own) == by_path


def test_the_passages_that_make_documents_alike_are_named(indexed: Build) -> None:
    engine = indexed(**FILES)
    (hit, *_) = engine.similar("harbour.txt")
    assert Path(hit.path).name == "two.md"
    first = hit.shared[0]
    assert first.own_text == "Boats lie in the new harbour."
    assert first.text.endswith("Boats lie in the harbour.")
    assert first.passage_id == hit.passage_id
    assert first.cosine == pytest.approx(hit.cosine)
    with engine.collection.snapshot() as snapshot:
        own, other = snapshot.vectors.vectors(np.array([first.own_id, first.passage_id]))
    assert first.cosine == pytest.approx(float(own @ other), abs=1e-6)


def test_the_command_shows_them(indexed: Build, settings: Settings) -> None:
    indexed(**FILES)

    def run(*arguments: str) -> str:
        return (
            CliRunner()
            .invoke(command, [*arguments, "--home", str(settings.home)], standalone_mode=False)
            .stdout
        )

    out = run("harbour.txt", "-k", "1")
    assert "Boats lie in the new harbour.\n      like  " in out
    (hit,) = json.loads(run("harbour.txt", "-k", "1", "--json"))
    assert hit["shared"][0]["own_text"] == "Boats lie in the new harbour."
    assert Path(hit["path"]).name == "two.md"
