"""Spreadsheets of OpenDocument, read row by row.

A row or cell that is repeated stands in the file once with a number, up to the million rows of a
sheet; filled ones are taken as often as a person may have meant, empty ones are only counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.odf import count, events, open_document, qname
from indexer.readers.odf_text import paragraph_text
from indexer.readers.tables import TableWriter
from search.models import Document

_LABEL = "spreadsheet"
_TABLE = qname("table:table")
_SPREADSHEET = qname("office:spreadsheet")
_CELL = qname("table:table-cell")
_PARAGRAPH = qname("text:p")
_ANNOTATION = qname("office:annotation")
_ROW_COPIES = 100
_CELL_COPIES = 100
_COLUMNS_LIMIT = 16_384


def read(data: bytes, _name: str) -> Document:
    """Read a spreadsheet.

    Raises:
        ReadError: If it is encrypted or damaged, or would fill the memory when unpacked.
    """
    opened = open_document(data, _LABEL)
    builder = DocumentBuilder("ods")
    writer = TableWriter(builder)
    sheets = _Sheets(opened.content)
    while (name := sheets.next_sheet()) is not None:
        rows = sheets.rows()
        first = next(rows, None)
        if first is None:
            continue
        builder.heading(1, name)
        writer.write(chain((first,), rows))
        for comment in sheets.comments:
            builder.block(comment)
        builder.leave(1)
    given = opened.properties
    return builder.build(given.title, author=given.author, date=given.date, language=given.language)


class _Sheets:
    """Goes through a spreadsheet from its beginning to its end, holding one row at a time."""

    def __init__(self, content: BinaryIO) -> None:
        self._events = events(content, "table:table", "table:table-row", _LABEL)
        self._next: Any = None
        self.comments: list[str] = []

    def next_sheet(self) -> str | None:
        """The name of the next sheet, or None after the last."""
        for _ in self.rows():
            pass
        if self._next is None:
            return None
        name = self._next.get(qname("table:name"), "")
        self._next = None
        self.comments = []
        return str(name)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The numbers and cells of the sheet's rows that have some text."""
        number = 1
        while self._next is None:
            name, element = next(self._events, ("", None))
            if element is None:
                return
            if not _is_sheets(element):
                continue
            if name == "table":
                self._next = element
                return
            cells = self._cells(element)
            copies = count(element, "table:number-rows-repeated")
            if any(cells):
                for copy in range(min(copies, _ROW_COPIES)):
                    yield number + copy, cells
            number += copies

    def _cells(self, row: Any) -> list[str]:
        """The text of a row's cells."""
        cells: list[str] = []
        for cell in row.iterchildren(_CELL, qname("table:covered-table-cell")):
            text = _text(cell) if cell.tag == _CELL else ""
            copies = count(cell, "table:number-columns-repeated")
            copies = min(copies, _COLUMNS_LIMIT - len(cells), _CELL_COPIES if text else copies)
            cells += [text] * copies
            for note in cell.iterchildren(_ANNOTATION):
                if said := one_line(_paragraphs(note)):
                    self.comments.append(
                        f"Comment on “{text}”: {said}" if text else f"Comment: {said}"
                    )
        return cells


def _is_sheets(element: Any) -> bool:
    """Whether a table is a sheet, or a row one of a sheet, and not of a chart or the like in it."""
    table = element
    while table is not None and table.tag != _TABLE:
        table = table.getparent()
    above = [] if table is None else [ancestor.tag for ancestor in table.iterancestors()]
    return above[:1] == [_SPREADSHEET] and len(above) == 3


def _text(cell: Any) -> str:
    """A cell's text as it is shown; dates in the one form that all programs agree on."""
    if cell.get(qname("office:value-type")) == "date":
        date = str(cell.get(qname("office:date-value"), ""))
        return date.removesuffix("T00:00:00")[:16].replace("T", " ")
    return one_line(_paragraphs(cell))


def _paragraphs(parent: Any) -> str:
    return "\n".join(map(paragraph_text, parent.iterchildren(_PARAGRAPH)))
