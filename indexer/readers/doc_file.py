"""The binary format of Word 97 to 2003 ([MS-DOC]): its text, and what is said of it.

All text of a document stands in one row of characters: the main text, then the notes, headers,
comments and text boxes. The row is put together from pieces that lie anywhere in the file (2.4.1);
how characters and paragraphs look is kept by their place in the file (2.4.6). A number or place
that leads nowhere costs what it leads to.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from indexer.readers.ole import Container
from indexer.readers.ooxml import damaged, locked

LABEL = "Word document"
_MAGIC, _MAGIC_6 = 0xA5EC, 0xA5DC
_COMPLEX, _ENCRYPTED, _TABLE_1 = 0x0004, 0x0100, 0x0200
#: Where the lengths of the parts of the text stand, and the table of where everything is.
_LENGTHS, _LENGTHS_6, _PLACES = 0x4C, 0x34, 0x9A
#: Entries of that table.
STYLES, NOTE_MARKS, NOTES, RUNS, PARAGRAPHS, PIECES = 1, 2, 3, 12, 13, 33
ENDNOTE_MARKS, ENDNOTES = 46, 47
_PAGE = 512
# Alphabets of the languages that the 8-bit texts of Word 6 and 95 may be in, by their numbers.
_ALPHABETS = {
    0x01: "cp1256", 0x05: "cp1250", 0x08: "cp1253", 0x0D: "cp1255", 0x0E: "cp1250",
    0x15: "cp1250", 0x19: "cp1251", 0x1B: "cp1250", 0x1F: "cp1254", 0x22: "cp1251",
    0x24: "cp1250", 0x25: "cp1257", 0x26: "cp1257", 0x27: "cp1257",
}  # fmt: skip

#: Properties by their numbers, as they stand in the file.
Properties = Mapping[int, bytes]
_FOUND_ELSEWHERE = 0x6646
_OF_ODD_LENGTH = 0xC615
_OF_LONG_LENGTH = (0xD608, 0xD606)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text that lies in one place of the file.

    Attributes:
        start: Its first character in the row.
        end: The one behind its last.
        place: Where it begins in the file.
        width: How many bytes a character has.
    """

    start: int
    end: int
    place: int
    width: int


@dataclass(frozen=True, slots=True)
class Look:
    """How a stretch of the file looks.

    Attributes:
        start: Where it begins in the file.
        end: Where it ends.
        style: The number of its style; 0 for characters.
        properties: What is said of it besides.
    """

    start: int
    end: int
    style: int
    properties: Properties


class WordFile:
    """A document of Word 6 or later, taken apart."""

    def __init__(self, container: Container) -> None:
        """Take a document apart.

        Raises:
            ReadError: If it is encrypted, or so damaged that there is no text.
        """
        self._main = container.read("WordDocument") or b""
        if len(self._main) < _PLACES:
            raise damaged(LABEL)
        magic, _, _, _, _, flags = struct.unpack_from("<6H", self._main)
        if magic not in (_MAGIC, _MAGIC_6):
            raise damaged(LABEL)
        if flags & _ENCRYPTED:
            raise locked(LABEL)
        #: Whether it is from before Word 97: nothing is known of its styles then.
        self.is_old = magic == _MAGIC_6
        self._data = container.read("Data") or b""
        if self.is_old:
            self._table = self._main
            self.pieces = self._old_pieces(flags)
        else:
            name = "1Table" if flags & _TABLE_1 else "0Table"
            self._table = container.read(name) or b""
            self.pieces = list(_pieces(self.part(PIECES)))
        self._starts = [piece.start for piece in self.pieces]
        self.text = self._text()
        self._paragraphs = sorted(self._looks(PARAGRAPHS, self._paragraph), key=_start)
        self._places = [look.start for look in self._paragraphs]
        if not self.text:
            raise damaged(LABEL)

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many characters each part of the text has.

        They are the main text, footnotes, headers, macros, comments, endnotes and text boxes.
        """
        return struct.unpack_from("<7I", self._main, _LENGTHS_6 if self.is_old else _LENGTHS)

    def part(self, number: int) -> bytes:
        """What an entry of the table of places leads to; b"" if that is nothing."""
        if self.is_old:
            return b""
        try:
            start, size = struct.unpack_from("<II", self._main, _PLACES + 8 * number)
        except struct.error:
            return b""
        return self._table[start : start + size]

    def paragraph_at(self, character: int) -> tuple[int, Properties]:
        """The style and properties of the paragraph that ends with a character of the text."""
        piece = self.pieces[max(bisect_right(self._starts, character) - 1, 0)]
        place = piece.place + (character - piece.start) * piece.width
        at = bisect_right(self._places, place) - 1
        if at < 0 or place >= self._paragraphs[at].end:
            return 0, {}
        return self._paragraphs[at].style, self._paragraphs[at].properties

    def runs(self) -> Iterator[tuple[int, int, Properties]]:
        """The stretches of the text of which something is said: where they begin and end."""
        looks = sorted(self._looks(RUNS, _run), key=_start)
        ends = [look.end for look in looks]
        for piece in self.pieces:
            stop = piece.place + (piece.end - piece.start) * piece.width
            at = bisect_right(ends, piece.place)
            while at < len(looks) and looks[at].start < stop:
                first = (max(looks[at].start, piece.place) - piece.place) // piece.width
                last = (min(looks[at].end, stop) - piece.place) // piece.width
                if looks[at].properties:
                    yield piece.start + first, piece.start + last, looks[at].properties
                at += 1

    def _old_pieces(self, flags: int) -> list[Piece]:
        """The pieces of a document from before Word 97; there may be only one."""
        first, end = struct.unpack_from("<II", self._main, 0x18)
        if flags & _COMPLEX and len(self._main) > 0x168:
            start, size = struct.unpack_from("<II", self._main, 0x160)
            pieces = list(_pieces(self._main[start : start + size], narrow=True))
            if pieces:
                return pieces
        return [Piece(0, max(end - first, 0), first, 1)]

    def _text(self) -> str:
        """The row of characters; each of them is one of UTF-16, pairs are two."""
        codec = "cp1252"
        if self.is_old:
            codec = _ALPHABETS.get(self._main[6], codec)
        parts: list[str] = []
        left = 2 * len(self._main)
        for piece in self.pieces:
            size = (piece.end - piece.start) * piece.width
            left -= size
            if left < 0:
                break  # the same bytes over and over
            raw = self._main[piece.place : piece.place + size]
            text = raw.decode(codec, "replace") if piece.width == 1 else _units(raw)
            parts.append(text.ljust(piece.end - piece.start, "\0"))
        return "".join(parts)

    def _looks(self, number: int, reader: Callable[[bytes, int], Iterator[Look]]) -> Iterator[Look]:
        """What the pages say that a part of the table of places lists."""
        part = self.part(number)
        count = max(len(part) - 4, 0) // 8
        try:
            pages = struct.unpack_from(f"<{count}I", part, 4 * (count + 1))
        except struct.error:
            return
        for page in dict.fromkeys(page & 0x3FFFFF for page in pages):
            raw = self._main[page * _PAGE : (page + 1) * _PAGE]
            if len(raw) == _PAGE:
                yield from reader(raw, raw[-1])

    def _paragraph(self, page: bytes, count: int) -> Iterator[Look]:
        """The paragraphs on a page that describes some (2.9.175)."""
        if 4 + 17 * count > _PAGE:
            return
        bounds = struct.unpack_from(f"<{count + 1}I", page)
        for number in range(count):
            at = 2 * page[4 * (count + 1) + 13 * number]
            style, found = 0, b""
            if at:
                size = 2 * page[at] - 1 if page[at] else 2 * page[at + 1]
                at += 1 if page[at] else 2
                style = int.from_bytes(page[at : at + 2], "little")
                found = page[at + 2 : at + size]
            properties = dict(read_properties(found))
            if elsewhere := properties.get(_FOUND_ELSEWHERE):
                properties |= self._elsewhere(int.from_bytes(elsewhere, "little"))
            yield Look(bounds[number], bounds[number + 1], style, properties)

    def _elsewhere(self, start: int) -> Properties:
        """Properties that were too many for their page."""
        size = int.from_bytes(self._data[start : start + 2], "little")
        return dict(read_properties(self._data[start + 2 : start + 2 + size]))


def read_properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The properties in a list of them, by number (2.6); stops where it makes no sense."""
    at = 0
    while at + 3 <= len(data):
        number = int.from_bytes(data[at : at + 2], "little")
        at += 2
        size = (1, 1, 2, 4, 2, 2, 0, 3)[number >> 13]
        if number in _OF_LONG_LENGTH:
            size = 1 + int.from_bytes(data[at : at + 2], "little")
        elif not size:
            if number == _OF_ODD_LENGTH and data[at] == 0xFF:
                return
            size = 1 + data[at]
        yield number, data[at : at + size]
        at += size


def numbers(data: bytes) -> tuple[int, ...]:
    """All whole numbers of four bytes that stand in a row."""
    return struct.unpack_from(f"<{len(data) // 4}I", data)


def _run(page: bytes, count: int) -> Iterator[Look]:
    """The stretches of characters on a page that describes some (2.9.33)."""
    if 4 + 5 * count > _PAGE:
        return
    bounds = struct.unpack_from(f"<{count + 1}I", page)
    for number in range(count):
        at = 2 * page[4 * (count + 1) + number]
        found = page[at + 1 : at + 1 + page[at]] if at else b""
        yield Look(bounds[number], bounds[number + 1], 0, dict(read_properties(found)))


def _pieces(table: bytes, *, narrow: bool = False) -> Iterator[Piece]:
    """The pieces that a piece table lists (2.9.38), as long as they follow on each other."""
    at = 0
    while at + 5 <= len(table) and table[at] == 1:
        at += 3 + int.from_bytes(table[at + 1 : at + 3], "little")
    if at + 5 > len(table) or table[at] != 2:
        return
    listed = table[at + 5 : at + 5 + int.from_bytes(table[at + 1 : at + 5], "little")]
    count = max(len(listed) - 4, 0) // 12
    bounds = struct.unpack_from(f"<{count + 1}I", listed) if count else (0,)
    for number in range(count):
        (place,) = struct.unpack_from("<I", listed, 4 * (count + 1) + 8 * number + 2)
        start, end = bounds[number], bounds[number + 1]
        if end < start:
            return
        if narrow:
            yield Piece(start, end, place, 1)
        elif place & 0x40000000:
            yield Piece(start, end, (place & 0x3FFFFFFF) // 2, 1)
        else:
            yield Piece(start, end, place & 0x3FFFFFFF, 2)


def _units(raw: bytes) -> str:
    """UTF-16 with both halves of a pair as characters of their own, so that all can be counted."""
    raw = raw[: len(raw) // 2 * 2]
    text = raw.decode("utf-16-le", "surrogatepass")
    if 2 * len(text) == len(raw):
        return text
    return "".join(map(chr, struct.unpack(f"<{len(raw) // 2}H", raw)))


def _start(look: Look) -> int:
    return look.start
