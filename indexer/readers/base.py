"""What every reader shares: the limits it keeps, and the builder it writes its document with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from search.errors import ReadError
from search.models import Document, Section

#: A reader takes a file's bytes and its name and gives the document, or raises `ReadError`.
Reader = Callable[[bytes, str], Document]


@dataclass(frozen=True, slots=True)
class Member:
    """A file that lies in another one: in an archive, or attached to a message.

    Attributes:
        path: Where it lies there, with "/" between folders; neither absolute nor with "..".
        data: Its bytes, or why they cannot be had; None if its name shows that it is of no kind
            that is read, and it was not unpacked.
    """

    path: str
    data: bytes | ReadError | None


@dataclass(slots=True)
class Allowance:
    """How much a file may still unpack to, archives within archives together.

    Attributes:
        size: Bytes that may still come out.
        members: Files that may still come out.
        depth: How many archives deep the next one may lie.
        largest: Most bytes a single member may have; larger ones are given as a `ReadError`.
    """

    size: int = 4_000_000_000
    members: int = 200_000
    depth: int = 4
    largest: int = 200_000_000

    def take(self, size: int) -> None:
        """Count one more member of ``size`` bytes.

        Raises:
            ReadError: That is more than the file may unpack to.
        """
        self.size -= size
        self.members -= 1
        if self.size < 0 or self.members < 0:
            raise unpacks_to_too_much()


def unpacks_to_too_much() -> ReadError:
    """Why the rest of an archive is not read."""
    return ReadError(
        "The archive unpacks to more than is read from one file.",
        "Unpack it into a folder and index that.",
    )


#: An opener takes a file's bytes as a stream that can be read at any place, its name and what may
#: still be unpacked. It gives the file's own text as a `Document`, if it has any, and the files in
#: it, one after the other and never all at once; or raises `ReadError`.
Opener = Callable[[BinaryIO, str, Allowance], Iterator[Member | Document]]

_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u2060"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# The look-behind lets a long run of spaces be tried once, not once from each of its characters.
_TRAILING = re.compile(r"(?<![^\S\n])[^\S\n]++(?=\n|\Z)")
_BLANK_LINES = re.compile(r"\n{3,}")
# Single spaces are left alone: a line of fifty megabytes would be torn into millions of pieces.
_SPACES = re.compile(r"\s{2,}|[^\S ]")

#: Longest heading kept in a heading trail, in characters; longer ones are cut at a word.
HEADING_LIMIT = 160


def clean(text: str) -> str:
    """Text with control characters gone, line ends as line feeds and no trailing spaces.

    Lone surrogates, non-characters and soft hyphens are dropped as well: what is left can always be
    encoded in UTF-8. At most one blank line is kept between two lines.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _UNWANTED.sub("", text)
    text = _TRAILING.sub("", text)
    return _BLANK_LINES.sub("\n\n", text)


def one_line(text: str) -> str:
    """``text`` cleaned and on one line, runs of white space made one space."""
    return _SPACES.sub(" ", clean(text)).strip()


def shorten(text: str, limit: int = HEADING_LIMIT) -> str:
    """``text`` cut at a word so that it has at most ``limit`` characters, with an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip() + "…"


class DocumentBuilder:
    """Puts a document together from headings, blocks and pages, keeping exact offsets.

    A reader calls `page`, `place`, `heading` and `block` in reading order and ends with `build`.
    Blocks are separated by a blank line in the document's text.
    """

    def __init__(self, kind: str) -> None:
        """Begin an empty document of the format ``kind``, such as "pdf"."""
        self._kind = kind
        self._parts: list[str] = []
        self._length = 0
        self._sections: list[Section] = []
        self._trail: list[tuple[int, str]] = []
        self._start = self._body = 0
        self._page: int | None = None
        self._place = ""
        self._pages: int | None = None
        self._textless = 0
        self._page_start = 0

    def page(self, number: int) -> None:
        """Begin page ``number``, counted from 1; the heading trail carries over."""
        self._close_section()
        self._close_page()
        self._page = number
        self._pages = number
        self._page_start = self._length

    def place(self, words: str) -> None:
        """Begin a stretch that lies at ``words``, such as "rows 2–41"; "" ends the one before."""
        self._close_section()
        self._place = one_line(words)

    def heading(self, level: int, text: str) -> None:
        """Begin a section beneath the nearest earlier heading of a smaller ``level`` (1 = top)."""
        text = one_line(text)
        if not text:
            return
        self._close_section()
        while self._trail and self._trail[-1][0] >= level:
            self._trail.pop()
        self._trail.append((level, shorten(text)))
        self._start = self._append(text)
        self._body = self._length

    def leave(self, level: int) -> None:
        """End the sections of ``level`` and deeper; what follows belongs to the heading above them.

        For formats that say where a section ends, such as an entry of an API description.
        """
        self._close_section()
        while self._trail and self._trail[-1][0] >= level:
            self._trail.pop()

    def block(self, text: str, *, preformatted: bool = False) -> None:
        """Add a paragraph, list item, table row or the like.

        Args:
            text: Its text; white space within prose is collapsed to single spaces.
            preformatted: Keep line breaks and indentation (code, tables, verse).
        """
        text = clean(text).strip("\n").rstrip() if preformatted else one_line(text)
        if text.strip():
            fresh = self._length == self._start
            start = self._append(text)
            if fresh:
                self._start = self._body = start

    def build(
        self, title: str = "", *, author: str = "", date: str = "", language: str = ""
    ) -> Document:
        """The finished document.

        Args:
            title: The document's own title, or "" where it has none.
            author: Who wrote it, or "".
            date: When, as `indexer.readers.dates` gives it, or "".
            language: In what language, as an ISO 639-1 code, or "".
        """
        self._close_section()
        self._close_page()
        return Document(
            title=shorten(one_line(title), 300),
            kind=self._kind,
            text="".join(self._parts),
            sections=tuple(self._sections),
            pages=self._pages,
            textless_pages=self._textless,
            author=shorten(one_line(author), 300),
            date=date,
            language=language,
        )

    @property
    def first_heading(self) -> str:
        """The first heading so far, or ""; many formats use it as the title."""
        for section in self._sections:
            if section.headings:
                return section.headings[-1]
        return self._trail[-1][1] if self._trail else ""

    def _append(self, text: str) -> int:
        if self._length:
            self._parts.append("\n\n")
            self._length += 2
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        return start

    def _close_section(self) -> None:
        if self._length > self._start:
            trail = tuple(heading for _, heading in self._trail)
            self._sections.append(
                Section(self._start, self._body, self._length, trail, self._page, self._place)
            )
        self._start = self._body = self._length

    def _close_page(self) -> None:
        if self._page is not None and self._length == self._page_start:
            self._textless += 1
