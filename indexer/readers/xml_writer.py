"""Writes an XML document: prose as prose, data with the names of its elements."""

from __future__ import annotations

import html
import re

from lxml import etree

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.html import write_fragment
from indexer.readers.lines import BULLET, add_row
from indexer.readers.xml_parser import inner_text, local_name
from indexer.readers.xml_vocabulary import (
    ABOUT,
    ABOUT_TEXT,
    BLOCKS,
    DROPPED,
    FEED_FIELDS,
    ITEMS,
    LITERAL,
    ROWS,
    TITLES,
    UNHEADED,
    WORDED,
    WORDED_OF,
    Style,
)

_MARKUP = re.compile(r"<(?:p|br|div|a|b|i|em|strong|img|ul|ol|h[1-6]|table|span|pre)\b", re.I)
# A value up to this length stands behind the name of its element; longer ones are prose.
_VALUE = 200
# A title heads what it stands in if there is so much more of it.
_HEADED = 100
# A long run without a space is no word: a picture in letters, a key.
_UNREADABLE = re.compile(r"[\x21-\x7e]{200,}")
# The entries of feeds, and the feeds themselves.
_MARKED_UP = frozenset({"content", "description", "encoded", "summary"})
_ENTRIES = frozenset({"channel", "feed", "item", "entry"})
_NAMESPACED = "{http"


class Writer:
    """Goes down the tree, which libxml2 keeps less than 256 levels deep."""

    def __init__(self, builder: DocumentBuilder, style: Style) -> None:
        self._builder = builder
        self._style = style
        self._is_prose = style is Style.PROSE
        self._level = 0
        self._headed: dict[etree._Element, int] = {}
        self._buffer: list[str] = []
        self._fields: list[str] = []
        self._prefix = ""

    def write(self, root: etree._Element) -> None:
        """Write the document."""
        self._element(root, inline=False)
        self._flush()
        self._end_fields()

    def _element(self, node: etree._Element, *, inline: bool) -> None:
        name = local_name(node)
        if name == "teiheader":
            for abstract in node.iter("{*}abstract"):
                self._element(abstract, inline=False)
        if name in DROPPED or self._is_hidden(node, name):
            return
        inline = inline and name not in BLOCKS
        if not inline:
            self._flush()
            if self._as_unit(node, name):
                return
            self._end_fields()
            self._head_entry(node, name)
            self._prefix = BULLET if name in ITEMS else self._prefix
        self._words(node)
        self._buffer.append(node.text or "")
        mixed = inline or _is_mixed(node)
        for child in node:
            self._element(child, inline=mixed)
            self._buffer.append(child.tail or "")
        if not inline:
            self._flush()
            self._end_fields()
            if level := self._headed.pop(node, 0):
                self._builder.leave(level)
                self._level = level - 1

    def _is_hidden(self, node: etree._Element, name: str) -> bool:
        """Whether a node only says something about the document, which is kept elsewhere."""
        above = node.getparent()
        about = self._is_prose and above is not None and local_name(above) in ABOUT
        return about and name not in ABOUT_TEXT

    def _as_unit(self, node: etree._Element, name: str) -> bool:
        """Write an element that is written as a whole; False for any other."""
        if name in TITLES and self._is_heading(node):
            self._heading(node)
        elif name in LITERAL:
            text = inner_text(node)
            self._builder.block(self._take_prefix() + text.strip("\n"), preformatted=True)
        elif name in ROWS and self._is_prose:
            add_row(self._builder, [inner_text(cell) for cell in node])
        elif not self._is_prose and not _has_elements(node):
            self._field(node)
        elif self._style is Style.FEED and name in _MARKED_UP:
            self._end_fields()
            write_fragment(self._builder, etree.tostring(node, encoding="unicode", with_tail=False))
        else:
            return False
        return True

    # Headings

    def _is_heading(self, node: etree._Element) -> bool:
        above = node.getparent()
        if above is None:
            return False
        if self._is_prose:
            return local_name(above) not in UNHEADED
        if self._style is Style.FEED:
            return local_name(above) in _ENTRIES
        if _has_elements(node):
            return False
        return any(
            child is not node and (_has_elements(child) or len(child.text or "") > _HEADED)
            for child in above
        )

    def _heading(self, node: etree._Element) -> None:
        self._end_fields()
        box = node.getparent()
        while box is not None and local_name(box) in ABOUT and box.getparent() is not None:
            box = box.getparent()
        text = one_line(_title_in(node))
        if box is None or not text:
            return
        if box in self._headed and self._style is Style.FEED:
            return
        if box in self._headed:  # a second title: the short form, the subtitle
            self._builder.block(text)
            return
        self._level += 1
        self._headed[box] = self._level
        self._builder.heading(self._level, text)

    def _head_entry(self, node: etree._Element, name: str) -> None:
        """Begin an entry of a feed with its title, wherever in it that stands."""
        if self._style is Style.FEED and name in _ENTRIES:
            for child in node:
                if local_name(child) == "title" and not self._headed.get(node):
                    self._heading(child)

    # Data

    def _field(self, node: etree._Element) -> None:
        """Write a value with its name before it, and its attributes."""
        label = _name_of(node)
        text = inner_text(node).strip()
        if self._style is Style.FEED:
            if label.lower() not in FEED_FIELDS or "://" in text[:10]:
                return
            text = html.unescape(text)
        text = _UNREADABLE.sub("…", text)
        if _MARKUP.search(text):
            self._end_fields()
            write_fragment(self._builder, text)
        elif len(text) > _VALUE:
            self._end_fields()
            self._builder.block(text)
        elif given := ", ".join(filter(None, [one_line(text), self._attributes(node)])):
            self._fields.append(f"{label}: {given}")

    def _end_fields(self) -> None:
        """Write the values gathered as one block of lines."""
        self._builder.block("\n".join(self._fields), preformatted=True)
        self._fields = []

    def _attributes(self, node: etree._Element) -> str:
        """The attributes of an element of data that have no namespace, such as "version 1.2"."""
        if self._style is Style.FEED:
            return ""
        return ", ".join(
            f"{name} {one_line(value)}"
            for name, value in _items(node)
            if not name.startswith(_NAMESPACED) and value.strip() and len(value) <= _VALUE
        )

    # Prose

    def _words(self, node: etree._Element) -> None:
        """Gather what the attributes of an element say to readers."""
        if not self._is_prose:
            if given := self._attributes(node):
                self._fields.append(f"{_name_of(node)}: {given}")
            return
        worded = WORDED_OF.get(local_name(node), WORDED)
        for name, value in _items(node):
            if name.rpartition("}")[2].lower() in worded and value.strip():
                self._buffer.append(f" {value} ")

    def _flush(self) -> None:
        text = one_line("".join(self._buffer))
        self._buffer.clear()
        if text:
            self._builder.block(self._take_prefix() + text)

    def _take_prefix(self) -> str:
        prefix, self._prefix = self._prefix, ""
        return prefix


def _name_of(node: etree._Element) -> str:
    """An element's name as it is written; in a damaged file it may have a prefix that is none."""
    return str(node.tag).rpartition("}")[2]


def _title_in(node: etree._Element) -> str:
    """The title in an element that holds one; that of an outline holds more beside it."""
    above = node.getparent()
    if above is not None and local_name(above) == "opml":
        return next((inner_text(child) for child in node if local_name(child) == "title"), "")
    return inner_text(node)


def _is_mixed(node: etree._Element) -> bool:
    """Whether an element holds text beside its children, so that they are parts of a sentence."""
    return bool((node.text or "").strip()) or any((child.tail or "").strip() for child in node)


def _has_elements(node: etree._Element) -> bool:
    return any(isinstance(child.tag, str) for child in node)


def _items(node: etree._Element) -> list[tuple[str, str]]:
    """The attributes of an element with their values."""
    return [(str(name), str(value)) for name, value in node.items()]
