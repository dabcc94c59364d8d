"""The shapes on the slides of old presentations ([MS-PPT], [MS-ODRAW]), and what they say."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from indexer.readers.ppt_records import Record

#: Kinds of records: a slide's drawing, groups of shapes, shapes, where they are in a group, ...
_DRAWING, _GROUP, _SHAPE, _ANCHOR, _PROPERTIES = 0x040C, 0xF003, 0xF004, 0xF00F, 0xF122
#: ... what a shape is a placeholder for, the kind of its text, where else that stands, ...
_PLACEHOLDER, _FOOTER, _TEXT_KIND, _OUTLINE = 0x0BC3, 0x0420, 0x0F9F, 0x0F9E
#: ... texts in characters of two bytes and of one, and strings.
_WIDE, _NARROW, _STRING = 0x0FA0, 0x0FA8, 0x0FBA
#: The kinds of texts that are titles.
TITLES = (0, 6)
#: Placeholders whose text is the same on every slide: dates, numbers, footers, headers.
_REPEATED = (b"\x07", b"\x08", b"\x09", b"\x0a")
#: What stands where PowerPoint fills in the date or the number of the slide.
_FILLED_IN = "*"
#: Says that a group is a table.
_TABLE = 0x039F
_LINE_ENDS = str.maketrans({"\r": "\n", "\x0b": "\n"})


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a slide.

    Attributes:
        kind: What kind of text it is, by its number.
        text: What it says, with line breaks where it has some.
    """

    kind: int
    text: str


def texts(slide: Record | None, outline: Sequence[Text]) -> Iterator[Text | tuple[str, ...]]:
    """The texts of the shapes on a slide and the rows of its tables; else those of its outline.

    Args:
        slide: The slide, if there is one.
        outline: The texts of it that do not stand with their shapes.
    """
    drawings = [] if slide is None else [c for c in slide.children() if c.kind == _DRAWING]
    left = dict(enumerate(outline))
    for drawing in drawings:
        for each in drawing.descendants(_SHAPE, _GROUP):
            yield from _of_group(each, left)
    if len(left) == len(outline):  # no shape says where one of them belongs
        yield from outline


def outline_of(records: Iterator[Record]) -> list[Text]:
    """The texts among records, each of which comes after one that says its kind."""
    kind, found = -1, []
    for record in records:
        if record.kind == _TEXT_KIND:
            kind = record.number(0)
        elif record.kind in (_WIDE, _NARROW):
            found.append(Text(kind, characters(record)))
    return found


def characters(record: Record) -> str:
    """The text in a record, with line feeds where a paragraph or line ends."""
    wide = record.kind in (_WIDE, _STRING)
    text = record.body.decode("utf-16-le" if wide else "latin-1", "ignore")
    return text.translate(_LINE_ENDS).strip()


def _of_group(record: Record, outline: dict[int, Text]) -> Iterator[Text | tuple[str, ...]]:
    """What a shape says, or the shapes of a group and of the groups in it."""
    if record.kind == _SHAPE:
        yield from _of_shape(record, outline)
    elif _is_table(record):
        yield from _rows(record, outline)
    else:
        for each in record.children():
            if each.kind in (_SHAPE, _GROUP):
                yield from _of_group(each, outline)


def _is_table(group: Record) -> bool:
    """Whether a group is a table, which its first shape says."""
    first = next((each for each in group.children() if each.kind == _SHAPE), None)
    for record in first.children() if first is not None else ():
        raw = record.body[: 6 * record.instance] if record.kind == _PROPERTIES else b""
        for number, value in struct.iter_unpack("<HI", raw[: len(raw) // 6 * 6]):
            if number & 0x3FFF == _TABLE and value & 1:
                return True
    return False


def _rows(table: Record, outline: dict[int, Text]) -> Iterator[tuple[str, ...]]:
    """The rows of a table: its cells are shapes, of which those at one height are a row."""
    cells = []
    for shape in table.descendants(_SHAPE):
        anchor = next((each for each in shape.children() if each.kind == _ANCHOR), None)
        if anchor is not None:
            place = (anchor.number(4), anchor.number(0))
            cells += [(place, text.text) for text in _of_shape(shape, outline)]
    cells.sort(key=lambda cell: cell[0])
    for _, row in groupby(cells, key=lambda cell: cell[0][0]):
        yield tuple(text for _, text in row)


def _of_shape(shape: Record, outline: dict[int, Text]) -> Iterator[Text]:
    """The text of a shape, if it has one that is not empty or the same on every slide."""
    places = shape.descendants(_PLACEHOLDER, _FOOTER)
    # One says which it is after where it stands, the other says nothing else.
    said = (place.body[4:5] if place.kind == _PLACEHOLDER else place.body for place in places)
    if any(number[:1] in _REPEATED for number in said if number):
        return
    kind, found = -1, ""
    for record in shape.descendants(_TEXT_KIND, _WIDE, _NARROW, _OUTLINE):
        if record.kind == _TEXT_KIND:
            kind = record.number(0)
        elif record.kind != _OUTLINE:
            found = characters(record)
        elif text := outline.pop(record.number(0), None):
            kind, found = text.kind, text.text
    if found.strip() and found != _FILLED_IN:
        yield Text(kind, found)
