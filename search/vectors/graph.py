"""A graph of near neighbours over many embeddings (HNSW), so that few are compared with a query.

Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical
navigable small world graphs" (2018). The graph keeps its own copy of the embeddings, in 8 bits a
dimension; what it finds is compared again with those of 16 bits.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from search.encoders.base import Embeddings
from search.storage import flush, read_ahead
from search.vectors.parts import Halves, Places
from search.vectors.stamps import GraphEntry

#: Links of an embedding to others, and how many candidates they are chosen from. Of a million, 32
#: links find no more in the same time and take a tenth more memory; 20 need five times the breadth.
_LINKS = 24
_CHOSEN_FROM = 200
#: How many candidates a search keeps at least.
LEAST_BREADTH = 128
#: Most threads that a graph is built with, so that a big machine is not taken over by indexing.
_MOST_THREADS = 4
_CHUNK = 8_192

#: FAISS's own type hints leave out much of it.
_FAISS: Any = faiss


class Graph:
    """A graph over the embeddings of the first parts, opened for searching.

    Args:
        index: FAISS's.
    """

    def __init__(self, index: Any) -> None:
        self._index = index
        self._copies = _FAISS.downcast_index(index.storage)

    @classmethod
    def open(cls, folder: Path, entry: GraphEntry, dimension: int) -> Graph:
        """Open a graph; its file lies in memory only as far as it is read.

        Args:
            folder: Where the view lies.
            entry: Which graph.
            dimension: Length of the vectors.

        Raises:
            OSError: It is missing.
            ValueError: It is damaged.
        """
        path = folder / entry.file
        if path.stat().st_size != entry.size:
            raise ValueError(f"{path} has not {entry.size} bytes")
        read_ahead([path])
        return cls(_read(path, dimension, faiss.IO_FLAG_MMAP_IFC))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def nearest(
        self,
        query: Embeddings,
        limit: int,
        breadth: int | None,
        among: npt.NDArray[np.uint8] | None,
    ) -> Places:
        """Places of embeddings near ``query``, int64, in no order.

        Args:
            query: float32, of length 1.
            limit: How many at the most.
            breadth: How many candidates are kept on the way along the links; None to leave the
                links aside and compare the 8-bit copies of all that may be found.
            among: A bit for each place, the lowest of a byte first: whether it may be found. Or
                None for all.
        """
        chosen = None  # to outlive the search
        if among is not None:
            chosen = faiss.IDSelectorBitmap(len(self), faiss.swig_ptr(among))
        if breadth is None:
            index, parameters = self._copies, _FAISS.SearchParameters()
        else:
            index, parameters = self._index, _FAISS.SearchParametersHNSW()
            parameters.efSearch = max(breadth, limit)
        if chosen is not None:
            parameters.sel = chosen
        one_thread()
        _, places = index.search(query[np.newaxis, :], limit, params=parameters)
        found: Places = places[0][places[0] >= 0]
        return found


def build_graph(halves: Iterable[Halves], sample: Halves) -> Any:
    """A graph over embeddings, in their order, to be written by `write_graph`.

    Args:
        halves: The embeddings, float16, in pieces.
        sample: Some of them, from all over, to take the range of each dimension from.
    """
    index = _FAISS.IndexHNSWSQ(
        sample.shape[1], faiss.ScalarQuantizer.QT_8bit, _LINKS, faiss.METRIC_INNER_PRODUCT
    )
    index.train(sample.astype(np.float32))
    return _grow(index, halves)


def extend_graph(path: Path, halves: Iterable[Halves], dimension: int) -> Any:
    """The graph in a file, with more embeddings, to be written by `write_graph`.

    Args:
        path: The file.
        halves: The further embeddings, float16, in pieces.
        dimension: Length of the vectors.

    Raises:
        ValueError: The file is damaged.
    """
    return _grow(_read(path, dimension, 0), halves)


def write_graph(index: Any, path: Path) -> None:
    """Write a graph and have it on the disk.

    Args:
        index: The graph, of FAISS.
        path: Its file.

    Raises:
        OSError: The disk is full or read-only.
    """
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(f"{path} cannot be written: {error}") from error
    flush(path)


def one_thread() -> None:
    """Have FAISS use only this thread: one query is too little to be shared out."""
    faiss.omp_set_num_threads(1)


@contextmanager
def many_threads() -> Iterator[None]:
    """Have FAISS use several threads meanwhile."""
    faiss.omp_set_num_threads(min(os.cpu_count() or 1, _MOST_THREADS))
    try:
        yield
    finally:
        one_thread()


def _grow(index: Any, halves: Iterable[Halves]) -> Any:
    index.hnsw.efConstruction = _CHOSEN_FROM
    with many_threads():
        for piece in halves:
            for begin in range(0, len(piece), _CHUNK):
                index.add(piece[begin : begin + _CHUNK].astype(np.float32))
    return index


def _read(path: Path, dimension: int, flags: int) -> Any:
    try:
        index = faiss.read_index(str(path), flags)
    except RuntimeError as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    if not isinstance(index, faiss.IndexHNSWSQ) or index.d != dimension:
        raise ValueError(f"{path} holds no graph over vectors of length {dimension}")
    return index
