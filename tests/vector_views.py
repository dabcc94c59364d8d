"""Vector views made without a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from search.reading import Reading
from search.vectors import VECTORS, VectorIndex, publish_vectors

DIMENSION = 16


class FakeReading(Reading):
    """What publishing asks of the store: the same change, whatever the generations."""

    def __init__(
        self, ids: Sequence[int] | np.ndarray, rows: np.ndarray, removed: Sequence[int] = ()
    ) -> None:
        self.ids = np.array(ids, dtype=np.int64)
        self.rows = rows
        self.removed = removed

    def removed_between(self, after: int, until: int) -> np.ndarray:
        """The passages that are gone."""
        return np.array(sorted(self.removed), dtype=np.int64)

    def vectors_between(
        self, after: int, until: int, dimension: int, chunk: int = 64
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The new passages, some at a time."""
        for at in range(0, len(self.ids), chunk):
            yield self.ids[at : at + chunk], self.rows[at : at + chunk]


def unit_rows(count: int, seed: int = 0, dimension: int = DIMENSION) -> np.ndarray:
    """Vectors of length 1, as they are when they have been kept in 16 bits."""
    rows = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float16).astype(np.float32)


def show(
    build: Path,
    generation: int,
    rows: Mapping[int, np.ndarray],
    removed: Sequence[int] = (),
    kind: str | None = None,
) -> VectorIndex:
    """Publish a change and open the view."""
    vectors = np.array([*rows.values()], dtype=np.float32).reshape(len(rows), DIMENSION)
    reading = FakeReading([*rows], vectors, removed)
    before = max(0, generation - 1)
    publish_vectors(build, reading, before, generation, DIMENSION, kind=kind)
    return opened(build)


def opened(build: Path) -> VectorIndex:
    """The view of a build."""
    index = VectorIndex.open(build / VECTORS, DIMENSION)
    assert index is not None
    return index
