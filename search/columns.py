"""Every document of a generation, as facets, suggestions and the viewer go by them, kept small.

As Python objects a hundred thousand documents take some 75 MB. Here what many share (formats,
languages, authors, days, folders) is kept once, each document naming it by its number, and other
texts are put end to end; a document becomes an object again when it is looked at.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from search.analysis.folding import fold
from search.questions import Ids
from search.requirements import DocumentFacts

#: What documents can be told apart by in few values.
Side = Literal["kind", "author", "date", "language", "year", "folder"]

_SIDES: tuple[Side, ...] = ("kind", "author", "date", "language", "year", "folder")
#: A text may hold any half of a character.
_ERRORS = "surrogatepass"


class Documents(Sequence[DocumentFacts]):
    """The documents of a generation, in the order of their versions.

    Args:
        facts: The documents; each of them lies somewhere.
    """

    def __init__(self, facts: Iterable[DocumentFacts]) -> None:
        shared: dict[Side, _Shared] = {side: _Shared() for side in _SIDES}
        titles, files, folders = _Texts(), _Texts(), _Shared()
        names, begins = bytearray(), array("Q")
        numbers = array("q")
        first_paths = array("I")
        for one in facts:
            numbers.extend((one.version, one.key, one.modified))
            first_paths.append(len(files))
            for path in one.paths:
                folder, slash, file = path.rpartition("/")
                folders.add(folder + slash)
                files.add(file)
            values = (one.kind, one.author, one.date, one.language, one.day[:4])
            for side, value in zip(_SIDES, (*values, one.paths[0].rpartition("/")[0]), strict=True):
                shared[side].add(value)
            titles.add(one.title)
            begins.append(len(names))
            names += f"{fold(one.name.lower())}\0".encode("utf-8", _ERRORS)
        first_paths.append(len(files))
        self._numbers = np.frombuffer(numbers, dtype=np.int64).reshape(-1, 3)
        self._first_paths = first_paths
        self._shared = {side: each.column() for side, each in shared.items()}
        self._folders, self._files, self._titles = folders.column(), files, titles
        self._names, self._begins = names, begins

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, at: int) -> DocumentFacts: ...

    @overload
    def __getitem__(self, at: slice) -> list[DocumentFacts]: ...

    def __getitem__(self, at: int | slice) -> DocumentFacts | list[DocumentFacts]:
        """A document by its place, or several."""
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        place = at if at >= 0 else at + len(self)
        if not 0 <= place < len(self):
            raise IndexError(at)
        version, key, modified = self._numbers[place].tolist()
        paths = range(self._first_paths[place], self._first_paths[place + 1])
        return DocumentFacts(
            version,
            key,
            self._titles[place],
            self._shared["kind"][place],
            self._shared["author"][place],
            self._shared["date"][place],
            self._shared["language"][place],
            tuple(self._folders[path] + self._files[path] for path in paths),
            modified,
        )

    def with_key(self, key: int) -> DocumentFacts | None:
        """The document with the number that users see, or None."""
        found = np.flatnonzero(self._numbers[:, 1] == key)
        return self[int(found[0])] if len(found) else None

    def versions(self) -> Ids:
        """The row of each document, int64, ascending."""
        return self._numbers[:, 0].copy()

    def tally(self, side: Side, places: Ids | None = None) -> dict[str, int]:
        """How many documents have each value of a side, in the order they first came.

        Args:
            side: "folder" is that of a document's first path, "year" that of its day.
            places: The places of the documents that are counted, int64; None for all.
        """
        return self._shared[side].tally(places)

    def names(self) -> Iterator[str]:
        """What each document is shown as."""
        for place in range(len(self)):
            yield self._titles[place] or self._files[self._first_paths[place]]

    def named(self, part: str) -> Iterator[DocumentFacts]:
        """The documents that have something in their name.

        Args:
            part: What they have, without diacritics and in small letters; none has a NUL.
        """
        if not part or "\0" in part:  # which parts the names here
            return
        wanted, after = part.encode("utf-8", _ERRORS), 0
        while (at := self._names.find(wanted, after)) >= 0:
            place = bisect_right(self._begins, at) - 1
            yield self[place]
            after = self._begins[place + 1] if place + 1 < len(self) else len(self._names)


class _Texts:
    """Texts put end to end."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._ends = array("Q")

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, text: str) -> None:
        self._data += text.encode("utf-8", _ERRORS)
        self._ends.append(len(self._data))

    def __getitem__(self, at: int) -> str:
        start = self._ends[at - 1] if at else 0
        return self._data[start : self._ends[at]].decode("utf-8", _ERRORS)


class _Shared:
    """Values that are taken down by the numbers of those that came before."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._numbers = array("I")

    def add(self, value: str) -> None:
        self._numbers.append(self._known.setdefault(value, len(self._known)))

    def column(self) -> _Column:
        """All of them, to be read."""
        least = np.min_scalar_type(max(1, len(self._known)))
        numbers = np.frombuffer(self._numbers, dtype=np.uint32).astype(least)
        return _Column(tuple(self._known), numbers)


class _Column:
    """A value for each document, from a few.

    Args:
        values: The values.
        numbers: Each document's, by its place among them.
    """

    def __init__(self, values: tuple[str, ...], numbers: npt.NDArray[Any]) -> None:
        self._values = values
        self._numbers = numbers

    def __getitem__(self, at: int) -> str:
        number = int(self._numbers[at])
        return self._values[number]

    def tally(self, places: Ids | None) -> dict[str, int]:
        """How often each value comes, of those that come."""
        numbers = self._numbers if places is None else self._numbers[places]
        counts = np.bincount(numbers, minlength=len(self._values))
        return {self._values[at]: int(counts[at]) for at in np.flatnonzero(counts).tolist()}
