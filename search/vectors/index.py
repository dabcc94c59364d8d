"""The embeddings of one generation, searched by cosine.

Every embedding is compared with the query as long as there are few; of many, a graph finds those
worth comparing (`search.vectors.graph`), and only what came since it was made is compared whole.
Cosines are those of the 16-bit embeddings, whichever way a passage was found.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from search.encoders.base import Embeddings
from search.reading import Ids
from search.vectors.graph import Graph
from search.vectors.parts import Cosines, Part, Places
from search.vectors.stamps import Stamp, read_stamps

#: Up to so many allowed passages are read and compared one by one; from there on passing over the
#: others in the files is faster.
_COMPARED_ONE_BY_ONE = 2_000
#: A candidate more along the links of a graph takes as long as comparing so many 8-bit copies in
#: their order, or as picking so many out and comparing those.
_PRICE = 100
_PRICE_PICKED = 10
#: So many candidates from a graph are compared again for each passage wanted, and so many at least.
_SPARE = 1.1
_COMPARED_AGAIN = 64
#: Embeddings that a graph covers are read from their files one by one when they take more bytes.
_MAPPED = 256 << 20
#: Up to so many embeddings are kept from one call to the next.
_REMEMBERED = 1_000
#: By so much the cosine of one and the same pair may differ between two ways to compute it.
_ROUNDING = 1e-6

_Bits = npt.NDArray[np.uint8]
_Marks = npt.NDArray[np.bool_]

#: Files opened by this process, so that one generation shares with the next what stayed the same.
_PARTS: WeakValueDictionary[tuple[str, int, int], Part] = WeakValueDictionary()
_GRAPHS: WeakValueDictionary[tuple[str, int, int], Graph] = WeakValueDictionary()


class _Last(threading.local):
    """The embeddings that a thread has read last, by ascending places; at first of no place."""

    def __init__(self, dimension: int) -> None:
        self.places: Places = np.full(1, -1, np.int64)
        self.rows: Embeddings = np.zeros((1, dimension), np.float32)


class VectorIndex:
    """Embeddings of the passages alive at one generation; safe to use from several threads.

    Args:
        stamp: What the index shows.
        parts: Its parts, opened.
        graph: The graph over the first of them, opened, or None.
    """

    def __init__(self, stamp: Stamp, parts: Sequence[Part], graph: Graph | None = None) -> None:
        self.stamp = stamp
        self._parts = tuple(parts)
        self._graph = graph
        self._last = _Last(stamp.dimension)
        self._starts = np.cumsum([0, *map(len, self._parts)])
        covered = 0 if stamp.graph is None else stamp.graph.parts
        self._covered = covered if graph is not None else 0
        large = 2 * stamp.dimension * self._starts[self._covered] > _MAPPED
        self._unmapped = self._covered if large else 0
        gone = [part.removed for part in self._parts if len(part.removed)]
        places, known = self._places(np.concatenate(gone) if gone else np.empty(0, np.int64))
        self._alive: _Marks | None = None
        self._count = int(self._starts[-1])
        if known.any():
            self._alive = np.ones(self._count, np.bool_)
            self._alive[places[known]] = False
            self._count = int(np.count_nonzero(self._alive))

    @classmethod
    def open(cls, folder: Path, dimension: int) -> VectorIndex | None:
        """The newest index in ``folder``, or None if there is none that can be read.

        Args:
            folder: Where it lies.
            dimension: Length of the vectors; an index of others is none that can be read.
        """
        for stamp in read_stamps(folder, dimension):
            with contextlib.suppress(OSError, ValueError):  # damaged, or replaced just now
                return cls(stamp, *_opened(folder, stamp))
        return None

    @property
    def generation(self) -> int:
        """The generation it shows."""
        return self.stamp.generation

    def __len__(self) -> int:
        return self._count

    def ids(self) -> Ids:
        """The passages' numbers, int64, in the order of the index."""
        ids: Ids = np.concatenate([np.empty(0, np.int64), *(part.ids for part in self._parts)])
        return ids if self._alive is None else ids[self._alive]

    def indexed(self, ids: Ids) -> Ids:
        """Those of the passages ``ids`` (int64) that are in the index, in their order."""
        return ids[self._living(ids)[1]]

    def vectors(self, ids: Ids) -> Embeddings:
        """The embeddings of the passages ``ids``.

        Args:
            ids: Passage numbers, int64; all of them must be indexed.

        Returns:
            float32, shape ``(len(ids), dimension)``, unit rows.
        """
        places, known = self._living(ids)
        if not known.all():
            raise KeyError(f"passage {ids[~known][0]} is not indexed")
        return self._rows(places)

    def cosines(self, query: Embeddings, ids: Ids) -> Cosines:
        """The cosine of ``query`` with each of the passages ``ids``; -1 for one not indexed.

        Args:
            query: float32, shape ``(dimension,)``, of length 1.
            ids: Passage numbers, int64.

        Returns:
            float32, one for each of ``ids``.
        """
        result = np.full(len(ids), -1.0, dtype=np.float32)
        places, known = self._living(ids)
        result[known] = self._rows(places[known]) @ query
        return result

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
        query = np.ascontiguousarray(query)
        count, marks = len(self), self._alive
        if allowed is not None:
            marks = self._marked(allowed)
            count = int(np.count_nonzero(marks))
        limit = min(limit, count)
        if not limit:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if marks is not None and count <= _COMPARED_ONE_BY_ONE:
            places: Places = np.flatnonzero(marks)
            cosines: Cosines = self._rows(places) @ query
        else:
            places, cosines = self._nearest(query, limit, marks)
        return _best(self._numbers(places), cosines, limit)

    def nearer(self, query: Embeddings, cosine: float, allowed: Ids | None = None) -> int:
        """How many passages are nearer to ``query`` than ``cosine`` says; all are compared.

        Args:
            query: float32, shape ``(dimension,)``, of length 1.
            cosine: Their cosine is greater.
            allowed: The only passages that count, int64, ascending; or None for all.
        """
        marks = self._alive if allowed is None else self._marked(allowed)
        query = np.ascontiguousarray(query)
        found = 0
        for at, part in enumerate(self._parts):
            found += part.nearer(query, cosine + _ROUNDING, self._bits(marks, at))
            self._let_go(at)
        return found

    def exact(self, query: Embeddings, limit: int) -> tuple[Ids, Cosines]:
        """As `search` of all passages, but every one of them is compared.

        Args:
            query: float32, shape ``(dimension,)``, of length 1.
            limit: How many at the most.
        """
        query = np.ascontiguousarray(query)
        places, cosines = self._scanned(query, limit, self._alive, 0)
        return _best(self._numbers(places), cosines, limit)

    def by_graph(self, query: Embeddings, limit: int, breadth: int) -> tuple[Ids, Cosines]:
        """As `search` of all passages, but by the graph as far as it covers them.

        Args:
            query: float32, shape ``(dimension,)``, of length 1.
            limit: How many at the most.
            breadth: How many candidates are kept on the way.

        Raises:
            ValueError: There is no graph.
        """
        places, cosines = self._by_graph(np.ascontiguousarray(query), limit, breadth, self._alive)
        return _best(self._numbers(places), cosines, limit)

    def _nearest(
        self, query: Embeddings, limit: int, marks: _Marks | None
    ) -> tuple[Places, Cosines]:
        """The nearest of all places, or of those that are marked: as many as wanted, or more."""
        if self._graph is not None and self.stamp.graph is not None:
            covered = len(self._graph)
            usable = covered if marks is None else int(np.count_nonzero(marks[:covered]))
            # What may not be found is passed through all the same: as many more must be kept.
            kept = math.ceil(limit * _SPARE * covered / max(usable, 1))
            breadth = max(self.stamp.graph.breadth, kept)
            if breadth * (_PRICE if usable == covered else _PRICE_PICKED) < usable:
                found = self._by_graph(query, limit, breadth, marks)
                if len(found[0]) >= limit:
                    return found
            return self._by_graph(query, limit, None, marks)
        return self._scanned(query, limit, marks, 0)

    def _by_graph(
        self, query: Embeddings, limit: int, breadth: int | None, marks: _Marks | None
    ) -> tuple[Places, Cosines]:
        """The nearest in 8 bits of what the graph covers, compared again, and of the other parts.

        They are found along the links if a ``breadth`` is given, else by comparing all.
        """
        if self._graph is None:
            raise ValueError("there is no graph")
        covered = len(self._graph)
        bits = None
        if marks is not None and not marks[:covered].all():
            bits = np.packbits(marks[:covered], bitorder="little")
        wanted = min(max(math.ceil(limit * _SPARE), _COMPARED_AGAIN), covered)
        near = self._graph.nearest(query, wanted, breadth, bits)
        others, cosines = self._scanned(query, limit, marks, self._covered)
        near_cosines = self._rows(near) @ query
        return np.concatenate([near, others]), np.concatenate([near_cosines, cosines])

    def _scanned(
        self, query: Embeddings, limit: int, marks: _Marks | None, first: int
    ) -> tuple[Places, Cosines]:
        """The nearest of each part from the one numbered ``first`` on."""
        places, cosines = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for at in range(first, len(self._parts)):
            there, near = self._parts[at].nearest(query, limit, self._bits(marks, at))
            self._let_go(at)
            places.append(there + self._starts[at])
            cosines.append(near)
        return np.concatenate(places), np.concatenate(cosines)

    def _bits(self, marks: _Marks | None, part: int) -> _Bits | None:
        """The marks of a part's places as bits, or None if all are marked."""
        if marks is None:
            return None
        own = marks[self._starts[part] : self._starts[part + 1]]
        return None if own.all() else np.packbits(own, bitorder="little")

    def _living(self, ids: Ids) -> tuple[Places, _Marks]:
        """Where passages stand, and whether they are in the index."""
        places, known = self._places(ids)
        if self._alive is not None:
            known &= self._alive[np.where(known, places, 0)]
        return places, known

    def _marked(self, allowed: Ids) -> _Marks:
        """Which rows of all parts are those of the passages ``allowed``, ascending, and alive."""
        marks = np.zeros(self._starts[-1], np.bool_)
        for part, start in zip(self._parts, self._starts.tolist(), strict=False):
            if len(part):
                first, last = np.searchsorted(allowed, (part.ids[0], part.ids[-1] + 1))
                places, known = part.places(allowed[first:last])
                marks[start + places[known]] = True
        return marks if self._alive is None else marks & self._alive

    def _places(self, ids: Ids) -> tuple[Places, _Marks]:
        """Where passages stand among all parts' rows, and whether they stand there at all."""
        places = np.zeros(len(ids), np.int64)
        known = np.zeros(len(ids), np.bool_)
        for part, start in zip(self._parts, self._starts.tolist(), strict=False):
            there, is_there = part.places(ids)
            np.copyto(places, there + start, where=is_there)
            known |= is_there
        return places, known

    def _rows(self, places: Places) -> Embeddings:
        """The embeddings at places among all parts' rows.

        One query asks for much the same ones several times: those of its last call are kept.
        """
        last = self._last
        at = np.minimum(np.searchsorted(last.places, places), len(last.places) - 1)
        rows: Embeddings = last.rows[at]
        new = last.places[at] != places
        if not new.any():
            return rows
        rows[new] = self._read(places[new])
        if len(places) <= _REMEMBERED:
            order = np.argsort(places)
            last.places, last.rows = places[order], rows[order]
        return rows

    def _read(self, places: Places) -> Embeddings:
        """The embeddings at places among all parts' rows, from their files."""
        owners = np.searchsorted(self._starts, places, side="right") - 1
        present = _distinct(owners)
        if len(present) == 1:
            at = present[0]
            return self._parts[at].rows(places - self._starts[at], mapped=at >= self._unmapped)
        rows = np.empty((len(places), self.stamp.dimension), np.float32)
        for at in present:
            own = owners == at
            rows[own] = self._parts[at].rows(
                places[own] - self._starts[at], mapped=at >= self._unmapped
            )
        return rows

    def _numbers(self, places: Places) -> Ids:
        """The numbers of the passages at places among all parts' rows."""
        owners = np.searchsorted(self._starts, places, side="right") - 1
        ids = np.empty(len(places), np.int64)
        for at in _distinct(owners):
            own = owners == at
            ids[own] = self._parts[at].ids[places[own] - self._starts[at]]
        return ids

    def _let_go(self, part: int) -> None:
        """Give up what a look at a whole part has brought into memory, if all that is much."""
        if part < self._unmapped:
            self._parts[part].let_go()


def _distinct(parts: npt.NDArray[np.int64]) -> list[int]:
    """The numbers among ``parts``, none below 0 and none large; `unique` would take longer."""
    found: list[int] = np.flatnonzero(np.bincount(parts)).tolist()
    return found


def _best(ids: Ids, cosines: Cosines, limit: int) -> tuple[Ids, Cosines]:
    order = np.lexsort((ids, -cosines))[:limit]
    return ids[order], cosines[order]


def _opened(folder: Path, stamp: Stamp) -> tuple[list[Part], Graph | None]:
    """The files that a stamp names, opened.

    Raises:
        OSError: One is missing.
        ValueError: One is damaged.
    """
    parts = []
    for entry in stamp.parts:
        key = _key(folder / entry.file)
        part = _PARTS.get(key)
        if part is None:
            part = Part.open(folder, entry, stamp.dimension)
        _PARTS[key] = part
        parts.append(part)
    if stamp.graph is None:
        return parts, None
    key = _key(folder / stamp.graph.file)
    graph = _GRAPHS.get(key)
    if graph is None:
        graph = Graph.open(folder, stamp.graph, stamp.dimension)
    if len(graph) != stamp.covered() or stamp.graph.parts > len(parts):
        raise ValueError(f"{stamp.graph.file} covers other passages than it should")
    _GRAPHS[key] = graph
    return parts, graph


def _key(path: Path) -> tuple[str, int, int]:
    """What tells one content of a file from another; no file is written to twice."""
    status = path.stat()
    return str(path), status.st_ino, status.st_mtime_ns
