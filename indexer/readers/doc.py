"""Documents of Word 97 to 2003, and the text of those of Word 6 and 95."""

from __future__ import annotations

from indexer.readers.base import DocumentBuilder
from indexer.readers.doc_file import LABEL, WordFile
from indexer.readers.doc_text import items
from indexer.readers.ole import MAGIC, Container
from indexer.readers.ooxml import damaged
from indexer.readers.styled import write_items
from search.errors import ReadError
from search.models import Document

#: What documents of other programs and older versions begin with that are named so as well.
_OTHERS = (
    (b"\xdb\xa5", "Word 1 or 2"),
    (b"\x31\xbe", "Word for DOS"),
    (b"\xfe\x37", "an old Word for the Mac"),
    (b"\xffWPC", "WordPerfect"),
    (b"\xcb\x0a\x01", "WordPerfect"),
)


def read(data: bytes, _name: str) -> Document:
    """Read a Word document.

    Raises:
        ReadError: If it is encrypted, damaged or from another program.
    """
    for magic, program in _OTHERS:
        if data.startswith(magic):
            raise ReadError(
                f"The document is in a format of {program}, which is not read.",
                "Open it in a program that reads it, such as LibreOffice, save it as .docx and "
                "index again.",
            )
    if not data.startswith(MAGIC):
        raise damaged(LABEL)
    container = Container(data, LABEL)
    builder = DocumentBuilder("doc")
    title = write_items(builder, list(items(WordFile(container))))
    given = container.properties()
    return builder.build(
        given.title or title or builder.first_heading, author=given.author, date=given.date
    )
