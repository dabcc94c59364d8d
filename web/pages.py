"""The search page, whole or as the fragment that its script fetches, and the list of problems."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from search.models import Mode
from search.rows import Counts
from web import links, state
from web.params import search_from_page
from web.problems import KINDS, Problem, RequestError, problem_of
from web.results import further, results, summary

pages = Blueprint("pages", __name__)

#: The modes as the page names them.
MODES = (
    (str(Mode.HYBRID), "Hybrid", "Match by meaning and by words"),
    (str(Mode.SEMANTIC), "Meaning", "Match by meaning, whatever the words"),
    (str(Mode.KEYWORD), "Words", "Match the words themselves"),
)


@pages.get("/")
def search() -> Response:
    """The search page; with ``fragment=1`` only the part of it that changes with the query."""
    shown = _shown()
    problem: Problem | None = shown["problem"]
    template = "_answer.html" if request.args.get("fragment") == "1" else "search.html"
    return make_response(
        render_template(template, modes=MODES, **shown), problem.status if problem else 200
    )


@pages.get("/api/problems")
def problems() -> str:
    """What each kind of problem means."""
    return render_template("problems.html", kinds=KINDS.values())


def _shown() -> dict[str, Any]:
    """What there is to show: an answer, a problem with the query, or an invitation to ask."""
    typed = request.args.get("q", "")
    shown: dict[str, Any] = {
        "typed": typed,
        "mode": request.args.get("mode") or str(Mode.HYBRID),
        "answer": None,
        "problem": None,
        "counts": None,
        "collection": state.settings().collection,
        "status": "",
    }
    if not typed.strip():
        return shown | {"counts": _counts()}
    engine = state.engine()
    try:
        query = search_from_page(request.args).query()
    except RequestError as error:
        return shown | {"problem": problem_of(error)}
    answer = engine.search(query)
    return shown | {
        "answer": answer,
        "results": results(answer, engine),
        "further": further(answer),
        "hybrid": links.search_page(replace(query, mode=Mode.HYBRID)),
        "status": summary(answer),
    }


def _counts() -> Counts:
    return state.engine().counts()
