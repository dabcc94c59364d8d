"""What is passed around: small frozen records, named as the field names them.

A *document* is one text with its sections; a *passage* is a span of that text short enough to be
embedded; a *hit* is a passage that answers a query. All offsets count characters (Unicode code
points) in the text named, end exclusive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from search.requirements import NOTHING, Requirements


class Mode(StrEnum):
    """How a query is matched: by both legs together, by meaning alone, or by words alone."""

    HYBRID = "hybrid"
    SEMANTIC = "semantic"
    KEYWORD = "keyword"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters, ``text[start:end]``.

    Attributes:
        start: The first of them.
        end: One past the last.
    """

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
        place: Where in the file this is, in words, for formats whose parts are neither headings
            nor pages: "rows 2–41", "00:01:05–00:02:10"; "" elsewhere.
    """

    start: int
    body: int
    end: int
    headings: tuple[str, ...] = ()
    page: int | None = None
    place: str = ""


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
        author: Who wrote it, or "" where the file does not say.
        date: When it was written or last changed, as the file itself says: "2024", "2024-06" or
            "2024-06-30"; "" where it does not.
        language: What it is written in, as an ISO 639-1 code such as "de"; "" if that is not known.
    """

    title: str
    kind: str
    text: str
    sections: tuple[Section, ...]
    pages: int | None = None
    textless_pages: int = 0
    author: str = ""
    date: str = ""
    language: str = ""

    @property
    def scanned(self) -> str:
        """What to tell of a document most of whose pages are pictures without text; else ""."""
        return scanned(self.pages or 0, self.textless_pages)


def scanned(pages: int, textless: int) -> str:
    """What to tell of a document of so many pages, of which so many are textless.

    Returns:
        For example "scanned, 12 of 14 pages have no text"; "" if no more than half of them lack it.
    """
    if textless * 2 <= pages:
        return ""
    return f"scanned, {textless:,} of {pages:,} pages have no text"


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a document's text, the unit that is embedded and found.

    Attributes:
        start: First character in the document's text.
        end: One past the last character.
        headings: The heading trail of the section it stands in.
        page: Page number counted from 1, or None.
        place: Where in the file it stands, in words; see `Section`.
    """

    start: int
    end: int
    headings: tuple[str, ...] = ()
    page: int | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A validated question; made by `search.queries.parse`.

    Attributes:
        text: The question as it was typed, stripped, without control characters.
        mode: How to match it.
        limit: How many hits at the most.
        per_document: How many passages of one document at the most.
        words: What of it is asked: the text without the query language's signs and filters.
        prefixes: What words that are asked for begin with: "photosynth" for ``photosynth*``.
        requirements: What a passage must meet to be found at all.
        offset: How many of the best hits to pass over.
        min_score: Least score of a hit, or None.
        explain: Whether each hit is to say how it came about.
        remarks: What of the text was not understood and is taken as words; sentences.
    """

    text: str
    mode: Mode = Mode.HYBRID
    limit: int = 10
    per_document: int = 2
    words: str = ""
    prefixes: tuple[str, ...] = ()
    requirements: Requirements = NOTHING
    offset: int = 0
    min_score: float | None = None
    explain: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """What the encoder is given."""
        return " ".join((self.words, *self.prefixes)).strip()


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a hit came by its score: ``score = meaning + words + feedback``, but for rounding.

    Attributes:
        semantic_rank: Which place it takes by its cosine, from 1; None if it is not near, or no
            candidate by meaning.
        keyword_rank: Which place it takes by its BM25 score, from 1; None if it shares no word, or
            is no candidate by words.
        terms: The index terms that it shares with the query, and what each gives to its BM25
            score; the greatest first.
        greatest_bm25: The BM25 score that no passage could exceed.
        understood: How much cosines count for this query, 0 to 1 (see `search.understanding`).
        meaning: What the cosine gives to the score.
        words: What the BM25 score gives to it.
        feedback: What being like the best passages gives to it.
    """

    semantic_rank: int | None
    keyword_rank: int | None
    terms: dict[str, float]
    greatest_bm25: float
    understood: float
    meaning: float
    words: float
    feedback: float


@dataclass(frozen=True, slots=True)
class Meaning:
    """What carried a passage's nearness in meaning, as spans of its text; see `search.highlights`.

    Attributes:
        sentence: The sentence that stands out, or None if none does.
        words: The words within it that carried most, in the order of the text.
    """

    sentence: Span | None = None
    words: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Shared:
    """Two passages of two documents that are nearest to one another; see `search.similar`.

    Attributes:
        cosine: Their cosine.
        own_id: Number of the passage of the document that was asked about, …
        own_text: … what it says, …
        own_page: … and its page, or None.
        passage_id: Number of the passage of the document that was found, …
        text: … what that one says, …
        page: … and its page, or None.
    """

    cosine: float
    own_id: int
    own_text: str
    own_page: int | None
    passage_id: int
    text: str
    page: int | None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that answers a query.

    Attributes:
        rank: Place among all hits, from 1, those included that were passed over.
        score: What the hits are ordered by; its scale depends on the mode (see `search.fusion`).
        cosine: Cosine similarity of query and passage, or None if no meaning was compared.
        bm25: BM25 score of the query's words in the passage, or None if no words were compared.
        passage_id: Number of the passage, fixed for as long as the passage stands unchanged.
        document_id: Number of the document, kept when the document is edited or moved.
        path: Where the document lies, as text fit to be shown.
        title: The document's title, or its file name where it has none.
        kind: Format name.
        author: Who wrote the document, or "".
        date: Its date as `Document.date`, or "".
        language: Its language as an ISO 639-1 code, or "".
        page: Page number counted from 1, or None.
        headings: The heading trail.
        place: Where in the file the passage stands, in words, such as "rows 2–41"; or "".
        text: The passage itself.
        start: Its first character in the document's text.
        end: One past its last character there.
        marks: Spans of ``text`` that match words or phrases of the query.
        more_in_document: Further passages of this document that matched and do not stand at this
            or a better rank; 0 unless this is the document's last hit in the answer.
        also_in: How many other documents have a passage that says the same.
        weak: Whether little speaks for it: it comes hardly nearer to the query than this
            collection does to unrelated ones (see `search.unanswered`).
        explanation: How it came by its score, if the query asks for that.
        meaning: What of the text carried its nearness in meaning, if that was asked for and
            something stands out; never among ``marks``.
        shared: For a document found for being like another one: the passages that make it so, the
            nearest pair first.
        rerank_score: What the second stage gave it, or None if that did not look at it.
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
    also_in: int = 0
    author: str = ""
    date: str = ""
    language: str = ""
    place: str = ""
    weak: bool = False
    explanation: Explanation | None = None
    meaning: Meaning | None = None
    shared: tuple[Shared, ...] = ()
    rerank_score: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave.

    Attributes:
        query: The query as it was understood.
        mode: The mode that produced the hits; differs from ``query.mode`` after a fallback.
        hits: Best first.
        fallback: Why keyword search stood in for meaning, one sentence, or None.
        note: Anything else the asker should know, in sentences, or None.
        generation: Which state of the collection was asked.
        milliseconds: How long it took.
        total: How many passages match, before those are left out that say the same as another one
            or that are more of one document than asked for.
        total_is_lower_bound: Whether there may be more, because not all passages were looked at.
        more: Whether further hits follow these.
        unanswered: Whether nothing in the collection seems to answer the query, whatever hits there
            are (see `search.unanswered`).
        did_you_mean: The query with other spellings, if that may have been meant; or None.
        stages: How many milliseconds each stage took, in order, if the query asks to explain.
    """

    query: Query
    mode: Mode
    hits: tuple[Hit, ...]
    fallback: str | None
    note: str | None
    generation: int
    milliseconds: float = 0.0
    total: int = 0
    total_is_lower_bound: bool = False
    more: bool = False
    unanswered: bool = False
    did_you_mean: str | None = None
    stages: Mapping[str, float] = field(default_factory=dict)
