"""Word documents, opened with python-docx, which resolves no XML entities."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from io import BytesIO
from itertools import zip_longest
from typing import Any

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docx.opc.part import PartFactory
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml
from docx.package import Package
from docx.parts.document import DocumentPart

from indexer.readers.base import DocumentBuilder
from indexer.readers.docx_body import Body, Paragraph, Row
from indexer.readers.docx_styles import Styles
from indexer.readers.lines import BULLET, add_lines, add_row
from indexer.readers.titles import real_title
from search.errors import ReadError
from search.models import Document

_SIZE_LIMIT = 512 * 1024 * 1024
# Text in XML is seldom packed to less than a fiftieth; repeated nothing is.
_RATIO_LIMIT = 200
_SUSPICIOUS_SIZE = 64 * 1024 * 1024
_LONGEST_HEADING = 250
_LONGEST_BOLD_HEADING = 100
_NOT_HEADING = re.compile(r"[.,;:]\s*$")

# Templates and documents with macros are documents like others; python-docx does not know them.
for _content_type in (
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
    "application/vnd.ms-word.document.macroEnabled.main+xml",
    "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
):
    PartFactory.part_type_for[_content_type] = DocumentPart


def read(data: bytes, _name: str) -> Document:
    """Read a Word document.

    Raises:
        ReadError: If it is cut off, or would fill the memory when unpacked.
    """
    _check_size(data)
    try:
        package = Package.open(BytesIO(data))
        part = package.main_document_part
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError) as error:
        raise _damaged() from error
    if not isinstance(part, DocumentPart):
        raise _damaged()
    styles = _part(part, RELATIONSHIP_TYPE.STYLES)
    notes = {
        (kind, note.get(qn("w:id"))): note
        for kind, relation in (
            ("footnote", RELATIONSHIP_TYPE.FOOTNOTES),
            ("endnote", RELATIONSHIP_TYPE.ENDNOTES),
        )
        for note in _children(_part(part, relation))
    }
    items = list(Body(Styles(styles), notes).items(part.element))
    builder = DocumentBuilder("docx")
    title = _write(builder, items)
    return builder.build(_given_title(package) or title or builder.first_heading)


def _check_size(data: bytes) -> None:
    """Refuse what is far larger than it looks.

    Raises:
        ReadError: If the parts take too much memory, or cannot be listed.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise _damaged() from error
    packed_too_well = size > _SUSPICIOUS_SIZE and size > _RATIO_LIMIT * len(data)
    if size > _SIZE_LIMIT or packed_too_well:
        raise ReadError(
            f"The Word document unpacks to {size // 2**20:,} MiB, which is too much.",
            "Leave it out, or take the pictures out of it and index again.",
        )


def _damaged() -> ReadError:
    return ReadError(
        "The Word document is damaged or was cut off.",
        "Open it in its own program, save it again and index again.",
    )


def _part(document: DocumentPart, relation: str) -> Any:
    """The XML of a part that belongs to the document; None if it has no such part or a bad one."""
    for relationship in document.rels.values():
        if relationship.reltype == relation and not relationship.is_external:
            try:
                return parse_xml(relationship.target_part.blob)
            except SyntaxError:  # lxml's XMLSyntaxError
                return None
    return None


def _children(root: Any) -> list[Any]:
    return [] if root is None else [child for child in root if isinstance(child.tag, str)]


def _given_title(package: Package) -> str:
    """The title in the document's properties, if a person gave it."""
    try:
        part: Any = package.part_related_by(RELATIONSHIP_TYPE.CORE_PROPERTIES)
        return real_title(part.core_properties.title)
    except Exception:  # there is no such part, or one that python-docx does not understand
        return ""


def _write(builder: DocumentBuilder, items: Sequence[Paragraph | Row]) -> str:
    """Write paragraphs and rows; return what is set in the style for titles."""
    title = ""
    styled = any(isinstance(item, Paragraph) and _level(item) for item in items)
    for item, after in zip_longest(items, items[1:]):
        if isinstance(item, Row):
            add_row(builder, item.cells)
        elif item.style.contents:
            continue
        elif item.style.title:
            title = title or item.text
            builder.heading(0, item.text)
        elif level := _level(item):
            builder.heading(level, item.text)
        elif not styled and _looks_like_heading(item, after):
            builder.heading(1, item.text)
        else:
            add_lines(builder, BULLET * item.style.listed + item.text)
    return title


def _level(item: Paragraph) -> int | None:
    """The level of a paragraph that is a heading by its style and not much too long for one."""
    return item.style.level if len(item.text) <= _LONGEST_HEADING else None


def _looks_like_heading(item: Paragraph, after: Paragraph | Row | None) -> bool:
    """Whether a short bold line stands above other text, where headings have no style."""
    follows = isinstance(after, Row) or (after is not None and not after.bold)
    bold = item.bold or item.style.bold
    fits = len(item.text) <= _LONGEST_BOLD_HEADING and not _NOT_HEADING.search(item.text)
    return bold and fits and follows and not item.style.listed
