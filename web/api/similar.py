"""/similar and /feedback: what is like what was found, from stored embeddings alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from search.errors import QueryError
from search.models import Hit
from web import state
from web.api import answers, contract, hits
from web.api.asked import FeedbackBody, SimilarParams
from web.api.contract import by_generation
from web.problems import RequestError


@contract.get(
    "/similar/<number:number>",
    answers.Similar,
    SimilarParams,
    problems=("document-missing",),
    changing=by_generation,
)
def similar(params: SimilarParams, number: int) -> dict[str, Any]:
    """The documents most like one.

    Args:
        params: Say how many.
        number: The document's number.
    """
    return _found(state.engine().similar_to(number, params.k))


@contract.get(
    "/similar/passages/<number:number>",
    answers.Similar,
    SimilarParams,
    problems=("document-missing",),
    changing=by_generation,
)
def similar_passages(params: SimilarParams, number: int) -> dict[str, Any]:
    """The passages of other documents most like one.

    Args:
        params: Say how many.
        number: The passage's number.
    """
    return _found(state.engine().similar_passages(number, params.k))


@contract.post(
    "/feedback",
    answers.Similar,
    FeedbackBody,
    problems=("document-missing", "unanswerable"),
)
def feedback(body: FeedbackBody) -> dict[str, Any]:
    """The passages more like some and less like others."""
    try:
        return _found(state.engine().like(body.liked, body.unliked, body.k))
    except QueryError as error:
        raise RequestError("unanswerable", error.message, error.remedy, error.argument) from error


def _found(found: Sequence[Hit]) -> dict[str, Any]:
    return {
        "generation": state.engine().collection.store.published,
        "hits": hits.several(found),
    }
