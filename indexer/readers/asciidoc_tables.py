"""Tables of AsciiDoc: cells that follow each other, put into rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

# "2+|" spans, "3*|" repeats, "^.>s|" aligns and styles: what stands before the bar of a cell.
_CELL = re.compile(
    r"(?:^|(?<=\s))(?:(\d+)?(?:\.\d+)?[+*])?(?:[<^>]?(?:\.[<^>])?)[adehlmsv]?(?<!\\)\|"
)
_COLUMNS = re.compile(r"cols\s*=\s*(?:\"([^\"]*)\"|([^,\]]*))")
_REPEATED = re.compile(r"\s*(\d+)\*")
_MOST = 1_000


def table_rows(lines: Sequence[str], mark: str, style: str) -> Iterator[list[str]]:
    """The rows of a table, each with its cells.

    Args:
        lines: What stands between the delimiters.
        mark: The delimiter's first character, which tells what parts the cells.
        style: The attributes above the table; they may say how many columns it has.
    """
    if mark in ",:" or "format=csv" in style.replace('"', ""):
        yield from csv.reader(filter(None, lines), delimiter=":" if mark == ":" else ",")
        return
    first = next(filter(None, lines), "")
    width = _declared(style) or len(_CELL.findall(first)) or 1
    cells: list[str] = []
    for line in lines:
        before, *parts = _CELL.split(line)
        begun: list[str] = []
        for span, text in zip(parts[::2], parts[1::2], strict=True):
            begun += [text, *[""] * (min(int(span[:3]), width) - 1 if span else 0)]
        if cells and before.strip():
            cells[-1] += " " + before
        elif cells and begun and len(cells) >= width:
            for start in range(0, len(cells) - len(cells) % width, width):
                yield cells[start : start + width]
            cells = cells[len(cells) - len(cells) % width :]
        cells += begun
    for start in range(0, len(cells), width):
        yield cells[start : start + width]


def _declared(style: str) -> int:
    """How many columns the attributes say a table has; 0 if they do not."""
    if not (match := _COLUMNS.search(style)):
        return 0
    columns = 0
    for column in re.split(r"[,;]", match[1] or match[2] or ""):
        repeated = _REPEATED.match(column)
        columns += int(repeated[1][:4]) if repeated else 1
    return min(columns, _MOST)
