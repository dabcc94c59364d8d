"""Searching: modes, fusion, fallbacks, grouping."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import run_index

from search.encoders import HashingEncoder
from search.engine import Engine
from search.errors import CollectionMissing, DocumentMissing, EncoderError
from search.filters import Allowed, Filters
from search.fusion import COMMON_WEIGHT, FEEDBACK_WEIGHT, covered_scale
from search.models import Mode
from search.queries import parse
from search.settings import Settings

Build = Callable[..., Engine]
FRUIT = {
    "apples__txt": "Red apples grow on old trees in the orchard.",
    "pears__txt": "Yellow pears grow on young trees in the garden.",
    "ships__txt": "Steel ships sail slowly over the northern ocean.",
}


def test_hybrid_scores_are_the_formula_over_both_legs(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    answer = engine.search(parse("red apples grow", "hybrid"))
    with engine.collection.snapshot() as snapshot:
        greatest = snapshot.keywords.greatest_score(["red", "appl", "grow"])
    assert answer.mode is Mode.HYBRID
    assert answer.hits[0].title == "apples.txt"
    for hit in answer.hits:
        assert hit.cosine is not None
        assert hit.bm25 is not None
        both = covered_scale(np.array([hit.cosine]), np.array([hit.bm25]), greatest)[0]
        # Embeddings are kept in 16 bits.
        assert -FEEDBACK_WEIGHT - 1e-3 <= hit.score - both <= FEEDBACK_WEIGHT + COMMON_WEIGHT + 1e-3
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert [hit.rank for hit in answer.hits] == list(range(1, len(scores) + 1))


def test_each_mode_uses_its_own_leg(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    (hit, *_) = engine.search(parse("red apples grow", "semantic")).hits
    assert (hit.score, hit.bm25) == (hit.cosine, None)
    (hit, *_) = engine.search(parse("red apples grow", "keyword")).hits
    assert (hit.score, hit.cosine) == (hit.bm25, None)


def test_marks_are_the_matched_words(indexed: Build) -> None:
    (hit, *_) = indexed(**FRUIT).search(parse("apple tree", "keyword")).hits
    assert [hit.text[m.start : m.end] for m in hit.marks] == ["apples", "trees"]


def test_hits_name_their_place_exactly(indexed: Build) -> None:
    engine = indexed(a__md="# Top\n\nIntro text.\n\n## Sub\n\nThe needle lies here.")
    (hit,) = engine.search(parse("needle", "keyword")).hits
    assert hit.headings == ("Top", "Sub")
    text = engine.document(hit.document_id).document.text
    assert text[hit.start : hit.end] == hit.text == "The needle lies here."


def test_one_document_does_not_fill_the_page(indexed: Build) -> None:
    chapters = "\n\n".join(f"# Chapter {n}\n\nBees and bees and bees, part {n}." for n in range(9))
    engine = indexed(long__md=chapters, short__txt="One line on bees among other animals.")
    answer = engine.search(parse("bees", "keyword", 5, 2))
    assert [Path(hit.path).name for hit in answer.hits] == ["long.md", "long.md", "short.txt"]
    assert [hit.more_in_document for hit in answer.hits] == [0, 7, 0]
    everything = engine.search(parse("bees", "keyword", 50, 50))
    assert len(everything.hits) == 10


def test_nothing_near_in_meaning_falls_back_to_words(indexed: Build) -> None:
    engine = indexed(a__txt="alpha beta gamma delta " * 8 + "needle")
    for mode in ("hybrid", "semantic"):
        answer = engine.search(parse("needle quartz violet umbrella", mode))
        assert answer.mode is Mode.KEYWORD
        assert answer.fallback is not None
        assert "near enough in meaning" in answer.fallback
        assert len(answer.hits) == 1


def test_nothing_at_all(indexed: Build) -> None:
    answer = indexed(a__txt="alpha beta gamma delta " * 8).search(parse("quartz violet umbrella"))
    assert (answer.hits, answer.fallback, answer.note) == ((), None, None)


def test_an_encoder_that_cannot_be_loaded_leaves_the_words(
    indexed: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = indexed(**FRUIT)
    calls = []

    def broken(*arguments: object) -> object:
        calls.append(arguments)
        raise EncoderError("The model is gone.", "Put it back.")

    monkeypatch.setattr("search.query_encoder.load_encoder", broken)
    for _ in range(2):
        answer = engine.search(parse("apples"))
        assert answer.mode is Mode.KEYWORD
        assert (
            answer.fallback == "The model is gone. Put it back. Until then only words are searched."
        )
        assert [hit.title for hit in answer.hits] == ["apples.txt"]
    assert len(calls) == 1
    assert engine.search(parse("apples", "keyword")).fallback is None


def test_only_stop_words(indexed: Build) -> None:
    answer = indexed(**FRUIT).search(parse("to be or not to be", "keyword"))
    assert answer.hits == ()
    assert answer.note is not None
    assert "very common words" in answer.note


def test_an_empty_collection(settings: Settings, folder: Path) -> None:
    run_index(settings, folder)
    with Engine.of(settings) as engine:
        for mode in Mode:
            answer = engine.search(parse("anything", mode))
            assert answer.hits == ()
            assert answer.note == "The collection is empty; index a folder first."


def test_the_same_query_gives_the_same_order(indexed: Build) -> None:
    engine = indexed(
        **{f"f{n:02d}__txt": "The same words every time." + " x" * n for n in range(30)}
    )
    first = engine.search(parse("same words", limit=30))
    again = engine.search(parse("same words", limit=30))
    assert [hit.passage_id for hit in first.hits] == [hit.passage_id for hit in again.hits]
    assert len(first.hits) == 30


def test_a_missing_document(indexed: Build) -> None:
    with pytest.raises(DocumentMissing, match="no document 999"):
        indexed(**FRUIT).document(999)


def test_a_missing_collection(settings: Settings) -> None:
    with pytest.raises(CollectionMissing, match="no collection 'default'"):
        Engine.of(settings)


def test_many_threads_at_once_while_the_collection_changes(
    indexed: Build, settings: Settings, folder: Path
) -> None:
    engine = indexed(**FRUIT)
    engine.warm_up()
    wrong: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            for word, name in (("apples", "apples.txt"), ("ships", "ships.txt")):
                hits = engine.search(parse(word, "keyword")).hits
                if [hit.title for hit in hits] != [name]:
                    wrong.append(f"{word}: {[hit.title for hit in hits]}")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(5):
            (folder / "apples.txt").write_text(f"Red apples grow, edition{number}.", "utf-8")
            run_index(settings, folder, encoder=HashingEncoder())
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert "edition4" in engine.search(parse("apples", "keyword")).hits[0].text


def test_nobody_waits_for_the_conditions_of_others(
    indexed: Build, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed(**FRUIT)
    found, reached, done = Filters.allowed, threading.Semaphore(0), threading.Event()

    def slow(filters: Filters, *given: Any) -> Allowed:
        reached.release()
        assert done.wait(30.0)
        return found(filters, *given)

    monkeypatch.setattr(Filters, "allowed", slow)
    folder = settings.collections / settings.collection
    with Engine(folder, settings.cache, at_once=1) as engine, ThreadPoolExecutor(2) as pool:
        slowly = [pool.submit(engine.search, parse("type:txt apples")) for _ in range(2)]
        try:
            assert all(reached.acquire(timeout=30.0) for _ in slowly)
            assert engine.search(parse("ships", "keyword")).hits[0].title == "ships.txt"
        finally:
            done.set()
        assert all(one.result().hits[0].title == "apples.txt" for one in slowly)


def test_a_reindexed_collection_is_picked_up(
    indexed: Build, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conftest import Silent

    from indexer.reindexing import reindex

    engine = indexed(**FRUIT)
    before = engine.search(parse("apples", "keyword")).hits[0]
    assert reindex(settings.with_(passage_pieces=40), Silent()) == 3
    after = engine.search(parse("apples", "keyword")).hits[0]
    assert (after.text, after.document_id) == (before.text, before.document_id)
    assert engine.collection.manifest.splitter.pieces == 40
    assert engine.collection.build.name == "0002"
