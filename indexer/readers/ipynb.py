"""Jupyter notebooks: text, code and what the code printed.

The file is JSON and read as such, with nothing taken for granted: notebooks of every version, also
ones no program would write, give what text they hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.readers.base import DocumentBuilder
from indexer.readers.encoding import decode
from indexer.readers.html import write_fragment
from indexer.readers.markdown import write_markdown
from indexer.readers.titles import real_title
from search.errors import ReadError
from search.models import Document

#: How much of what a cell printed is kept, in characters.
_OUTPUT_LIMIT = 2_000
# Cells are put together up to so many characters, so that a text stands with the code it explains;
# one as short as the second figure is not left alone.
_GROUP, _SHORT = 700, 250
# A first-level heading in the first cell names the notebook if so much stands with it.
_ALONE = 40
_HEADING = re.compile(r"\s*(?:#{1,6}\s|<h[1-6]|[^\n]+\n(?:=+|-+)[ \t]*(?:\n|\Z))")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# How Python shows an object that has no other form: "<Figure size 640x480 with 1 Axes>".
_NO_WORDS = re.compile(r"\s*<[\w.]+(?: [^<>]*)?>\s*")
_RICH = ("text/markdown", "text/latex")


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell: its number counted from 1, its kind, its source and what it printed."""

    number: int
    kind: str
    source: str
    level: int
    outputs: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        return len(self.source) + sum(len(text) for _, text in self.outputs)


def read(data: bytes, _name: str) -> Document:
    """Read a notebook.

    Raises:
        ReadError: If it is not JSON, or JSON without cells.
    """
    text = decode(data)
    try:
        notebook: Any = json.loads(text.lstrip("\ufeff")) if text else None
    except json.JSONDecodeError as error:
        raise ReadError(
            f"The notebook is damaged at line {error.lineno}.",
            "Open it in Jupyter, save it again and index again.",
        ) from error
    found = _cells_of(notebook)
    if found is None:
        raise ReadError("The file is no notebook: it has no cells.", "Leave it out of the folder.")
    metadata = _mapping(notebook.get("metadata"))
    builder = DocumentBuilder("ipynb")
    headings: list[str] = []
    title = ""
    for group in _groups([_cell(number, cell) for number, cell in enumerate(found, 1)]):
        first, last = group[0].number, group[-1].number
        builder.place(f"cell {first}" if first == last else f"cells {first}–{last}")
        for cell in group:
            if heading := _write(builder, cell):
                named = cell.number == 1 and cell.size > len(heading) + _ALONE
                headings.append(heading)
                title = heading if named else title
    authors = metadata.get("authors")
    people = [_mapping(one).get("name") for one in authors] if isinstance(authors, list) else []
    return builder.build(
        real_title(metadata.get("title")) or title or _title(headings, builder),
        author=", ".join(filter(None, map(_text, people))),
    )


def _title(headings: Sequence[str], builder: DocumentBuilder) -> str:
    """The first-level heading, if there is only one; where there are none, the first heading."""
    return headings[0] if len(headings) == 1 else "" if headings else builder.first_heading


def _cells_of(notebook: object) -> list[Any] | None:
    """The cells of a notebook; before version 4 they lay in worksheets."""
    if not isinstance(notebook, dict):
        return None
    boxes = [notebook, *_sequence(notebook.get("worksheets"))]
    lists = [box["cells"] for box in boxes if isinstance(box, dict) and "cells" in box]
    return [cell for cells in lists for cell in _sequence(cells)] if lists else None


def _cell(number: int, cell: object) -> _Cell:
    fields = _mapping(cell)
    kind = _text(fields.get("cell_type"))
    level = fields.get("level")
    outputs = _bounded(_outputs(fields)) if kind == "code" else ()
    return _Cell(
        number,
        kind,
        _text(fields.get("source", fields.get("input"))),
        level if isinstance(level, int) and kind == "heading" else 0,
        tuple(outputs),
    )


def _groups(cells: Sequence[_Cell]) -> Iterator[list[_Cell]]:
    """Cells that make one place: neighbours that are short, with no heading between them."""
    group: list[_Cell] = []
    size = 0
    for cell in cells:
        heads = cell.kind == "heading" or (cell.kind == "markdown" and _HEADING.match(cell.source))
        if group and (heads or (size > _SHORT and size + cell.size > _GROUP)):
            yield group
            group, size = [], 0
        if cell.size:
            group.append(cell)
            size += cell.size
    if group:
        yield group


def _write(builder: DocumentBuilder, cell: _Cell) -> str:
    """Write a cell and return the first-level heading in it, or ""."""
    if cell.kind == "heading":
        builder.heading(max(cell.level, 1), cell.source)
        return cell.source if cell.level == 1 else ""
    if cell.kind == "markdown":
        return write_markdown(builder, cell.source)
    builder.block(cell.source, preformatted=True)
    for kind, text in cell.outputs:
        if kind == "html":
            write_fragment(builder, text)
        else:
            builder.block(text, preformatted=True)
    return ""


def _outputs(cell: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a cell printed: each with whether it is plain text or HTML. Pictures have no text."""
    for output in map(_mapping, _sequence(cell.get("outputs"))):
        if "ename" in output:
            name, value = _text(output.get("ename")), _text(output.get("evalue"))
            yield "text", f"{name}: {value}".strip(": ")
            yield "text", "\n".join(map(_text, _sequence(output.get("traceback"))))
            continue
        shown = _mapping(output.get("data"))
        printed = _text(output.get("text"))
        plain = _text(shown.get("text/plain"))
        rich = next(filter(None, (_text(shown.get(kind)) for kind in _RICH)), "")
        markup = _text(output.get("html") or shown.get("text/html"))
        if text := printed or rich or ("" if _NO_WORDS.fullmatch(plain) else plain):
            yield "text", text
        elif markup:
            yield "html", markup


def _bounded(outputs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The outputs without colours, up to ``_OUTPUT_LIMIT`` characters altogether."""
    left = _OUTPUT_LIMIT
    for kind, text in outputs:
        plain = _ANSI.sub("", text[: 4 * _OUTPUT_LIMIT]).strip("\n")
        if not plain.strip():
            continue
        yield kind, plain if len(plain) <= left else plain[:left].rstrip() + " …"
        left -= len(plain)
        if left <= 0:
            return


def _text(value: object) -> str:
    """A string, or lines that were saved as a list; "" for anything else."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
