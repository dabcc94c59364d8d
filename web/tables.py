"""The rows of a table as a table again, from the text that its reader wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
    sheet: list[tuple[int, str]] = []
    name = label
    first = True

    def close() -> None:
        nonlocal sheet, first
        if sheet:
            table, holds = _table(sheet, name, passage, marks, first)
            shown.append(table)
            first = first and not holds
        sheet = []

    for section in document.sections:
        heading = section.headings[-1] if section.headings else label
        if heading != name:
            close()
            name = heading
        at = section.body
        for line in document.text[section.body : section.end].split("\n"):
            if CELL_SEPARATOR in line or _NAMED.match(line):
                sheet.append((at, line))
            elif line.strip():
                return None  # there is more to it than rows
            at += len(line) + 1
    close()
    return Markup("\n").join(shown) if shown else None


def _table(
    rows: Sequence[tuple[int, str]],
    name: str,
    passage: Span | None,
    marks: Sequence[Span],
    first: bool,
) -> tuple[Markup, bool]:
    """One table, and whether it has rows of the passage."""
    named = [_cells(at, line) for at, line in rows]
    columns: dict[str, int] = {}
    names = {column for cells in named for column, _, _ in cells if column}
    if names and not any(column for column, _, _ in named[0]):
        for _, _, text in named[0][:COLUMNS]:  # the row of names says in which order they stand
            columns.setdefault(text, len(columns))
    for cells in named:
        for column, _, _ in cells:
            if column and len(columns) < COLUMNS:
                columns.setdefault(column, len(columns))
    parts = [_CAPTION.format(name)]
    body: list[Markup] = []
    holds = False
    for (at, line), cells in zip(rows, named, strict=True):
        if names and not holds and [text for _, _, text in cells] == list(columns)[: len(cells)]:
            continue  # the row of names
        inside = passage is not None and at < passage.end and at + len(line) > passage.start
        placed: dict[int, Markup] = {}
        for number, (column, start, text) in enumerate(cells):
            place = columns.get(column, number)
            placed[place] = marked(text, clipped(marks, start, start + len(text)))
        width = max(len(columns), *(place + 1 for place in placed)) if placed else len(columns)
        row = Markup("").join(_CELL.format(placed.get(n, "")) for n in range(width))
        shape = _PLAIN if not inside else _PASSAGE if holds or not first else _FIRST
        holds = holds or inside
        body.append(shape.format(row))
    if columns:
        heads = Markup("").join(_HEAD.format(column) for column in columns)
        parts.append(Markup("<thead>") + _PLAIN.format(heads) + Markup("</thead>"))
    parts.append(Markup("<tbody>") + Markup("").join(body) + Markup("</tbody>"))
    return _TABLE.format(escape(name), Markup("").join(parts)), holds


def _cells(at: int, line: str) -> list[tuple[str, int, str]]:
    """The cells of a row: the column's name or "", where the value begins, and the value."""
    found: list[tuple[str, int, str]] = []
    for cell in line.split(CELL_SEPARATOR):
        named = _NAMED.match(cell)
        start = named.end() if named else 0
        found.append((named[1] if named else "", at + start, cell[start:]))
        at += len(cell) + len(CELL_SEPARATOR)
    return found
