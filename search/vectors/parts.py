"""Embeddings in a file: the passages that came together, and those that went.

A part is written once and never changed. Its file holds, one after the other, the numbers of the
passages that it removes from the index, those that it adds, ascending (both int64), and the
embeddings of the latter (float16, one row each). How many there are of each stands in the stamp
(`search.vectors.stamps`), which is written when the file is safely on the disk.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faiss
import msgspec
import numpy as np
import numpy.typing as npt

from search.encoders.base import Embeddings
from search.numbering import Numbering
from search.reading import Ids
from search.storage import flush

Halves = npt.NDArray[np.float16]
Cosines = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

#: Most bytes of embeddings in one part, so that writing one takes little memory.
_MOST_BYTES = 96 << 20

#: FAISS's own type hints leave out much of it.
_FAISS: Any = faiss

_SCALE = np.float32(2.0**112)
_COUNTED: Places = np.arange(1024, dtype=np.int64)


class PartEntry(msgspec.Struct, frozen=True):
    """A part as the stamp names it.

    Attributes:
        number: In its file's name.
        added: How many passages it adds.
        removed: How many it removes.
    """

    number: int
    added: int
    removed: int

    @property
    def file(self) -> str:
        """Its file's name."""
        return f"part-{self.number}.vectors"

    def size(self, dimension: int) -> int:
        """Bytes of its file."""
        return 8 * (self.added + self.removed) + 2 * dimension * self.added


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What a part holds, in memory.

    Attributes:
        removed: Numbers of passages, int64.
        ids: Numbers of passages, int64, ascending.
        halves: Their embeddings, float16.
    """

    removed: Ids
    ids: Ids
    halves: Halves

    def __len__(self) -> int:
        return len(self.ids) + len(self.removed)

    def before(self, later: Content) -> Content:
        """This part and the one that follows it as one; what they remove of themselves is gone."""
        whole = joined([self, later])
        alive = np.isin(whole.ids, whole.removed, invert=True)
        elsewhere = np.isin(whole.removed, whole.ids, invert=True)
        return Content(whole.removed[elsewhere], whole.ids[alive], whole.halves[alive])


def joined(contents: Sequence[Content]) -> Content:
    """Several contents as one, in the order that a part's file has."""
    if len(contents) == 1 and np.all(contents[0].ids[1:] > contents[0].ids[:-1]):
        return contents[0]
    removed = np.sort(np.concatenate([content.removed for content in contents]))
    ids = np.concatenate([content.ids for content in contents])
    halves = np.concatenate([content.halves for content in contents])
    if np.any(ids[1:] < ids[:-1]):
        order = np.argsort(ids, kind="stable")
        ids, halves = ids[order], halves[order]
    return Content(removed, ids, halves)


def most_rows(dimension: int) -> int:
    """How many passages a part may add.

    Args:
        dimension: Length of the vectors.
    """
    return _MOST_BYTES // (2 * dimension)


def write_part(folder: Path, number: int, content: Content) -> PartEntry:
    """Write a part and have it on the disk.

    Args:
        folder: Where the index lies.
        number: For the file's name; no other part may have it.
        content: What to write.

    Returns:
        What a stamp says of it.

    Raises:
        OSError: The disk is full or read-only.
    """
    entry = PartEntry(number, len(content.ids), len(content.removed))
    path = folder / entry.file
    with path.open("wb") as file:
        file.write(content.removed.astype("<i8").data)
        file.write(content.ids.astype("<i8").data)
        file.write(np.ascontiguousarray(content.halves, dtype="<f2").data)
    flush(path)
    return entry


@dataclass(eq=False)
class Part:
    """A part, opened: its file lies in memory only as far as it is read.

    Attributes:
        removed: Numbers of the passages it removes, int64.
        ids: Numbers of the passages it adds, int64, ascending.
        halves: Their embeddings, float16.
    """

    removed: Ids
    ids: Ids
    halves: Halves
    _dimension: int
    _map: mmap.mmap | None
    _file: int | None
    _offset: int
    _quantiser: Any = field(init=False)
    _numbering: Numbering = field(init=False)

    def __post_init__(self) -> None:
        """Make what tells FAISS of embeddings of 16 bits, and where numbers stand."""
        self._numbering = Numbering(self.ids)
        self._quantiser = faiss.ScalarQuantizer(self._dimension, faiss.ScalarQuantizer.QT_fp16)

    def __del__(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @classmethod
    def open(cls, folder: Path, entry: PartEntry, dimension: int) -> Part:
        """Open a part.

        Args:
            folder: Where the index lies.
            entry: Which part.
            dimension: Length of the vectors.

        Raises:
            OSError: It is missing.
            ValueError: It is damaged.
        """
        path = folder / entry.file
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != entry.size(dimension) or not size:
                raise ValueError(f"{path} has {size} bytes, not {entry.size(dimension)}")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            # Not on Windows, where what is read here and there is mapped like the rest.
            own = os.dup(file.fileno()) if hasattr(os, "pread") else None
        offset = 8 * (entry.removed + entry.added)
        numbers = np.frombuffer(mapped, "<i8", entry.removed + entry.added)
        halves = np.frombuffer(mapped, "<f2", entry.added * dimension, offset)
        part = cls(
            numbers[: entry.removed],
            numbers[entry.removed :],
            halves.reshape(entry.added, dimension),
            dimension,
            mapped,
            own,
            offset,
        )
        if np.any(part.ids[1:] <= part.ids[:-1]):
            raise ValueError(f"the numbers in {path} do not ascend")
        return part

    def __len__(self) -> int:
        return len(self.ids)

    def content(self) -> Content:
        """All of it."""
        return Content(self.removed, self.ids, self.halves)

    def places(self, ids: Ids) -> tuple[Places, npt.NDArray[np.bool_]]:
        """Where passages stand in this part.

        Args:
            ids: Numbers of passages, int64.

        Returns:
            A place for each, and whether it is there at all; if not, the place means nothing.
        """
        return self._numbering.places(ids)

    def rows(self, places: Places, *, mapped: bool) -> Embeddings:
        """The embeddings at some places, float32.

        Args:
            places: Which, int64.
            mapped: Read them through the mapping of the file. That is faster, but page by page all
                of it would come to count as this process's memory.
        """
        if mapped or self._file is None:
            return _single(self.halves[places])
        size = 2 * self._dimension
        read = [os.pread(self._file, size, self._offset + at * size) for at in places.tolist()]
        found = np.frombuffer(b"".join(read), "<f2").reshape(len(places), self._dimension)
        return _single(found)

    def nearest(
        self, query: Embeddings, limit: int, among: npt.NDArray[np.uint8] | None
    ) -> tuple[Places, Cosines]:
        """The embeddings nearest to ``query``: every one is compared with it.

        Args:
            query: float32, of length 1.
            limit: How many at the most.
            among: A bit for each place, the lowest of a byte first: whether it may be found. Or
                None for all.

        Returns:
            Places (int64) and cosines (float32), in no order.
        """
        limit = min(limit, len(self))
        found = np.full(limit, -1, np.int64)
        cosines = np.full(limit, -np.inf, np.float32)
        if limit:
            with self._scanner(query, among) as scanner:
                scanner.scan_codes(
                    len(self),
                    self._codes(),
                    faiss.swig_ptr(_counting(len(self))),
                    faiss.swig_ptr(cosines),
                    faiss.swig_ptr(found),
                    limit,
                )
        keep = found >= 0
        return found[keep], cosines[keep]

    def nearer(self, query: Embeddings, cosine: float, among: npt.NDArray[np.uint8] | None) -> int:
        """How many embeddings have a cosine with ``query`` greater than ``cosine``.

        Args:
            query: float32, of length 1.
            cosine: The least, not included.
            among: As `nearest` takes it.
        """
        if not len(self):
            return 0
        result = faiss.RangeSearchResult(1)
        gathered = _FAISS.RangeSearchPartialResult(result)
        found = gathered.new_result(0)
        with self._scanner(query, among) as scanner:
            scanner.scan_codes_range(
                len(self), self._codes(), faiss.swig_ptr(_counting(len(self))), cosine, found
            )
        return int(found.nres)

    def let_go(self) -> None:
        """Have what was read through the mapping no longer count as this process's memory."""
        if self._map is not None and hasattr(self._map, "madvise"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def _codes(self) -> Any:
        """Where the embeddings begin, as FAISS takes it."""
        return faiss.swig_ptr(self.halves.view(np.uint8))

    @contextmanager
    def _scanner(self, query: Embeddings, among: npt.NDArray[np.uint8] | None) -> Iterator[Any]:
        """What compares embeddings with ``query``, as FAISS does within one list of an index."""
        chosen = None  # to outlive the scanner, as ``query`` and ``among`` do
        if among is not None:
            chosen = faiss.IDSelectorBitmap(len(self), faiss.swig_ptr(among))
        scanner = self._quantiser.select_InvertedListScanner(
            faiss.METRIC_INNER_PRODUCT, None, False, chosen, False
        )
        try:
            scanner.set_query(faiss.swig_ptr(query))
            yield scanner
        finally:
            # FAISS leaves it to its caller to delete it, and does not say so to Python.
            _FAISS.InvertedListScanner.__swig_destroy__(scanner)


def _single(halves: Halves) -> Embeddings:
    """Finite numbers of 16 bits in 32: what `astype` gives, which takes twice as long for it.

    With the bits of a half put where a single has its own, the exponent is 127 - 15 too low.
    """
    bits = halves.view(np.uint16).astype(np.uint32)
    signs = bits & 0x8000
    bits &= 0x7FFF
    bits <<= 13
    signs <<= 16
    bits |= signs
    rows: Embeddings = bits.view(np.float32)
    rows *= _SCALE
    return rows


def _counting(count: int) -> Places:
    """The numbers 0, 1, 2, … up to ``count``; made once for all parts."""
    global _COUNTED
    if len(_COUNTED) < count:
        _COUNTED = np.arange(max(count, 2 * len(_COUNTED)), dtype=np.int64)
    return _COUNTED[:count]
