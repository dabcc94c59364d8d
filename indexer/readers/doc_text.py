"""The text of an old Word document as paragraphs and table rows, in the order they are read."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from indexer.readers import doc_file
from indexer.readers.doc_file import WordFile, numbers
from indexer.readers.doc_styles import Styles, adjusted, is_bold
from indexer.readers.docx_body import row_of
from indexer.readers.styled import Paragraph, Row, Style

_CELL = "\x07"
_ENDS = re.compile("[\r\x07\x0c]")
_FIELD = re.compile("[\x13\x14\x15]")
_MARKS = str.maketrans({"\x0b": "\n", "\x0e": "\n", "\x1e": "-", "\x1f": None, "\xad": None})
_CONTROLS = re.compile("[\0-\x08\x0c-\x1f]")
_DELETED, _HIDDEN, _IN_TABLE, _ROW_END = 0x0800, 0x083C, 0x2416, 0x2417
#: What is known of a character: that it is not shown, that it is bold.
_NOT_SHOWN, _BOLD = 1, 2


@dataclass(frozen=True, slots=True)
class _Note:
    """A note and where it belongs.

    Attributes:
        mark: The character of the text that refers to it.
        number: Its number among those of its kind.
        start: Its first character.
        end: The one behind its last.
    """

    mark: int
    number: int
    start: int
    end: int


def items(file: WordFile) -> Iterator[Paragraph | Row]:
    """The paragraphs and rows of a document: its text with its notes, then its text boxes."""
    yield from _Text(file).items()


class _Text:
    """Goes through the characters of a document."""

    def __init__(self, file: WordFile) -> None:
        self._file = file
        self._styles = Styles(file.part(doc_file.STYLES))
        self._known = _known(file)
        bounds = list(accumulate(file.lengths, initial=0))
        self._spans = list(pairwise(min(bound, len(file.text)) for bound in bounds))
        found = (
            *self._read_notes(doc_file.NOTE_MARKS, doc_file.NOTES, self._spans[1]),
            *self._read_notes(doc_file.ENDNOTE_MARKS, doc_file.ENDNOTES, self._spans[5]),
        )
        self._notes = sorted(found, key=lambda note: note.mark)
        self._marks = [note.mark for note in self._notes]

    def items(self) -> Iterator[Paragraph | Row]:
        yield from self._flow(*self._spans[0])
        # What no mark in the text refers to, as where the list of them is damaged.
        for marks, part in ((doc_file.NOTE_MARKS, 1), (doc_file.ENDNOTE_MARKS, 5)):
            if not self._file.part(marks):
                yield from self._flow(*self._spans[part])
        yield from self._flow(*self._spans[6])

    def _read_notes(self, marks: int, texts: int, span: tuple[int, int]) -> Iterator[_Note]:
        """The notes of one kind that the main text refers to, no character in two of them."""
        listed = self._file.part(marks)
        places = numbers(listed)[: max(len(listed) - 4, 0) // 6]
        bounds = pairwise(numbers(self._file.part(texts)))
        reached = span[0]
        for number, (place, (start, end)) in enumerate(zip(places, bounds, strict=False), 1):
            first = max(span[0] + start, reached)
            reached = max(min(span[0] + end, span[1]), reached)
            if place < self._spans[0][1]:
                yield _Note(place, number, first, reached)

    def _flow(self, start: int, end: int) -> Iterator[Paragraph | Row]:
        """The paragraphs and rows in one stretch of the text."""
        cells: list[list[Paragraph | Row]] = []
        cell: list[Paragraph | Row] = []
        after_cell = False
        for first, last in self._paragraphs(start, end):
            number, said = self._file.paragraph_at(last)
            ends_cell = self._file.text[last : last + 1] == _CELL
            empty = after_cell and first == last
            if ends_cell and (_ROW_END in said or (self._file.is_old and empty)):
                yield from row_of(cells)
                cells, after_cell = [], False
                continue
            found = list(self._paragraph(first, last, adjusted(self._styles[number], said)))
            if ends_cell:
                cells.append([*cell, *found])
                cell = []
            elif said.get(_IN_TABLE) == b"\1" or (self._file.is_old and cells):
                cell += found
            else:
                yield from row_of([*cells, cell])
                cells, cell = [], []
                yield from found
            after_cell = ends_cell
        yield from row_of([*cells, cell])

    def _paragraphs(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Where the paragraphs in a stretch begin, and where the marks stand that end them."""
        for match in _ENDS.finditer(self._file.text, start, end):
            if not self._known[match.start()] & _NOT_SHOWN:
                yield start, match.start()
                start = match.end()
        if start < end:
            yield start, end

    def _paragraph(self, first: int, last: int, style: Style) -> Iterator[Paragraph | Row]:
        """A paragraph, and after it the notes that it refers to."""
        notes = self._notes[bisect_left(self._marks, first) : bisect_left(self._marks, last)]
        text, bold = self._shown(first, last, notes)
        if text.strip():
            yield Paragraph(text, style, bold)
        for note in notes:
            yield from self._flow(note.start, note.end)

    def _shown(self, first: int, last: int, notes: Sequence[_Note]) -> tuple[str, bool]:
        """What is shown of a stretch without paragraph marks, and whether all of it is bold."""
        text, known = self._file.text[first:last], self._known[first:last]
        numbered = {note.mark - first: note.number for note in notes}
        if numbered or any(map(_NOT_SHOWN.__and__, known)):
            shown = (
                f"[{numbered[at]}]" if at in numbered else "" if known[at] & _NOT_SHOWN else char
                for at, char in enumerate(text)
            )
            shown_text = "".join(shown)
        else:
            shown_text = text
        bold = bool(text.strip()) and all(
            known[at] & (_BOLD | _NOT_SHOWN) or char.isspace() for at, char in enumerate(text)
        )
        # Pairs of UTF-16 have been two characters until now.
        paired = shown_text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
        return _CONTROLS.sub("", paired.translate(_MARKS)), bold


def _known(file: WordFile) -> bytearray:
    """What is known of each character."""
    known = bytearray(len(file.text) + 1)
    for start, end, said in file.runs():
        unseen = any(said.get(what, b"\0") != b"\0" for what in (_DELETED, _HIDDEN))
        value = _NOT_SHOWN * unseen | _BOLD * is_bold(said)
        if value:
            end = min(end, len(file.text))
            known[start:end] = bytes([value]) * max(end - start, 0)
    for start, end in _codes(file.text):
        known[start:end] = bytes([_NOT_SHOWN]) * (end - start)
    return known


def _codes(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of a text in which the codes of fields stand, whose results stand behind."""
    begun: list[int] = []
    for match in _FIELD.finditer(text):
        at = match.start()
        if match[0] == "\x13":
            begun.append(at)
        elif begun and begun[-1] >= 0:
            yield begun[-1], at + 1
            begun[-1] = -1
        if match[0] == "\x15" and begun:
            begun.pop()
