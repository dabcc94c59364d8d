"""Documents and passages like a given one, by the embeddings there are; nothing is encoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from search.asking import Asked
from search.collection import Snapshot
from search.hits import Pool, hits_of
from search.models import Hit, Query, Shared
from search.reading import Ids
from search.requirements import DocumentFacts
from search.rows import PassageRow

#: How many passages of a document stand for it, taken evenly from its beginning to its end.
_SPEAKERS = 48
#: How many of the nearest passages each of them brings, …
_NEIGHBOURS = 100
#: … and how many of the documents met that way are compared as a whole.
_COMPARED = 100
#: How many pairs of passages are shown for one document.
_PAIRS = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A document like the given one.

    Attributes:
        score: How like it is.
        pairs: Cosine, passage of the given document and passage of this one, the nearest first.
    """

    score: float
    pairs: Sequence[tuple[float, int, int]]


def similar(snapshot: Snapshot, document: DocumentFacts, limit: int) -> tuple[Hit, ...]:
    """The documents most like one, each by its passage that is nearest to one of that one's.

    A document's score is the mean, over passages of the given one, of the cosine with whichever of
    its own passages is nearest: one half of the Chamfer similarity of the two sets of embeddings.

    Args:
        snapshot: What is searched.
        document: The document to find others for.
        limit: How many at the most.

    Returns:
        Hits, best first, one for each document; their cosine is that of the nearest pair, and
        `Hit.shared` names the pairs.
    """
    own = _indexed(snapshot, [document.version])
    if not len(own):
        return ()
    speakers = own[np.unique(np.linspace(0, len(own) - 1, _SPEAKERS).astype(int))]
    embeddings = snapshot.vectors.vectors(speakers)
    met: Counter[int] = Counter()
    for embedding in embeddings:
        ids, _ = snapshot.vectors.search(embedding, _NEIGHBOURS + len(own))
        others = ids[~np.isin(ids, own)][:_NEIGHBOURS]
        met.update({key for key, _ in _documents_of(snapshot, others).values()})
    versions = {facts.key: facts.version for facts in snapshot.reading.facts(snapshot.generation)}
    scored: list[_Found] = []
    for key, _ in met.most_common(_COMPARED):
        if key not in versions:
            continue
        ids = _indexed(snapshot, [versions[key]])
        cosines = embeddings @ snapshot.vectors.vectors(ids).T
        pairs = [
            (float(cosines[row, column]), int(speakers[row]), int(ids[column]))
            for row, column in nearest_pairs(cosines, _PAIRS)
        ]
        scored.append(_Found(float(cosines.max(axis=1).mean()), pairs))
    scored.sort(key=lambda found: (-found.score, found.pairs[0][2]))
    pool = Pool(
        np.array([found.pairs[0][2] for found in scored], dtype=np.int64),
        np.array([found.score for found in scored], dtype=np.float64),
        np.array([found.pairs[0][0] for found in scored], dtype=np.float64),
        None,
    )
    hits, _ = hits_of(snapshot, pool, Query("", limit=limit, per_document=1), Asked((), {}))
    return _with_shared(snapshot, hits, {found.pairs[0][2]: found.pairs for found in scored})


def similar_passages(snapshot: Snapshot, passage: int, limit: int) -> tuple[Hit, ...]:
    """The passages of other documents nearest to one.

    Args:
        snapshot: What is searched.
        passage: The number of an indexed passage.
        limit: How many at the most.

    Returns:
        Hits, best first, one for each document; score and cosine are the same.
    """
    row = snapshot.reading.passages([passage], snapshot.generation)[passage]
    (embedding,) = snapshot.vectors.vectors(np.array([passage], dtype=np.int64))
    ids, cosines = snapshot.vectors.search(embedding, _NEIGHBOURS * 2)
    of = _documents_of(snapshot, ids)
    keep = np.array([of.get(number, (row.document, 0))[0] != row.document for number in ids])
    scores = cosines[keep.astype(bool)].astype(np.float64)
    pool = Pool(ids[keep.astype(bool)], scores, scores, None)
    hits, _ = hits_of(snapshot, pool, Query("", limit=limit, per_document=1), Asked((), {}))
    return hits


def nearest_pairs(cosines: npt.NDArray[np.float32], most: int) -> list[tuple[int, int]]:
    """The greatest values of a table, none of them in a row or column of a greater one.

    Args:
        cosines: float32, shape (passages of one document, passages of another), neither empty.
        most: How many at the most.

    Returns:
        Row and column of each, the greatest first; of equal ones the first in the table.
    """
    left = cosines.astype(np.float64)
    pairs: list[tuple[int, int]] = []
    for _ in range(min(most, *left.shape)):
        row, column = divmod(int(left.argmax()), left.shape[1])
        pairs.append((row, column))
        left[row, :] = left[:, column] = -np.inf
    return pairs


def _with_shared(
    snapshot: Snapshot,
    hits: Sequence[Hit],
    pairs: dict[int, Sequence[tuple[float, int, int]]],
) -> tuple[Hit, ...]:
    """The hits with the pairs of passages that made them, which are known by their own passage."""
    shown = [pair for hit in hits for pair in pairs[hit.passage_id]]
    wanted = sorted({number for _, own, other in shown for number in (own, other)})
    rows = snapshot.reading.passages(wanted, snapshot.generation)
    return tuple(
        replace(
            hit,
            shared=tuple(
                _shared(cosine, rows[own], rows[other])
                for cosine, own, other in pairs[hit.passage_id]
                if own in rows and other in rows
            ),
        )
        for hit in hits
    )


def _shared(cosine: float, own: PassageRow, other: PassageRow) -> Shared:
    return Shared(cosine, own.id, own.text, own.page, other.id, other.text, other.page)


def _indexed(snapshot: Snapshot, versions: list[int]) -> Ids:
    _, passages = snapshot.reading.passages_of(versions)
    found: Ids = np.sort(snapshot.vectors.indexed(passages))
    return found


def _documents_of(snapshot: Snapshot, ids: Ids) -> dict[int, tuple[int, int | None]]:
    return snapshot.reading.documents_of(ids.tolist(), snapshot.generation)
