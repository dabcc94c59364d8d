"""Embeddings of queries: kept, made together, and no more often than needed; counted, not timed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from noted_encoder import noted

from search.encoders import HashingEncoder
from search.encoders.queries import QueryEmbeddings
from search.engine import Engine
from search.errors import EncoderError
from search.models import Mode, Query
from search.queries import parse


class Gated(HashingEncoder):
    """Notes what it is asked for, and holds the first call until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []
        self.entered, self.gate = threading.Event(), threading.Event()

    def encode_queries(self, texts: Sequence[str]) -> Any:
        self.asked.append(list(texts))
        if len(self.asked) == 1:
            self.entered.set()
            assert self.gate.wait(60)
        return super().encode_queries(texts)


def waiting(queries: QueryEmbeddings, count: int) -> None:
    """Return once so many texts lie on the pile."""
    for _ in range(100_000):
        with queries._turn:
            if len(queries._pile) == count:
                return
    raise AssertionError


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(16) as threads:
        yield threads


def test_a_repeated_query_is_encoded_once() -> None:
    encoder, queries = HashingEncoder(), QueryEmbeddings()
    first = queries.embed(encoder, ["the river", "the house"])
    again = queries.embed(encoder, ["the house", "the river", "the house"])
    assert encoder.query_calls == 1
    np.testing.assert_array_equal(again, [first[1], first[0], first[1]])
    np.testing.assert_array_equal(first[0], encoder.encode_query("the river"))


def test_only_what_is_new_is_encoded() -> None:
    encoder, queries = Gated(), QueryEmbeddings()
    encoder.gate.set()
    queries.embed(encoder, ["a"])
    queries.embed(encoder, ["a", "b", "b"])
    assert queries.embed(encoder, []) == []
    assert encoder.asked == [["a"], ["b"]]


def test_those_not_asked_for_longest_are_let_go() -> None:
    encoder, queries = Gated(), QueryEmbeddings(kept=2)
    encoder.gate.set()
    for text in ("a", "b", "a", "c", "a", "b"):
        queries.embed(encoder, [text])
    assert encoder.asked == [["a"], ["b"], ["c"], ["b"]]


def test_more_than_is_kept_can_be_asked_for_at_once() -> None:
    encoder, queries = HashingEncoder(), QueryEmbeddings(kept=2)
    rows = queries.embed(encoder, list("abcdef"))
    np.testing.assert_array_equal(rows, encoder.encode_queries(list("abcdef")))


def test_another_encoder_shares_nothing() -> None:
    queries = QueryEmbeddings()
    (small,) = queries.embed(HashingEncoder(32), ["the river"])
    (large,) = queries.embed(HashingEncoder(64), ["the river"])
    assert (len(small), len(large)) == (32, 64)


def test_what_is_kept_cannot_be_written_to() -> None:
    (row,) = QueryEmbeddings().embed(HashingEncoder(), ["the river"])
    with pytest.raises(ValueError, match="read-only"):
        row[0] = 1.0


def test_those_who_find_the_encoder_busy_share_the_next_batch(pool: ThreadPoolExecutor) -> None:
    encoder, queries = Gated(), QueryEmbeddings()
    first = pool.submit(queries.embed, encoder, ["first"])
    assert encoder.entered.wait(60)  # alone, it was not kept waiting
    texts = [f"query {number % 8}" for number in range(12)]
    others = [pool.submit(queries.embed, encoder, [text]) for text in texts]
    same = pool.submit(queries.embed, encoder, ["first"])
    waiting(queries, 8)
    encoder.gate.set()
    assert [len(found.result()) for found in (first, same)] == [1, 1]
    for text, found in zip(texts, others, strict=True):
        np.testing.assert_array_equal(found.result()[0], encoder._embed(text))
    assert [sorted(batch) for batch in encoder.asked] == [["first"], sorted(set(texts))]


def test_encoders_that_change_in_between_get_their_own_batches(pool: ThreadPoolExecutor) -> None:
    old, new, queries = Gated(), HashingEncoder(32), QueryEmbeddings()
    first = pool.submit(queries.embed, old, ["first"])
    assert old.entered.wait(60)
    found: list[tuple[int, Future[Any]]] = [
        (encoder.spec.dimension, pool.submit(queries.embed, encoder, ["a", "b"]))
        for encoder in (old, new)
    ]
    waiting(queries, 4)
    old.gate.set()
    assert len(first.result()) == 1
    for dimension, rows in found:
        assert [len(row) for row in rows.result()] == [dimension, dimension]


def test_a_failure_is_told_to_each_and_the_next_query_tries_again(
    pool: ThreadPoolExecutor,
) -> None:
    class Failing(Gated):
        broken = True

        def encode_queries(self, texts: Sequence[str]) -> Any:
            rows = super().encode_queries(texts)
            if self.broken:
                raise EncoderError("It broke.")
            return rows

    encoder, queries = Failing(), QueryEmbeddings()
    tries = [pool.submit(queries.embed, encoder, ["first"])]
    assert encoder.entered.wait(60)
    tries += [pool.submit(queries.embed, encoder, [text]) for text in ("first", "second")]
    waiting(queries, 1)
    encoder.gate.set()
    for found in tries:
        with pytest.raises(EncoderError, match="It broke"):
            found.result(60)
    encoder.broken = False
    assert len(queries.embed(encoder, ["first"])) == 1


# In the engine


def asked(engine: Engine, text: str, mode: Mode = Mode.HYBRID) -> Query:
    return parse(text, mode=mode)


def test_a_hybrid_query_and_its_twin_take_one_call(
    indexed: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = indexed(a__txt="The river rises in spring.", b__txt="A house of stone.")
    engine.warm_up()
    encoder = engine._encoding.of(engine.collection)
    assert isinstance(encoder, HashingEncoder)
    before = encoder.query_calls
    calls = noted(monkeypatch, encoder, "encode_queries")
    engine.search(asked(engine, "where does the river rise"))
    assert ["where does the river rise", "hwree odse hte irevr ires"] in calls
    made = encoder.query_calls
    engine.search(asked(engine, "where does the river rise"))
    engine.search(asked(engine, "where does the river rise", Mode.SEMANTIC))
    assert encoder.query_calls == made > before
    engine.search(asked(engine, "stone", Mode.SEMANTIC))
    assert calls[-1] == ["stone"]
    engine.search(asked(engine, "spring", Mode.KEYWORD))
    assert calls[-1] == ["stone"]
