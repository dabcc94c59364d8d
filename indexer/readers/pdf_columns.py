"""Columns that were written across: line by line from left to right, not one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise
from statistics import median

from indexer.readers.pdf_lines import Line

# A column begins where at least as many lines begin, each with something to its left.
_LEAST_LINES = 6
# How much the beginnings of the lines of a column may differ, in points.
_TOLERANCE = 4.0
# How wide a character is at the least, as a share of the height of the type.
_CHARACTER = 0.42
# Cells of a table are shorter than lines of a column, and begin anew.
_LEAST_CHARACTERS = 18
_LEAST_GOING_ON = 0.35


def in_columns(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page with those of its columns one column after the other.

    Lines as wide as the page part what is above them from what is below. A page whose columns were
    written one after the other, and a table, stay as they are.
    """
    starts = _starts(lines)
    if not starts:
        return list(lines)
    result: list[Line] = []
    for across, band in groupby(lines, key=lambda line: _crosses(line, starts)):
        if across:
            result += band
        else:
            # Sorting keeps the order of lines of one column.
            result += sorted(band, key=lambda line: _column(line, starts))
    return result


def has_columns(lines: Sequence[Line]) -> bool:
    """Whether columns of text were written across on a page."""
    return bool(_starts(lines))


def _starts(lines: Sequence[Line]) -> list[float]:
    """Where the columns but the first begin; none if lines of prose were not written across."""
    beside = [after for before, after in pairwise(lines) if _is_beside(before, after)]
    counts = Counter(round(line.x / _TOLERANCE) for line in beside)
    starts: list[float] = []
    for place, _ in counts.most_common(6):
        x = place * _TOLERANCE
        near = [line for line in beside if abs(line.x - x) <= _TOLERANCE]
        if len(near) >= _LEAST_LINES and all(abs(x - known) > 3 * _TOLERANCE for known in starts):
            starts.append(min(line.x for line in near) - 1.0)
    starts.sort()
    within = [line for line in lines if not _crosses(line, starts)]
    columns: list[list[Line]] = [[] for _ in range(len(starts) + 1)]
    for line in within:
        columns[_column(line, starts)].append(line)
    return starts if starts and all(map(_is_prose, columns)) else []


def _is_beside(before: Line, after: Line) -> bool:
    """Whether a line begins to the right of where the one written before it ends."""
    size = max(before.size, after.size)
    end = before.x + _CHARACTER * before.size * len(before.text.strip())
    return abs(before.y - after.y) < 0.8 * size and after.x > end


def _crosses(line: Line, starts: Sequence[float]) -> bool:
    """Whether a line is so long that it reaches well into the next column."""
    end = line.x + _CHARACTER * line.size * len(line.text.strip())
    return any(line.x < start - _TOLERANCE and end > start + line.size for start in starts)


def _column(line: Line, starts: Sequence[float]) -> int:
    return sum(line.x >= start - _TOLERANCE for start in starts)


def _is_prose(column: Sequence[Line]) -> bool:
    """Whether lines go on from one to the next, as those of a text do."""
    texts = [line.text.strip() for line in column]
    if len(texts) < _LEAST_LINES or median(map(len, texts)) < _LEAST_CHARACTERS:
        return False
    going_on = sum(text[:1].isalpha() and not text[:1].isupper() for text in texts[1:])
    return going_on >= _LEAST_GOING_ON * (len(texts) - 1)
