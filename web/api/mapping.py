"""/map: where the documents lie on the corpus map."""

from __future__ import annotations

from typing import Any

import numpy as np

from search.corpus_map import Grouping
from search.errors import DocumentMissing, EncoderError
from web import links, state
from web.api import answers, contract
from web.api.asked import Nothing, QueryParams
from web.api.contract import by_generation
from web.api.freshness import Passing

#: Places are given in thousandths.
_SCALE = 1000


def _present(**_: int) -> str:
    """The map that is given; it may be a little older than the collection."""
    return f"map {state.engine().map().generation}"


@contract.get("/map", answers.MapAnswer, changing=_present)
def corpus_map(_: Nothing) -> dict[str, Any]:
    """Show where the documents lie on the corpus map."""
    found = state.engine().map()
    places = np.rint(found.points * _SCALE).astype(int)
    return {
        "generation": found.generation,
        "drawn": found.drawn,
        "total": found.total,
        "documents": found.documents.tolist(),
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "clusters": _grouping(found.clusters),
        "kinds": _grouping(found.kinds),
        "folders": _grouping(found.folders),
    }


@contract.get(
    "/map/place",
    answers.MapPlace,
    QueryParams,
    problems=("unanswerable",),
    changing=_present,
)
def place(params: QueryParams) -> Passing | dict[str, Any]:
    """Show where a query lies on the corpus map."""
    engine = state.engine()
    try:
        found = engine.place(params.query())
    except EncoderError as error:
        return Passing({"drawn": engine.map().drawn, "x": None, "y": None, "note": str(error)})
    x, y = (None, None) if found is None else (round(found[0] * _SCALE), round(found[1] * _SCALE))
    return {"drawn": engine.map().drawn, "x": x, "y": y, "note": None}


@contract.get(
    "/map/documents/<number:number>",
    answers.MapDocument,
    problems=("document-missing",),
    changing=by_generation,
)
def on_map(_: Nothing, number: int) -> dict[str, Any]:
    """Show what a document on the corpus map is called and where its page is."""
    with state.engine().collection.store.reading() as reading:
        rows = reading.listed(number - 1, 1, reading.meta("published"))
    if not rows or rows[0].key != number:
        raise DocumentMissing(
            f"The collection has no document {number}.",
            "It may have been removed since; ask for the map again.",
        )
    row = rows[0]
    return {
        "id": row.key,
        "title": row.name,
        "kind": row.kind,
        "date": row.date,
        "path": row.paths[0],
        "url": links.document_page(row.key),
    }


def _grouping(grouping: Grouping) -> dict[str, Any]:
    return {"names": list(grouping.names), "of": grouping.of.tolist()}
