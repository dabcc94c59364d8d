"""What an XML document says of itself, whichever vocabulary it is in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lxml import etree

from indexer.languages import tidy_language
from indexer.readers.base import one_line
from indexer.readers.dates import iso_date
from indexer.readers.lines import names
from indexer.readers.page_meta import Metadata
from indexer.readers.titles import real_title
from indexer.readers.xml_parser import inner_text, local_name
from indexer.readers.xml_vocabulary import Style

# It stands at the beginning; further down are references and the like.
_LOOKED_AT = 3_000
_AUTHORS = names("author creator contrib ownername")
_DATES = names(
    "date pubdate pub-date published updated lastbuilddate created revdate issued datemodified"
    " datecreated"
)
_TITLES = names("title article-title book-title")
_LANGUAGES = names("language lang")
_NAMES = names("persname personname name string-name")
_NO_NAME = names("affiliation email address uri affil idno xref url")
# Other works and parts, which have titles and authors of their own.
_OTHERS = names(
    "item entry listbibl bibliography ref-list back biblioentry bibliomixed section sect1 chapter"
    " topicref figure journal-meta image"
)
_DUBLIN_CORE = "http://purl.org/dc/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def xml_metadata(root: etree._Element, style: Style) -> tuple[str, Metadata]:
    """The title of a document, and its author, date and language.

    Args:
        root: The document.
        style: How it is read; in data, an author or title further down is that of some record.
    """
    found = [
        node
        for node in islice(root.iter(), _LOOKED_AT)
        if (style is not Style.DATA or node.getparent() is root or _DUBLIN_CORE in str(node.tag))
        and not any(local_name(above) in _OTHERS for above in _below(root, node))
    ]
    titles = (real_title(inner_text(node)) for node in _called(found, _TITLES))
    authors = dict.fromkeys(filter(None, map(_person, _called(found, _AUTHORS))))
    dates = (iso_date(_date(node)) for node in _called(found, _DATES))
    languages = (
        tidy_language(node.get("ident") or inner_text(node)) for node in _called(found, _LANGUAGES)
    )
    declared = (tidy_language(node.get(_LANG) or "") for node in found)
    return next(filter(None, titles), ""), Metadata(
        author=", ".join(islice(authors, 20)),
        date=next(filter(None, dates), ""),
        language=tidy_language(root.get(_LANG) or root.get("lang") or "")
        or next(filter(None, languages), "")
        or next(filter(None, declared), ""),
    )


def _called(nodes: list[etree._Element], wanted: frozenset[str]) -> Iterator[etree._Element]:
    return (node for node in nodes if local_name(node) in wanted)


def _below(root: etree._Element, node: etree._Element) -> Iterator[etree._Element]:
    """The elements around a node, without the root."""
    return (above for above in node.iterancestors() if above is not root)


def _person(node: etree._Element) -> str:
    """The name in an author element, without where the author works."""
    named = next((child for child in node.iter() if local_name(child) in _NAMES), None)
    if named is not None:
        return _spaced(named)
    return one_line(
        " ".join([node.text or "", *(_spaced(c) for c in node if local_name(c) not in _NO_NAME)])
    )


def _spaced(node: etree._Element) -> str:
    return one_line(" ".join(part for part in node.itertext() if isinstance(part, str)))


def _date(node: etree._Element) -> str:
    """A date's text or what its attributes or parts say."""
    for name in ("when", "iso-8601-date", "value"):
        if given := node.get(name):
            return given
    parts = {local_name(child): one_line(child.text or "") for child in node}
    if parts.get("year"):
        numbers = (parts.get(name, "") for name in ("year", "month", "day"))
        return "-".join(number.zfill(2) for number in numbers if number)
    return inner_text(node)
