"""More like these, less like those: what somebody's choice among hits says of what is sought."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from search.asking import Asked
from search.collection import Snapshot
from search.encoders.base import Embeddings
from search.errors import DocumentMissing, QueryError
from search.hits import Pool, hits_of, indexed
from search.models import Hit, Query
from search.reading import Ids

#: What passages that were chosen weigh, and what such that were turned down do; see `rocchio`.
LIKED, UNLIKED = 0.75, 0.15
#: How many of the nearest passages are looked through for hits.
_CANDIDATES = 400
#: How many passages may be chosen at once.
_CHOSEN = 200


def rocchio(liked: Embeddings, unliked: Embeddings) -> Embeddings:
    """Where to look after some passages were chosen and others turned down.

    0.75 · mean of the liked - 0.15 · mean of the others, brought to length 1: the formula of
    Rocchio, "Relevance feedback in information retrieval" (1971), without the query's own part, so
    that nothing has to be encoded; the weights are those of Manning, Raghavan and Schütze,
    "Introduction to Information Retrieval" (2008), section 9.1.1.

    Args:
        liked: Unit rows, at least one.
        unliked: Unit rows, or none.

    Returns:
        float32, shape ``(dimension,)``.
    """
    aim = LIKED * liked.mean(axis=0, dtype=np.float64)
    if len(unliked):
        aim -= UNLIKED * unliked.mean(axis=0, dtype=np.float64)
    unit: Embeddings = (aim / max(float(np.linalg.norm(aim)), 1e-12)).astype(np.float32)
    return unit


def like(
    snapshot: Snapshot, liked: Sequence[int], unliked: Sequence[int], limit: int
) -> tuple[Hit, ...]:
    """The passages most like some and least like others, from stored embeddings alone.

    Args:
        snapshot: What is searched.
        liked: Numbers of the passages to find more like.
        unliked: Numbers of passages to keep away from.
        limit: How many hits at the most.

    Returns:
        Hits, best first, none of them one of the passages given; their score is the cosine with
        where `rocchio` says to look.

    Raises:
        QueryError: None is liked, too many are given, or one is both liked and not.
        DocumentMissing: The collection has no such passage.
    """
    _check(liked, unliked, snapshot)
    for_it, against = (np.unique(np.array(ids, dtype=np.int64)) for ids in (liked, unliked))
    aim = rocchio(snapshot.vectors.vectors(for_it), _vectors(snapshot, against))
    given = np.concatenate([for_it, against])
    ids, cosines = snapshot.vectors.search(aim, _CANDIDATES + len(given))
    keep = ~np.isin(ids, given)
    scores = cosines[keep].astype(np.float64)
    hits, _ = hits_of(
        snapshot, Pool(ids[keep], scores, scores, None), Query("", limit=limit), Asked((), {})
    )
    return hits


def _vectors(snapshot: Snapshot, ids: Ids) -> Embeddings:
    if len(ids):
        return snapshot.vectors.vectors(ids)
    return np.empty((0, 0), dtype=np.float32)


def _check(liked: Sequence[int], unliked: Sequence[int], snapshot: Snapshot) -> None:
    """Refuse a choice that nothing can be made of.

    Raises:
        QueryError: None is liked, too many are given, or one is both liked and not.
        DocumentMissing: The collection has no such passage.
    """
    if not liked:
        raise QueryError(
            "No passage is chosen to find more like it.", "Choose at least one.", "liked"
        )
    given = [*liked, *unliked]
    if len(given) > _CHOSEN:
        raise QueryError(
            f"{len(given):,} passages are chosen.", f"Choose at most {_CHOSEN}.", "liked"
        )
    if both := set(liked) & set(unliked):
        raise QueryError(
            f"Passage {min(both)} is both to be like and not.",
            "Take it out of one of the lists.",
            "unliked",
        )
    known = set(indexed(given, snapshot))
    for number in given:
        if number not in known:
            raise DocumentMissing(
                f"The collection has no passage {number}.",
                "It may have been removed since; search again.",
            )
