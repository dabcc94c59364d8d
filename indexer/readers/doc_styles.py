"""The style sheet of an old Word document ([MS-DOC], 2.9.271): which paragraphs are headings."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from indexer.readers.doc_file import Properties, read_properties
from indexer.readers.docx_styles import style_named
from indexer.readers.styled import Style

#: Numbers of Word's own styles, which are the same in every language.
_HEADINGS, _CONTENTS, _LISTS, _TITLE = range(1, 10), range(19, 28), range(48, 62), 62
_LEVEL, _LIST, _BOLD = 0x2640, 0x460B, 0x0835
_LONGEST_CHAIN = 10
_STYLES_LIMIT = 4094


@dataclass(frozen=True, slots=True)
class _Entry:
    """A style as the sheet defines it.

    Attributes:
        style: What it makes of a paragraph by its number and name.
        based_on: The number of the style it inherits from.
        paragraph: What it says of paragraphs.
        characters: What it says of characters.
    """

    style: Style
    based_on: int
    paragraph: Properties
    characters: Properties


class Styles:
    """The paragraph styles of one document, by their numbers."""

    def __init__(self, sheet: bytes) -> None:
        """Take the styles from the style sheet, or from b"" if there is none."""
        self._entries = dict(_entries(sheet))
        self._styles: dict[int, Style] = {}

    def __getitem__(self, number: int) -> Style:
        if number not in self._styles:
            self._styles[number] = self._style(number)
        return self._styles[number]

    def _style(self, number: int) -> Style:
        chain = list(self._chain(number))
        if not chain:
            return Style()
        if chain[0].style.title or chain[0].style.contents:
            return chain[0].style
        style = Style(
            level=next((entry.style.level for entry in chain if entry.style.level), None),
            listed=chain[0].style.listed,
            bold=any(is_bold(entry.characters) for entry in chain),
        )
        for entry in reversed(chain):
            style = adjusted(style, entry.paragraph)
        return style

    def _chain(self, number: int) -> Iterator[_Entry]:
        """The style and those it is based on."""
        for _ in range(_LONGEST_CHAIN):
            entry = self._entries.get(number)
            if entry is None:
                return
            yield entry
            number = entry.based_on


def adjusted(style: Style, said: Properties) -> Style:
    """A style with what is said of a paragraph besides."""
    level, listed = said.get(_LEVEL), said.get(_LIST)
    if level is not None and level[0] < 9:
        style = replace(style, level=level[0] + 1)
    if listed is not None and not style.level:
        style = replace(style, listed=0 < int.from_bytes(listed, "little") < 0x07FF)
    return style


def is_bold(said: Properties) -> bool:
    """Whether it is said that characters are bold, be it against their style."""
    return said.get(_BOLD) in (b"\x01", b"\x81")


def _entries(sheet: bytes) -> Iterator[tuple[int, _Entry]]:
    """The paragraph styles in a sheet."""
    if len(sheet) < 6:
        return
    size, _, base = struct.unpack_from("<HHH", sheet)
    at = 2 + size
    for number in range(_STYLES_LIMIT):
        length = int.from_bytes(sheet[at : at + 2], "little")
        if at + 2 > len(sheet):
            return
        entry = _entry(sheet[at + 2 : at + 2 + length], base)
        if entry is not None:
            yield number, entry
        at += 2 + length


def _entry(raw: bytes, base: int) -> _Entry | None:
    """One style; None if it is none for paragraphs."""
    if len(raw) < base + 2 or base < 6:
        return None
    first, second = struct.unpack_from("<HH", raw)
    if second & 0xF != 1:
        return None
    letters = int.from_bytes(raw[base : base + 2], "little")
    at = base + 2 + 2 * letters
    name = raw[base + 2 : at].decode("utf-16-le", "ignore")
    at += 2  # a NUL
    said = []
    for _ in range(2):
        at += at % 2
        size = int.from_bytes(raw[at : at + 2], "little")
        said.append(raw[at + 2 : at + 2 + size])
        at += 2 + size
    return _Entry(
        _of_number(first & 0xFFF) or style_named(name),
        second >> 4,
        dict(read_properties(said[0][2:])),
        dict(read_properties(said[1])),
    )


def _of_number(number: int) -> Style | None:
    """What Word's own style of that number is, if it is more than text."""
    if number in _HEADINGS:
        return Style(level=number)
    if number == _TITLE:
        return Style(title=True)
    if number in _CONTENTS:
        return Style(contents=True)
    return Style(listed=True) if number in _LISTS else None
