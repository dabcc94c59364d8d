"""RTF documents."""

from __future__ import annotations

import re
from itertools import zip_longest

from indexer.readers.base import DocumentBuilder
from indexer.readers.dates import iso_date
from indexer.readers.lines import BULLET, add_lines, add_row
from indexer.readers.ooxml import real_author
from indexer.readers.rtf_items import Paragraph, Row
from indexer.readers.rtf_text import parse
from indexer.readers.titles import real_title
from search.errors import ReadError
from search.models import Document

_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*\\rtf")
_LONGEST_HEADING = 250
_LONGEST_BOLD_HEADING = 100
_NOT_HEADING = re.compile(r"[.,;:]\s*$")


def read(data: bytes, _name: str) -> Document:
    """Read an RTF document.

    Raises:
        ReadError: If it is none, or its groups are nested too deeply.
    """
    if not (beginning := _BEGINNING.match(data)):
        raise ReadError(
            "The file is no RTF document, though its name says so.",
            "Give it the ending of what it is, or save it as RTF again, and index again.",
        )
    content = parse(data[beginning.start() :].decode("latin-1"))
    builder = DocumentBuilder("rtf")
    styled = any(isinstance(item, Paragraph) and _level(item) for item in content.items)
    title = ""
    for item, after in zip_longest(content.items, content.items[1:]):
        if isinstance(item, Row):
            add_row(builder, item.cells)
        elif item.title:
            title = title or item.text
            builder.heading(0, item.text)
        elif level := _level(item):
            builder.heading(level, item.text)
        elif not styled and _looks_like_heading(item, after):
            builder.heading(1, item.text)
        else:
            add_lines(builder, BULLET * item.listed + item.text)
    return builder.build(
        real_title(content.title) or title or builder.first_heading,
        author=real_author(content.author),
        date=iso_date(content.date),
    )


def _level(item: Paragraph) -> int | None:
    """The level of a paragraph that is a heading by its style and not much too long for one."""
    return item.level if len(item.text) <= _LONGEST_HEADING else None


def _looks_like_heading(item: Paragraph, after: Paragraph | Row | None) -> bool:
    """Whether a short bold line stands above other text, where headings have no style."""
    follows = isinstance(after, Row) or (after is not None and not after.bold)
    fits = len(item.text) <= _LONGEST_BOLD_HEADING and not _NOT_HEADING.search(item.text)
    return item.bold and fits and follows and not item.listed
