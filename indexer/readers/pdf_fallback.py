"""PDF pages read with pdfium, which is asked where pypdf fails or finds nothing.

It also knows whether anything is drawn on a page, and draws it for text recognition. pdfium must
not be used by two threads at once; readers run in processes of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, c_double, c_int, c_ushort, cast, create_string_buffer
from math import hypot
from types import TracebackType
from typing import Self

import pypdfium2.raw as pdfium
from pypdfium2 import PdfDocument, PdfiumError, PdfPage, PdfTextPage

from indexer.readers.base import one_line
from indexer.readers.pdf_bombs import has_huge_picture, unpacks_to_too_much
from indexer.readers.pdf_headings import Entry
from indexer.readers.pdf_letters import is_gibberish
from indexer.readers.pdf_lines import Line, joined_letters, line
from indexer.readers.pdf_properties import Properties, properties

# What pdfium puts where a hyphen parts a word; it does not break the line there.
_HYPHENS = frozenset((0x02, 0xFFFE))
_LINE_END = 0x0A
_SPACE = 0x20
# A gap as wide as this, in heights of the type, parts columns or cells, not words.
_GAP = 1.5
_BOLD = 600
# Fewer strokes are rules or a frame, not a picture or letters turned to shapes.
_STROKES = 20
_CHARACTERS = 1_000_000
_OUTLINE_LIMIT = 5_000
_DATE = re.compile(r"(?:D:)?(\d{4})(\d{2})?(\d{2})?")


class Fallback:
    """A PDF as pdfium reads it, opened when it is first asked for.

    To be used in a ``with`` statement. Nothing in it raises an exception: where pdfium fails as
    well, there is nothing.

    Attributes:
        is_bomb: Whether it was not opened because it unpacks to too much.
    """

    def __init__(self, data: bytes, pages: int | None = None) -> None:
        """Take the bytes of a whole PDF.

        Args:
            data: The bytes.
            pages: How many pages it has, if that is known. Where pdfium finds more or fewer, as it
                may in a damaged file, the two would not mean the same page by a number.
        """
        self._data = data
        self._expected = pages
        self._pdf: PdfDocument | None = None
        self._tried = False
        self.is_bomb = False

    def __enter__(self) -> Self:
        """Nothing is opened yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the PDF."""
        if self._pdf is not None:
            self._pdf.close()
            self._pdf = None

    @property
    def pages(self) -> int:
        """Number of pages; 0 if pdfium cannot open the PDF."""
        pdf = self._opened()
        return len(pdf) if pdf else 0

    @property
    def can_be_drawn(self) -> bool:
        """Whether there is no picture in it that is too large to be drawn."""
        return not has_huge_picture(self._data)

    @contextmanager
    def page(self, number: int) -> Iterator[PdfPage | None]:
        """Page ``number``, counted from 1, for as long as the ``with`` block; None without one."""
        pdf = self._opened()
        try:
            page = pdf[number - 1] if pdf and number <= len(pdf) else None
        except PdfiumError:
            page = None
        try:
            yield page
        finally:
            if page is not None:
                page.close()

    def lines(self, number: int) -> list[Line] | None:
        """The lines of page ``number``, counted from 1; None if it cannot be read."""
        with self.page(number) as page:
            if page is None:
                return None
            try:
                # Closed with its page, at the latest.
                lines = joined_letters(list(_lines(page.get_textpage())))
            except PdfiumError:
                return None
        return [] if is_gibberish("".join(each.text for each in lines)) else lines

    def draws(self, number: int) -> bool:
        """Whether page ``number`` shows a picture, or letters of which none can be told.

        Returns:
            True where it cannot be known.
        """
        with self.page(number) as page:
            try:
                return page is None or _draws(page)
            except PdfiumError:
                return True

    def outline(self) -> list[Entry]:
        """The entries of the outline that lead to a page."""
        pdf = self._opened()
        entries: list[Entry] = []
        if pdf is None:
            return entries
        try:
            for bookmark in pdf.get_toc(max_depth=8):
                to = bookmark.get_dest()
                page = to.get_index() if to else None
                title = one_line(bookmark.get_title())
                if page is not None and title:
                    entries.append(Entry(bookmark.level + 1, title, page + 1))
                if len(entries) >= _OUTLINE_LIMIT:
                    break
        except PdfiumError:
            return entries
        return entries

    def properties(self) -> Properties:
        """What the PDF says about itself."""
        pdf = self._opened()
        said = pdf.get_metadata_dict() if pdf else {}
        dates = [_iso(said.get(key, "")) for key in ("CreationDate", "ModDate")]
        return properties(said.get("Title"), said.get("Author"), dates, self._language())

    def _language(self) -> str:
        buffer = create_string_buffer(64)
        length = pdfium.FPDFCatalog_GetLanguage(self._pdf, cast(buffer, POINTER(c_ushort)), 64)
        return buffer.raw[:length].decode("utf-16-le", "replace").rstrip("\0")

    def _opened(self) -> PdfDocument | None:
        if not self._tried:
            self._tried = True
            self.is_bomb = unpacks_to_too_much(self._data)
            if self.is_bomb:
                return None
            try:
                self._pdf = PdfDocument(self._data)
            except PdfiumError:
                return None
            if self._expected not in (None, len(self._pdf)):
                self._pdf.close()
                self._pdf = None
        return self._pdf


def _iso(date: str) -> str:
    """A date as PDF writes it, "D:20240630120000Z", as "2024-06-30"."""
    match = _DATE.match(date)
    return "-".join(filter(None, match.groups())) if match else ""


def _draws(page: PdfPage) -> bool:
    text = page.get_textpage()
    strokes = 0
    for item in page.get_objects(max_depth=5, textpage=text):
        if item.type == pdfium.FPDF_PAGEOBJ_PATH:
            strokes += 1
        elif item.type == pdfium.FPDF_PAGEOBJ_TEXT:
            letters = item.extract()
            if not letters or (letters.strip() and is_gibberish(letters)):
                return True
        elif item.type in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING):
            return True
        if strokes > _STROKES:
            return True
    return False


def _lines(page: PdfTextPage) -> Iterator[Line]:
    """The lines of a page, those of columns and cells side by side apart."""
    count = min(page.count_chars(), _CHARACTERS)
    codes = [*map(ord, page.get_text_range())]
    if len(codes) != count:  # Where pdfium leaves some out, only one by one are they those counted.
        codes = [pdfium.FPDFText_GetUnicode(page, index) for index in range(count)]
    start = 0
    for index, code in enumerate(codes):
        hyphen = code in _HYPHENS
        gap = code == _SPACE and index > start and _is_gap(page, codes, index)
        if code == _LINE_END or hyphen or gap:
            yield from _run(page, codes, start, index, hyphen=hyphen)
            start = index + 1
    yield from _run(page, codes, start, count)


def _run(
    page: PdfTextPage, codes: list[int], start: int, end: int, *, hyphen: bool = False
) -> Iterator[Line]:
    """The characters from ``start`` to ``end`` as a line, if there is more than space."""
    text = "".join(map(chr, codes[start:end])).rstrip("\r") + "-" * hyphen
    if not text.strip():
        return
    first = start + len(text) - len(text.lstrip())
    x, y = _origin(page, first)
    matrix = pdfium.FS_MATRIX()
    scale = hypot(matrix.c, matrix.d) if pdfium.FPDFText_GetMatrix(page, first, matrix) else 1.0
    size = pdfium.FPDFText_GetFontSize(page, first) * scale
    last = start + len(text.rstrip()) - hyphen - 1
    # Characters beyond the first plane come in halves.
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    yield line(text, [_font(page, first), _font(page, last)], x, y, size or 1.0)


def _is_gap(page: PdfTextPage, codes: list[int], space: int) -> bool:
    """Whether a space is wide, or leads to another line."""
    if space + 1 >= len(codes) or codes[space + 1] < _SPACE:
        return False
    # Spaces that stand in the file are words' own; pdfium adds others where it sees a distance.
    if pdfium.FPDFText_IsGenerated(page, space) != 1:
        return False
    _, bottom, right, top = page.get_charbox(space - 1, loose=True)
    left, *_, above = page.get_charbox(space + 1, loose=True)
    return bool(left - right > _GAP * (top - bottom) or above < bottom)


def _origin(page: PdfTextPage, index: int) -> tuple[float, float]:
    x, y = c_double(), c_double()
    pdfium.FPDFText_GetCharOrigin(page, index, x, y)
    return x.value, y.value


def _font(page: PdfTextPage, index: int) -> str:
    """Name of a character's font, with "bold" where only its weight says that."""
    buffer = create_string_buffer(128)
    length = pdfium.FPDFText_GetFontInfo(page, index, buffer, len(buffer), c_int())
    name = buffer.value.decode("utf-8", "replace") if 0 < length <= len(buffer) else ""
    return name + " bold" if pdfium.FPDFText_GetFontWeight(page, index) >= _BOLD else name
