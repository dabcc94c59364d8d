"""The records of old Excel workbooks ([MS-XLS]), as far as calamine does not tell of them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from indexer.readers.encoding import decode

#: Kinds of records: where a sheet or the workbook begins and ends, what sheets there are, ...
_BEGIN, _END, _SHEET = 0x0809, 0x000A, 0x0085
#: ... what is encrypted, comments, drawn objects, texts in these, and what is too long for one.
_PASSWORD, _NOTE, _OBJECT, _TEXT, _CONTINUE = 0x002F, 0x001C, 0x005D, 0x01B6, 0x003C
#: Cells that hold something; those of the second kind say last where they end.
_CELLS = frozenset((0x0006, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E))
_MANY_CELLS = 0x00BD
#: What a workbook that Excel 97 or a later one wrote says of its version.
_BIFF8 = 0x0600


@dataclass(slots=True)
class Sheet:
    """What is known of a sheet.

    Attributes:
        rows: The number of its last row with a value.
        columns: The number of its last column with one.
        comments: What is written on its cells: which cell, and what it says.
    """

    rows: int = 0
    columns: int = 0
    comments: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Workbook:
    """What is known of a workbook.

    Attributes:
        sheets: Its sheets by their names.
        encrypted: Whether a password is needed.
    """

    sheets: dict[str, Sheet]
    encrypted: bool


def scan(data: bytes) -> Workbook:
    """What the records of a workbook say; those that do not fit are left out.

    Args:
        data: The stream in which they stand.

    Returns:
        Its sheets, and whether it is encrypted.
    """
    names: dict[int, str] = {}
    found: dict[str, Sheet] = {}
    reading = _SheetRecords(Sheet(), wide=True)
    around: list[_SheetRecords] = []
    encrypted = wide = False
    for at, kind, body in _records(data):
        if kind == _BEGIN:
            wide = body[:2] == _BIFF8.to_bytes(2, "little")
            if at in names:
                around = []
            else:  # a chart within the sheet
                around.append(reading)
            reading = _SheetRecords(found.setdefault(names.get(at, ""), Sheet()), wide=wide)
        elif kind == _END:
            reading = around.pop() if around else reading
        elif kind == _SHEET and len(body) >= 8:
            names[int.from_bytes(body[:4], "little")] = _name(body, wide=wide)
        elif kind == _PASSWORD:
            encrypted = True
        else:
            reading.take(kind, body)
    return Workbook(found, encrypted)


class _SheetRecords:
    """Gathers what the records of one sheet say, one after the other."""

    def __init__(self, sheet: Sheet, *, wide: bool) -> None:
        self._sheet = sheet
        self._wide = wide
        self._object = -1
        self._texts: dict[int, list[bytes]] = {}
        self._last: list[bytes] | None = None

    def take(self, kind: int, body: bytes) -> None:
        """Take the next record."""
        if kind in _CELLS and len(body) >= 4:
            row, column = struct.unpack_from("<HH", body)
            self._reach(row, column)
        elif kind == _MANY_CELLS and len(body) >= 6:
            self._reach(int.from_bytes(body[:2], "little"), int.from_bytes(body[-2:], "little"))
        elif kind == _NOTE and len(body) >= 8:
            self._note(body)
        elif kind == _OBJECT:
            self._object = int.from_bytes(body[6:8], "little")
        elif kind == _TEXT:
            self._last = self._texts.setdefault(self._object, [])
        elif kind == _CONTINUE and self._last is not None:
            self._last.append(body)

    def _reach(self, row: int, column: int) -> None:
        sheet = self._sheet
        if row >= sheet.rows:
            sheet.rows = row + 1
        if column >= sheet.columns:
            sheet.columns = column + 1

    def _note(self, body: bytes) -> None:
        """A comment: its text stands here, or with the object that shows it."""
        row, column, _, number = struct.unpack_from("<HHHH", body)
        cell = f"{_letters(column)}{row + 1}"
        if self._wide:
            # The text of an object is followed by how it is formatted.
            text = "".join(map(_characters, self._texts.pop(number, [])[:-1]))
        else:
            text = decode(body[6:]) or ""
        self._sheet.comments.append((cell, text))


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where each record begins, its kind and what it holds."""
    at, end = 0, len(data)
    unpack = struct.Struct("<HH").unpack_from
    while at + 4 <= end:
        kind, size = unpack(data, at)
        yield at, kind, data[at + 4 : at + 4 + size]
        at += 4 + size


def _name(body: bytes, *, wide: bool) -> str:
    """The name of a sheet, from the record that lists it."""
    if wide:
        return _characters(body[7 : 8 + 2 * body[6]])[: body[6]]
    return decode(body[7 : 7 + body[6]]) or ""


def _characters(data: bytes) -> str:
    """Text after a byte that says whether each character has one byte or two."""
    if data[:1] == b"\1":
        return data[1:].decode("utf-16-le", "ignore")
    return data[1:].decode("latin-1")


def _letters(column: int) -> str:
    """What a column is called, from its number from 0."""
    return (chr(64 + column // 26) if column >= 26 else "") + chr(65 + column % 26)
