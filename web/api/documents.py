"""/documents and /passages: what is in the collection, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from search.engine import display_path
from search.errors import DocumentMissing
from search.rows import DocumentRow
from web import links, originals, state
from web.api import answers, contract, cursors
from web.api.asked import ListParams, Nothing
from web.api.contract import by_generation
from web.titles import title_of

_LIST = "documents"


@contract.get(
    "/documents",
    answers.DocumentList,
    ListParams,
    problems=("unanswerable", "stale-cursor"),
    changing=by_generation,
)
def documents(params: ListParams) -> dict[str, Any]:
    """The documents, by number."""
    collection = state.engine().collection
    build = collection.build.name
    with collection.store.reading() as reading:
        generation = reading.meta("published")
        after = 0
        if params.cursor is not None:
            after = cursors.position(params.cursor, build, generation, _LIST)
        rows = reading.listed(after, params.k + 1, generation)
        total = reading.counts().documents
    shown = rows[: params.k]
    cursor = None
    if len(rows) > len(shown):
        cursor = cursors.written(cursors.Place(build, generation, _LIST, shown[-1].key))
    listed = [
        {
            "id": row.key,
            "title": row.name,
            "kind": row.kind,
            "author": row.author,
            "date": row.date,
            "language": row.language,
            "paths": list(row.paths),
            "url": links.document_page(row.key),
            "document_url": links.document_api(row.key),
        }
        for row in shown
    ]
    return {
        "generation": generation,
        "total": total,
        "documents": listed,
        "next_cursor": cursor,
    }


def _original(number: int) -> str:
    """Whether there is an original to hand out, which nothing is written of when it goes."""
    return "" if originals.find(number, state.engine()) is None else "original"


@contract.get(
    "/documents/<number:number>",
    answers.DocumentAnswer,
    problems=("document-missing",),
    changing=_original,
)
def document(_: Nothing, number: int) -> dict[str, Any]:
    """A document with its text, sections and passages."""
    return _document(state.engine().document(number))


@contract.get(
    "/passages/<number:number>",
    answers.PassageAnswer,
    problems=("document-missing",),
    changing=by_generation,
)
def passage(_: Nothing, number: int) -> dict[str, Any]:
    """A passage."""
    with state.engine().collection.snapshot() as snapshot:
        row = snapshot.reading.passages([number], snapshot.generation).get(number)
        generation = snapshot.generation
    if row is None or row.path is None:
        raise DocumentMissing(
            f"The collection has no passage {number}.",
            "It may have been changed since; search again.",
        )
    return {
        "id": row.id,
        "document_id": row.document,
        "generation": generation,
        "title": row.title or display_path(Path(row.path.name)),
        "kind": row.kind,
        "path": display_path(row.path),
        "text": row.text,
        "author": row.author,
        "date": row.date,
        "language": row.language,
        "start": row.start,
        "end": row.end,
        "headings": list(row.headings),
        "page": row.page,
        "place": row.place,
        "url": links.document_page(row.document, None, row.start, row.end),
        "document_url": links.document_api(row.document),
    }


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
