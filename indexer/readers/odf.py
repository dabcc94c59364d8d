"""OpenDocument files (ISO/IEC 26300): a ZIP archive, or one "flat" XML file with the same in it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from lxml import etree

from indexer.readers.ooxml import (
    UNREADABLE,
    Properties,
    check_size,
    damaged,
    local,
    locked,
    parse_xml,
    properties_of,
)

_NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}%s"
_LONG_PREFIXES = {"draw": "drawing"}
_MANIFEST = "META-INF/manifest.xml"


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """An opened file.

    Attributes:
        content: The XML that holds the content.
        properties: What the document says of itself.
    """

    content: BinaryIO
    properties: Properties


def qname(name: str) -> str:
    """A name such as "text:p" as lxml writes it."""
    prefix, _, rest = name.partition(":")
    return _NAMESPACE % (_LONG_PREFIXES.get(prefix, prefix), rest)


def open_document(data: bytes, label: str) -> OpenDocument:
    """Open a file.

    Args:
        data: The file, packed or flat.
        label: What its format is called in messages, such as "text document".

    Raises:
        ReadError: If it is encrypted or damaged, or would fill the memory when unpacked.
    """
    if not data.startswith(b"PK"):
        return OpenDocument(BytesIO(data), _flat_properties(data, label))
    check_size(data, label)
    archive = zipfile.ZipFile(BytesIO(data))
    if b"encryption-data" in _member(archive, _MANIFEST):
        raise locked(label)
    try:
        content = BytesIO(archive.read("content.xml"))
    except (KeyError, *UNREADABLE) as error:
        raise damaged(label) from error
    meta = None
    with suppress(etree.XMLSyntaxError):  # without properties a document is still one
        meta = next(iter(parse_xml(_member(archive, "meta.xml"))), None)
    return OpenDocument(content, properties_of(meta))


def body(content: BinaryIO, label: str) -> Any:
    """The element that holds what the document consists of, such as ``office:text``.

    Args:
        content: The XML that holds it.
        label: What the format is called in messages.

    Raises:
        ReadError: If it is damaged.
    """
    try:
        root = parse_xml(content.read())
    except etree.XMLSyntaxError as error:
        raise damaged(label) from error
    found = root.find(qname("office:body"))
    inner = None if found is None else next((e for e in found if isinstance(e.tag, str)), None)
    if inner is None:
        raise damaged(label)
    return inner


def events(content: BinaryIO, starts: str, ends: str, label: str) -> Iterator[tuple[str, Any]]:
    """Go through large XML: elements ``starts`` where they begin, ``ends`` where they end.

    What lies before the end of an element is forgotten when the next is asked for.

    Args:
        content: The XML, read as it is needed.
        starts: Name of elements such as "table:table".
        ends: Name of elements such as "table:table-row".
        label: What the format is called in messages.

    Yields:
        The name without its namespace, and the element.

    Raises:
        ReadError: If it is damaged.
    """
    wanted = (qname(starts), qname(ends))
    try:
        for event, element in etree.iterparse(
            content, events=("start", "end"), tag=wanted, resolve_entities=False, no_network=True,
            load_dtd=False, remove_comments=True, remove_pis=True,
        ):  # fmt: skip
            name = local(element)
            if event == "start" and element.tag == wanted[0]:
                yield name, element
            elif event == "end" and element.tag == wanted[1]:
                yield name, element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise damaged(label) from error


def count(element: Any, name: str) -> int:
    """How often an ``element`` is repeated, as the attribute ``name`` says; 1 where it does not."""
    value = element.get(qname(name), "1")
    return max(1, int(value)) if value.isdecimal() and len(value) < 10 else 1


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except (KeyError, *UNREADABLE):
        return b""


def _flat_properties(data: bytes, label: str) -> Properties:
    """The properties in a flat file; they stand before its content."""
    for name, element in events(BytesIO(data), "office:body", "office:meta", label):
        return properties_of(element) if name == "meta" else Properties()
    return Properties()
