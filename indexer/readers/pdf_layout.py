"""Lines of a page put together: paragraphs, table rows, list items, listings.

All of it is judged by the distances between the lines, measured against those that are usual on the
page, and by how the lines end and begin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from indexer.readers.lines import BULLET, CELL_SEPARATOR, join_lines
from indexer.readers.pdf_lines import Line

_BULLETS = "•◦▪■□●○‣⁃\u2043\uf0b7\uf0a7\uf0d8\uf0fc➢➤✓*"
_BULLET = re.compile(rf"[{re.escape(_BULLETS)}]\s*|[-\u2013\u2014o]\s+(?=\S)")
_NUMBER = re.compile(r"\(?(?:\d{1,2}|[a-z])[.)]\s|\d{1,2}(?:\.\d{1,2})+\.?\s+[A-Z]")
_MARK = re.compile(rf"[\d.]{{1,8}}|\(?\w{{1,3}}[.)]|[{re.escape(_BULLETS)}\-\u2013\u2014]")
_SENTENCE_END = re.compile(r"[.!?:…。！？][\"'”’»)\]]?$")
# A table cell set in more lines than this is a column of text.
_CELL_LINES = 5
# How wide a character is at the least, as a share of the height of the type.
_CHARACTER = 0.42


@dataclass(frozen=True, slots=True)
class Block:
    """What becomes one block, or one heading, of the document.

    Attributes:
        text: Its text; several lines only if it is a listing.
        lines: The lines it was made of.
        kind: "prose", "row" or "code".
    """

    text: str
    lines: tuple[Line, ...]
    kind: str

    @property
    def size(self) -> float:
        """Height of the type in points."""
        return self.lines[0].size

    @property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return all(line.bold for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Row:
    """Cells side by side, each with its lines."""

    cells: tuple[tuple[Line, ...], ...]


def blocks_of(lines: Sequence[Line]) -> list[Block]:
    """The blocks of one page, in the order of its lines."""
    items = _with_rows(lines)
    usual = _Usual(lines)
    blocks: list[Block] = []
    gathered: list[Line] = []
    for item in items:
        if isinstance(item, Line) and gathered and usual.goes_on(gathered, item):
            gathered.append(item)
            continue
        if gathered:
            blocks.append(_block(gathered))
            gathered = []
        if isinstance(item, Line):
            gathered = [item]
        else:
            blocks.append(_row_block(item))
    if gathered:
        blocks.append(_block(gathered))
    return blocks


def _block(lines: list[Line]) -> Block:
    if all(line.mono for line in lines):
        return Block("\n".join(line.text for line in lines), tuple(lines), "code")
    text = join_lines((line.text for line in lines), keep_hyphens=False)
    return Block(
        _BULLET.sub(BULLET, text, count=1) if _is_bullet(text) else text, tuple(lines), "prose"
    )


def _row_block(row: _Row) -> Block:
    cells = [join_lines((line.text for line in cell), keep_hyphens=False) for cell in row.cells]
    lines = tuple(line for cell in row.cells for line in cell)
    return Block(CELL_SEPARATOR.join(cells), lines, "row")


def _is_bullet(text: str) -> bool:
    return _BULLET.match(text) is not None


class _Usual:
    """What is usual on a page: the distance between lines of one type size, and their length."""

    def __init__(self, lines: Sequence[Line]) -> None:
        distances: dict[int, list[float]] = {}
        lengths: dict[int, list[int]] = {}
        for before, line in pairwise(lines):
            if before.size and 0.7 < (before.y - line.y) / before.size < 3:
                distances.setdefault(round(line.size), []).append(before.y - line.y)
        for line in lines:
            lengths.setdefault(round(line.size), []).append(len(line.text.strip()))
        self._distance = {size: median(all_) for size, all_ in distances.items()}
        self._length = {size: sorted(all_)[len(all_) * 9 // 10] for size, all_ in lengths.items()}

    def goes_on(self, block: Sequence[Line], line: Line) -> bool:
        """Whether a line continues the block."""
        before = block[-1]
        if before.mono and line.mono:
            return 0 <= before.y - line.y < 4 * line.size
        if before.mono != line.mono or self._looks_new(block, line):
            return False
        down = before.y - line.y
        if down < -0.4 * line.size:
            # The top of the next column: the same paragraph if it is in the middle of a sentence.
            return not _SENTENCE_END.search(before.text) and line.text.strip()[:1].islower()
        distance = self._distance.get(round(line.size), 1.2 * line.size)
        if down > 1.3 * distance:
            return False
        return not self._ends(block, line)

    def _looks_new(self, block: Sequence[Line], line: Line) -> bool:
        """Whether a line begins something else: in other type, or with a bullet or number."""
        before = block[-1]
        if abs(before.size - line.size) > 0.12 * max(before.size, line.size):
            return True
        if line.bold != before.bold and (
            all(part.bold for part in block) or _SENTENCE_END.search(before.text)
        ):
            return True
        text = line.text.strip()
        return bool(_is_bullet(text) or _NUMBER.match(text))

    def _ends(self, block: Sequence[Line], line: Line) -> bool:
        """Whether the block ends a paragraph: a short last line, or an indent after it."""
        last = block[-1].text.strip()
        if not _SENTENCE_END.search(last):
            return False
        left = min(part.x for part in block)
        indented = line.x > left + 0.9 * line.size and abs(block[-1].x - left) < 0.5 * line.size
        listed = _is_bullet(block[0].text.strip()) or _NUMBER.match(block[0].text.strip())
        return bool(
            len(last) < 0.75 * self._length.get(round(line.size), 0) or (indented and not listed)
        )


def _with_rows(lines: Sequence[Line]) -> list[Line | _Row]:
    """The lines with those that stand side by side put together into rows."""
    items: list[Line | _Row] = []
    for line in lines:
        if items and isinstance(items[-1], _Row) and (longer := _extended(items[-1], line)):
            items[-1] = longer
        elif (start := _beside(items, line)) is None:
            items.append(line)
        elif start == len(items) - 1 and (joined := _same_line(items[start], line)):
            items[start] = joined
        else:
            cell = tuple(item for item in items[start:] if isinstance(item, Line))
            items[start:] = [_Row((cell, (line,)))]
    return items


def _beside(items: Sequence[Line | _Row], line: Line) -> int | None:
    """The line to the left of whose beginning another cell begins, among the last few."""
    column: float | None = None
    for back in range(1, min(_CELL_LINES, len(items)) + 1):
        item = items[-back]
        if not isinstance(item, Line) or item.mono:
            return None
        column = item.x if column is None else column
        if abs(item.x - column) > 2 * item.size:
            return None
        if abs(item.y - line.y) < 0.4 * line.size:
            return len(items) - back if line.x > item.x + 0.5 * line.size else None
    return None


def _same_line(item: Line | _Row, line: Line) -> Line | None:
    """Two pieces that only a word space parts, or of which the first only marks the second."""
    if not isinstance(item, Line):
        return None
    end = item.x + _CHARACTER * item.size * len(item.text.strip())
    marked = _MARK.fullmatch(item.text.strip()) is not None and line.x - item.x < 6 * line.size
    text = f"{item.text.rstrip()} {line.text.lstrip()}"
    if marked:
        return replace(line, text=text, x=item.x)
    if line.x - end > 1.5 * line.size:
        return None
    bold = item.bold and line.bold
    return replace(item, text=text, size=max(item.size, line.size), bold=bold)


def _extended(row: _Row, line: Line) -> _Row | None:
    """The row with one more cell, or with one more line in its last cell."""
    first, last = row.cells[0][0], row.cells[-1][-1]
    if abs(first.y - line.y) < 0.4 * line.size and line.x > last.x + 0.5 * line.size:
        return _Row((*row.cells, (line,)))
    below = 0.6 * line.size < last.y - line.y < 1.45 * line.size
    if below and abs(row.cells[-1][0].x - line.x) < 0.5 * line.size and last.size == line.size:
        if len(row.cells[-1]) >= _CELL_LINES:
            return None
        return _Row((*row.cells[:-1], (*row.cells[-1], line)))
    return None
