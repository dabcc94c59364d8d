"""Which row of a table names its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Rows looked at.
_SAMPLE = 50
#: A header stands among the first rows; what is above it is a caption.
_CAPTION_ROWS = 10
#: A header fills at least this share of the table's width.
_WIDTH_SHARE = 0.6
_LONGEST_NAME = 60
#: A column is one of figures if at least this share of its cells are.
_FIGURES_SHARE = 0.8
#: Text that is on average so many times as long as the name above it is not of the same kind.
_LENGTH_RATIO = 2.5

_FIGURE = re.compile(
    r"[-+(]?[€$£¥]?\s?\d[\d.,'\s]*(?:[€$£¥%]|[A-Za-z]{1,3})?\)?"
    r"|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[T ]\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?"
)
_YEAR = re.compile(r"(?:19|20)\d\d")


def find_header(rows: Sequence[Sequence[str]], *, certain: bool) -> int | None:
    """The index of the row that names the columns, or None if there is none.

    Args:
        rows: The cells of the first rows of a table.
        certain: Whether only figures beneath words count as evidence, not the mere look of the row.
    """
    sample = rows[:_SAMPLE]
    width = max((_filled(row) for row in sample), default=0)
    for at, row in enumerate(sample[:_CAPTION_ROWS]):
        if _filled(row) >= max(2, _WIDTH_SHARE * width):
            return at if _is_header(row, sample[at + 1 :], certain=certain) else None
    return None


def is_figure(cell: str) -> bool:
    """Whether a cell holds a number, an amount, a date or a time."""
    return len(cell) <= 40 and _FIGURE.fullmatch(cell) is not None


def _filled(row: Sequence[str]) -> int:
    return sum(map(bool, row))


def _is_header(row: Sequence[str], body: Sequence[Sequence[str]], *, certain: bool) -> bool:
    names = [cell for cell in row if cell]
    if not body or len({name.casefold() for name in names}) < len(names):
        return False
    years = [name for name in names if _YEAR.fullmatch(name)]
    if len(years) == len(names) or any(
        len(name) > _LONGEST_NAME or name.endswith(":") or (is_figure(name) and name not in years)
        for name in names
    ):
        return False
    columns = [
        (name, [cells[at] for cells in body if len(cells) > at and cells[at]])
        for at, name in enumerate(row)
        if name
    ]
    if any(name in cells for name, cells in columns if name not in years):
        return False
    if any(_holds_figures(cells) for name, cells in columns if not is_figure(name)):
        return True
    if years:
        return any(_holds_figures(cells) for name, cells in columns if name in years)
    return not certain and (len(names) > 2 or any(_is_longer(*column) for column in columns))


def _holds_figures(cells: Sequence[str]) -> bool:
    return bool(cells) and sum(map(is_figure, cells)) >= _FIGURES_SHARE * len(cells)


def _is_longer(name: str, cells: Sequence[str]) -> bool:
    return sum(map(len, cells)) >= _LENGTH_RATIO * len(name) * max(1, len(cells))
