"""The second stage: a cross-encoder puts the first passages in a new order, if there is time.

It never takes longer than it may: what is not scored by then is left where it was, below what is.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

import numpy as np

from search.collection import Snapshot
from search.context import embedded_text
from search.hits import Pool, Scores
from search.models import Query
from search.rerankers import Reranker

#: How many of the best passages are looked at.
LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Reranked:
    """A pool after the second stage.

    Attributes:
        pool: The passages, those that were scored first.
        scored: How many were scored.
        wanted: How many were to be.
    """

    pool: Pool
    scored: int
    wanted: int

    @property
    def remark(self) -> str | None:
        """What is to be said if not all could be scored in time."""
        if self.scored == self.wanted:
            return None
        return (
            f"Only the first {self.scored} of {self.wanted} passages were reranked in the time "
            "there was."
        )


class SecondStage:
    """Reranks with one model; safe to use from several threads.

    Args:
        reranker: The model.
        seconds: How long it may take for one query.
    """

    def __init__(self, reranker: Reranker, seconds: float) -> None:
        self._reranker = reranker
        self._seconds = seconds
        self._workers = ThreadPoolExecutor(reranker.parallel, thread_name_prefix="reranker")

    def close(self) -> None:
        """Let go of the threads, once they have done what they are at."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def reranked(self, snapshot: Snapshot, pool: Pool, query: Query) -> Reranked:
        """The pool with its first passages in a new order.

        Args:
            snapshot: What was searched.
            pool: What matches, best first.
            query: The query.

        Raises:
            EncoderError: The model failed.
        """
        until = time.monotonic() + self._seconds
        ids = pool.ids[:LOOKED_AT].tolist()
        rows = snapshot.reading.passages(ids, snapshot.generation)
        futures: list[Future[float]] = []
        for number in ids:
            row = rows.get(number)
            text = embedded_text(row.title, row.headings, row.text) if row else ""
            futures.append(self._workers.submit(self._reranker.score, query.meaning, text))
        wait(futures, timeout=max(0.0, until - time.monotonic()))
        for future in futures:
            future.cancel()
        scores: list[float] = []
        for future in futures:
            # In order, so that none is put above another for having been quicker.
            if not future.done() or future.cancelled():
                break
            scores.append(future.result())
        return Reranked(reordered(pool, np.array(scores)), len(scores), len(ids))


def reordered(pool: Pool, scores: Scores) -> Pool:
    """A pool whose first passages go by other scores, the rest by what they went by.

    Args:
        pool: What matches, best first.
        scores: float64, one for each of the first passages; equal ones keep their order.
    """
    count = len(scores)
    order = np.arange(len(pool.ids))
    order[:count] = np.argsort(-scores, kind="stable")
    given = np.full(len(order), np.nan)
    given[:count] = scores
    return replace(pool.taken(order), reranked=given[order])
