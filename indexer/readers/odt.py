"""Text documents of OpenDocument, as LibreOffice writes them."""

from __future__ import annotations

from indexer.readers.base import DocumentBuilder
from indexer.readers.lines import BULLET, add_lines, add_row
from indexer.readers.odf import body, open_document
from indexer.readers.odf_text import Body, Row
from search.models import Document

_LABEL = "text document"


def read(data: bytes, _name: str) -> Document:
    """Read a text document.

    Raises:
        ReadError: If it is encrypted or damaged, or would fill the memory when unpacked.
    """
    opened = open_document(data, _LABEL)
    content = body(opened.content, _LABEL)
    builder = DocumentBuilder("odt")
    title = ""
    for item in Body(content.getroottree().getroot()).items(content):
        if isinstance(item, Row):
            add_row(builder, item.cells)
        elif item.title:
            title = title or item.text
            builder.heading(0, item.text)
        elif item.level:
            builder.heading(item.level, item.text)
        else:
            add_lines(builder, BULLET * item.listed + item.text)
    given = opened.properties
    return builder.build(
        given.title or title or builder.first_heading,
        author=given.author,
        date=given.date,
        language=given.language,
    )
