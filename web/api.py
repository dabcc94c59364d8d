"""The JSON API; `docs/api.md` is its reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from flask import Blueprint, Response, current_app, request

from search.engine import display_path
from search.models import Answer
from search.rows import DocumentRow
from search.status import status_of
from search.wire import answer_as_dict
from web import links, originals, state
from web.params import SearchParams, search_from_arguments, search_from_body
from web.problems import RequestError
from web.replies import json_reply
from web.titles import title_of

root = Blueprint("root", __name__)
api = Blueprint("api", __name__, url_prefix=links.API)


@root.get("/healthz")
def healthz() -> Response:
    """That the server is there, and its version."""
    return json_reply({"status": "ok", "version": current_app.config["VERSION"]})


@api.route("/search", methods=["GET", "POST"])
def search() -> Response:
    """Answer a query."""
    params = _from_body() if request.method == "POST" else search_from_arguments(request.args)
    return json_reply(_answer(state.engine().search(params.query())))


@api.get("/documents/<number:number>")
def document(number: int) -> Response:
    """A document with its text, sections and passages."""
    row = state.engine().document(number)
    return json_reply(_document(row))


@api.get("/status")
def status() -> Response:
    """What can be said of the collection as a whole."""
    return json_reply(status_of(state.engine().collection))


def _from_body() -> SearchParams:
    if request.args:
        raise RequestError(
            "unknown-parameter",
            "A POST request takes no parameters in its address.",
            "Put them into the body.",
            next(iter(request.args))[:40],
        )
    if request.mimetype != "application/json":
        raise RequestError(
            "unsupported-media-type",
            "The body is not declared as JSON.",
            "Send it with the header Content-Type: application/json.",
        )
    return search_from_body(request.get_data(cache=False))


def _answer(answer: Answer) -> dict[str, Any]:
    shape = answer_as_dict(answer)
    for hit in shape["hits"]:
        number = hit["document_id"]
        hit["url"] = links.document_page(number, answer.query, hit["start"], hit["end"])
        hit["document_url"] = links.document_api(number)
    return shape


def _document(row: DocumentRow) -> dict[str, Any]:
    document = row.document
    original = originals.find(row.key, state.engine())
    return {
        "id": row.key,
        "title": title_of(row),
        "kind": document.kind,
        "author": document.author,
        "date": document.date,
        "language": document.language,
        "paths": [display_path(path) for path in row.paths],
        "locations": _locations(row.key),
        "pages": document.pages,
        "textless_pages": document.textless_pages,
        "scanned": document.scanned,
        "text": document.text,
        "sections": msgspec.to_builtins(document.sections),
        "passages": msgspec.to_builtins(row.passages),
        "url": links.document_page(row.key),
        "original_url": None if original is None else links.document_file(row.key),
    }


def _locations(number: int) -> list[dict[str, str]]:
    """The files that hold a document, each with the path inside it."""
    with state.engine().collection.store.reading() as reading:
        records = reading.files_of(number)
    return [
        {
            "path": display_path(record.path),
            "member": display_path(Path(record.member)) if record.member else "",
        }
        for record in records
    ]
