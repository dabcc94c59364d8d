"""What the search page shows for an address: everything that stands in it is in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import request

from search.engine import Engine
from search.facets import Facet, Facets, Value
from search.models import Answer, Hit, Mode, Query
from search.queries import HITS_LIMIT, OFFSET_LIMIT
from web import links, refining, state
from web.catalogue import Texts
from web.params import search_from_page
from web.problems import RequestError, problem_of
from web.results import Result, results, shown, summary

#: The order and the layout besides the usual ones.
BY_DATE = "date"
COMPARED = "compare"
#: How many passages each way has in the side-by-side view.
_SIDE = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several ways to show the answers.

    Attributes:
        text: What it is called.
        url: Where it leads.
        active: Whether it is the present one.
    """

    text: str
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A value of a facet on the page.

    Attributes:
        label: What it is called.
        count: How many documents have it.
        url: The page with it put on, or taken off if it is on.
        active: Whether it is on.
    """

    label: str
    count: int
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A facet on the page.

    Attributes:
        name: Its name in the catalogue.
        ticks: Its values.
        others: How many more there are.
    """

    name: str
    ticks: tuple[Tick, ...]
    others: int


@dataclass(frozen=True, slots=True)
class Column:
    """One of the three ways of matching, beside the others.

    Attributes:
        mode: Which way.
        results: What it gives.
        moves: How each of them stands in the combined list, in words.
    """

    mode: str
    results: list[Result]
    moves: list[str]


def search(say: Texts) -> dict[str, Any]:
    """What there is to show: an answer, a problem with the query, or an invitation to ask.

    Args:
        say: The language of the page.

    Raises:
        CollectionError: The collection is damaged, cannot be read or was deleted.
    """
    typed = request.args.get("q", "")
    page: dict[str, Any] = {
        "typed": typed,
        "mode": request.args.get("mode") or str(Mode.HYBRID),
        "sort": "date" if request.args.get("sort") == BY_DATE else "",
        "view": COMPARED if request.args.get("view") == COMPARED else "",
        "answer": None,
        "problem": None,
        "status": "",
        "collection": state.settings().collection,
    }
    engine = state.engine()
    if not typed.strip():
        return page | {"counts": engine.counts()}
    try:
        query = search_from_page(request.args).query()
    except RequestError as error:
        return page | {"problem": problem_of(error)}
    page |= {
        "chips": [
            (chip.label, links.search_page(query, text=chip.without, sort=page["sort"]))
            for chip in refining.chips(query.text)
        ],
        "hybrid": links.search_page(replace(query, mode=Mode.HYBRID, offset=0)),
        "orders": _orders(query, page["sort"], page["view"], say),
        "views": _views(query, page["view"], say),
    }
    if page["view"]:
        return page | _compared(query, engine, say)
    answer = _newest_first(query, engine) if page["sort"] else engine.search(query)
    meant = answer.did_you_mean
    return page | {
        "answer": answer,
        "results": results(answer, engine, say),
        "further": _further(answer, page["sort"]),
        "earlier": _earlier(query, page["sort"]),
        "meant": meant,
        "meant_url": links.search_page(replace(query, offset=0), text=meant) if meant else None,
        "status": summary(answer, say),
    }


def facets(query: Query, engine: Engine, say: Texts) -> dict[str, Any]:
    """The facets of a query, as the page shows them.

    Args:
        query: The query.
        engine: The engine to ask.
        say: The language of the page.

    Raises:
        CollectionError: The collection is damaged, cannot be read or was deleted.
    """
    found: Facets = engine.facets(query)
    groups = [_group(facet, query, say) for facet in found.facets]
    return {"groups": groups, "is_lower_bound": found.is_lower_bound}


def _group(facet: Facet, query: Query, say: Texts) -> Group:
    ticks = tuple(
        Tick(
            _label(facet.name, value, say), value.count, _toggled(facet, value, query), value.active
        )
        for value in facet.values
    )
    return Group(facet.name, ticks, facet.others)


def _label(name: str, value: Value, say: Texts) -> str:
    if name == "type":
        return say.known(f"kinds.{value.value}", value.value)
    return say.language_name(value.value) if name == "language" else value.value


def _toggled(facet: Facet, value: Value, query: Query) -> str:
    """The page with a value put on or taken off; of folders and years only one can be on."""
    if value.active:
        text = refining.removed(query.text, value.filters)
    elif facet.name in ("folder", "year"):
        text = refining.only(query.text, value.filters)
    else:
        text = refining.added(query.text, value.filters)
    return links.search_page(replace(query, offset=0), text=text)


def _newest_first(query: Query, engine: Engine) -> Answer:
    """The best hits there are, in the order of their documents' dates."""
    answer = engine.search(replace(query, limit=HITS_LIMIT, offset=0))
    days = engine.days([hit.document_id for hit in answer.hits])
    ordered = sorted(answer.hits, key=lambda hit: days.get(hit.document_id, ""), reverse=True)
    until = query.offset + query.limit
    hits: Sequence[Hit] = ordered[query.offset : until]
    return replace(answer, query=query, hits=tuple(hits), more=len(ordered) > until)


def _compared(query: Query, engine: Engine, say: Texts) -> dict[str, Any]:
    """The three ways of matching side by side, the combined one in the middle."""
    base = replace(query, limit=_SIDE, offset=0)
    answers = {mode: engine.search(replace(base, mode=mode)) for mode in Mode}
    both = {hit.passage_id: hit.rank for hit in answers[Mode.HYBRID].hits}
    columns = []
    for mode in (Mode.SEMANTIC, Mode.HYBRID, Mode.KEYWORD):
        answer = answers[mode]
        moves = [
            "" if mode is Mode.HYBRID else _move(both.get(hit.passage_id), say)
            for hit in answer.hits
        ]
        columns.append(Column(str(mode), shown(answer.hits, query, engine, say), moves))
    return {"columns": columns, "answer": answers[query.mode], "results": []}


def _move(combined: int | None, say: Texts) -> str:
    """Where a hit of one leg stands in the combined list."""
    if combined is None:
        return say("compare.only")
    return say("compare.place", n=combined)


def _orders(query: Query, sort: str, view: str, say: Texts) -> list[Choice]:
    if view or not query.meaning:
        return []
    first = replace(query, offset=0)
    return [
        Choice(say("order.relevance"), links.search_page(first), not sort),
        Choice(say("order.date"), links.search_page(first, sort=BY_DATE), bool(sort)),
    ]


def _views(query: Query, view: str, say: Texts) -> list[Choice]:
    if not query.meaning:
        return []
    first = replace(query, offset=0)
    return [
        Choice(say("search.list"), links.search_page(first), not view),
        Choice(say("search.compare"), links.search_page(first, view=COMPARED), bool(view)),
    ]


def _further(answer: Answer, sort: str) -> str | None:
    """Where more passages are to be had, or None if these are all."""
    query = answer.query
    offset = query.offset + query.limit
    if not answer.more or offset > OFFSET_LIMIT:
        return None
    return links.search_page(query, offset=offset, sort=sort)


def _earlier(query: Query, sort: str) -> str | None:
    if not query.offset:
        return None
    return links.search_page(query, offset=max(0, query.offset - query.limit), sort=sort)
