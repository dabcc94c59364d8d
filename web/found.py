"""The passages of one document that answer a query, as its page lists and marks them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from search.analysis import terms
from search.engine import Engine
from search.models import Document, Hit, Query, Span
from search.queries import HITS_LIMIT, parse
from search.snippets import matched_words
from web import links
from web.catalogue import Texts
from web.wording import trail, whereabouts

#: How much of a passage without a heading of its own stands in the list of a document's answers.
_GLIMPSE = 80


@dataclass(frozen=True, slots=True)
class Found:
    """A passage of the document that answers the query.

    Attributes:
        url: The page at that passage.
        where: Its page or place, or "".
        label: Its heading if no other has that, or the text it begins with.
        is_here: Whether it is the passage being shown.
    """

    url: str
    where: str
    label: str
    is_here: bool


def hits_in(engine: Engine, number: int, query: Query) -> list[Hit]:
    """The passages of a document that answer a query, in reading order.

    Args:
        engine: The engine to ask.
        number: The document's number.
        query: The query.

    Raises:
        QueryError: The query is none that could have been asked.
        CollectionError: The collection is damaged, cannot be read or was deleted.
    """
    everywhere = parse(query.text, query.mode, HITS_LIMIT, HITS_LIMIT)
    hits = (hit for hit in engine.search(everywhere).hits if hit.document_id == number)
    return sorted(hits, key=lambda hit: hit.start)


def marks_in(
    document: Document, passage: Span | None, query: Query | None, hits: Sequence[Hit]
) -> list[Span]:
    """Where in a document the passage on show has words of the query.

    Args:
        document: The document.
        passage: The passage, or None.
        query: The query that led to it, or None.
        hits: As `hits_in` gives them.
    """
    if passage is None or query is None:
        return []
    for hit in hits:
        if passage == Span(hit.start, hit.end):
            found: Sequence[Span] = hit.marks
            break
    else:
        language = document.language
        text = document.text[passage.start : passage.end]
        found = matched_words(text, terms(query.meaning or query.text, language), language)
    return [Span(span.start + passage.start, span.end + passage.start) for span in found]


def listed(
    hits: Sequence[Hit], query: Query | None, passage: Span | None, say: Texts, view: str
) -> list[Found]:
    """The hits as the page lists them.

    Args:
        hits: As `hits_in` gives them.
        query: The query.
        passage: The passage on show, or None.
        say: The language of the page.
        view: How the document is shown.
    """
    labels = Counter(map(_label, hits))
    return [
        Found(
            url=links.document_page(hit.document_id, query, hit.start, hit.end, view=view),
            where=whereabouts(hit.kind, hit.page, hit.place, say),
            label=_label(hit) if labels[_label(hit)] == 1 else _glimpse(hit),
            is_here=passage == Span(hit.start, hit.end),
        )
        for hit in hits
    ]


def _label(hit: Hit) -> str:
    """The heading above a passage, or how it begins."""
    headings = trail(hit.headings, hit.title)
    return headings[-1] if headings else _glimpse(hit)


def _glimpse(hit: Hit) -> str:
    """How a passage begins."""
    text = " ".join(hit.text[: 2 * _GLIMPSE].split())
    return text if len(text) <= _GLIMPSE else text[:_GLIMPSE].rpartition(" ")[0] + " …"
