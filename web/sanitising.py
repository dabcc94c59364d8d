"""HTML of documents, made harmless: it keeps its form, and can neither run nor load anything."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

#: What is left of a document's markup: what says how its text is to be read.
_TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
#: What goes with all that stands in it.
_GONE = frozenset(
    [
        "button",
        "head",
        "iframe",
        "math",
        "nav",
        "noscript",
        "object",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
    ]
)
_ATTRIBUTES = {
    "a": {"href"},
    "col": {"span"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "*": {"dir", "lang"},
}
_SCHEMES = frozenset(("http", "https", "mailto"))
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags=set(_GONE),
    attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
    url_schemes=set(_SCHEMES),
    link_rel="noopener noreferrer nofollow",
    strip_comments=True,
)


def harmless(html: str) -> Markup:
    """HTML of a document with nothing left in it but text, its form, and links to other sites.

    Pictures, scripts, styles, forms, frames and every attribute that could make a browser act are
    gone; links that lead nowhere from here lose their address.
    """
    return Markup(_CLEANER.clean(html))  # noqa: S704 - this is what makes it safe


def from_markdown(text: str) -> Markup:
    """Markdown as harmless HTML; HTML within it is text."""
    return harmless(_MARKDOWN.render(text))
