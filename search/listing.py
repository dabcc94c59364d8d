"""What a query of filters alone gives: the passages that pass, the newest documents first."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from search.collection import Snapshot
from search.hits import Pool
from search.reading import Ids


class _Order(NamedTuple):
    """All passages of a generation in the order in which they are listed, and their documents."""

    build: Path
    generation: int
    passages: Ids
    documents: Ids


class Listing:
    """Lists passages where there is nothing to rank them by; safe to use from several threads.

    Documents come by their date, see `search.requirements.DocumentFacts.day`, the newest first,
    those of one day by their path; the passages of each as they stand in it. The order is kept for
    as long as the collection does not change.
    """

    def __init__(self) -> None:
        self._known: _Order | None = None
        self._guard = threading.Lock()

    def pool(self, build: Path, snapshot: Snapshot, allowed: Ids | None) -> Pool:
        """Passages in order, all with the score 0.

        Args:
            build: The build that the snapshot is of.
            snapshot: What is searched.
            allowed: The passages to list, int64, ascending; or None for all.
        """
        with self._guard:
            order = self._known
            if order is None or (order.build, order.generation) != (build, snapshot.generation):
                order = self._known = _Order(build, snapshot.generation, *_newest_first(snapshot))
        keep = np.isin(order.passages, snapshot.keywords.ids() if allowed is None else allowed)
        passages, documents = order.passages[keep], order.documents[keep]
        scores = np.zeros(len(passages), dtype=np.float64)
        return Pool(passages, scores, None, None, in_document=Counter(documents.tolist()))


def _newest_first(snapshot: Snapshot) -> tuple[Ids, Ids]:
    """All passages in the order in which they are listed, and the number of each one's document."""
    documents = sorted(snapshot.reading.facts(snapshot.generation), key=lambda d: d.paths)
    documents.sort(key=lambda document: document.day, reverse=True)
    known = np.array([document.version for document in documents], dtype=np.int64)
    versions, passages = snapshot.reading.passages_of(known.tolist())
    by_version = np.argsort(known)
    place = by_version[np.searchsorted(known[by_version], versions)]
    order = np.lexsort((passages, place))
    keys = np.array([document.key for document in documents], dtype=np.int64)
    return passages[order], keys[place][order]
