"""The body of a Word document as a row of paragraphs and table rows, in the order it is read.

python-docx's own paragraphs leave out what stands in content controls, text boxes and tracked
insertions, so the XML is gone through here. It cannot nest deeper than the parser allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docx.oxml.ns import qn

from indexer.readers.docx_styles import Styles, is_listed, is_on, outline_level
from indexer.readers.lines import names, too_much_for_a_cell
from indexer.readers.styled import Paragraph, Row, Style

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
# What was deleted, what is no text, and the properties of what is.
_SKIPPED = frozenset(
    qn(f"w:{name}")
    for name in names("del moveFrom instrText delText delInstrText pPr rPr tblPr tblGrid trPr tcPr")
)
_CHARACTERS = {
    qn("w:tab"): "\t",
    qn("w:ptab"): "\t",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}


class Body:
    """Goes through the XML of a document."""

    def __init__(self, styles: Styles, notes: Mapping[tuple[str, str], Any]) -> None:
        """Prepare to go through a body.

        Args:
            styles: The styles of the document.
            notes: The XML of the footnotes and endnotes, by kind and number of their reference.
        """
        self._styles = styles
        self._notes = notes

    def items(self, parent: Any) -> Iterator[Paragraph | Row]:
        """The paragraphs and rows within an element."""
        for child in parent.iterchildren():
            if child.tag == qn("w:p"):
                yield from self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                yield from self._table(child)
            elif child.tag == f"{_MC}AlternateContent":
                yield from self.items(_alternative(child))
            elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
                yield from self.items(child)

    def _paragraph(self, element: Any) -> Iterator[Paragraph | Row]:
        """The paragraph, and after it what stands in its text boxes and notes."""
        parts: list[str] = []
        inner: list[Any] = []
        bold: list[bool] = []
        self._gather(element, parts, inner, bold)
        text = "".join(parts)
        if text.strip():
            style = self._style(element)
            yield Paragraph(text, style, bold=bool(bold) and all(bold))
        for box in inner:
            yield from self._table(box) if box.tag == qn("w:tbl") else self.items(box)

    def _style(self, element: Any) -> Style:
        properties = element.find(qn("w:pPr"))
        if properties is None:
            return self._styles[""]
        named = properties.find(qn("w:pStyle"))
        style = self._styles["" if named is None else named.get(qn("w:val"), "")]
        level = outline_level(properties) or style.level
        listed = style.listed or is_listed(properties)
        if (level, listed) == (style.level, style.listed):
            return style
        return Style(level, style.title, listed, style.contents, style.bold)

    def _gather(self, parent: Any, parts: list[str], inner: list[Any], bold: list[bool]) -> None:
        """Collect the text of a paragraph, and the boxes and notes that hang on it."""
        for child in parent.iterchildren():
            tag = child.tag
            if tag in (qn("w:t"), _MATH_TEXT):
                parts.append(child.text or "")
            elif tag in _CHARACTERS:
                parts.append(_CHARACTERS[tag])
            elif tag == qn("w:br"):
                parts.append("\n" if child.get(qn("w:type"), "textWrapping") != "page" else " ")
            elif tag in (qn("w:txbxContent"), qn("w:tbl")):
                inner.append(child)
            elif tag in (qn("w:footnoteReference"), qn("w:endnoteReference")):
                self._note(child, parts, inner)
            elif tag == f"{_MC}AlternateContent":
                self._gather(_alternative(child), parts, inner, bold)
            elif tag == qn("w:r"):
                self._run(child, parts, inner, bold)
            elif isinstance(tag, str) and tag not in _SKIPPED:
                self._gather(child, parts, inner, bold)

    def _run(self, run: Any, parts: list[str], inner: list[Any], bold: list[bool]) -> None:
        properties = run.find(qn("w:rPr"))
        if properties is not None and is_on(properties.find(qn("w:vanish"))):
            return
        before = len(parts)
        self._gather(run, parts, inner, bold)
        if any(map(str.strip, parts[before:])):
            bold.append(properties is not None and is_on(properties.find(qn("w:b"))))

    def _note(self, reference: Any, parts: list[str], inner: list[Any]) -> None:
        kind = reference.tag.rpartition("}")[2].removesuffix("Reference")
        note = self._notes.get((kind, reference.get(qn("w:id"), "")))
        if note is not None:
            parts.append(f"[{reference.get(qn('w:id'))}]")
            inner.append(note)

    def _table(self, table: Any) -> Iterator[Paragraph | Row]:
        for row in _rows(table):
            yield from row_of([list(self.items(cell)) for cell in _cells(row)])


def row_of(cells: Sequence[Sequence[Paragraph | Row]]) -> Iterator[Paragraph | Row]:
    """A row of a table, or what stands in its cells where they are there for the layout.

    Args:
        cells: What stands in each of them.
    """
    if len(cells) < 2 or any(map(_is_layout, cells)):
        for cell in cells:
            yield from cell
    else:
        yield Row(tuple(" ".join(_texts(cell)) for cell in cells))


def _alternative(element: Any) -> Any:
    """What to read of content that is there twice, for newer and older programs."""
    choices = [child for child in element.iterchildren() if child.tag == f"{_MC}Choice"]
    written = (choice for choice in choices if next(choice.iter(qn("w:t")), None) is not None)
    fallback = element.find(f"{_MC}Fallback")
    return next(written, fallback if fallback is not None else element)


def _rows(table: Any) -> Iterator[Any]:
    """The rows of a table that were not deleted, also within content controls."""
    for child in table.iterchildren():
        if child.tag == qn("w:tr"):
            if child.find(f"{qn('w:trPr')}/{qn('w:del')}") is None:
                yield child
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _rows(child)


def _cells(row: Any) -> Iterator[Any]:
    for child in row.iterchildren():
        if child.tag == qn("w:tc"):
            yield child
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _cells(child)


def _is_layout(cell: Sequence[Paragraph | Row]) -> bool:
    """Whether a cell holds more than a piece of data: a table, headings, much text."""
    if any(isinstance(item, Row) or item.style.level for item in cell):
        return True
    return too_much_for_a_cell(len(cell), _texts(cell))


def _texts(cell: Sequence[Paragraph | Row]) -> Iterator[str]:
    for item in cell:
        yield from (item.text,) if isinstance(item, Paragraph) else item.cells
