"""What is in an e-book: its package document, its table of contents, and its files."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import unquote

from lxml import etree

from indexer.languages import tidy_language
from indexer.readers.base import one_line
from indexer.readers.dates import iso_date
from indexer.readers.page_meta import Metadata
from indexer.readers.titles import real_title
from indexer.readers.xml_parser import inner_text, local_name, parse_xml
from search.errors import ReadError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# These only hide fonts from being copied out of the book.
_FONT_OBFUSCATION = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PAGE_TYPES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")
_PAGE_SUFFIXES = (".xhtml", ".html", ".htm")
_NCX_TYPE = "application/x-dtbncx+xml"
# A long novel has two million characters; these are far beyond any book.
_MEMBER_LIMIT = 50_000_000
_BOOK_LIMIT = 300_000_000
_TOC_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Chapter:
    """A file of the book's text.

    Attributes:
        path: Where it lies in the archive.
        title: What the table of contents calls it, or "" if that does not name it.
        level: How deep in the table of contents it stands, 1 at the top; 0 if it does not.
    """

    path: str
    title: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Package:
    """What the package document says.

    Attributes:
        chapters: The files of the text in reading order, without the table of contents.
        title: The book's title, or "".
        metadata: Its author, date and language.
    """

    chapters: tuple[Chapter, ...]
    title: str = ""
    metadata: Metadata = field(default_factory=Metadata)


class Book:
    """The files of an e-book; counts what it unpacks."""

    def __init__(self, data: bytes) -> None:
        """Open the archive.

        Raises:
            ReadError: If it is none.
        """
        try:
            self._archive = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise ReadError(
                "The e-book is cut off or damaged.", "Fetch it again and index again."
            ) from error
        self._names = {name.lower(): name for name in reversed(self._archive.namelist())}
        self._left = _BOOK_LIMIT

    def names(self) -> list[str]:
        """The paths of all files, in the order of the archive."""
        return self._archive.namelist()

    def file(self, path: str) -> bytes | None:
        """The bytes of the file at ``path``, or None if there is none.

        Raises:
            ReadError: If it is encrypted, damaged, or larger than any part of a book.
        """
        name = self._names.get(path.lower())
        if name is None:
            return None
        info = self._archive.getinfo(name)
        if info.flag_bits & 1:
            raise _protected()
        try:
            with self._archive.open(info) as stream:
                data = stream.read(min(_MEMBER_LIMIT, self._left) + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise ReadError(
                f'The part "{one_line(name)}" of the e-book is damaged.',
                "Fetch the e-book again and index again.",
            ) from error
        if len(data) > min(_MEMBER_LIMIT, self._left):
            raise ReadError(
                "The e-book unpacks to more than any book holds.", "Leave it out of the folder."
            )
        self._left -= len(data)
        return data

    def tree(self, path: str) -> etree._Element | None:
        """The root of the XML file at ``path``, or None if there is none that can be read.

        Raises:
            ReadError: As `file`.
        """
        data = self.file(path)
        return parse_xml(data, recover=True) if data else None


def package_of(book: Book) -> Package:
    """What the package document of the book says; one without is read in the order of its files.

    Raises:
        ReadError: If the text of the book is encrypted.
    """
    path = _package_path(book)
    root = book.tree(path) if path else None
    items = _manifest(root, path) if root is not None else {}
    spine = _spine(root, items) if root is not None else []
    if not spine:
        pages = sorted(name for name in book.names() if name.lower().endswith(_PAGE_SUFFIXES))
        spine = [_Item(name, "", frozenset()) for name in pages]
    _refuse_protected(book, {item.path for item in spine})
    titles = _table_of_contents(book, list(items.values()))
    chapters = tuple(
        Chapter(item.path, *titles.get(item.path, ("", 0)))
        for item in spine
        if "nav" not in item.properties
    )
    if root is None:
        return Package(chapters)
    title = next(filter(None, (real_title(text) for text in _metadata(root, "title"))), "")
    return Package(chapters, title, _said(root))


@dataclass(frozen=True, slots=True)
class _Item:
    path: str
    kind: str
    properties: frozenset[str]


def _package_path(book: Book) -> str:
    container = book.tree(_CONTAINER)
    if container is not None:
        for node in _elements(container, "rootfile"):
            if path := _resolve("", node.get("full-path") or ""):
                return path
    return next((name for name in book.names() if name.lower().endswith(".opf")), "")


def _manifest(root: etree._Element, path: str) -> dict[str, _Item]:
    items = {}
    for node in _elements(root, "item"):
        if target := _resolve(path, node.get("href") or ""):
            properties = frozenset((node.get("properties") or "").split())
            kind = (node.get("media-type") or "").lower()
            items[node.get("id") or target] = _Item(target, kind, properties)
    return items


def _spine(root: etree._Element, items: dict[str, _Item]) -> list[_Item]:
    named = (items.get(node.get("idref") or "") for node in _elements(root, "itemref"))
    pages = (
        item
        for item in named
        if item and (item.kind in _PAGE_TYPES or item.path.lower().endswith(_PAGE_SUFFIXES))
    )
    return list(dict.fromkeys(pages))


def _metadata(root: etree._Element, name: str) -> Iterator[str]:
    """The values of a Dublin Core element of the package."""
    for box in _elements(root, "metadata"):
        for node in _elements(box, name):
            if text := one_line(inner_text(node)):
                yield text


def _said(root: etree._Element) -> Metadata:
    modified = (
        inner_text(node)
        for node in _elements(root, "meta")
        if node.get("property") == "dcterms:modified"
    )
    dates = (iso_date(text) for text in (*_metadata(root, "date"), *modified))
    languages = (tidy_language(text) for text in _metadata(root, "language"))
    return Metadata(
        author=", ".join(dict.fromkeys(_metadata(root, "creator"))),
        date=next(filter(None, dates), ""),
        language=next(filter(None, languages), ""),
    )


def _refuse_protected(book: Book, pages: set[str]) -> None:
    """Refuse a book whose text, not only its fonts, is encrypted."""
    root = book.tree(_ENCRYPTION)
    if root is None:
        return
    for entry in _elements(root, "encrypteddata"):
        methods = {node.get("Algorithm") for node in _elements(entry, "encryptionmethod")}
        targets = {unquote(node.get("URI") or "") for node in _elements(entry, "cipherreference")}
        if targets & pages and not methods <= {*_FONT_OBFUSCATION}:
            raise _protected()


def _protected() -> ReadError:
    return ReadError(
        "The e-book is protected against copying (DRM).", "Index a copy without the protection."
    )


def _table_of_contents(book: Book, items: list[_Item]) -> dict[str, tuple[str, int]]:
    """The title and the level of each file the table of contents names; the first name counts."""
    found: dict[str, tuple[str, int]] = {}
    for item in items:
        if "nav" in item.properties and (root := book.tree(item.path)) is not None:
            entries = list(_nav_entries(root))
        elif item.kind == _NCX_TYPE and (root := book.tree(item.path)) is not None:
            entries = list(_ncx_entries(root))
        else:
            continue
        for target, title, level in entries:
            if (path := _resolve(item.path, target)) and title:
                found.setdefault(path, (title, min(level, _TOC_DEPTH)))
    return found


def _nav_entries(root: etree._Element) -> Iterator[tuple[str, str, int]]:
    """The links of the navigation document of EPUB 3, with how many lists deep they stand."""
    for nav in _elements(root, "nav"):
        kinds = [str(value) for name, value in nav.items() if str(name).endswith("type")]
        if kinds and "toc" not in kinds[0].split():
            continue
        for link in _elements(nav, "a"):
            depth = sum(local_name(above) == "ol" for above in link.iterancestors())
            yield link.get("href") or "", one_line(inner_text(link)), max(depth, 1)


def _ncx_entries(root: etree._Element) -> Iterator[tuple[str, str, int]]:
    """The entries of the table of contents of EPUB 2."""
    for point in _elements(root, "navpoint"):
        label = next((child for child in point if local_name(child) == "navlabel"), None)
        target = next((child for child in point if local_name(child) == "content"), None)
        if label is not None and target is not None:
            depth = 1 + sum(local_name(above) == "navpoint" for above in point.iterancestors())
            yield target.get("src") or "", one_line(inner_text(label)), depth


def _elements(root: etree._Element, name: str) -> Iterator[etree._Element]:
    return (node for node in root.iter() if local_name(node) == name)


def _resolve(base: str, target: str) -> str:
    """The path in the archive of a link in the file ``base``; "" if it leads out of it."""
    target = unquote(target.partition("#")[0])
    if not target or ":" in target.partition("/")[0]:
        return ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(base), target)).lstrip("/")
    return "" if path.startswith("..") else path
