"""/judgements: what people who searched think of the hits."""

from __future__ import annotations

from typing import Any

from search.judging import judge
from search.rows import Judgement
from web import state
from web.access import Scope
from web.api import answers, contract
from web.api.asked import JudgementBody, Nothing, question


@contract.get("/judgements", answers.Judgements)
def judgements(_: Nothing) -> dict[str, Any]:
    """What was judged so far."""
    with state.engine().collection.store.reading() as reading:
        return {"judgements": [_shape(judgement) for judgement in reading.judgements()]}


@contract.post(
    "/judgements",
    answers.Judged,
    JudgementBody,
    problems=("document-missing", "unanswerable"),
    scope=Scope.WRITE,
)
def judge_hit(body: JudgementBody) -> dict[str, Any]:
    """What a passage is worth as the answer to a query, as it is kept from now on."""
    query = question(body.q)
    folder = state.engine().collection.folder
    kept = judge(folder, query.text, body.passage_id, body.relevance)
    return {"judgement": None if kept is None else _shape(kept)}


def _shape(judgement: Judgement) -> dict[str, Any]:
    return {
        "q": judgement.query,
        "document_id": judgement.document,
        "start": judgement.start,
        "end": judgement.end,
        "text": judgement.text,
        "relevance": judgement.relevance,
        "judged_at": judgement.judged,
    }
