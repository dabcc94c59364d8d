"""Presentations of OpenDocument."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from indexer.readers.base import DocumentBuilder
from indexer.readers.lines import BULLET, names
from indexer.readers.odf import body, open_document, qname
from indexer.readers.odf_text import Body, Paragraph
from indexer.readers.slides import Slide, write_slides
from search.models import Document

_LABEL = "presentation"
_CLASS = qname("presentation:class")
# The same on every slide.
_REPEATED = names("header footer date-time page-number page handout")


def read(data: bytes, _name: str) -> Document:
    """Read a presentation.

    Raises:
        ReadError: If it is encrypted or damaged, or would fill the memory when unpacked.
    """
    opened = open_document(data, _LABEL)
    content = body(opened.content, _LABEL)
    reader = Body(content.getroottree().getroot())
    pages = content.iterchildren(qname("draw:page"))
    builder = DocumentBuilder("odp")
    write_slides(builder, [_slide(page, reader) for page in pages])
    given = opened.properties
    return builder.build(
        given.title or builder.first_heading,
        author=given.author,
        date=given.date,
        language=given.language,
    )


def _slide(page: Any, reader: Body) -> Slide:
    title = ""
    items: list[str | tuple[str, ...]] = []
    notes: list[str] = []
    for shape in _shapes(page):
        kind = shape.get(_CLASS, "")
        texts = [] if kind in _REPEATED else list(_texts(shape, reader))
        if kind == "notes":
            notes += (text for text in texts if isinstance(text, str))
        elif kind == "title" and not title:
            title = " ".join(text for text in texts if isinstance(text, str))
        else:
            items += texts
    return Slide(title, items, "\n".join(notes))


def _shapes(parent: Any) -> Iterator[Any]:
    """The shapes of a slide and of its notes, those in groups too."""
    for child in parent.iterchildren():
        if child.tag in (qname("draw:g"), qname("presentation:notes")):
            yield from _shapes(child)
        elif isinstance(child.tag, str):
            yield child


def _texts(shape: Any, reader: Body) -> Iterator[str | tuple[str, ...]]:
    """The text of a shape, its paragraphs on lines of their own, and the rows of its tables."""
    lines: list[str] = []
    for item in reader.items(shape):
        if isinstance(item, Paragraph):
            lines.append(BULLET * item.listed + item.text)
        else:
            if lines:
                yield "\n".join(lines)
                lines = []
            yield item.cells
    if lines:
        yield "\n".join(lines)
