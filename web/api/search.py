"""/search: the passages that answer a question, whole or line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Response, request

from search.engine import Engine
from search.errors import WhereinError
from search.models import Answer, Query
from search.queries import HITS_LIMIT, OFFSET_LIMIT
from web import metrics, state
from web.api import answers, contract, cursors, hits
from web.api.asked import BatchParams, SearchBody, SearchParams
from web.api.contract import JSON, LINES, by_generation
from web.api.freshness import Passing
from web.problems import RequestError, problem_of

_PROBLEMS = ("unanswerable", "stale-cursor")


@contract.get(
    "/search",
    answers.SearchAnswer,
    SearchParams,
    lines=answers.Line,
    problems=_PROBLEMS,
    changing=by_generation,
)
def search(params: SearchParams) -> Response | Passing | dict[str, Any]:
    """The passages that answer a query."""
    return _reply(params)


@contract.post(
    "/search",
    answers.SearchAnswer | answers.BatchAnswer,
    SearchBody,
    lines=answers.Line,
    problems=_PROBLEMS,
)
def search_by_body(body: SearchParams | BatchParams) -> Response | Passing | dict[str, Any]:
    """The passages that answer a query, or several queries at once."""
    if isinstance(body, SearchParams):
        return _reply(body)
    asked = [_named(number, params) for number, params in enumerate(body.queries)]
    return {"answers": [_page(state.engine(), params, query) for params, query in asked]}


def _reply(params: SearchParams) -> Response | Passing | dict[str, Any]:
    query = params.query()
    if request.accept_mimetypes.best_match([JSON, LINES]) == LINES:
        return _streamed(state.engine(), params, query)
    _require_whole(params)
    found = _page(state.engine(), params, query)
    # Why words stood in for meaning may pass without anything being written.
    return Passing(found) if found["fallback"] else found


def _named(number: int, params: SearchParams) -> tuple[SearchParams, Query]:
    """One of several queries; what is wrong with it is said of its place among them."""
    try:
        _require_whole(params)
        return params, params.query()
    except RequestError as error:
        name = f"queries.{number}.{error.parameter}"
        raise RequestError(error.code, error.message, error.remedy, name) from None


def _require_whole(params: SearchParams) -> None:
    """Refuse to make one long answer of what should come line by line."""
    if params.k > HITS_LIMIT:
        raise RequestError(
            "unanswerable",
            f"{params.k} passages do not come in one piece; at most {HITS_LIMIT} do.",
            f"Ask for fewer, or send Accept: {LINES} to have them line by line.",
            "k",
        )


def _page(engine: Engine, params: SearchParams, query: Query) -> dict[str, Any]:
    answer, build = _ask(engine, params, query)
    shape = hits.answer(answer)
    shape["next_cursor"] = _following(params, answer, build)
    return shape


def _ask(engine: Engine, params: SearchParams, query: Query) -> tuple[Answer, str]:
    """The answer, and the name of the build it comes from."""
    collection = engine.collection
    if params.cursor is not None:
        build, generation = collection.build.name, collection.store.published
        offset = cursors.position(params.cursor, build, generation, _asked(params))
        query = replace(query, offset=offset)
    answer = engine.search(query)
    if params.highlight == "meaning":
        answer = engine.with_meanings(answer)
    metrics.count(answer)
    if params.cursor is not None and answer.generation != generation:
        raise cursors.stale()
    return answer, collection.build.name


def _following(params: SearchParams, answer: Answer, build: str) -> str | None:
    """The cursor of what follows an answer, or None if nothing does."""
    after = answer.query.offset + answer.query.limit
    if not answer.more or after > OFFSET_LIMIT:
        return None
    return cursors.written(cursors.Place(build, answer.generation, _asked(params), after))


def _asked(params: SearchParams) -> str:
    """What is asked, whichever page of it, however it is shown and however long the pages are."""
    return params.model_dump_json(include={"q", "mode", "per_document", "min_score"})


def _streamed(engine: Engine, params: SearchParams, query: Query) -> Response:
    # Whatever is wrong with the request is told before the stream begins.
    answer, build = _ask(engine, params, query)
    lines = _lines(engine, params, answer, build)
    return Response(
        (json.dumps(line, ensure_ascii=False) + "\n" for line in lines),
        content_type=LINES,
        headers={"Cache-Control": "no-store"},
    )


def _lines(
    engine: Engine, params: SearchParams, answer: Answer, build: str
) -> Iterator[dict[str, Any]]:
    generation = answer.generation
    head = hits.answer(answer)
    head["next_cursor"] = _following(params, answer, build)
    yield {"line": "answer", **{name: head[name] for name in head if name != "hits"}}
    sent = 0
    while True:
        for hit in hits.several(answer.hits, answer.query):
            yield {"line": "hit", **hit}
        sent += len(answer.hits)
        after = answer.query.offset + answer.query.limit
        if sent >= params.k or not answer.more or after > OFFSET_LIMIT:
            break
        try:
            onward = replace(answer.query, offset=after, limit=min(HITS_LIMIT, params.k - sent))
            answer = engine.search(onward)
            if answer.generation != generation:
                raise cursors.stale()
            if params.highlight == "meaning":
                answer = engine.with_meanings(answer)
        except WhereinError as error:
            problem = problem_of(error)
            if problem is None:
                raise
            yield {"line": "problem", **problem.as_dict()}
            return
    cursor = _following(params, answer, build)
    yield {"line": "end", "hits": sent, "more": answer.more, "next_cursor": cursor}
