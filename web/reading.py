"""The page of a document, and its original file."""

from __future__ import annotations

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
from web import layout, links, originals, parts, state
from web.params import place_from_arguments
from web.problems import RequestError
from web.results import roots_of
from web.titles import title_of
from web.wording import breadcrumbs, kind_label, trail

reading = Blueprint("reading", __name__)

#: What Chromium's own viewer needs to show a PDF.
PDF_POLICY = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: How much of a passage without headings stands in the list of a document's answers.
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
        page: Page number, or None.
        label: Its heading, or the text it begins with.
        is_here: Whether it is the passage being shown.
    """

    url: str
    page: int | None
    label: str
    is_here: bool


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
    original = originals.find(row, engine)
    return render_template(
        "document.html",
        title=title,
        kind=kind_label(text.kind),
        document=text,
        files=_files(row, engine),
        blocks=layout.blocks(text, title, window, passage, terms(query.text) if query else ()),
        contents=layout.contents(text, title, spans),
        part_urls=_part_urls(number, spans, query),
        shown=shown,
        found=_found(engine, number, query, passage) if query else [],
        query=query,
        back=links.search_page(query),
        original=links.document_file(number, _page_at(text, passage)) if original else None,
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
    is_pdf = row.document.kind == "pdf"
    response = send_file(
        original.stream,
        mimetype="application/pdf" if is_pdf else "application/octet-stream",
        as_attachment=not is_pdf,
        download_name=display_path(Path(original.path.name)),
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


def _part_urls(number: int, spans: Sequence[Span], query: Query | None) -> list[str]:
    if len(spans) == 1:
        return [""]  # an anchor within the page is all it takes
    return [links.document_page(number, query, part=part + 1) for part in range(len(spans))]


def _page_at(document: Document, passage: Span | None) -> int | None:
    """The page that the passage begins on, if the format has pages."""
    if passage is None or document.kind != "pdf":
        return None
    return next(
        (section.page for section in document.sections if section.end > passage.start), None
    )


def _found(engine: Engine, number: int, query: Query, passage: Span | None) -> list[Found]:
    """The passages of this document that answer the query, in reading order."""
    everywhere = parse(query.text, query.mode, HITS_LIMIT, HITS_LIMIT)
    hits = [hit for hit in engine.search(everywhere).hits if hit.document_id == number]
    return [
        Found(
            url=links.document_page(number, query, hit.start, hit.end),
            page=hit.page,
            label=_label(hit),
            is_here=passage == Span(hit.start, hit.end),
        )
        for hit in sorted(hits, key=lambda hit: hit.start)
    ]


def _label(hit: Hit) -> str:
    headings = trail(hit.headings, hit.title)
    if headings:
        return headings[-1]
    text = " ".join(hit.text[: 2 * _GLIMPSE].split())
    return text if len(text) <= _GLIMPSE else text[:_GLIMPSE].rpartition(" ")[0] + " …"
