"""Presentations of PowerPoint 97 to 2003 ([MS-PPT]).

The file grows with each time it was saved: an edit lists where its objects are, and which edit came
before. The text of a placeholder may stand with its shape or in a list of all slides' outlines.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from indexer.readers.base import DocumentBuilder
from indexer.readers.ole import MAGIC, Container
from indexer.readers.ooxml import damaged, locked
from indexer.readers.ppt_records import Record, record_at
from indexer.readers.ppt_shapes import TITLES, Text, characters, outline_of, texts
from indexer.readers.slides import Slide, write_slides
from search.models import Document

_LABEL = "presentation"
_STREAM, _USER = "PowerPoint Document", "Current User"
#: Kinds of records: a document, its edits, where their objects are, its lists of slides, ...
_DOCUMENT, _EDIT, _OBJECTS, _LIST, _PERSISTENT = 0x03E8, 0x0FF5, 0x1772, 0x0FF0, 0x03F3
#: ... a slide, what it says of itself, comments on it, strings.
_SLIDE, _SLIDE_ATOM, _COMMENT, _STRING = 0x03EE, 0x03EF, 0x2EE0, 0x0FBA
#: Lists of slides and of notes, among the three lists of a document.
_SLIDES, _NOTES = 0, 2
_SAVED_ENCRYPTED = 0xF3D1C4DF
#: Edits of one file.
_EDITS_LIMIT = 10_000


@dataclass(slots=True)
class _Entry:
    """What a list says of a slide or of notes.

    Attributes:
        object: The number of the object that has the shapes.
        identity: The number by which slides and notes call each other.
        outline: The texts that do not stand with their shapes.
    """

    object: int
    identity: int
    outline: list[Text] = field(default_factory=list)


def read(data: bytes, _name: str) -> Document:
    """Read a presentation.

    Raises:
        ReadError: If it is encrypted or damaged.
    """
    if not data.startswith(MAGIC):
        raise damaged(_LABEL)
    container = Container(data, _LABEL)
    builder = DocumentBuilder("ppt")
    user = container.read(_USER) or b""
    if int.from_bytes(user[12:16], "little") == _SAVED_ENCRYPTED:
        raise locked(_LABEL)
    slides = list(_Deck(container.read(_STREAM) or b"", user).slides())
    if not slides:
        raise damaged(_LABEL)
    write_slides(builder, slides)
    given = container.properties()
    return builder.build(given.title or builder.first_heading, author=given.author, date=given.date)


class _Deck:
    """A presentation taken apart."""

    def __init__(self, data: bytes, user: bytes) -> None:
        self._data = data
        self._places: dict[int, int] = {}
        document = self._document(int.from_bytes(user[16:20], "little"))
        if document is None:
            self._places = dict(enumerate(self._found(_SLIDE)))
            self._slides = [_Entry(number, 0) for number in self._places]
            self._notes: dict[int, _Entry] = {}
            return
        lists = {each.instance: each for each in document.children() if each.kind == _LIST}
        self._slides = list(_entries(lists.get(_SLIDES)))
        self._notes = {entry.identity: entry for entry in _entries(lists.get(_NOTES))}

    def slides(self) -> Iterator[Slide]:
        """The slides, in order; one that cannot be found has what the outline says of it."""
        for entry in self._slides:
            record = self._taken(entry.object)
            found = list(texts(record, entry.outline))
            title = next((t for t in found if isinstance(t, Text) and t.kind in TITLES), None)
            items = (each for each in found if each is not title)
            said = [each.text if isinstance(each, Text) else each for each in items]
            heading = title.text.replace("\n", " ") if title else ""
            yield Slide(heading, [*said, *_comments(record)], self._said(record))

    def _said(self, slide: Record | None) -> str:
        """What the notes on a slide say."""
        atoms = [] if slide is None else [a for a in slide.children() if a.kind == _SLIDE_ATOM]
        entry = self._notes.pop(atoms[0].number(16), None) if atoms else None
        if entry is None:
            return ""
        found = texts(self._taken(entry.object), entry.outline)
        return "\n".join(each.text for each in found if isinstance(each, Text))

    def _document(self, edit: int) -> Record | None:
        """The record of the document, found through the edits from the last to the first.

        Raises:
            ReadError: If it is encrypted.
        """
        found = 0
        seen: set[int] = set()
        while edit not in seen and len(seen) < _EDITS_LIMIT:
            seen.add(edit)
            record = self._record(edit, _EDIT)
            if record is None:
                break
            if record.end - record.start >= 32 and record.number(28):
                raise locked(_LABEL)
            self._add_places(self._record(record.number(12), _OBJECTS))
            found = found or record.number(16)
            edit = record.number(8)
            if not edit:
                break
        document = self._object(found)
        return None if document is None or document.kind != _DOCUMENT else document

    def _found(self, kind: int) -> Iterator[int]:
        """Where records of a kind begin, for when nothing says where they are."""
        at = 0
        while at + 8 <= len(self._data):
            record = record_at(self._data, at, len(self._data))
            if record.kind == kind:
                yield at
            at = record.end

    def _add_places(self, listed: Record | None) -> None:
        """Take where objects are from a list of runs of them; what a later edit says stays."""
        raw = listed.body if listed is not None else b""
        numbers = struct.unpack_from(f"<{len(raw) // 4}I", raw)
        at = 0
        while at < len(numbers):
            first, count = numbers[at] & 0xFFFFF, numbers[at] >> 20
            for offset, place in enumerate(numbers[at + 1 : at + 1 + count]):
                self._places.setdefault(first + offset, place)
            at += 1 + count

    def _taken(self, number: int) -> Record | None:
        """An object that is not there a second time, lest a small file has a large text."""
        record = self._object(number)
        self._places.pop(number, None)
        return record

    def _object(self, number: int) -> Record | None:
        place = self._places.get(number)
        return None if place is None else self._record(place)

    def _record(self, place: int, kind: int | None = None) -> Record | None:
        """The record at a place, if there is one, of that kind if one is given."""
        if place + 8 > len(self._data):
            return None
        record = record_at(self._data, place, len(self._data))
        return record if kind in (None, record.kind) else None


def _entries(listed: Record | None) -> Iterator[_Entry]:
    """What a list of slides or notes says of each of them."""
    records = list(listed.children()) if listed is not None else []
    starts = [at for at, record in enumerate(records) if record.kind == _PERSISTENT]
    for start, end in pairwise([*starts, len(records)]):
        texts_of = outline_of(iter(records[start + 1 : end]))
        yield _Entry(records[start].number(0), records[start].number(12), texts_of)


def _comments(slide: Record | None) -> Iterator[str]:
    """What the comments on a slide say; the first of their strings is the author, then the text."""
    for comment in slide.descendants(_COMMENT) if slide is not None else ():
        for record in comment.children():
            if record.kind == _STRING and record.instance == 1:
                yield f"Comment: {characters(record)}"
