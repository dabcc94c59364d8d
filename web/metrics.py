"""What the server has done so far, as Prometheus reads it.

With several processes each counts for itself in files of a folder that they share, and whichever
is asked adds them up; prometheus-client finds that folder in the environment when it is imported.
"""

from __future__ import annotations

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

from search.models import Answer
from search.telling import BATCH, EMBEDDINGS, STAGE, listen

#: Names the folder in which several processes count.
SHARED = "PROMETHEUS_MULTIPROC_DIR"

_REGISTRY = CollectorRegistry()
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

#: Requests turned away because too many waited.
SHED = Counter("wherein_shed", "Requests turned away because too many waited.", registry=_REGISTRY)
_REQUESTS = Counter(
    "wherein_requests",
    "Requests answered, by what was asked and how it went.",
    ("endpoint", "method", "status"),
    registry=_REGISTRY,
)
_TIME = Histogram(
    "wherein_request_seconds",
    "Time from the first look at a request to the head of its answer.",
    ("endpoint",),
    buckets=_SECONDS,
    registry=_REGISTRY,
)
_QUERIES = Counter(
    "wherein_queries",
    "Queries answered, by the mode that was asked for and the one that was used.",
    ("requested", "mode"),
    registry=_REGISTRY,
)
_STAGES = Histogram(
    "wherein_stage_seconds",
    "Time that each stage of answering a query took.",
    ("stage",),
    buckets=_SECONDS,
    registry=_REGISTRY,
)
_EMBEDDINGS = Counter(
    "wherein_query_embeddings",
    "Embeddings of queries that were kept from before, and that had to be made.",
    ("from_cache",),
    registry=_REGISTRY,
)
_BATCHES = Histogram(
    "wherein_encoder_batch_queries",
    "How many queries the encoder was given at once.",
    buckets=(1, 2, 4, 8, 16, 32, 64),
    registry=_REGISTRY,
)
_UNANSWERED = Counter(
    "wherein_unanswered",
    "Queries that nothing in the collection seemed to answer.",
    registry=_REGISTRY,
)
_NOT_MODIFIED = Counter(
    "wherein_not_modified",
    "Answers that whoever asked had already.",
    registry=_REGISTRY,
)
_GENERATION = Gauge(
    "wherein_generation",
    "The generation of the collection that was last asked.",
    registry=_REGISTRY,
    multiprocess_mode="max",
)


def install(app: Flask) -> None:
    """Have ``app`` count its requests, and what goes on while they are answered."""
    listen(_heard)
    app.before_request(_begin)
    app.after_request(_end)


def count(answer: Answer) -> None:
    """Count a query that was answered."""
    _QUERIES.labels(str(answer.query.mode), str(answer.mode)).inc()
    _STAGES.labels("whole").observe(answer.milliseconds / 1000.0)
    if answer.unanswered:
        _UNANSWERED.inc()
    _GENERATION.set(answer.generation)


def exposition() -> Response:
    """All that was counted, in Prometheus's text format."""
    registry = _REGISTRY
    if SHARED in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(
        generate_latest(registry),
        content_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "no-store"},
    )


def _heard(what: str, kind: str, much: float) -> None:
    """Count what the engine tells of."""
    if what == STAGE:
        _STAGES.labels(kind).observe(much)
    elif what == BATCH:
        _BATCHES.observe(much)
    elif what == EMBEDDINGS and much:
        _EMBEDDINGS.labels("yes" if kind == "kept" else "no").inc(much)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    # Only names of our own become labels: what callers make up would never be forgotten.
    endpoint = request.endpoint or "nowhere"
    method = request.method if request.method in ("GET", "HEAD", "POST") else "other"
    _REQUESTS.labels(endpoint, method, str(response.status_code)).inc()
    _TIME.labels(endpoint).observe(time.perf_counter() - g.began)
    if response.status_code == 304:
        _NOT_MODIFIED.inc()
    return response
