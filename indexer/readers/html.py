"""HTML pages: the main content with its headings, without the menus around it.

Parsed with selectolax's Lexbor: it builds the tree a browser builds, however broken the markup, is
three times as fast as lxml on the Python documentation, and keeps text nested thousands deep, which
libxml2 cuts off. Nothing here recurses, and nothing is ever fetched. What is content and what is
furniture is decided in `indexer.readers.page`, on a flat copy of the tree.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.encoding import declared_charset, decode
from indexer.readers.lines import names
from indexer.readers.page import (
    Content,
    Tree,
    content_of,
    first_level_headings,
    flatten,
    names_page,
)
from indexer.readers.page_meta import page_metadata
from indexer.readers.page_writer import write
from search.errors import ReadError
from search.models import Document

# Deeper than any page made for people. The HTML algorithm looks through all open elements at every
# tag, so that a page nested n deep takes n² steps.
_DEPTH_LIMIT = 500
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?:script|style|title|textarea|xmp|noscript)\b.*?(?:</(?:script|style|title|textarea|xmp"
    r"|noscript)|\Z)"
    r"|<(/?)([a-z][a-z0-9:-]*)[^<>]*>",
    re.IGNORECASE | re.DOTALL,
)
# Elements that hold nothing or may be left open without anything nesting in them.
_NOT_COUNTED = names(
    "area base br col embed hr img input link meta param source track wbr"
    " html head body h1 h2 h3 h4 h5 h6 p li dt dd tr td th thead tbody tfoot colgroup rp rt"
)


def read(data: bytes, _name: str) -> Document:
    """Read an HTML page.

    Raises:
        ReadError: If the bytes are no text.
    """
    markup = decode(data, declared_charset(data))
    if markup is None:
        raise ReadError("The HTML page holds something else than text.")
    builder = DocumentBuilder("html")
    tree = parse(markup)
    content = content_of(tree)
    write(builder, tree, content)
    said = page_metadata(tree.meta, tree.lang)
    return builder.build(
        _title(tree, content, builder.first_heading),
        author=said.author,
        date=said.date,
        language=said.language,
    )


def write_fragment(builder: DocumentBuilder, markup: str) -> None:
    """Write a piece of HTML that stands within another format, headings included."""
    tree = parse(markup)
    write(builder, tree, content_of(tree, whole=True))


def parse(markup: str) -> Tree:
    """The tree of a page, whatever its markup."""
    parser = LexborHTMLParser(_limit_depth(markup.replace("\0", "")))
    return flatten(parser.root)


def _limit_depth(markup: str) -> str:
    """The markup without the tags that nest deeper than ``_DEPTH_LIMIT``; their text stays."""
    if markup.count("<") <= _DEPTH_LIMIT:
        return markup
    kept, done, depth = [], 0, 0
    for match in _TAG.finditer(markup):
        tag = match[2]
        if not tag or tag.lower() in _NOT_COUNTED or match[0].endswith("/>"):
            continue
        closing = bool(match[1])
        # Options are no text of the page, and thousands of them take the parser long as well.
        option = tag.lower() in ("option", "optgroup")
        depth += not closing and not option
        if depth > _DEPTH_LIMIT or option:
            kept.append(markup[done : match.start()])
            done = match.end()
        depth = max(depth - (closing and not option), 0)
    kept.append(markup[done:])
    return " ".join(kept)


def _title(tree: Tree, content: Content, first_heading: str) -> str:
    """The page's own name: <title> without the site's, if a heading of the page says which."""
    headings = [one_line(text) for text in first_level_headings(tree, content)]
    named = (heading for heading in headings if names_page(heading, tree.title))
    title = one_line(tree.title).strip(" -–—|·:»")
    return next(named, "") or next(iter(headings), "") or title or first_heading
