"""XML: documents in the common vocabularies with their headings, feeds, and data of any kind."""

from __future__ import annotations

import html
import re

from lxml import etree

from indexer.readers.base import DocumentBuilder
from indexer.readers.encoding import declared_charset, decode
from indexer.readers.xml_metadata import xml_metadata
from indexer.readers.xml_parser import inner_text, local_name, parse_xml
from indexer.readers.xml_vocabulary import Style, style_of
from indexer.readers.xml_writer import Writer
from search.errors import ReadError
from search.models import Document

_NO_TEXT = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<!DOCTYPE[^<>\[]*(?:\[.*?\])?\s*>", re.S)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_TAG = re.compile(r"<[/\w][^<>]*>")
# The parser stops at errors that are bad enough; then the tags alone are taken out.
_ENOUGH = 0.8


def read(data: bytes, _name: str) -> Document:
    """Read an XML file.

    Raises:
        ReadError: If the bytes are no text.
    """
    text = decode(data, declared_charset(data))
    if text is None:
        raise ReadError("The XML file holds something else than text.")
    root = parse_xml(data)
    if root is None:
        root = parse_xml(data, recover=True)
        if root is not None and not _holds_most(root, text):
            root = None
    if root is None:
        return _without_tags(text).build()
    style = style_of(local_name(root))
    title, said = xml_metadata(root, style)
    builder = DocumentBuilder("xml")
    Writer(builder, style).write(root)
    if not builder.build().text:  # all there is stands in what is usually left out
        builder = _without_tags(text)
    return builder.build(
        title or (builder.first_heading if style is Style.PROSE else ""),
        author=said.author,
        date=said.date,
        language=said.language,
    )


def _holds_most(root: etree._Element, text: str) -> bool:
    """Whether what the parser could recover is nearly all the text there is."""
    return len("".join(inner_text(root).split())) >= _ENOUGH * len("".join(_plain(text).split()))


def _plain(text: str) -> str:
    """The text with a blank line in place of each tag."""
    text = _CDATA.sub(lambda match: html.escape(match[1]), _NO_TEXT.sub("", text))
    return html.unescape(_TAG.sub("\n\n", text))


def _without_tags(text: str) -> DocumentBuilder:
    builder = DocumentBuilder("xml")
    for block in re.split(r"\n\s*\n", _plain(text)):
        builder.block(block)
    return builder
