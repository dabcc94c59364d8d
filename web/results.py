"""From an answer to what the search page shows of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from search.engine import Engine, display_path
from search.models import Answer, Hit, Query
from search.queries import HITS_LIMIT
from web import links, originals
from web.markup import paragraphs
from web.usual import usual_language
from web.wording import breadcrumbs, duration, kind_label, origin, plural, trail, whereabouts


@dataclass(frozen=True, slots=True)
class Result:
    """One passage as the page shows it.

    Attributes:
        title: The document's title.
        url: The document's page at the passage.
        path: The whole path, as text.
        crumbs: The steps to the file from the indexed folder.
        kind: What people call the format.
        where: The page or place of the passage, or "".
        origin: Who wrote the document, when, and in which language, as far as it is worth telling.
        trail: Headings above the passage, outermost first.
        text: The passage with matching words marked.
        also: What is said of other documents that say the same, or "".
        more: What is said of further passages of the document, or "".
        more_url: Where they are.
        pdf_url: The original at the passage's page, or None if it is no PDF or lies in an archive.
    """

    title: str
    url: str
    path: str
    crumbs: tuple[str, ...]
    kind: str
    where: str
    origin: tuple[str, ...]
    trail: tuple[str, ...]
    text: Markup
    also: str
    more: str
    more_url: str
    pdf_url: str | None


def results(answer: Answer, engine: Engine) -> list[Result]:
    """The results that an answer's hits are shown as.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    roots, usual = roots_of(engine), usual_language(engine)
    with engine.collection.store.reading() as reading:
        pdfs = {hit.document_id for hit in answer.hits if hit.kind == "pdf"}
        openable = {number for number in pdfs if originals.is_a_file(number, reading)}
    return [_result(hit, answer.query, roots, usual, openable) for hit in answer.hits]


def roots_of(engine: Engine) -> list[str]:
    """The indexed folders, as text.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    with engine.collection.store.reading() as reading:
        return [display_path(root) for root in reading.roots()]


def summary(answer: Answer) -> str:
    """What the status line says, such as "10 passages in 12 ms"."""
    took = duration(answer.milliseconds)
    if not answer.hits:
        return f"Nothing found in {took}"
    return f"{plural(len(answer.hits), 'passage')} in {took}"


def further(answer: Answer) -> str | None:
    """Where more passages are to be had, or None if these are all."""
    limit = answer.query.limit
    if len(answer.hits) < limit or limit >= HITS_LIMIT:
        return None
    return links.search_page(answer.query, min(HITS_LIMIT, max(20, limit * 2)))


def _result(
    hit: Hit, query: Query, roots: Sequence[str], usual: str, openable: Collection[int]
) -> Result:
    more = hit.more_in_document
    opens = hit.document_id in openable
    return Result(
        title=hit.title,
        url=links.document_page(hit.document_id, query, hit.start, hit.end),
        path=hit.path,
        crumbs=breadcrumbs(hit.path, roots),
        kind=kind_label(hit.kind),
        where=whereabouts(hit.kind, hit.page, hit.place),
        origin=origin(hit.author, hit.date, hit.language, usual),
        trail=trail(hit.headings, hit.title),
        text=paragraphs(hit.text, hit.kind, hit.marks),
        also=f"also in {plural(hit.also_in, 'document')}" if hit.also_in else "",
        more=f"{more:,} more passage{'' if more == 1 else 's'} in this document" if more else "",
        more_url=links.document_page(hit.document_id, query) + "#answers",
        pdf_url=links.document_file(hit.document_id, hit.page) if opens else None,
    )
