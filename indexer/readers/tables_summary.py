"""A summary of a table that is too large to be indexed row by row.

The rows are taken in ranges. When there are too many ranges, each two neighbours become one, so
that the summary has about the same size whether the table has fifty thousand rows or fifty million.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from math import isfinite

from indexer.readers.base import shorten
from indexer.readers.lines import CELL_SEPARATOR

#: Rows in a range to begin with.
_RANGE_ROWS = 200
#: Ranges at the most.
_RANGES = 1_200
#: Characters given to the values of a range, all columns together, and to each of them at least.
_RANGE_LENGTH = 700
_COLUMN_LENGTH = 30
_VALUE_LENGTH = 40
_COLUMNS = 30
#: Values kept of a column.
_SAMPLES = 30
_FIRST_ROWS = 2
_FIRST_ROW_LENGTH = 300

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")


@dataclass(frozen=True, slots=True)
class Range:
    """A range of rows as it is written.

    Attributes:
        first: Number of its first row.
        last: Number of its last row.
        lines: What it holds: a line for each column, and its first rows.
    """

    first: int
    last: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Column:
    """What a column of a range holds: the span of its figures, or some of its values."""

    low: float | str | None
    high: float | str | None
    samples: tuple[str, ...]
    more: bool

    def merged(self, other: _Column) -> _Column:
        """What this range and the next hold together."""
        both = dict.fromkeys(
            sample
            for pair in zip_longest(self.samples, other.samples)
            for sample in pair
            if sample is not None
        )
        low, high = self.low, self.high
        if not self.samples:
            low, high = other.low, other.high
        elif other.samples:
            low, high = _least(self.low, other.low), _greatest(self.high, other.high)
        more = self.more or other.more or len(both) > _SAMPLES
        return _Column(low, high, tuple(islice(both, _SAMPLES)), more)


@dataclass(frozen=True, slots=True)
class _Part:
    """A range of rows as it is collected."""

    first: int
    last: int
    columns: tuple[_Column, ...]
    rows: tuple[tuple[str, ...], ...]

    def merged(self, other: _Part) -> _Part:
        """This range and the next as one."""
        pairs = zip_longest(self.columns, other.columns, fillvalue=_NOTHING)
        columns = tuple(mine.merged(theirs) for mine, theirs in pairs)
        return _Part(self.first, other.last, columns, self.rows)


_NOTHING = _Column(None, None, (), more=False)


class Summary:
    """The summary of one table."""

    def __init__(self, names: Sequence[str]) -> None:
        """Begin the summary of a table whose columns are called ``names``, if they have names."""
        self._names = names
        self._parts: list[_Part] = []
        self._rows = 0
        self._width = len(names)

    def add(self, rows: Iterable[tuple[int, tuple[str, ...]]]) -> None:
        """Take in rows, with their numbers, one by one."""
        source = iter(rows)
        size = _RANGE_ROWS
        while taken := list(islice(source, size)):
            self._rows += len(taken)
            self._width = max(self._width, max(len(cells) for _, cells in taken))
            self._parts.append(_part(taken))
            if len(self._parts) > _RANGES:
                pairs = zip_longest(self._parts[::2], self._parts[1::2])
                self._parts = [one.merged(two) if two else one for one, two in pairs]
                size *= 2

    @property
    def title(self) -> str:
        """A sentence that says what the table is."""
        names = ", ".join(self._name(at) for at in range(min(self._width, _COLUMNS)))
        return (
            f"A table of {self._rows:,} rows and {self._width:,} columns ({names}),"
            " summarised by ranges of rows."
        )

    def ranges(self) -> Iterator[Range]:
        """The ranges, in order."""
        for part in self._parts:
            texts = sum(column.low is None for column in part.columns)
            share = max(_COLUMN_LENGTH, _RANGE_LENGTH // max(1, texts))
            lines = [
                f"{self._name(at)}: {text}"
                for at, column in enumerate(part.columns)
                if (text := _values(column, share))
            ]
            for cells in part.rows:
                pairs = ((self._name(at), cell) for at, cell in enumerate(cells) if cell)
                row = CELL_SEPARATOR.join(f"{name}: {cell}" for name, cell in pairs)
                lines.append("For example: " + shorten(row, _FIRST_ROW_LENGTH))
            yield Range(part.first, part.last, tuple(lines))

    def _name(self, at: int) -> str:
        return (self._names[at] if at < len(self._names) else "") or f"column {at + 1}"


def _part(taken: Sequence[tuple[int, tuple[str, ...]]]) -> _Part:
    rows = [tuple(islice(cells, _COLUMNS)) for _, cells in taken]
    columns = tuple(map(_column, zip_longest(*rows, fillvalue="")))
    first = tuple(
        tuple(shorten(cell, _VALUE_LENGTH) for cell in cells) for cells in rows[:_FIRST_ROWS]
    )
    return _Part(taken[0][0], taken[-1][0], columns, first)


def _column(cells: Sequence[str]) -> _Column:
    distinct = dict.fromkeys(cells)
    distinct.pop("", None)
    samples = tuple(shorten(cell, _VALUE_LENGTH) for cell in islice(distinct, _SAMPLES))
    low, high = _span(distinct)
    return _Column(low, high, samples, more=len(distinct) > _SAMPLES)


def _span(values: dict[str, None]) -> tuple[float | str | None, float | str | None]:
    """The least and the greatest of values that are all numbers, or all dates."""
    if not values:
        return None, None
    try:
        numbers = list(map(float, values))
    except ValueError:
        if not all(map(_ISO_DATE.fullmatch, values)):
            return None, None
        return min(values)[:16], max(values)[:16]
    if not all(map(isfinite, numbers)):  # words such as "nan" are read as numbers too
        return None, None
    return min(numbers), max(numbers)


def _least(one: float | str | None, two: float | str | None) -> float | str | None:
    if isinstance(one, str) and isinstance(two, str):
        return min(one, two)
    return min(one, two) if isinstance(one, float) and isinstance(two, float) else None


def _greatest(one: float | str | None, two: float | str | None) -> float | str | None:
    if isinstance(one, str) and isinstance(two, str):
        return max(one, two)
    return max(one, two) if isinstance(one, float) and isinstance(two, float) else None


def _values(column: _Column, length: int) -> str:
    """What a column holds, in about ``length`` characters."""
    if column.low is not None and column.low != column.high:
        return f"{_figure(column.low)} to {_figure(column.high)}"
    shown: list[str] = []
    for sample in column.samples:
        if shown and sum(map(len, chain(shown, (sample,)))) + 2 * len(shown) > length:
            return "; ".join(shown) + " and others"
        shown.append(sample)
    return "; ".join(shown) + " and others" * column.more


def _figure(value: float | str | None) -> str:
    if not isinstance(value, float):
        return str(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
