"""The search page, whole or as the fragments that its script fetches, and the list of problems."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Flask, Response, make_response, render_template, request

from search.models import Hit, Mode, Query
from search.queries import HITS_LIMIT
from search.ranking import CANDIDATES
from search.snippets import written_as
from web import catalogue, links, searching, state
from web.catalogue import texts
from web.params import search_from_page
from web.problems import KINDS, Problem
from web.results import shown
from web.wording import trail

pages = Blueprint("pages", __name__)

#: The modes as the page names them, in order.
MODES = tuple(map(str, Mode))
_SUGGESTED = 6
_SIMILAR = 6


def install(app: Flask) -> None:
    """Let templates say things in the language of the request."""
    app.context_processor(lambda: {"t": catalogue.texts()})


@pages.get("/")
def search() -> Response:
    """The search page; with ``fragment=1`` only the part of it that changes with the query."""
    say = texts()
    page = searching.search(say)
    problem: Problem | None = page["problem"]
    fragment = request.args.get("fragment") == "1"
    facets = None if fragment or problem else _facets()
    template = "_answer.html" if fragment else "search.html"
    response = make_response(
        render_template(template, modes=MODES, facets=facets, **page),
        problem.status if problem else 200,
    )
    response.vary.add("Accept-Language")
    return response


@pages.get("/facets")
def facets() -> str:
    """The facets of a query, as a fragment."""
    return render_template("_facets.html", facets=_facets())


@pages.get("/suggest")
def suggest() -> str:
    """What a query that is being typed may mean, as the options of a list."""
    found = state.engine().suggest(request.args.get("text", ""), _SUGGESTED)
    return render_template("_suggestions.html", suggestions=found, links=links)


@pages.get("/why")
def why() -> str:
    """How a passage came by its place, as a fragment."""
    query = replace(search_from_page(request.args).query(), explain=True)
    wanted = request.args.get("passage", "")
    # It may have changed places since it was shown.
    hit = _hit(replace(query, limit=1), wanted) or _hit_anywhere(query, wanted)
    how = hit.explanation if hit else None
    terms = [
        (written_as(hit.text, term, hit.language) or term, share)
        for term, share in (how.terms.items() if hit and how else ())
        if hit
    ]
    return render_template("_why.html", hit=hit, terms=terms)


@pages.get("/passages/<number:number>/similar")
def similar(number: int) -> str:
    """The passages most like one; with ``fragment=1`` without the page around them."""
    engine = state.engine()
    hits = engine.similar_passages(number, _SIMILAR)
    template = "_similar.html" if request.args.get("fragment") == "1" else "similar.html"
    return render_template(template, results=shown(hits, None, engine, texts()), trail=trail)


@pages.get("/api/problems")
def problems() -> str:
    """What each kind of problem means."""
    return render_template("problems.html", kinds=KINDS.values())


def _hit(query: Query, passage: str) -> Hit | None:
    """The hit of a query that is the passage of a number."""
    hits = state.engine().search(query).hits
    return next((hit for hit in hits if str(hit.passage_id) == passage), None)


def _hit_anywhere(query: Query, passage: str) -> Hit | None:
    """The hit of a query that is the passage of a number, at whatever place it stands."""
    for offset in range(0, 2 * CANDIDATES, HITS_LIMIT):
        if hit := _hit(replace(query, limit=HITS_LIMIT, offset=offset), passage):
            return hit
    return None


def _facets() -> dict[str, object] | None:
    """The facets of the query in the address, or of the collection if there is none."""
    typed = request.args.get("q", "")
    query = search_from_page(request.args).query() if typed.strip() else Query("")
    return searching.facets(query, state.engine(), texts())
