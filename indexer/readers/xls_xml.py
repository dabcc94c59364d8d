"""Spreadsheets in the XML of Excel 2002 and 2003, which many programs still export as ``.xls``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from itertools import groupby
from typing import Any

from lxml import etree

from indexer.readers.base import DocumentBuilder
from indexer.readers.dates import iso_date
from indexer.readers.ooxml import attribute, damaged, descendants, elements, local, real_author
from indexer.readers.ooxml_values import as_read
from indexer.readers.tables import TableWriter
from indexer.readers.titles import real_title
from indexer.readers.workbook import LABEL
from search.models import Document

_ROWS, _COLUMNS = 1_048_576, 16_384


def read_xml(data: bytes) -> Document:
    """Read a spreadsheet in XML; as much of it as is there, if it was cut off.

    Raises:
        ReadError: If it is damaged.
    """
    builder = DocumentBuilder("xls")
    writer = TableWriter(builder)
    said: dict[str, str] = {}
    for sheet, rows in groupby(_rows(data, said), key=lambda row: row[0]):
        builder.heading(1, sheet)
        writer.write((number, cells) for _, number, cells in rows)
        builder.leave(1)
    if not builder.build().text and not said:
        raise damaged(LABEL)
    dates = (iso_date(said.get(name, "")) for name in ("LastSaved", "Created"))
    return builder.build(
        real_title(said.get("Title")),
        author=real_author(said.get("Author", "")),
        date=next(filter(None, dates), ""),
    )


def _rows(data: bytes, said: dict[str, str]) -> Iterator[tuple[str, int, list[str]]]:
    """The rows with values: on which sheet, which number, what is in the cells.

    Args:
        data: The file.
        said: Takes what the file says of itself.
    """
    sheet, number = "", 0
    events = etree.iterparse(
        BytesIO(data), ("start", "end"), recover=True, resolve_entities=False, no_network=True,
        load_dtd=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    with suppress(etree.XMLSyntaxError):  # what came before is read
        for event, element in events:
            name = local(element)
            if event == "start" and name == "Worksheet":
                sheet, number = attribute(element, "Name"), 0
            elif event == "end" and name == "DocumentProperties":
                said.update((local(child), child.text or "") for child in elements(element))
            elif event == "end" and name == "Row":
                number = _index(element, number, _ROWS)
                cells = _cells(element)
                if any(cells):
                    yield sheet, number, cells
                _forget(element)


def _cells(row: Any) -> list[str]:
    cells: list[str] = []
    for cell in elements(row, "Cell"):
        at = _index(cell, len(cells), _COLUMNS)
        cells += [""] * (at - 1 - len(cells))
        cells.append(" ".join(map(_value, descendants(cell, "Data"))))
    return cells


def _index(element: Any, before: int, most: int) -> int:
    """The number of a row or cell: the one after that before, unless it says another."""
    given = attribute(element, "Index")
    number = int(given) if given.isdecimal() and len(given) < 9 else 0
    return number if before < number <= most else before + 1


def _value(data: Any) -> str:
    """The value of a cell as a person reads it."""
    text, kind = "".join(data.itertext()), attribute(data, "Type")
    try:
        if kind == "DateTime":
            return as_read(datetime.fromisoformat(text))
        if kind == "Number":
            return as_read(float(text))
    except ValueError:
        return text
    return as_read(text == "1") if kind == "Boolean" else text


def _forget(row: Any) -> None:
    """Free the memory that a row takes, and those before it."""
    row.clear()
    while row.getprevious() is not None:
        del row.getparent()[0]
