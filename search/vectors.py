"""FAISS: the embeddings of one generation, searched by cosine. A view of the store.

The index is exact, over float16 (`IndexScalarQuantizer`), with the passages' numbers as ids. Its
file is named after the generation it shows and is replaced as a whole, never changed in place.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from search.encoders.base import Embeddings
from search.reading import Ids, Reading
from search.storage import flush, flush_folder, storage_errors

_FILE = re.compile(r"vectors-(\d+)\.faiss")

Cosines = npt.NDArray[np.float32]


class VectorIndex:
    """Embeddings of the passages alive at one generation.

    Args:
        dimension: Length of the vectors.
    """

    def __init__(self, dimension: int) -> None:
        self.generation = 0
        self._index: Any = faiss.IndexIDMap2(
            faiss.IndexScalarQuantizer(
                dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
            )
        )
        self._dimension = dimension

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, query: Embeddings, limit: int) -> tuple[Ids, Cosines]:
        """The passages nearest to ``query``.

        Args:
            query: float32, shape ``(dimension,)``, of length 1.
            limit: How many at the most.

        Returns:
            Passage numbers and cosines, best first; equal cosines by number.
        """
        limit = min(limit, len(self))
        if limit == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        cosines, ids = self._index.search(query[np.newaxis, :], limit)
        order = np.lexsort((ids[0], -cosines[0]))
        return ids[0][order], cosines[0][order]

    def cosines(self, query: Embeddings, ids: Ids) -> Cosines:
        """The cosine of ``query`` with each of the passages ``ids``; -1 for one not indexed."""
        result = np.full(len(ids), -1.0, dtype=np.float32)
        known = np.isin(ids, faiss.vector_to_array(self._index.id_map))
        if known.any():
            rows: Embeddings = self._index.reconstruct_batch(ids[known])
            result[known] = rows @ query
        return result

    def update(self, reading: Reading, generation: int) -> None:
        """Bring the index from its generation to ``generation``, as the store has it."""
        removed = reading.removed_between(self.generation, generation)
        if len(removed) and len(self):
            self._index.remove_ids(removed)
        for ids, vectors in reading.vectors_between(self.generation, generation, self._dimension):
            self._index.add_with_ids(vectors, ids)
        self.generation = generation

    def save(self, folder: Path) -> None:
        """Write the index into ``folder`` under its generation and drop older files there.

        Raises:
            StorageError: The disk is full or read-only; the older file is still there.
        """
        target = folder / f"vectors-{self.generation}.faiss"
        draft = folder / "vectors.draft"
        with storage_errors(folder):
            try:
                draft.write_bytes(faiss.serialize_index(self._index).data)
                flush(draft)
                draft.replace(target)
                flush_folder(folder)
            finally:
                draft.unlink(missing_ok=True)
        for generation, path in _files(folder):
            if generation != self.generation:
                with contextlib.suppress(OSError):  # still open in a reader on Windows
                    path.unlink()

    @classmethod
    def open(cls, folder: Path, dimension: int) -> VectorIndex | None:
        """The newest index in ``folder``, or None if there is none that can be read."""
        for generation, path in sorted(_files(folder), reverse=True):
            with contextlib.suppress(RuntimeError, OSError):  # damaged, or replaced just now
                index = cls(dimension)
                index._index = faiss.read_index(str(path))
                index.generation = generation
                if index._index.d == dimension and isinstance(index._index, faiss.IndexIDMap2):
                    return index
        return None


def stamp(folder: Path) -> int:
    """The generation of the newest index file in ``folder``, or -1."""
    return max((generation for generation, _ in _files(folder)), default=-1)


def _files(folder: Path) -> list[tuple[int, Path]]:
    if not folder.is_dir():
        return []
    named = ((_FILE.fullmatch(path.name), path) for path in folder.iterdir())
    return [(int(match[1]), path) for match, path in named if match]
