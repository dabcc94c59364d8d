"""Spreadsheets of Excel, read with calamine.

Calamine is fifteen times as fast as openpyxl, reads binary workbooks too and does not mind parts
that are missing. It keeps a sheet as a full rectangle, though, so its size is found out first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from itertools import chain
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    load_workbook,
)

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.ooxml import (
    UNREADABLE,
    Package,
    damaged,
    descendants,
    elements,
    locked,
    relation_key,
)
from indexer.readers.ooxml_values import as_read
from indexer.readers.tables import TableWriter
from search.errors import ReadError
from search.models import Document

_LABEL = "spreadsheet"
#: Cells in the rectangle around those with values; each takes 32 bytes, more when they are read.
_CELLS_LIMIT = 24_000_000
_CHUNK = 1 << 20
#: Longer than any cell's opening tag.
_TAG_LENGTH = 256
_FULL_CELL = re.compile(
    rb"""<(?:\w{1,20}:)?c\s[^<>]{0,99}?\br=["']([A-Z]{1,3})(\d{1,7})["'][^<>]{0,99}(?<!/)>"""
)
# What newer programs put before a comment for older ones; the address is the same in all languages.
_THREADED = re.compile(r"\A\s*\[.*linkid=870924\s+\S+:\s*", re.DOTALL)


def read(data: bytes, _name: str) -> Document:
    """Read a spreadsheet.

    Raises:
        ReadError: If it is encrypted or damaged, or would fill the memory.
    """
    package = Package(data, _LABEL)
    parts = _sheets(package)
    try:
        for part in parts.values():
            _check_extent(package, part)
    except UNREADABLE as error:
        raise damaged(_LABEL) from error
    workbook = _open(data)
    builder = DocumentBuilder("xlsx")
    writer = TableWriter(builder)
    for at, sheet in enumerate(workbook.sheets_metadata):
        if sheet.typ not in (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet):
            continue
        rows = _rows(_sheet(workbook, at))
        comments = list(_comments(package, parts.get(sheet.name, "")))
        first = next(rows, None)
        if first is None and not comments:
            continue
        builder.heading(1, sheet.name)
        if first is not None:
            writer.write(chain((first,), rows))
        for cell, text in comments:
            builder.block(f"Comment on {cell}: {text}" if cell else f"Comment: {text}")
        builder.leave(1)
    given = package.properties()
    return builder.build(given.title, author=given.author, date=given.date, language=given.language)


def _open(data: bytes) -> CalamineWorkbook:
    try:
        return load_workbook(BytesIO(data))
    except PasswordError as error:
        raise locked(_LABEL) from error
    except CalamineError as error:
        raise damaged(_LABEL) from error
    except BaseException as error:
        raise _mapped(error) from error


def _sheet(workbook: CalamineWorkbook, at: int) -> CalamineSheet:
    try:
        return workbook.get_sheet_by_index(at)
    except CalamineError as error:
        raise damaged(_LABEL) from error
    except BaseException as error:
        raise _mapped(error) from error


def _mapped(error: BaseException) -> BaseException:
    """What to raise for an exception: a panic of a Rust library is no `Exception`."""
    return damaged(_LABEL) if type(error).__name__ == "PanicException" else error


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """The numbers of the rows that have values, and those."""
    if sheet.start is None:
        return
    for number, values in enumerate(sheet.iter_rows(), 1):
        if any(value != "" for value in values):
            yield number, [as_read(value) for value in values]


def _sheets(package: Package) -> dict[str, str]:
    """The parts of the sheets by the names the sheets have."""
    workbook = package.part_of("", "officeDocument")
    targets = {relation.key: relation.target for relation in package.related(workbook)}
    found = descendants(package.xml(workbook), "sheet") if workbook.endswith(".xml") else ()
    named = {sheet.get("name", ""): targets.get(relation_key(sheet), "") for sheet in found}
    return named or {target: target for target in targets.values() if target.endswith(".xml")}


def _check_extent(package: Package, part: str) -> None:
    """Refuse a sheet with values so far apart that the rectangle around them fills the memory.

    Raises:
        ReadError: If it is too large.
    """
    stream = package.raw(part)
    if stream is None or not part.endswith(".xml"):
        return
    columns: set[bytes] = set()
    rows = 0
    rest = b""
    with stream:
        while chunk := stream.read(_CHUNK):
            found = _FULL_CELL.findall(rest + chunk)
            columns.update(column for column, _ in found)
            rows = max(rows, max((int(row) for _, row in found), default=0))
            rest = chunk[-_TAG_LENGTH:]
    width = max(map(_column_number, columns), default=0)
    if width * rows > _CELLS_LIMIT:
        raise ReadError(
            f"A sheet stretches over {rows:,} rows and {width:,} columns, which is too much.",
            "Delete what lies far away from the table, or save it as CSV, and index again.",
        )


def _column_number(letters: bytes) -> int:
    """The number of a column from 1: A, B, ..., Z, AA, AB, ..."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _comments(package: Package, sheet: str) -> Iterator[tuple[str, str]]:
    """The comments on a sheet's cells: which cell, and what they say."""
    part = package.part_of(sheet, "comments") if sheet else ""
    for comment in descendants(package.xml(part), "comment") if part else ():
        text = _THREADED.sub("", "".join(_runs(comment)))
        if text := one_line(text):
            yield comment.get("ref", ""), text


def _runs(comment: Any) -> Iterator[str]:
    for text in elements(comment, "text"):
        for run in descendants(text, "t"):
            yield run.text or ""
