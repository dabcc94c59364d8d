"""Passages with the terms each of them holds: a forward index, in files that are never changed.

Passages that were indexed together lie in one file, as columns, which is mapped into memory and so
costs nothing to open. Their terms stand there once, in alphabetical order; a passage's entries name
them by their places.
"""

from __future__ import annotations

import bisect
import mmap
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from search.reading import Ids
from search.storage import flush

_MAGIC = b"WHEREIN\x01"
#: Numbers at the beginning of a file: passages, entries, terms, bytes of the terms.
_SIZES = np.dtype("<i8")
#: Terms are looked for among every so many-th of them first, and then in what follows it.
_STRIDE = 32
#: Greatest count of an entry.
_MOST = 255


class Words(Sequence[bytes]):
    """Different terms in alphabetical order, as UTF-8.

    Args:
        letters: All of them, each with a line feed behind it.
        starts: Where each begins, int64, and where the last ends.
    """

    def __init__(self, letters: bytes | memoryview, starts: Ids) -> None:
        self.letters = letters
        self.starts = starts

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        return bytes(self.letters[int(self.starts[place]) : int(self.starts[place + 1]) - 1])

    def several(self, places: Ids | npt.NDArray[np.uint32]) -> list[bytes]:
        """The terms in some places, in their order."""
        begins, ends = self.starts[places].tolist(), self.starts[places + 1].tolist()
        letters = self.letters
        return [bytes(letters[a : b - 1]) for a, b in zip(begins, ends, strict=True)]

    def find(self, term: str) -> int:
        """The place of ``term``, or -1 if it is not there."""
        wanted = encoded(term)
        at = _STRIDE * (bisect.bisect_right(self._landmarks, wanted) - 1)
        if at < 0:
            return -1
        end = min(at + _STRIDE, len(self))
        nearby = b"\n" + bytes(self.letters[int(self.starts[at]) : int(self.starts[end])])
        found = nearby.find(b"\n" + wanted + b"\n")
        return at + nearby.count(b"\n", 0, found) if found >= 0 else -1

    @cached_property
    def _landmarks(self) -> list[bytes]:
        """Every so many-th of them."""
        return self[::_STRIDE]

    def beginning(self, start: str) -> range:
        """The places of the terms that begin with ``start``."""
        first = encoded(start)
        return range(bisect.bisect_left(self, first), bisect.bisect_left(self, first + b"\xff"))

    def texts(self) -> list[str]:
        """All of them, in order."""
        return bytes(self.letters).decode().split("\n")[:-1]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Passages that lie in one file; its arrays are not to be changed.

    Attributes:
        numbers: The passages' numbers, int64.
        lengths: How many terms each has, uint32.
        starts: Where the entries of each begin, int64, and where those of the last end.
        terms: Of each entry the place of its term among ``words``, uint32.
        counts: How often the passage holds it, uint8; more often than 255 times counts as 255.
        words: All terms.
        frequencies: How many passages hold each of them, uint32.
    """

    numbers: Ids
    lengths: npt.NDArray[np.uint32]
    starts: Ids
    terms: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint8]
    words: Words
    frequencies: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.numbers)

    def entries(self, rows: Ids) -> tuple[Ids, Ids]:
        """Where the entries of passages stand.

        Args:
            rows: Places of the passages in the segment.

        Returns:
            The places of the entries, passage by passage, and how many entries each passage has.
        """
        first = self.starts[rows]
        sizes = self.starts[rows + 1] - first
        places = np.arange(int(sizes.sum())) + np.repeat(first - np.cumsum(sizes) + sizes, sizes)
        return places, sizes

    def postings(self) -> tuple[Ids, npt.NDArray[np.uint32], npt.NDArray[np.uint8]]:
        """The entries turned round: of each term the passages that hold it.

        Returns:
            Where the postings of each term begin, int64, and where those of the last end; of each
            posting the place of its passage, ascending, and how often it holds the term.
        """
        order = np.argsort(self.terms, kind="stable")
        rows = np.repeat(np.arange(len(self), dtype=np.uint32), np.diff(self.starts))
        begins = np.concatenate(([0], np.cumsum(self.frequencies, dtype=np.int64)))
        return begins, rows[order], self.counts[order]

    def write(self, path: Path) -> None:
        """Write it into the file ``path``, down to the disk.

        Raises:
            OSError: The disk is full or read-only.
        """
        columns = _columns(len(self), len(self.terms), len(self.words))
        letters = self.words.letters
        sizes = np.array([len(self), len(self.terms), len(self.words), len(letters)], _SIZES)
        with path.open("wb") as file:
            parts: list[Any] = [_MAGIC, sizes]
            for name, (dtype, _) in columns.items():
                values = self.words.starts if name == "word_starts" else getattr(self, name)
                parts.append(np.ascontiguousarray(values, dtype=dtype))
            for part in (*parts, letters):
                file.write(part)
        flush(path)

    @classmethod
    def open(cls, path: Path) -> Segment:
        """The segment in the file ``path``.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is not such a file, or not a whole one.
        """
        with path.open("rb") as file:
            mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        head = len(_MAGIC) + 4 * _SIZES.itemsize
        if mapped[: len(_MAGIC)] != _MAGIC or len(mapped) < head:
            raise ValueError(f"{path} is no segment")
        passages, entries, terms, letters = np.frombuffer(mapped, _SIZES, 4, len(_MAGIC)).tolist()
        found: dict[str, npt.NDArray[Any]] = {}
        at = head
        if min(passages, entries, terms, letters) < 0:
            raise ValueError(f"{path} is damaged")
        columns = _columns(passages, entries, terms)
        if at + sum(d.itemsize * n for d, n in columns.values()) + letters != len(mapped):
            raise ValueError(f"{path} is cut short")
        for name, (dtype, count) in columns.items():
            found[name] = np.frombuffer(mapped, dtype, count, at)
            at += dtype.itemsize * count
        words = Words(mapped[at : at + letters], found.pop("word_starts"))
        return cls(words=words, **found)


def gathered(passages: Iterable[tuple[int, Sequence[str]]]) -> Segment:
    """A segment of passages.

    Args:
        passages: Their numbers and terms, a term as often as it occurs.
    """
    known: dict[str, int] = {}
    numbers, lengths, sizes = array("q"), array("I"), array("I")
    terms, counts = array("I"), array("B")
    for number, found in passages:
        bag = Counter(found)
        numbers.append(number)
        lengths.append(len(found))
        sizes.append(len(bag))
        terms.extend([known.setdefault(term, len(known)) for term in bag])
        counts.extend([min(count, _MOST) for count in bag.values()])
    order = sorted(known)
    place = np.empty(len(order), dtype=np.uint32)
    place[[known[term] for term in order]] = np.arange(len(order))
    return _segment(
        np.array(numbers, dtype=np.int64),
        np.array(lengths, dtype=np.uint32),
        np.array(sizes, dtype=np.int64),
        place[np.array(terms, dtype=np.uint32)],
        np.array(counts, dtype=np.uint8),
        order,
    )


def merged(parts: Sequence[tuple[Segment, Ids]]) -> Segment:
    """One segment of passages that lie in several.

    Args:
        parts: The segments, and the places, int64, of the passages that are taken from each.
    """
    taken = [(segment, rows, *segment.entries(rows)) for segment, rows in parts]
    texts = [segment.words.texts() for segment, _ in parts]
    held = [np.unique(segment.terms[places]).tolist() for segment, _, places, _ in taken]
    order = sorted({words[at] for words, which in zip(texts, held, strict=True) for at in which})
    place = {term: at for at, term in enumerate(order)}
    terms = []
    for (segment, _, places, _), words in zip(taken, texts, strict=True):
        there = np.array([place.get(word, 0) for word in words], dtype=np.uint32)
        terms.append(there[segment.terms[places]])
    return _segment(
        np.concatenate([segment.numbers[rows] for segment, rows, _, _ in taken]),
        np.concatenate([segment.lengths[rows] for segment, rows, _, _ in taken]),
        np.concatenate([sizes for _, _, _, sizes in taken]),
        np.concatenate(terms),
        np.concatenate([segment.counts[places] for segment, _, places, _ in taken]),
        order,
    )


def encoded(term: str) -> bytes:
    """A term as segments and engines keep it."""
    return term.encode("utf-8", "replace")


def _segment(
    numbers: Ids,
    lengths: npt.NDArray[np.uint32],
    sizes: Ids,
    terms: npt.NDArray[np.uint32],
    counts: npt.NDArray[np.uint8],
    order: list[str],
) -> Segment:
    words = [encoded(term) + b"\n" for term in order]
    starts = np.concatenate(([0], np.cumsum([len(word) for word in words], dtype=np.int64)))
    return Segment(
        numbers=numbers,
        lengths=lengths,
        starts=np.concatenate(([0], np.cumsum(sizes))),
        terms=terms,
        counts=counts,
        words=Words(b"".join(words), starts),
        frequencies=np.bincount(terms, minlength=len(order)).astype(np.uint32),
    )


def _columns(passages: int, entries: int, terms: int) -> dict[str, tuple[np.dtype[Any], int]]:
    """The arrays of a file, in order, widest first so that each lies as its type needs it."""
    return {
        "numbers": (np.dtype("<i8"), passages),
        "starts": (np.dtype("<i8"), passages + 1),
        "word_starts": (np.dtype("<i8"), terms + 1),
        "lengths": (np.dtype("<u4"), passages),
        "terms": (np.dtype("<u4"), entries),
        "frequencies": (np.dtype("<u4"), terms),
        "counts": (np.dtype("u1"), entries),
    }
