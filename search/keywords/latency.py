"""How long the keyword index takes for a query, and whether another engine would be better."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from search.errors import CollectionMismatch
from search.keywords.engines import ENGINES, engine_in
from search.keywords.index import KeywordIndex
from search.keywords.publishing import KEYWORDS
from search.keywords.view import stamp

#: How many queries are timed, of how many words, for how many passages.
_QUERIES, _WORDS, _PASSAGES = 16, 8, 200
#: From how many milliseconds on, nineteen times in twenty less, an engine is outgrown: half of
#: what a whole query may take.
OUTGROWN_MS = 10.0


@dataclass(frozen=True, slots=True)
class Latency:
    """How long queries take that are made of a collection's own words, in milliseconds.

    Attributes:
        median: As long as half of them take.
        most: Longer than nineteen in twenty of them take.
    """

    median: float
    most: float


def latency(index: KeywordIndex) -> Latency:
    """Time some queries, made of words that stand together in a passage."""
    queries = index.sample(_QUERIES, _WORDS)
    taken = []
    for query in queries + queries:  # the first time, files are still to be read from the disk
        began = time.perf_counter()
        index.search(query, _PASSAGES)
        taken.append((time.perf_counter() - began) * 1e3)
    warm = taken[len(queries) :] or [0.0]
    return Latency(float(np.median(warm)), float(np.percentile(warm, 95)))


def describe_keywords(build: Path) -> dict[str, Any] | None:
    """What there is to say of a build's keyword view, as JSON-ready values.

    Args:
        build: The build's folder.

    Returns:
        Its engine, how long queries take now, and the engine that it has outgrown it for, or None;
        None if there is no view that can be read here.
    """
    folder = build / KEYWORDS
    try:
        found = _measured(folder, engine_in(folder), stamp(folder))
    except CollectionMismatch:
        return None
    if found is None:
        return None
    engine, taken = found
    return {
        "engine": engine,
        "median_ms": round(taken.median, 2),
        "p95_ms": round(taken.most, 2),
        "better": "tantivy" if engine == ENGINES[0] and taken.most > OUTGROWN_MS else None,
    }


@lru_cache(maxsize=16)
def _measured(folder: Path, engine: str | None, generation: int) -> tuple[str, Latency] | None:  # noqa: ARG001
    """The engine of a view and how long it takes; measured once as long as the view is the same."""
    index = KeywordIndex.open(folder)
    if index is None:
        return None
    with contextlib.closing(index):
        return index.engine, latency(index)
