"""Word documents.

Their XML is gone through directly: python-docx gives up on a whole document when one picture or its
properties are damaged.
"""

from __future__ import annotations

from docx.oxml.ns import qn

from indexer.readers.base import DocumentBuilder
from indexer.readers.docx_body import Body
from indexer.readers.docx_styles import Styles
from indexer.readers.ooxml import Package, damaged, elements, local
from indexer.readers.styled import write_items
from search.models import Document

_LABEL = "Word document"


def read(data: bytes, _name: str) -> Document:
    """Read a Word document.

    Raises:
        ReadError: If it is cut off, or would fill the memory when unpacked.
    """
    package = Package(data, _LABEL)
    main = package.part_of("", "officeDocument")
    root = package.xml(main) if main else None
    if root is None or local(root) != "document":
        raise damaged(_LABEL)
    parts = {
        relation.kind: package.xml(relation.target)
        for relation in package.related(main)
        if relation.kind in ("styles", "footnotes", "endnotes")
    }
    notes = {
        (kind, note.get(qn("w:id"))): note
        for kind in ("footnote", "endnote")
        for note in elements(parts.get(f"{kind}s"))
    }
    items = list(Body(Styles(parts.get("styles")), notes).items(root))
    builder = DocumentBuilder("docx")
    title = write_items(builder, items)
    given = package.properties()
    return builder.build(
        given.title or title or builder.first_heading,
        author=given.author,
        date=given.date,
        language=given.language,
    )
