"""What is passed around: small frozen records, named as the field names them.

A *document* is one text with its sections; a *passage* is a span of that text short enough to be
embedded; a *hit* is a passage that answers a query. All offsets count characters (Unicode code
points) in the text named, end exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """How a query is matched: by both legs together, by meaning alone, or by words alone."""

    HYBRID = "hybrid"
    SEMANTIC = "semantic"
    KEYWORD = "keyword"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters, ``text[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document under one heading and on one page.

    ``text[start:body]`` is the section's own heading line (empty where a section only goes on on a
    new page), ``text[body:end]`` what stands beneath it.

    Attributes:
        start: Where the heading line begins.
        body: Where the body begins.
        end: Where the body ends.
        headings: The heading trail, outermost first, the section's own heading last.
        page: Page number counted from 1, or None where the format has no pages.
    """

    start: int
    body: int
    end: int
    headings: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One readable text.

    Attributes:
        title: The document's own title, or "" where it has none.
        kind: Format name, such as "pdf" or "html".
        text: The whole text, headings included.
        sections: Sections in reading order; they cover the text without overlapping.
        pages: Number of pages, or None where the format has none.
        textless_pages: How many of the pages hold no text (scans, pictures).
    """

    title: str
    kind: str
    text: str
    sections: tuple[Section, ...]
    pages: int | None = None
    textless_pages: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a document's text, the unit that is embedded and found.

    Attributes:
        start: First character in the document's text.
        end: One past the last character.
        headings: The heading trail of the section it stands in.
        page: Page number counted from 1, or None.
    """

    start: int
    end: int
    headings: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A validated question.

    Attributes:
        text: The question, stripped, without control characters.
        mode: How to match it.
        limit: How many hits at the most.
        per_document: How many passages of one document at the most.
    """

    text: str
    mode: Mode = Mode.HYBRID
    limit: int = 10
    per_document: int = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that answers a query.

    Attributes:
        rank: Place in the answer, from 1.
        score: What the hits are ordered by; its scale depends on the mode (see `search.fusion`).
        cosine: Cosine similarity of query and passage, or None if no meaning was compared.
        bm25: BM25 score of the query's words in the passage, or None if no words were compared.
        passage_id: Number of the passage, fixed for as long as the passage stands unchanged.
        document_id: Number of the document, kept when the document is edited or moved.
        path: Where the document lies, as text fit to be shown.
        title: The document's title, or its file name where it has none.
        kind: Format name.
        page: Page number counted from 1, or None.
        headings: The heading trail.
        text: The passage itself.
        start: Its first character in the document's text.
        end: One past its last character there.
        marks: Spans of ``text`` that match words of the query.
        more_in_document: Further passages of this document that matched but are not shown.
    """

    rank: int
    score: float
    cosine: float | None
    bm25: float | None
    passage_id: int
    document_id: int
    path: str
    title: str
    kind: str
    page: int | None
    headings: tuple[str, ...]
    text: str
    start: int
    end: int
    marks: tuple[Span, ...] = ()
    more_in_document: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave.

    Attributes:
        query: The query as it was understood.
        mode: The mode that produced the hits; differs from ``query.mode`` after a fallback.
        hits: Best first.
        fallback: Why keyword search stood in for meaning, one sentence, or None.
        note: Anything else the asker should know, one sentence, or None.
        generation: Which state of the collection was asked.
        milliseconds: How long it took.
    """

    query: Query
    mode: Mode
    hits: tuple[Hit, ...]
    fallback: str | None
    note: str | None
    generation: int
    milliseconds: float
