"""The text in OpenDocument: paragraphs, lists, tables and notes, in the order they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from indexer.readers.lines import names, too_much_for_a_cell
from indexer.readers.odf import qname

_SKIPPED = frozenset(
    map(
        qname,
        names(
            "text:tracked-changes text:table-of-content text:illustration-index text:table-index"
            " text:object-index text:alphabetical-index text:sequence-decls text:variable-decls"
            " text:user-field-decls text:ruby-text office:annotation office:annotation-end"
            " office:forms office:binary-data office:event-listeners table:table-column"
            " table:table-columns table:covered-table-cell"
        ),
    )
)
_PARAGRAPHS = (qname("text:p"), qname("text:h"))
_CHARACTERS = {
    qname("text:s"): " ",
    qname("text:tab"): "\t",
    qname("text:line-break"): "\n",
}
_STYLED_HEADING = re.compile(r"Heading_20_([1-9])")
_LONGEST_CHAIN = 10


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph.

    Attributes:
        text: Its text, with line breaks where it has some.
        level: Level of the heading, 1 at the top; None if it is no heading.
        title: Whether it is the title of the document.
        listed: Whether it begins an item of a list.
    """

    text: str
    level: int | None = None
    title: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, with the text of its cells."""

    cells: tuple[str, ...]


class Body:
    """Goes through the content of a document."""

    def __init__(self, root: Any) -> None:
        """Take the document's own styles from the root of its XML."""
        styles = () if root is None else root.iter(qname("style:style"))
        self._parents = {
            style.get(qname("style:name"), ""): style.get(qname("style:parent-style-name"), "")
            for style in styles
        }

    def items(self, parent: Any) -> Iterator[Paragraph | Row]:
        """The paragraphs and rows within an element."""
        for child in parent.iterchildren():
            if child.tag in _PARAGRAPHS:
                yield from self._paragraph(child)
            elif child.tag == qname("table:table"):
                yield from self._table(child)
            elif child.tag in (qname("text:list-item"), qname("text:list-header")):
                yield from self._list_item(child)
            elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
                yield from self.items(child)

    def _paragraph(self, element: Any) -> Iterator[Paragraph | Row]:
        """The paragraph, and after it what stands in its boxes and notes."""
        parts: list[str] = []
        inner: list[Any] = []
        _gather(element, parts, inner)
        text = "".join(parts)
        if text.strip():
            chain = list(self._styles(element.get(qname("text:style-name"), "")))
            level = _level(element, chain)
            yield Paragraph(text, level, title=level is None and "Title" in chain)
        for box in inner:
            yield from self._table(box) if box.tag == qname("table:table") else self.items(box)

    def _styles(self, name: str) -> Iterator[str]:
        """The name of a style and of those it is based on."""
        for _ in range(_LONGEST_CHAIN):
            if not name:
                return
            yield name
            name = self._parents.get(name, "")

    def _list_item(self, element: Any) -> Iterator[Paragraph | Row]:
        """What stands in an item; the first paragraph of it begins it."""
        listed = element.tag == qname("text:list-item")
        for item in self.items(element):
            if listed and isinstance(item, Paragraph) and not (item.level or item.listed):
                yield Paragraph(item.text, listed=True)
            else:
                yield item
            listed = False

    def _table(self, table: Any) -> Iterator[Paragraph | Row]:
        for row in _rows(table):
            cells = [list(self.items(cell)) for cell in row.iterchildren(qname("table:table-cell"))]
            if len(cells) < 2 or any(map(_is_layout, cells)):
                for cell in cells:
                    yield from cell
            else:
                yield Row(tuple(" ".join(_texts(cell)) for cell in cells))


def paragraph_text(element: Any) -> str:
    """The text of one paragraph, without what stands in boxes and notes."""
    parts: list[str] = []
    _gather(element, parts, [])
    return "".join(parts)


def _gather(parent: Any, parts: list[str], inner: list[Any]) -> None:
    """Collect the text of a paragraph, and the boxes and notes that hang on it."""
    parts.append(parent.text or "")
    for child in parent.iterchildren():
        tag = child.tag
        if tag in _CHARACTERS:
            parts.append(_CHARACTERS[tag])
        elif tag == qname("text:note"):
            _gather_note(child, parts, inner)
        elif isinstance(tag, str) and tag.startswith(_DRAWING):
            inner.append(child)
        elif isinstance(tag, str) and tag not in _SKIPPED:
            _gather(child, parts, inner)
        parts.append(child.tail or "")


_DRAWING = (qname("draw:x")[:-1], qname("table:x")[:-1])


def _gather_note(note: Any, parts: list[str], inner: list[Any]) -> None:
    citation = note.findtext(qname("text:note-citation"), "").strip()
    content = note.find(qname("text:note-body"))
    if content is not None:
        parts.append(f"[{citation}]")
        inner.append(content)


def _level(element: Any, chain: list[str]) -> int | None:
    """The level of a paragraph that is a heading."""
    styled = next(filter(None, map(_STYLED_HEADING.fullmatch, chain)), None)
    if element.tag == qname("text:h"):
        level = element.get(qname("text:outline-level"), "")
        return min(10, max(1, int(level))) if level.isdecimal() and len(level) < 4 else 1
    return int(styled[1]) if styled else None


def _rows(table: Any) -> Iterator[Any]:
    """The rows of a table, also within groups of rows."""
    for child in table.iterchildren():
        if child.tag == qname("table:table-row"):
            yield child
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _rows(child)


def _is_layout(cell: list[Paragraph | Row]) -> bool:
    """Whether a cell holds more than a piece of data: a table, headings, much text."""
    if any(isinstance(item, Row) or item.level for item in cell):
        return True
    return too_much_for_a_cell(len(cell), _texts(cell))


def _texts(cell: list[Paragraph | Row]) -> Iterator[str]:
    for item in cell:
        yield from (item.text,) if isinstance(item, Paragraph) else item.cells
