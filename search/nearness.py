"""How near each passage of one document is to a query: what a reader sees along its edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from search.collection import Snapshot
from search.columns import Documents
from search.encoders.base import Embeddings
from search.rows import DocumentRow


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near one passage is.

    Attributes:
        start: Its first character in the document's text.
        end: One past its last character there.
        page: Its page counted from 1, or None.
        cosine: Its cosine with the query.
        is_near: Whether that counts as near.
    """

    start: int
    end: int
    page: int | None
    cosine: float
    is_near: bool


def nearness(
    snapshot: Snapshot,
    documents: Documents,
    row: DocumentRow,
    vector: Embeddings,
    near: float,
) -> tuple[Nearness, ...]:
    """How near the passages of a document are to a query, in reading order.

    Args:
        snapshot: What is searched; of an edited document that it does not show yet, nothing.
        documents: All documents of it.
        row: The document.
        vector: The query's embedding, float32 of shape ``(dimension,)``.
        near: The least cosine that counts as near.
    """
    document = documents.with_key(row.key)
    _, ids = snapshot.reading.passages_of([] if document is None else [document.version])
    ids = np.sort(ids)
    if len(ids) != len(row.passages):
        return ()
    cosines = snapshot.vectors.cosines(vector, ids).tolist()
    return tuple(
        Nearness(passage.start, passage.end, passage.page, cosine, cosine >= near)
        for passage, cosine in zip(row.passages, cosines, strict=True)
    )
