"""Judgements: what somebody who searched thinks of a hit, kept to measure searching by."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from search.builds import STORE, current_build
from search.errors import DocumentMissing, UsageError
from search.reading import Reading
from search.rows import Judgement, digest_of
from search.store import Store

#: Most judgements of one collection; nobody makes so many by hand.
MOST = 100_000


def judge(folder: Path, query: str, passage_id: int, relevance: int | None) -> Judgement | None:
    """Keep what somebody thinks of a passage as the answer to a query.

    Args:
        folder: The collection's folder.
        query: The query, as it was understood.
        passage_id: As `Hit.passage_id` gives it.
        relevance: From 0 to `RELEVANCE_MOST`, or None to take a judgement back.

    Returns:
        What is kept; None if the judgement was taken back.

    Raises:
        DocumentMissing: The collection has no such passage.
        UsageError: There are too many judgements.
        CollectionError: The collection cannot be written to, or is gone.
    """
    while True:
        build = current_build(folder)
        with (
            contextlib.closing(Store(build / STORE, writable=True)) as store,
            store.judging() as writing,
        ):
            judgement = _judgement(writing, query, passage_id, relevance or 0)
            if relevance is None:
                writing.remove_judgement(query, judgement.document, judgement.passage)
            elif writing.judgement_count() >= MOST:
                raise UsageError("There are too many judgements.", "Export: wherein qrels")
            else:
                writing.put_judgement(judgement)
        # A build may have been put in this one's place at that very moment.
        if current_build(folder) == build:
            return None if relevance is None else judgement


def carry_judgements(old: Store, new: Store) -> None:
    """Take the judgements of one build over into the one that will take its place.

    Args:
        old: The database of the one.
        new: That of the other.

    Raises:
        StorageError: The disk is full, read-only or damaged.
        CollectionLocked: Another process is in the middle of a long write.
    """
    with old.reading() as reading:
        judgements = reading.judgements()
    with new.judging() as writing:
        for judgement in judgements:
            writing.put_judgement(judgement)


def _judgement(reading: Reading, query: str, passage_id: int, relevance: int) -> Judgement:
    row = reading.passages([passage_id], reading.meta("generation")).get(passage_id)
    if row is None:
        raise DocumentMissing(
            f"The collection has no passage {passage_id}.",
            "It may have been changed since; search again.",
        )
    return Judgement(
        query,
        row.document,
        digest_of(row.text),
        row.text,
        row.start,
        row.end,
        relevance,
        int(time.time()),
    )
