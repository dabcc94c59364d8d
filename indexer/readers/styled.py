"""What word processors make documents of: paragraphs with a style, and rows of tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from indexer.readers.base import DocumentBuilder
from indexer.readers.lines import BULLET, add_lines, add_row

_LONGEST_HEADING = 250
_LONGEST_BOLD_HEADING = 100
_NOT_HEADING = re.compile(r"[.,;:]\s*$")


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style makes of a paragraph.

    Attributes:
        level: Level of the heading, 1 at the top; None if it is no heading.
        title: Whether it is the title of the document.
        listed: Whether it is an item of a list.
        contents: Whether it belongs to a table of contents.
        bold: Whether the text is bold.
    """

    level: int | None = None
    title: bool = False
    listed: bool = False
    contents: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph.

    Attributes:
        text: Its text, with line breaks where it has some.
        style: What its style and its own properties make of it.
        bold: Whether all of it is bold.
    """

    text: str
    style: Style
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, with the text of its cells."""

    cells: tuple[str, ...]


def write_items(builder: DocumentBuilder, items: Sequence[Paragraph | Row]) -> str:
    """Write paragraphs and rows of a document, whichever format it is in.

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
