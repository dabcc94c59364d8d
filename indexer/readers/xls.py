"""Spreadsheets of Excel 5 to 2003, binary or in XML."""

from __future__ import annotations

from indexer.readers import biff
from indexer.readers.base import DocumentBuilder
from indexer.readers.encoding import is_binary
from indexer.readers.ole import MAGIC, Container
from indexer.readers.ooxml import damaged, locked
from indexer.readers.workbook import LABEL, check_extent, write_sheets
from indexer.readers.xls_xml import read_xml
from search.errors import ReadError
from search.models import Document

#: What workbooks of Excel 2 to 4 begin with; they are no containers.
_OLDER = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")


def read(data: bytes, _name: str) -> Document:
    """Read a spreadsheet.

    Raises:
        ReadError: If it is encrypted, damaged or older than Excel 5, or would fill the memory.
    """
    if data.startswith(_OLDER):
        raise ReadError(
            "The spreadsheet is in a format from before Excel 5.",
            "Open it in a program that reads it, such as LibreOffice, save it as .xlsx and index "
            "again.",
        )
    if not data.startswith(MAGIC):
        if is_binary(data):
            raise damaged(LABEL)
        return read_xml(data)
    container = Container(data, LABEL)
    records = container.read("Workbook") or container.read("Book")
    if not records:
        raise damaged(LABEL)
    workbook = biff.scan(records)
    if workbook.encrypted:
        raise locked(LABEL)
    if not workbook.sheets:
        raise damaged(LABEL)
    cells = 0
    for sheet in workbook.sheets.values():
        check_extent(sheet.rows, sheet.columns, cells)
        cells += sheet.rows * sheet.columns
    builder = DocumentBuilder("xls")
    write_sheets(builder, data, lambda name: workbook.sheets.get(name, biff.Sheet()).comments)
    given = container.properties()
    return builder.build(given.title, author=given.author, date=given.date)
