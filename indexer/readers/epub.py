"""E-books (EPUB 2 and 3): chapter after chapter, each read as the web page it is.

Headings go by the table of contents where it names a file, since many books begin every file with a
first-level heading, whether it is a part, a chapter or a section.
"""

from __future__ import annotations

import re

from indexer.readers.base import DocumentBuilder
from indexer.readers.encoding import declared_charset, decode
from indexer.readers.epub_package import Book, Chapter, package_of
from indexer.readers.html import parse
from indexer.readers.lines import names
from indexer.readers.page import TEXT, Content, Tree, content_of
from indexer.readers.page_writer import heading_level, write
from search.errors import ReadError
from search.models import Document

# XHTML may close any element at once, such as <title/> or <a id="p1"/>; HTML knows that of none.
_CLOSED = re.compile(r"<([A-Za-z][\w:.-]*)((?:\s[^<>]*)?)/>")
_VOID = names("area base br col embed hr img input link meta param source track wbr")
# So much text before the first heading is a part of the chapter of its own.
_PREAMBLE = 200


def read(data: bytes, _name: str) -> Document:
    """Read an e-book.

    Raises:
        ReadError: If it is damaged, protected against copying or unpacks to too much.
    """
    book = Book(data)
    package = package_of(book)
    builder = DocumentBuilder("epub")
    writer = _Writer(builder)
    missing = 0
    for chapter in package.chapters:
        page = book.file(chapter.path)
        if page is None:
            missing += 1
        else:
            writer.write(chapter, page)
    if missing and missing == len(package.chapters):
        raise ReadError(
            "The e-book lacks all of its chapters.", "Fetch the e-book again and index again."
        )
    return builder.build(
        package.title or builder.first_heading,
        author=package.metadata.author,
        date=package.metadata.date,
        language=package.metadata.language,
    )


class _Writer:
    """Writes file after file; one the table of contents does not name goes on with the last."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._shift = 0

    def write(self, chapter: Chapter, page: bytes) -> None:
        """Write a file of the book."""
        text = decode(page, declared_charset(page))
        if text is None:
            raise ReadError(
                "A chapter of the e-book holds something else than text.",
                "Fetch the e-book again and index again.",
            )
        tree = parse(_CLOSED.sub(_opened, text))
        content = content_of(tree, whole=True)
        content = Content(content.roots, content.skip | _page_numbers(tree))
        before, first = _first_heading(tree, content)
        if chapter.level:
            self._builder.leave(chapter.level)
            untitled = chapter.title and (not first or before > _PREAMBLE)
            if untitled:
                self._builder.heading(chapter.level, chapter.title)
            self._shift = chapter.level + bool(untitled) - first if first else chapter.level
        write(self._builder, tree, content, self._shift)


def _opened(match: re.Match[str]) -> str:
    """An element closed at once, as HTML writes it."""
    tag, attributes = match[1], match[2]
    return match[0] if tag.lower() in _VOID else f"<{tag}{attributes}></{tag}>"


def _page_numbers(tree: Tree) -> frozenset[int]:
    """The marks of where the pages of the printed book begin."""
    return frozenset(
        index
        for index, attributes in enumerate(tree.attributes)
        if attributes and "pagebreak" in f"{attributes.get('epub:type')} {attributes.get('role')}"
    )


def _first_heading(tree: Tree, content: Content) -> tuple[int, int]:
    """How many characters stand before a page's first heading, and its level, 0 if it has none."""
    before, at = 0, 0
    while at < len(tree.tags):
        if at in content.skip:
            at = tree.ends[at]
            continue
        if (level := heading_level(tree, at)) and tree.inner_text(at, content.skip).strip():
            return before, level
        if tree.tags[at] == TEXT:
            before += len(tree.texts[at].strip())
        at += 1
    return before, 0
