"""The page of a document, and its original file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, render_template, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from search.analysis import terms
from search.engine import Engine, display_path
from search.models import Document, Hit, Query, Span
from search.queries import HITS_LIMIT, parse
from search.rows import DocumentRow
from search.snippets import matched_words
from web import layout, links, originals, parts, state
from web.params import place_from_arguments
from web.problems import RequestError
from web.results import roots_of
from web.titles import title_of
from web.usual import usual_language
from web.wording import breadcrumbs, kind_label, origin, page_noun, plural, trail, whereabouts

reading = Blueprint("reading", __name__)

#: What Chromium's own viewer needs to show a PDF.
PDF_POLICY = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: How much of a passage without a heading of its own stands in the list of a document's answers.
_GLIMPSE = 80


@dataclass(frozen=True, slots=True)
class File:
    """A file that holds the document.

    Attributes:
        path: The whole path, as text.
        crumbs: The steps to it from the indexed folder.
    """

    path: str
    crumbs: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class Offer:
    """A link to the original.

    Attributes:
        url: Where it is to be had.
        text: What it is.
    """

    url: str
    text: str


@reading.get("/documents/<number:number>")
def document(number: int) -> str:
    """A document's text, with the passage marked."""
    place = place_from_arguments(request.args)
    engine = state.engine()
    row = engine.document(number)
    text, title, query = row.document, title_of(row), place.query()
    passage = layout.passage_at(text, place.start, place.end)
    spans = parts.parts_of(text.text, text.sections)
    shown = parts.shown(spans, place.part, passage)
    window = parts.widened(spans[shown], passage)
    hits = _hits(engine, number, query) if query else []
    return render_template(
        "document.html",
        title=title,
        kind=kind_label(text.kind),
        origin=origin(text.author, text.date, text.language, usual_language(engine)),
        size=_size(text),
        scanned=text.scanned,
        is_code=text.kind == "code",
        files=_files(row, engine),
        blocks=layout.blocks(text, title, window, passage, _marks(text, passage, query, hits)),
        contents=layout.contents(text, title, spans),
        part_urls=_part_urls(number, spans, query),
        shown=shown,
        found=_found(hits, query, passage),
        query=query,
        back=links.search_page(query),
        original=_offer(row, engine, passage),
    )


@reading.get("/documents/<number:number>/file")
def file(number: int) -> Response:
    """The file a document was read from: PDFs to be shown, all else to be saved."""
    row, original = originals.open_original(number, state.engine())
    if original is None:
        raise RequestError(
            "not-found",
            "The original file is gone, has changed since it was indexed, or no longer lies in "
            "an indexed folder.",
            "Index again to bring the collection up to date.",
        )
    is_pdf = row.document.kind == "pdf" and not original.source.member
    response = send_file(
        original.stream,
        mimetype="application/pdf" if is_pdf else "application/octet-stream",
        as_attachment=not is_pdf,
        download_name=display_path(Path(original.source.path.name)),
        conditional=False,
        etag=original.digest,
        last_modified=original.modified,
    )
    response.content_length = original.size
    response.headers["Cache-Control"] = "private, no-cache"
    if is_pdf:
        response.headers["Content-Security-Policy"] = PDF_POLICY
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=original.size)
    except RequestedRangeNotSatisfiable:
        response.close()
        raise
    return response


def _files(row: DocumentRow, engine: Engine) -> list[File]:
    roots = roots_of(engine)
    shown = [display_path(path) for path in row.paths]
    return [File(path, breadcrumbs(path, roots)) for path in shown]


def _size(document: Document) -> str:
    """How long a document with pages is, such as "14 pages, 2 without text"."""
    if document.pages is None:
        return ""
    size = plural(document.pages, page_noun(document.kind))
    if document.textless_pages and not document.scanned:
        size += f", {document.textless_pages:,} without text"
    return size


def _offer(row: DocumentRow, engine: Engine, passage: Span | None) -> Offer | None:
    """The link to the original, or None once that is gone."""
    source = originals.find(row.key, engine)
    if source is None:
        return None
    if source.member:
        holder = display_path(Path(source.path.name))
        return Offer(links.document_file(row.key), f"Download {holder}, which holds it")
    if row.document.kind != "pdf":
        return Offer(links.document_file(row.key), "Download the original")
    page = _page_at(row.document, passage)
    at = "" if page is None else f" at page {page}"
    return Offer(links.document_file(row.key, page), f"Open the PDF{at}")


def _part_urls(number: int, spans: Sequence[Span], query: Query | None) -> list[str]:
    if len(spans) == 1:
        return [""]  # an anchor within the page is all it takes
    return [links.document_page(number, query, part=part + 1) for part in range(len(spans))]


def _page_at(document: Document, passage: Span | None) -> int | None:
    """The page that the passage begins on."""
    if passage is None:
        return None
    return next(
        (section.page for section in document.sections if section.end > passage.start), None
    )


def _hits(engine: Engine, number: int, query: Query) -> list[Hit]:
    """The passages of this document that answer the query, in reading order."""
    everywhere = parse(query.text, query.mode, HITS_LIMIT, HITS_LIMIT)
    hits = (hit for hit in engine.search(everywhere).hits if hit.document_id == number)
    return sorted(hits, key=lambda hit: hit.start)


def _marks(
    document: Document, passage: Span | None, query: Query | None, hits: Sequence[Hit]
) -> list[Span]:
    """Where in the document the passage has words of the query."""
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


def _found(hits: Sequence[Hit], query: Query | None, passage: Span | None) -> list[Found]:
    labels = Counter(map(_label, hits))
    return [
        Found(
            url=links.document_page(hit.document_id, query, hit.start, hit.end),
            where=whereabouts(hit.kind, hit.page, hit.place),
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
