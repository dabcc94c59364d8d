"""Tables as text: small ones row by row, large ones by what their rows hold.

Each row of a table that has column names is written as "name: value | name: value", so that a
passage of any rows can be understood, and found, by itself. Rows are put together to places of a
passage's length. A table too large for that is summarised: of each range of rows, the span of
numbers and dates, some of the other values, and the first rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from indexer.readers.base import DocumentBuilder, one_line, shorten
from indexer.readers.lines import CELL_SEPARATOR
from indexer.readers.tables_header import find_header
from indexer.readers.tables_summary import Summary

#: A table is written row by row up to so many rows ...
ROWS_IN_FULL = 10_000
#: ... and so many characters, those of the document's other tables included.
TEXT_IN_FULL = 5_000_000
#: A place holds rows of about so many characters.
_PLACE_LENGTH = 900
#: A new table begins a new place unless the place holds less than this.
_SHORT_PLACE = 400
_LONGEST_NAME = 40
#: What a cell takes besides its text.
_CELL_COST = 8
_COLUMNS_LIMIT = 16_384


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row that has some text.

    Attributes:
        number: Its number in the file, from 1.
        cells: Its cells, each on one line; empty ones at the end are left out.
    """

    number: int
    cells: tuple[str, ...]


class TableWriter:
    """Writes the tables of one document, with one limit for all of them together."""

    def __init__(self, builder: DocumentBuilder) -> None:
        """Write to ``builder``."""
        self._builder = builder
        self._left = TEXT_IN_FULL

    def write(self, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
        """Write one table.

        Args:
            rows: The numbers of its rows, ascending, and their cells; taken one by one.
        """
        known = _rows(rows)
        first: list[TableRow] = []
        length = 0
        for row in known:
            first.append(row)
            length += sum(map(len, row.cells)) + _CELL_COST * len(row.cells)
            if len(first) > ROWS_IN_FULL or length > self._left:
                self._summarise(first, known)
                return
        self._left -= length
        self._write_in_full(first)

    def _write_in_full(self, rows: list[TableRow]) -> None:
        """Write each row, and put them together to places."""
        lines: list[str] = []
        first = last = length = 0
        for begins, number, line in _lines(rows):
            full = length + len(line) > _PLACE_LENGTH or (begins and length > _SHORT_PLACE)
            if lines and full:
                self._place(first, last, lines)
                lines, length = [], 0
            first = first if lines else number
            last = number
            lines.append(line)
            length += len(line)
        if lines:
            self._place(first, last, lines)

    def _place(self, first: int, last: int, lines: Iterable[str]) -> None:
        self._builder.place(f"row {first}" if first == last else f"rows {first}–{last}")
        self._builder.block("\n".join(lines), preformatted=True)
        self._builder.place("")

    def _summarise(self, first: list[TableRow], rest: Iterator[TableRow]) -> None:
        """Write what the ranges of rows hold; ``first`` are the rows taken already."""
        at = find_header([row.cells for row in first], certain=False)
        names: tuple[str, ...] = ()
        if at is not None:
            names = _names(first[at].cells)
            for row in first[:at]:
                self._builder.block(shorten(CELL_SEPARATOR.join(row.cells), _PLACE_LENGTH))
            first = first[at + 1 :]
        summary = Summary(names)
        rows = chain(first, rest)
        first = []  # so that the rows are not held until the end
        summary.add((row.number, row.cells) for row in rows)
        self._builder.block(summary.title)
        for part in summary.ranges():
            self._place(part.first, part.last, part.lines)


def _rows(rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator[TableRow]:
    """The rows that have some text."""
    for number, cells in rows:
        texts = [_cell(cell) for cell in islice(cells, _COLUMNS_LIMIT)]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            yield TableRow(number, tuple(texts))


def _cell(text: str) -> str:
    """One line of text; most cells are that already, and there may be millions."""
    return text if text.isascii() and text.isalnum() else one_line(text)


def _lines(rows: list[TableRow]) -> Iterator[tuple[bool, int, str]]:
    """Whether a table of its own begins, the row's number, and the row as a line."""
    names: tuple[str, ...] = ()
    for part in _parts(rows):
        at = find_header([row.cells for row in part], certain=bool(names))
        if at is not None:
            names = _names(part[at].cells)
        elif max(len(row.cells) for row in part) > len(names):
            names = ()
        for place, row in enumerate(part):
            named = names if at is None or place > at else ()
            yield place == 0, row.number, _line(row.cells, named)


def _parts(rows: list[TableRow]) -> Iterator[list[TableRow]]:
    """The rows parted where empty ones lie between them."""
    part: list[TableRow] = []
    for row in rows:
        if part and row.number > part[-1].number + 1:
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(shorten(cell, _LONGEST_NAME).rstrip(":") for cell in cells)


def _line(cells: Sequence[str], names: Sequence[str]) -> str:
    """A row as a line, with the names of its columns where it has some."""
    filled = [cell for cell in cells if cell]
    if not names or (len(filled) == 1 and len(names) > 2):  # a caption among the rows
        return CELL_SEPARATOR.join(filled)
    named = chain(names, ("" for _ in cells[len(names) :]))
    pairs = zip(named, cells, strict=False)
    return CELL_SEPARATOR.join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell)
