"""The page of a document, and its original file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, render_template, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from search.engine import Engine, display_path
from search.models import Document, Query, Span
from search.rows import DocumentRow
from web import colours, formatted, found, layout, links, originals, parts, state
from web.catalogue import Texts, texts
from web.params import place_from_arguments
from web.problems import RequestError
from web.replies import json_reply
from web.results import roots_of
from web.titles import title_of
from web.usual import usual_language
from web.wording import breadcrumbs, kind_label, origin, page_noun

reading = Blueprint("reading", __name__)

#: What Chromium's own viewer needs to show a PDF.
PDF_POLICY = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: The view that shows a document's text, as it was indexed.
AS_TEXT = "text"


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
    engine, say = state.engine(), texts()
    row = engine.document(number)
    text, title, query = row.document, title_of(row), place.query()
    view = AS_TEXT if place.view == AS_TEXT else ""
    passage = layout.passage_at(text, place.start, place.end)
    spans = parts.parts_of(text.text, text.sections)
    shown = parts.shown(spans, place.part, passage)
    window = parts.widened(spans[shown], passage)
    hits = found.hits_in(engine, number, query) if query else []
    marks = found.marks_in(text, passage, query, hits)
    form = None if place.part else formatted.formatted(row, passage, marks, engine, say)
    pages = _shows_pages(row, engine)
    as_it_is = view != AS_TEXT and form is not None and form.has_passage
    drawn = as_it_is or (pages and view != AS_TEXT)
    here = next((hit for hit in hits if passage == Span(hit.start, hit.end)), None)

    def address(wanted: str) -> str:
        return links.document_page(number, query, place.start, place.end, view=wanted)

    return render_template(
        "document.html",
        title=title,
        kind=kind_label(text.kind, say),
        origin=origin(text.author, text.date, text.language, usual_language(engine), say),
        size=_size(text, say),
        scanned=text.scanned,
        is_code=text.kind == "code",
        files=_files(row, engine),
        number=number,
        blocks=()
        if as_it_is
        else layout.blocks(text, title, window, passage, marks, say, _colours(row)),
        form=form if as_it_is else None,
        head=formatted.head(row, engine),
        pages_url=links.document_file(number) if pages and view != AS_TEXT else "",
        page=_page_at(text, passage) or 1,
        passage_text=text.text[passage.start : passage.end] if passage else "",
        passage_id=here.passage_id if here else None,
        views=[
            (say("viewer.as_it_is"), address(""), drawn),
            (say("viewer.as_text"), address(AS_TEXT), not drawn),
        ]
        if form is not None or pages
        else [],
        unmarked=view != AS_TEXT and form is not None and not form.has_passage,
        contents=form.contents
        if form is not None and as_it_is
        else layout.contents(text, title, spans),
        part_urls=[""] if as_it_is else _part_urls(number, spans, query),
        shown=0 if as_it_is else shown,
        found=found.listed(hits, query, passage, say, view),
        query=query,
        length=len(text.text),
        nearness=links.carried(query, view),
        back=links.search_page(query),
        original=_offer(row, engine, passage, say),
    )


@reading.get("/documents/<number:number>/nearness")
def nearness(number: int) -> Response:
    """How near each passage of a document is to the query that led to it."""
    place = place_from_arguments(request.args)
    query = place.query()
    passages = state.engine().nearness(query, number) if query else ()
    view = AS_TEXT if place.view == AS_TEXT else ""
    return json_reply(
        [
            {
                "start": one.start,
                "end": one.end,
                "page": one.page,
                "cosine": round(one.cosine, 4),
                "near": one.is_near,
                "url": links.document_page(number, query, one.start, one.end, view=view),
            }
            for one in passages
        ]
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


def _colours(row: DocumentRow) -> tuple[colours.Coloured, ...]:
    if row.document.kind != "code" or not row.paths:
        return ()
    return colours.colours(row.document.text, row.paths[0].name)


def _shows_pages(row: DocumentRow, engine: Engine) -> bool:
    """Whether the document is a PDF whose pages can be drawn."""
    if row.document.kind != "pdf":
        return False
    source = originals.find(row.key, engine)
    return source is not None and not source.member


def _files(row: DocumentRow, engine: Engine) -> list[File]:
    roots = roots_of(engine)
    shown = [display_path(path) for path in row.paths]
    return [File(path, breadcrumbs(path, roots)) for path in shown]


def _size(document: Document, say: Texts) -> str:
    """How long a document with pages is, such as "14 pages, 2 without text"."""
    if document.pages is None:
        return ""
    size = say.count(f"{page_noun(document.kind)}s", document.pages)
    if document.textless_pages and not document.scanned:
        size += f", {say.count('textless', document.textless_pages)}"
    return size


def _offer(row: DocumentRow, engine: Engine, passage: Span | None, say: Texts) -> Offer | None:
    """The link to the original, or None once that is gone."""
    source = originals.find(row.key, engine)
    if source is None:
        return None
    if source.member:
        holder = display_path(Path(source.path.name))
        return Offer(links.document_file(row.key), say("viewer.download_holder", name=holder))
    if row.document.kind != "pdf":
        return Offer(links.document_file(row.key), say("viewer.download"))
    page = _page_at(row.document, passage)
    text = say("viewer.open_pdf") if page is None else say("viewer.open_pdf_at", page=page)
    return Offer(links.document_file(row.key, page), text)


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
