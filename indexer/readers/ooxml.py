"""What office formats have in common: an archive of XML parts that must not be a bomb.

Office Open XML keeps, beside each part, a list of the parts that belong to it, its relationships
(ECMA-376, part 2). Parts are gone through by the local names of their elements, because the strict
variant of the standard has other namespaces than the usual one.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from lxml import etree

from indexer.readers.base import one_line
from indexer.readers.dates import iso_date
from indexer.readers.titles import real_title
from search.errors import ReadError

_SIZE_LIMIT = 512 * 1024 * 1024
# Text in XML is seldom packed to less than a fiftieth; repeated nothing is.
_RATIO_LIMIT = 200
_SUSPICIOUS_SIZE = 64 * 1024 * 1024

#: What reading a damaged archive, or one packed in a way that is not known here, may raise.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # NotImplementedError is one
    ValueError,
)

# The names of the strict variant (ISO/IEC 29500-1), which stand at the beginning of a part.
_STRICT = re.compile(
    rb"""(\bxmlns(?::\w{1,40})?\s*=\s*["']http://)purl\.oclc\.org/ooxml/(\w+)/(?=\w+["'])"""
)
_STRICT_WITHIN = 8192
_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_].*)?", re.IGNORECASE)
# What programs and their templates write where a person's name belongs.
_NO_AUTHOR = re.compile(
    r"python-(?:docx|pptx)|steve canny|openpyxl|xlsxwriter|apache poi|docx4j|phpword|phpexcel"
    r"|microsoft(?: office)? user|microsoft corporation|office user|user|owner|author|admin"
    r"|administrator|benutzer|utilisateur|usuario|windows.user|unknown|anonymous|none",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Properties:
    """What a document says of itself; "" for what it does not say.

    Attributes:
        title: Its title, if a person gave it.
        author: Who wrote it.
        date: When it was last changed, or written, as `indexer.readers.dates` gives it.
        language: In what language, as an ISO 639-1 code.
    """

    title: str = ""
    author: str = ""
    date: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """That one part belongs to another.

    Attributes:
        key: What the other part calls it.
        kind: What it is there, such as "slide" or "comments".
        target: The name of the part in the archive.
    """

    key: str
    kind: str
    target: str


class Package:
    """An Office Open XML file: its parts, and how they belong together."""

    def __init__(self, data: bytes, label: str) -> None:
        """Open a file.

        Args:
            data: The whole file.
            label: What its format is called in messages.

        Raises:
            ReadError: If it is damaged, or would fill the memory when unpacked.
        """
        check_size(data, label)
        self._archive = zipfile.ZipFile(BytesIO(data))
        self._names = {name.lower(): name for name in self._archive.namelist()}

    def xml(self, part: str) -> Any:
        """The root element of a part; None if there is no such part or it is damaged."""
        name = self._names.get(part.lower())
        if name is None:
            return None
        try:
            return parse_xml(_usual(self._archive.read(name)))
        except (etree.XMLSyntaxError, *UNREADABLE):
            return None

    def raw(self, part: str) -> Any:
        """A part as a stream of bytes; None if there is no such part."""
        name = self._names.get(part.lower())
        return None if name is None else self._archive.open(name)

    def related(self, part: str) -> list[Relation]:
        """The parts that belong to ``part``, or to the whole file if that is ""."""
        folder, name = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        return [
            Relation(
                relation.get("Id", ""),
                relation.get("Type", "").rpartition("/")[2],
                _resolved(folder, relation.get("Target", "")),
            )
            for relation in elements(root)
            if relation.get("TargetMode") != "External"
        ]

    def part_of(self, part: str, kind: str) -> str:
        """The name of the first part of that kind that belongs to ``part``, or ""."""
        return next((r.target for r in self.related(part) if r.kind == kind), "")

    def properties(self) -> Properties:
        """What the document says of itself."""
        part = self.part_of("", "core-properties")
        return properties_of(self.xml(part)) if part else Properties()


def check_size(data: bytes, label: str) -> None:
    """Refuse an archive that is far larger than it looks.

    Args:
        data: The file.
        label: What its format is called in messages, such as "Word document".

    Raises:
        ReadError: If the parts take too much memory, or cannot be listed.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except UNREADABLE as error:
        raise damaged(label) from error
    packed_too_well = size > _SUSPICIOUS_SIZE and size > _RATIO_LIMIT * len(data)
    if size > _SIZE_LIMIT or packed_too_well:
        raise ReadError(
            f"The {label} unpacks to {size // 2**20:,} MiB, which is too much.",
            "Leave it out, or take the pictures out of it and index again.",
        )


def damaged(label: str) -> ReadError:
    """The error for a file that cannot be opened."""
    return ReadError(
        f"The {label} is damaged or was cut off.",
        "Open it in its own program, save it again and index again.",
    )


def locked(label: str) -> ReadError:
    """The error for a file that a password protects."""
    return ReadError(
        f"The {label} is protected with a password.",
        "Open it in its own program, save it without a password and index again.",
    )


def parser() -> Any:
    """A parser that reads nothing but the XML it is given, and no entities."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip


def parse_xml(data: bytes) -> Any:
    """The root element of an XML text.

    Raises:
        lxml.etree.XMLSyntaxError: If it is not well-formed.
    """
    return etree.fromstring(data, parser())


def local(element: Any) -> str:
    """The name of an element without its namespace; "" for an entity or the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str:
    """What an element has for the attribute called so, without regard to namespaces; or ""."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def relation_key(element: Any) -> str:
    """The key of the relation an element names, in its attribute ``id`` that has a namespace."""
    keys = (key for key in element.attrib if key.startswith("{") and key.endswith("}id"))
    return str(element.get(next(keys, ""), ""))


def elements(parent: Any, name: str = "") -> Iterator[Any]:
    """A parent's child elements, those called ``name`` only if it is given."""
    if parent is not None:
        for child in parent.iterchildren():
            if isinstance(child.tag, str) and (not name or local(child) == name):
                yield child


def descendants(parent: Any, name: str) -> Iterator[Any]:
    """The elements called ``name`` within ``parent``, at any depth, in order."""
    return iter(()) if parent is None else parent.iter("{*}" + name)


def real_author(name: str) -> str:
    """The author if it is a person; "" for programs, their templates and unnamed users."""
    author = one_line(name)
    return "" if _NO_AUTHOR.fullmatch(author) else author


def properties_of(root: Any) -> Properties:
    """What a document says of itself, from the element that holds its properties.

    Args:
        root: ``cp:coreProperties`` of Office Open XML or ``office:meta`` of OpenDocument, or None;
            both are made of the Dublin Core's elements.
    """
    given: dict[str, str] = {}
    for element in elements(root):
        given.setdefault(local(element), one_line(element.text or ""))
    # In OpenDocument the creator is whoever changed the document last.
    author = given.get("initial-creator") or given.get("creator", "")
    language = _LANGUAGE.fullmatch(given.get("language", ""))
    dates = (given.get(name, "") for name in ("modified", "date", "created", "creation-date"))
    return Properties(
        title=real_title(given.get("title", "")),
        author=real_author(author),
        date=next(filter(None, map(iso_date, dates)), ""),
        language=language[1].lower() if language else "",
    )


def _usual(data: bytes) -> bytes:
    """An XML part with the usual names of namespaces in place of those of the strict variant."""
    head = _STRICT.sub(rb"\1schemas.openxmlformats.org/\2/2006/", data[:_STRICT_WITHIN])
    return head + data[_STRICT_WITHIN:]


def _resolved(folder: str, target: str) -> str:
    """The name in the archive of what a part in ``folder`` calls ``target``."""
    path = posixpath.normpath(posixpath.join("/", folder, unquote(target)))
    return path.lstrip("/")
