"""Documents and passages, as types."""

from __future__ import annotations

from pydantic import BaseModel


class Listed(BaseModel):
    """A document in a list.

    Attributes:
        id: The document's number.
        title: Its title, or its file name if it has none.
        kind: Its format.
        author: Who wrote it, or empty.
        date: When, as its file says, or empty.
        language: What it is written in, an ISO 639-1 code, or empty.
        paths: Every file with exactly this content.
        url: Its page.
        document_url: The document in this API.
    """

    id: int
    title: str
    kind: str
    author: str
    date: str
    language: str
    paths: list[str]
    url: str
    document_url: str


class DocumentList(BaseModel):
    """Documents of a collection, by number.

    Attributes:
        generation: Which state of the collection was asked.
        total: How many documents there are.
        documents: Those of this page.
        next_cursor: What to ask with for those that follow; null if there are none.
    """

    generation: int
    total: int
    documents: list[Listed]
    next_cursor: str | None


class Location(BaseModel):
    """Where a document lies.

    Attributes:
        path: A file on the disk.
        member: Where in it the document lies; empty if the file is the document.
    """

    path: str
    member: str


class SectionShape(BaseModel):
    """A stretch of a document under one heading and on one page.

    Attributes:
        start: Where its heading line begins.
        body: Where what stands beneath it begins.
        end: Where that ends.
        headings: The headings above it, outermost first, its own last.
        page: Page or slide, from 1; null where the format has none.
        place: Where in the file it stands, for formats whose parts are neither pages nor headings.
    """

    start: int
    body: int
    end: int
    headings: list[str]
    page: int | None
    place: str


class PassageShape(BaseModel):
    """A stretch of a document that can be found.

    Attributes:
        start: Its first character in the document's text.
        end: One past its last.
        headings: The headings above it, outermost first.
        page: Page or slide, from 1; null where the format has none.
        place: Where in the file it stands, for formats whose parts are neither pages nor headings.
    """

    start: int
    end: int
    headings: list[str]
    page: int | None
    place: str


class DocumentAnswer(BaseModel):
    """A document.

    Attributes:
        id: Its number.
        title: Its title, or its file name if it has none.
        kind: Its format.
        author: Who wrote it, or empty.
        date: When, as its file says, or empty.
        language: What it is written in, an ISO 639-1 code, or empty.
        paths: Every file with exactly this content.
        locations: The same, the path inside an archive apart.
        pages: How many pages it has; null where the format has none.
        textless_pages: How many of them hold no text.
        scanned: If most pages hold no text, a few words that say so; else empty.
        text: The whole text, headings included.
        sections: Its sections, in reading order.
        passages: What is searched, in reading order.
        url: Its page.
        original_url: The file it was read from, or null once that is gone.
    """

    id: int
    title: str
    kind: str
    author: str
    date: str
    language: str
    paths: list[str]
    locations: list[Location]
    pages: int | None
    textless_pages: int
    scanned: str
    text: str
    sections: list[SectionShape]
    passages: list[PassageShape]
    url: str
    original_url: str | None


class PassageAnswer(PassageShape):
    """A passage of a document.

    Attributes:
        id: Its number.
        document_id: Number of its document.
        generation: Which state of the collection was asked.
        title: The document's title, or its file name if it has none.
        kind: The document's format.
        path: Where the document lies.
        text: The passage.
        author: Who wrote the document, or empty.
        date: When, as its file says, or empty.
        language: What it is written in, an ISO 639-1 code, or empty.
        url: The page of the document with the passage marked.
        document_url: The document in this API.
    """

    id: int
    document_id: int
    generation: int
    title: str
    kind: str
    path: str
    text: str
    author: str
    date: str
    language: str
    url: str
    document_url: str
