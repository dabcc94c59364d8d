"""Small helpers the readers share for lines within a block, list markers and table rows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from indexer.readers.base import DocumentBuilder, one_line

#: What an item of an unnumbered list begins with.
BULLET = "• "

#: What stands between the cells of a table row.
CELL_SEPARATOR = " | "

# Cells with more paragraphs and characters than this are there for the layout.
_CELL_PARAGRAPHS, _CELL_LENGTH = 3, 300

SOFT_HYPHEN = "\xad"
_BROKEN_WORD = re.compile(r"[^\W\d_][-\u2010\xad]$")


def names(text: str) -> frozenset[str]:
    """The set of the names written in one string, separated by white space."""
    return frozenset(text.split())


def add_lines(builder: DocumentBuilder, text: str) -> None:
    """Add a block of prose in which the line breaks count, such as an address or a verse."""
    lines = [line for line in map(one_line, text.split("\n")) if line]
    builder.block("\n".join(lines), preformatted=True)


def add_row(builder: DocumentBuilder, cells: Iterable[str]) -> None:
    """Add one table row; empty cells at its end and rows without any text are left out."""
    texts = [one_line(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    if any(texts):
        builder.block(CELL_SEPARATOR.join(texts))


def too_much_for_a_cell(paragraphs: int, texts: Iterable[str]) -> bool:
    """Whether a cell of so many ``paragraphs`` with these ``texts`` is there for the layout."""
    return paragraphs > _CELL_PARAGRAPHS and sum(map(len, texts)) > _CELL_LENGTH


def join_lines(lines: Iterable[str], *, keep_hyphens: bool) -> str:
    """One paragraph from the lines it was broken into.

    Args:
        lines: The lines, in order.
        keep_hyphens: Whether a hyphen at a line end belongs to the word ("well-known"), as in text
            broken by hand, or was put there to break it ("impor-tant"), as in print.
    """
    parts: list[str] = []
    for line in filter(None, map(str.strip, lines)):
        before = parts[-1] if parts else ""
        if _BROKEN_WORD.search(before[-2:]) and line[0].islower():
            if before[-1] == SOFT_HYPHEN or not keep_hyphens:
                parts[-1] = before[:-1]
            parts.append(line)
        else:
            parts += [" ", line] if parts else [line]
    return "".join(parts)
