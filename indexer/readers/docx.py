"""Word documents.

Their XML is gone through directly: python-docx gives up on a whole document when one picture or its
properties are damaged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from docx.oxml.ns import qn

from indexer.readers.base import DocumentBuilder
from indexer.readers.docx_body import Body, Paragraph, Row
from indexer.readers.docx_styles import Styles
from indexer.readers.lines import BULLET, add_lines, add_row
from indexer.readers.ooxml import Package, damaged, elements, local
from search.models import Document

_LABEL = "Word document"
_LONGEST_HEADING = 250
_LONGEST_BOLD_HEADING = 100
_NOT_HEADING = re.compile(r"[.,;:]\s*$")


def read(data: bytes, _name: str) -> Document:
    """Read a Word document.

    Raises:
        ReadError: If it is cut off, or would fill the memory when unpacked.
    """
    package = Package(data, _LABEL)
    main = package.part_of("", "officeDocument")
    root = package.xml(main) if main else None
    if root is None or local(root) != "document":
        raise damaged(_LABEL)
    parts = {
        relation.kind: package.xml(relation.target)
        for relation in package.related(main)
        if relation.kind in ("styles", "footnotes", "endnotes")
    }
    notes = {
        (kind, note.get(qn("w:id"))): note
        for kind in ("footnote", "endnote")
        for note in elements(parts.get(f"{kind}s"))
    }
    items = list(Body(Styles(parts.get("styles")), notes).items(root))
    builder = DocumentBuilder("docx")
    title = write_items(builder, items)
    given = package.properties()
    return builder.build(
        given.title or title or builder.first_heading,
        author=given.author,
        date=given.date,
        language=given.language,
    )


def write_items(builder: DocumentBuilder, items: Sequence[Paragraph | Row]) -> str:
    """Write paragraphs and rows of a Word document, whichever format it is in.

    Args:
        builder: Where to.
        items: The paragraphs and rows, in the order they are read.

    Returns:
        What is set in the style for titles, or "".
    """
    title = ""
    styled = any(isinstance(item, Paragraph) and _level(item) for item in items)
    for item, after in zip_longest(items, items[1:]):
        if isinstance(item, Row):
            add_row(builder, item.cells)
        elif item.style.contents:
            continue
        elif item.style.title:
            title = title or item.text
            builder.heading(0, item.text)
        elif level := _level(item):
            builder.heading(level, item.text)
        elif not styled and _looks_like_heading(item, after):
            builder.heading(1, item.text)
        else:
            add_lines(builder, BULLET * item.style.listed + item.text)
    return title


def _level(item: Paragraph) -> int | None:
    """The level of a paragraph that is a heading by its style and not much too long for one."""
    return item.style.level if len(item.text) <= _LONGEST_HEADING else None


def _looks_like_heading(item: Paragraph, after: Paragraph | Row | None) -> bool:
    """Whether a short bold line stands above other text, where headings have no style."""
    follows = isinstance(after, Row) or (after is not None and not after.bold)
    bold = item.bold or item.style.bold
    fits = len(item.text) <= _LONGEST_BOLD_HEADING and not _NOT_HEADING.search(item.text)
    return bold and fits and follows and not item.style.listed
