"""RTF documents."""

from __future__ import annotations

import re

from indexer.readers.base import DocumentBuilder
from indexer.readers.dates import iso_date
from indexer.readers.ooxml import real_author
from indexer.readers.rtf_text import parse
from indexer.readers.styled import write_items
from indexer.readers.titles import real_title
from search.errors import ReadError
from search.models import Document

_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*\\rtf")


def read(data: bytes, _name: str) -> Document:
    """Read an RTF document.

    Raises:
        ReadError: If it is none, or its groups are nested too deeply.
    """
    if not (beginning := _BEGINNING.match(data)):
        raise ReadError(
            "The file is no RTF document, though its name says so.",
            "Give it the ending of what it is, or save it as RTF again, and index again.",
        )
    content = parse(data[beginning.start() :].decode("latin-1"))
    builder = DocumentBuilder("rtf")
    title = write_items(builder, content.items)
    return builder.build(
        real_title(content.title) or title or builder.first_heading,
        author=real_author(content.author),
        date=iso_date(content.date),
    )
