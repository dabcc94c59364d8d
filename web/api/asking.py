"""What helps to ask and to understand an answer: meanings, facets, suggestions, explanations."""

from __future__ import annotations

from typing import Any

import msgspec

from search.engine import display_path
from search.facets import Facets
from search.why import Why
from web import state
from web.api import answers, contract
from web.api.asked import ExplainParams, FacetParams, MeaningsParams, SuggestParams
from web.api.contract import by_content, by_generation
from web.api.freshness import Passing


@contract.get(
    "/meanings",
    answers.Meanings,
    MeaningsParams,
    problems=("unanswerable", "encoder-missing"),
    changing=by_generation,
)
def meanings(params: MeaningsParams) -> dict[str, Any]:
    """Which sentence of passages carried their nearness to a query."""
    found = state.engine().meanings(params.query(), params.passages)
    return {"meanings": {str(number): msgspec.to_builtins(found[number]) for number in found}}


# Without the encoder more is left to words, and that may pass without anything being written.
@contract.get("/facets", Facets, FacetParams, problems=("unanswerable",), changing=by_content)
def facets(params: FacetParams) -> dict[str, Any]:
    """How many documents match a query, by type, folder, language, year and author."""
    found: dict[str, Any] = msgspec.to_builtins(state.engine().facets(params.query()))
    return found


@contract.get("/suggest", answers.Suggestions, SuggestParams, changing=by_generation)
def suggest(params: SuggestParams) -> dict[str, Any]:
    """What a text that is being typed may become."""
    found = state.engine().suggest(params.text, params.k)
    return {"suggestions": msgspec.to_builtins(found)}


@contract.get("/explain", Why, ExplainParams, problems=("unanswerable", "document-missing"))
def explain(params: ExplainParams) -> Passing:
    """Why a document is not among the hits of a query, or which place it takes."""
    engine, query = state.engine(), params.query()
    path = engine.document(params.document).paths[0]
    return Passing(msgspec.to_builtins(engine.why(query, display_path(path))))
