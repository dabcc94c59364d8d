"""What a query costs, counted and not timed: encodings, statements, embeddings read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from noted_encoder import noted
from vector_views import show, unit_rows

from search.encoders import HashingEncoder
from search.engine import Engine
from search.keywords.segments import Words
from search.models import Mode
from search.queries import parse
from search.vectors import parts


def test_a_query_that_is_evidently_understood_is_encoded_alone(
    indexed: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = indexed(a__txt="The river rises in spring.", b__txt="A house of stone.")
    engine.warm_up()
    encoder = engine._encoding.of(engine.collection)
    assert isinstance(encoder, HashingEncoder)
    starts = encoder.piece_starts

    def pieces(texts: Sequence[str]) -> Any:
        """Words whole, but letters where the words are none."""
        return [
            np.arange(len(text)) if "hwree" in text else own
            for text, own in zip(texts, starts(texts), strict=True)
        ]

    monkeypatch.setattr(encoder, "piece_starts", pieces)
    made = noted(monkeypatch, encoder, "encode_queries")
    cut = noted(monkeypatch, encoder, "piece_starts")
    for mode in (Mode.HYBRID, Mode.HYBRID, Mode.SEMANTIC):
        engine.search(parse("where does the river rise", mode))
    assert made == [["where does the river rise"]]
    assert list(chain(*cut)).count("where does the river rise") == 1


def test_only_words_that_may_be_slips_are_asked_of_the_tokenizer(
    indexed: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = indexed(a__txt="Your address and the measles vaccine.")
    engine.warm_up()
    encoder = engine._encoding.of(engine.collection)
    asked = noted(monkeypatch, encoder, "piece_starts")
    engine.search(parse("address address address"))
    assert "address" not in chain(*asked)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The questions that the database is asked meanwhile."""
    found: list[str] = []

    def note(statement: str) -> None:
        if statement.startswith("SELECT") and "FROM meta" not in statement:
            found.append(statement)

    store = engine.collection.store
    for connection in store._all:
        connection.set_trace_callback(note)
    try:
        yield found
    finally:
        for connection in store._all:
            connection.set_trace_callback(None)


def chapters(count: int, about: str) -> str:
    return "\n\n".join(f"# Part {n}\n\nOf {about} and more, number {n}." for n in range(count))


def test_only_the_documents_of_what_is_shown_are_looked_up(
    indexed: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = indexed(bees__md=chapters(40, "bees"), ants__md=chapters(30, "bees with ants"))
    whole = engine.search(parse("bees", Mode.KEYWORD, 100, 100))
    held = {hit.document_id: 0 for hit in whole.hits}
    for hit in whole.hits:
        held[hit.document_id] += 1
    assert sorted(held.values()) == [30, 40]
    with statements(engine) as asked:
        answer = engine.search(parse("bees", Mode.KEYWORD, 3, 2))
    shown = [hit.document_id for hit in answer.hits]
    last = {number: place for place, number in enumerate(shown)}
    assert [hit.more_in_document for hit in answer.hits] == [
        held[number] - shown.count(number) if last[number] == place else 0
        for place, number in enumerate(shown)
    ]
    # Documents of the first candidates, spans of those shown, documents of what lies within,
    # the passages themselves, and what else says the same.
    assert len(asked) <= 5


def test_a_question_takes_few_statements(indexed: Callable[..., Engine]) -> None:
    engine = indexed(bees__md=chapters(40, "bees"), ants__md=chapters(60, "ants"))
    engine.search(parse("where do the ants live"))
    with statements(engine) as asked:
        assert engine.search(parse("where do the bees live")).hits
    assert len(asked) <= 5


def test_what_was_read_for_one_question_is_not_read_again_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = unit_rows(60)
    vectors = show(tmp_path, 1, dict(enumerate(rows, 1)))
    read: list[int] = []
    own = parts.Part.rows

    def counting(self: parts.Part, places: np.ndarray, *, mapped: bool) -> np.ndarray:
        read.extend(places.tolist())
        return own(self, places, mapped=mapped)

    monkeypatch.setattr(parts.Part, "rows", counting)
    first = np.array([30, 10, 20], dtype=np.int64)
    more = np.array([5, 10, 20, 30, 60], dtype=np.int64)
    assert np.array_equal(vectors.vectors(first), rows[first - 1])
    assert np.array_equal(vectors.vectors(more), rows[more - 1])
    assert vectors.cosines(rows[0], more) == pytest.approx(rows[more - 1] @ rows[0], abs=1e-6)
    assert sorted(read) == [4, 9, 19, 29, 59]
    assert len(vectors.vectors(np.empty(0, np.int64))) == 0


@given(st.sets(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1)))
def test_every_term_is_found_at_its_place(terms: set[str]) -> None:
    known = sorted(term.encode() for term in terms)
    known += [b"\xf4\x8f\xbf\xbf" + b"z" * n for n in range(1, 100)]
    ends = np.cumsum([0, *(len(term) + 1 for term in known)])
    words = Words(b"".join(term + b"\n" for term in known), ends)
    assert [words.find(term.decode()) for term in known] == list(range(len(known)))
    for absent in ("", "\0", "zz", "\U0010ffffz" + "z" * 200):
        if absent not in terms:
            assert words.find(absent) == -1
