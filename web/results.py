"""From an answer to what the search page shows of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from search.engine import Engine, display_path
from search.models import Answer, Hit, Query
from web import links, originals
from web.catalogue import Texts
from web.markup import paragraphs
from web.usual import usual_language
from web.wording import breadcrumbs, duration, kind_label, origin, trail, whereabouts


@dataclass(frozen=True, slots=True)
class Result:
    """One passage as the page shows it.

    Attributes:
        number: The passage's number.
        rank: Its place, from 1.
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
        why_url: How it came by its place, as a fragment; "" if it was not ranked.
        similar_url: The passages like it.
        citation: How to cite it.
        weak: Whether little speaks for it.
    """

    number: int
    rank: int
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
    why_url: str
    similar_url: str
    citation: str
    weak: bool


def results(answer: Answer, engine: Engine, say: Texts) -> list[Result]:
    """The results that an answer's hits are shown as.

    Args:
        answer: The answer.
        engine: The engine that gave it.
        say: The language of the page.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    return shown(answer.hits, answer.query, engine, say)


def shown(hits: Sequence[Hit], query: Query | None, engine: Engine, say: Texts) -> list[Result]:
    """The results that hits are shown as.

    Args:
        hits: The hits.
        query: What found them, or None if they were not asked for by a query.
        engine: The engine that found them.
        say: The language of the page.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    roots, usual = roots_of(engine), usual_language(engine)
    with engine.collection.store.reading() as reading:
        pdfs = {hit.document_id for hit in hits if hit.kind == "pdf"}
        openable = {number for number in pdfs if originals.is_a_file(number, reading)}
    return [_result(hit, query, roots, usual, openable, say) for hit in hits]


def roots_of(engine: Engine) -> list[str]:
    """The indexed folders, as text.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    with engine.collection.store.reading() as reading:
        return [display_path(root) for root in reading.roots()]


def summary(answer: Answer, say: Texts) -> str:
    """What the status line says, such as "1–10 of at least 210 passages in 12 ms".

    Args:
        answer: The answer.
        say: The language of the page.
    """
    took = duration(answer.milliseconds, say)
    if not answer.hits:
        return say("status.none", took=took)
    name = "at_least" if answer.total_is_lower_bound else "passages"
    total = say.count(name, max(answer.total, len(answer.hits)))
    first = answer.query.offset + 1
    if first == 1 and not answer.more and len(answer.hits) == answer.total:
        return say("status.all", total=total, took=took)
    last = answer.query.offset + len(answer.hits)
    return say("status.some", first=first, last=last, total=total, took=took)


def _result(
    hit: Hit,
    query: Query | None,
    roots: Sequence[str],
    usual: str,
    openable: Collection[int],
    say: Texts,
) -> Result:
    more = hit.more_in_document
    opens = hit.document_id in openable
    where = whereabouts(hit.kind, hit.page, hit.place, say)
    return Result(
        number=hit.passage_id,
        rank=hit.rank,
        title=hit.title,
        url=links.document_page(hit.document_id, query, hit.start, hit.end),
        path=hit.path,
        crumbs=breadcrumbs(hit.path, roots),
        kind=kind_label(hit.kind, say),
        where=where,
        origin=origin(hit.author, hit.date, hit.language, usual, say),
        trail=trail(hit.headings, hit.title),
        text=paragraphs(hit.text, hit.kind, hit.marks),
        also=say.count("result.also", hit.also_in) if hit.also_in else "",
        more=say.count("result.more", more) if more else "",
        more_url=links.document_page(hit.document_id, query) + "#answers",
        pdf_url=links.document_file(hit.document_id, hit.page) if opens else None,
        why_url=links.explained(query, hit.rank, hit.passage_id) if query and query.meaning else "",
        similar_url=links.similar(hit.passage_id),
        citation=_citation(hit, where, say),
        weak=hit.weak,
    )


def _citation(hit: Hit, where: str, say: Texts) -> str:
    """A passage as it is cited: who, what, when, where in it, and in which file."""
    who = f"{hit.author}: " if hit.author else ""
    when = f" ({say.date(hit.date)})" if hit.date else ""
    at = f", {where}" if where else ""
    return f"{who}{hit.title}{when}{at}. {hit.path}"
