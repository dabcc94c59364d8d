"""Whether the server is there, whether it can answer, and what it has done."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from search.errors import CollectionError
from web import access, metrics, state
from web.access import Scope
from web.problems import Problem, problem_of
from web.replies import json_reply

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """That the server is there, and its version."""
    return json_reply({"status": "ok", "version": current_app.config["VERSION"]})


@health.get("/readyz")
def readyz() -> Response:
    """Whether the collection can be searched at this moment."""
    try:
        with state.engine().collection.snapshot() as snapshot:
            return json_reply({"status": "ready", "generation": snapshot.generation})
    except CollectionError as error:
        problem = problem_of(error)
        code = problem.kind.code if isinstance(problem, Problem) else "internal"
        # Whoever asks this needs no key, so that the reason's own words are not told.
        return json_reply({"status": "unready", "code": code}, 503)


@health.get("/metrics")
def metrics_() -> Response:
    """Counts and times, in Prometheus's text format."""
    access.require(Scope.READ)
    return metrics.exposition()
