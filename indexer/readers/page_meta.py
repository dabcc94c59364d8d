"""What a web page says of itself: who wrote it, when, and in what language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexer.languages import tidy_language
from indexer.readers.base import one_line
from indexer.readers.dates import iso_date

# Names of <meta> elements in lower case, the surest first: what publishers and libraries agreed on
# (Dublin Core, Highwire, Open Graph) before what only some programs write.
_AUTHORS = (
    "citation_author",
    "dc.creator",
    "dc:creator",
    "dcterm:creator",
    "dcterms.creator",
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
)
_DATES = (
    "article:published_time",
    "citation_publication_date",
    "citation_date",
    "datepublished",
    "dcterms.created",
    "dcterms.issued",
    "dcterms.date",
    "dc.date.issued",
    "dc.date",
    "dc:date",
    "date",
    "pubdate",
    "publishdate",
    "parsely-pub-date",
    "sailthru.date",
    "article:modified_time",
    "dcterms.modified",
    "last-modified",
)
_LANGUAGES = ("content-language", "dc.language", "dcterms.language", "og:locale", "language")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a document says of itself.

    Attributes:
        author: Its author or authors, or "".
        date: Its date as `indexer.readers.dates` gives it, or "".
        language: Its language as an ISO 639-1 code, or "".
    """

    author: str = ""
    date: str = ""
    language: str = ""


def page_metadata(declared: Mapping[str, Sequence[str]], lang: str) -> Metadata:
    """What the <meta> elements of a page say.

    Args:
        declared: The contents of the <meta> elements by name in lower case.
        lang: The ``lang`` of the page's root element, or "".
    """
    dates = (iso_date(text) for name in _DATES for text in declared.get(name, ()))
    languages = (tidy_language(text) for name in _LANGUAGES for text in declared.get(name, ()))
    return Metadata(
        author=_author(declared),
        date=next(filter(None, dates), ""),
        language=tidy_language(lang) or next(filter(None, languages), ""),
    )


def _author(declared: Mapping[str, Sequence[str]]) -> str:
    """The authors of the first name that gives any; addresses of profiles are none."""
    for name in _AUTHORS:
        given = dict.fromkeys(map(one_line, declared.get(name, ())))
        if people := [one for one in given if one and "://" not in one]:
            return ", ".join(people)
    return ""
