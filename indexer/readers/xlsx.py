"""Spreadsheets of Excel in its formats since 2007: as XML, with macros, binary, as templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from indexer.readers.base import DocumentBuilder
from indexer.readers.ooxml import (
    UNREADABLE,
    Package,
    damaged,
    descendants,
    elements,
    relation_key,
)
from indexer.readers.workbook import LABEL, check_extent, write_sheets
from search.models import Document

_CHUNK = 1 << 20
#: Longer than any cell's opening tag.
_TAG_LENGTH = 256
_FULL_CELL = re.compile(
    rb"""<(?:\w{1,20}:)?c\s[^<>]{0,99}?\br=["']([A-Z]{1,3})(\d{1,7})["'][^<>]{0,99}(?<!/)>"""
)
# What newer programs put before a comment for older ones; the address is the same in all languages.
_THREADED = re.compile(r"\A\s*\[.*linkid=870924\s+\S+:\s*", re.DOTALL)
#: Records of a binary sheet ([MS-XLSB], 2.3.2): the beginning of a row, cells that hold something.
_ROW, _CELLS = 0, range(2, 12)


def read(data: bytes, _name: str) -> Document:
    """Read a spreadsheet.

    Raises:
        ReadError: If it is encrypted or damaged, or would fill the memory.
    """
    package = Package(data, LABEL)
    parts = _sheets(package)
    try:
        for part in parts.values():
            _check_extent(package, part)
    except UNREADABLE as error:
        raise damaged(LABEL) from error
    builder = DocumentBuilder("xlsx")
    write_sheets(builder, data, lambda name: _comments(package, parts.get(name, "")))
    given = package.properties()
    return builder.build(given.title, author=given.author, date=given.date, language=given.language)


def _sheets(package: Package) -> dict[str, str]:
    """The parts of the sheets by the names the sheets have, or by their own in a binary file."""
    workbook = package.part_of("", "officeDocument")
    related = package.related(workbook)
    targets = {relation.key: relation.target for relation in related}
    found = descendants(package.xml(workbook), "sheet") if workbook.endswith(".xml") else ()
    named = {sheet.get("name", ""): targets.get(relation_key(sheet), "") for sheet in found}
    return named or {r.target: r.target for r in related if r.target.endswith((".xml", ".bin"))}


def _check_extent(package: Package, part: str) -> None:
    """Refuse a sheet that is too large.

    Raises:
        ReadError: If it is.
    """
    stream = package.raw(part)
    if stream is None:
        return
    with stream:
        if part.endswith(".xml"):
            check_extent(*_extent(stream))
        elif part.endswith(".bin"):
            check_extent(*_binary_extent(stream.read()))


def _extent(stream: Any) -> tuple[int, int]:
    """The last row and the last column with a value in the XML of a sheet."""
    columns: set[bytes] = set()
    rows = 0
    rest = b""
    while chunk := stream.read(_CHUNK):
        found = _FULL_CELL.findall(rest + chunk)
        columns.update(column for column, _ in found)
        rows = max(rows, max((int(row) for _, row in found), default=0))
        rest = chunk[-_TAG_LENGTH:]
    return rows, max(map(_column_number, columns), default=0)


def _binary_extent(data: bytes) -> tuple[int, int]:
    """The last row and the last column with a value in a binary sheet."""
    row = rows = columns = at = 0
    while at < len(data):
        kind, at = _number(data, at, 2)
        size, at = _number(data, at, 4)
        if kind == _ROW:
            row = int.from_bytes(data[at : at + 4], "little") + 1
        elif kind in _CELLS:
            rows = max(rows, row)
            columns = max(columns, int.from_bytes(data[at : at + 4], "little") + 1)
        at += size
    return rows, columns


def _number(data: bytes, at: int, longest: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    number = 0
    for place, byte in enumerate(data[at : at + longest]):
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, at + place + 1
    return number, at + longest


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
        yield comment.get("ref", ""), _THREADED.sub("", "".join(_runs(comment)))


def _runs(comment: Any) -> Iterator[str]:
    for text in elements(comment, "text"):
        for run in descendants(text, "t"):
            yield run.text or ""
