"""The rows of a table as a table again, from the text that its reader wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from search.models import Document, Span
from web.looks import CELL_SEPARATOR
from web.markup import clipped, marked

KINDS = ("csv", "ods", "xlsx")
#: Most rows and columns shown as a table; larger ones are shown as text.
ROWS = 3_000
COLUMNS = 60

_NAMED = re.compile(r"([^\n]{1,80}?): ")
_CAPTION = Markup("<caption>{}</caption>")
_HEAD = Markup('<th scope="col" dir="auto">{}</th>')
_CELL = Markup('<td dir="auto">{}</td>')
_PLAIN = Markup("<tr>{}</tr>\n")
_FIRST = Markup('<tr class="passage" id="passage" tabindex="-1">{}</tr>\n')
_PASSAGE = Markup('<tr class="passage">{}</tr>\n')
_TABLE = Markup(
    '<div class="sheet" role="region" tabindex="0" aria-label="{}"><table>{}</table></div>'
)

#: A line of the text and where it begins.
_Row = tuple[int, str]
#: Name of the column or "", where the value begins, and the value.
_Cell = tuple[str, int, str]


def tables(
    document: Document, passage: Span | None, marks: Sequence[Span], label: str
) -> Markup | None:
    """The tables of a document.

    Args:
        document: A document of one of `KINDS`.
        passage: The passage, whose rows are marked.
        marks: Spans of the text whose words are marked.
        label: What a table is called where it has no name.

    Returns:
        None if there is none, or if they are too large to be shown so.
    """
    if document.text.count("\n") > ROWS:
        return None
    shown: list[Markup] = []
    first = True
    for name, rows in _sheets(document, label) or ():
        found = _table(rows, name, passage, marks, first)
        if found is None:
            return None
        table, holds = found
        shown.append(table)
        first = first and not holds
    return Markup("\n").join(shown) if shown else None


def _sheets(document: Document, label: str) -> list[tuple[str, list[_Row]]] | None:
    """The name and the rows of each table; None if there is more to the document than rows."""
    sheets: list[tuple[str, list[_Row]]] = []
    for section in document.sections:
        name = section.headings[-1] if section.headings else label
        if not sheets or sheets[-1][0] != name:
            sheets.append((name, []))
        at = section.body
        for line in document.text[section.body : section.end].split("\n"):
            if CELL_SEPARATOR in line or _NAMED.match(line):
                sheets[-1][1].append((at, line))
            elif line.strip():
                return None
            at += len(line) + 1
    return [(name, rows) for name, rows in sheets if rows]


def _table(
    rows: Sequence[_Row],
    name: str,
    passage: Span | None,
    marks: Sequence[Span],
    first: bool,
) -> tuple[Markup, bool] | None:
    """One table, and whether it has rows of the passage; None if it is too wide."""
    if any(line.count(CELL_SEPARATOR) >= COLUMNS for _, line in rows):
        return None
    named = [_cells(at, line) for at, line in rows]
    columns = _columns(named)
    if len(columns) > COLUMNS:
        return None
    parts = [_CAPTION.format(name)]
    body: list[Markup] = []
    holds = False
    for (at, line), cells in zip(rows, named, strict=True):
        if columns and not holds and [text for _, _, text in cells] == list(columns)[: len(cells)]:
            continue  # the row of names
        inside = passage is not None and at < passage.end and at + len(line) > passage.start
        shape = _PLAIN if not inside else _PASSAGE if holds or not first else _FIRST
        holds = holds or inside
        body.append(shape.format(_row(cells, columns, marks)))
    if columns:
        heads = Markup("").join(_HEAD.format(column) for column in columns)
        parts.append(Markup("<thead>") + _PLAIN.format(heads) + Markup("</thead>"))
    parts.append(Markup("<tbody>") + Markup("").join(body) + Markup("</tbody>"))
    return _TABLE.format(escape(name), Markup("").join(parts)), holds


def _columns(named: Sequence[Sequence[_Cell]]) -> dict[str, int]:
    """The place of each column by its name; nothing if none has one."""
    names = {column: None for cells in named for column, _, _ in cells if column}
    columns: dict[str, int] = {}
    if names and not any(column for column, _, _ in named[0]):
        for _, _, text in named[0]:  # the row of names says in which order they stand
            columns.setdefault(text, len(columns))
    for column in names:
        columns.setdefault(column, len(columns))
    return columns


def _row(cells: Sequence[_Cell], columns: Mapping[str, int], marks: Sequence[Span]) -> Markup:
    """The cells of a row, each beneath its name."""
    placed: dict[int, Markup] = {}
    for number, (column, start, text) in enumerate(cells):
        place = columns.get(column, number)
        while place in placed:  # a name that comes twice, or another cell stands there
            place += 1
        placed[place] = marked(text, clipped(marks, start, start + len(text)))
    width = max(len(columns), *(place + 1 for place in placed)) if placed else len(columns)
    return Markup("").join(_CELL.format(placed.get(n, "")) for n in range(width))


def _cells(at: int, line: str) -> list[_Cell]:
    """The cells of a row: the column's name or "", where the value begins, and the value."""
    found: list[_Cell] = []
    for cell in line.split(CELL_SEPARATOR):
        named = _NAMED.match(cell)
        start = named.end() if named else 0
        found.append((named[1] if named else "", at + start, cell[start:]))
        at += len(cell) + len(CELL_SEPARATOR)
    return found
