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

#: Up to so many allowed passages are compared one by one; from there on passing over the others in
#: the index is faster. Both are exact.
_COMPARED_ONE_BY_ONE = 2_000

#: By so much the cosine of one and the same pair may differ between the two ways.
_ROUNDING = 1e-6

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

    def ids(self) -> Ids:
        """The passages' numbers, int64, in the order of the index."""
        ids: Ids = faiss.vector_to_array(self._index.id_map)
        return ids

    def vectors(self, ids: Ids) -> Embeddings:
        """The embeddings of the passages ``ids``.

        Args:
            ids: Passage numbers, int64; all of them must be indexed.

        Returns:
            float32, shape ``(len(ids), dimension)``, unit rows.
        """
        rows: Embeddings = self._index.reconstruct_batch(ids)
        return rows

    def search(
        self, query: Embeddings, limit: int, allowed: Ids | None = None
    ) -> tuple[Ids, Cosines]:
        """The passages nearest to ``query``.

        Args:
            query: float32, shape ``(dimension,)``, of length 1.
            limit: How many at the most.
            allowed: The only passages that may be found, int64, ascending; or None for all.

        Returns:
            Passage numbers (int64) and cosines (float32), best first; equal cosines by number. All
            that are allowed and indexed are among them if there are no more than ``limit``.
        """
        if allowed is None:
            return self._nearest(query, min(limit, len(self)), None)
        known = np.isin(self.ids(), allowed)
        count = int(np.count_nonzero(known))
        if count > _COMPARED_ONE_BY_ONE:
            return self._nearest(query, min(limit, count), known)
        ids = self.ids()[known]
        cosines = self.cosines(query, ids)
        order = np.lexsort((ids, -cosines))[:limit]
        return ids[order], cosines[order]

    def _nearest(
        self, query: Embeddings, limit: int, among: npt.NDArray[np.bool_] | None
    ) -> tuple[Ids, Cosines]:
        """The nearest of all, or of the places in the index that ``among`` marks."""
        if limit == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if among is None:
            found, numbers = self._index.search(query[np.newaxis, :], limit)
            cosines, ids = found[0], numbers[0]
        else:
            bits = np.packbits(among, bitorder="little")
            chosen = faiss.IDSelectorBitmap(len(among), faiss.swig_ptr(bits))
            parameters: Any = faiss.SearchParameters()
            parameters.sel = chosen
            found, places = self._index.index.search(query[np.newaxis, :], limit, params=parameters)
            cosines, ids = found[0], self.ids()[places[0]]
        order = np.lexsort((ids, -cosines))
        return ids[order], cosines[order]

    def nearer(self, query: Embeddings, cosine: float, allowed: Ids | None = None) -> int:
        """How many passages are nearer to ``query`` than ``cosine`` says.

        Args:
            query: float32, shape ``(dimension,)``, of length 1.
            cosine: Their cosine is greater.
            allowed: The only passages that count, int64, ascending; or None for all.
        """
        if not len(self):
            return 0
        _, cosines, ids = self._index.range_search(query[np.newaxis, :], cosine)
        above = cosines > cosine + _ROUNDING
        return int(np.count_nonzero(above if allowed is None else above & np.isin(ids, allowed)))

    def cosines(self, query: Embeddings, ids: Ids) -> Cosines:
        """The cosine of ``query`` with each of the passages ``ids``; -1 for one not indexed.

        Args:
            query: float32, shape ``(dimension,)``, of length 1.
            ids: Passage numbers, int64.

        Returns:
            float32, one for each of ``ids``.
        """
        result = np.full(len(ids), -1.0, dtype=np.float32)
        known = np.isin(ids, faiss.vector_to_array(self._index.id_map))
        if known.any():
            rows: Embeddings = self._index.reconstruct_batch(ids[known])
            result[known] = rows @ query
        return result

    def update(self, reading: Reading, generation: int) -> None:
        """Bring the index from its generation to ``generation``, as the store has it.

        Args:
            reading: The store, which has reached ``generation``.
            generation: The one to show.
        """
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
        drop_others(folder, self.generation)

    @classmethod
    def open(cls, folder: Path, dimension: int) -> VectorIndex | None:
        """The newest index in ``folder``, or None if there is none that can be read.

        Args:
            folder: Where it lies.
            dimension: Length of the vectors; an index of others is none that can be read.
        """
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


def drop_others(folder: Path, keep: int) -> None:
    """Remove the index files of all generations but one.

    Args:
        folder: The build they lie in.
        keep: The generation whose file stays.
    """
    for generation, path in _files(folder):
        if generation != keep:
            with contextlib.suppress(OSError):  # still open in a reader on Windows
                path.unlink()


def _files(folder: Path) -> list[tuple[int, Path]]:
    if not folder.is_dir():
        return []
    named = ((_FILE.fullmatch(path.name), path) for path in folder.iterdir())
    return [(int(match[1]), path) for match, path in named if match]
