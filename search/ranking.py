"""The passages that match a query, best first, with what each leg says of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from search.asking import Asked
from search.collection import Snapshot
from search.encoders.base import Embeddings
from search.fusion import (
    COMMON_WEIGHT,
    FEEDBACK_WEIGHT,
    agreement,
    belief,
    covered_scale,
    likeness_to_best,
    say_of_best,
)
from search.hits import Pool
from search.models import Mode, Query
from search.reading import Ids
from search.stages import UNTIMED, Stages

#: Candidates taken from each leg.
CANDIDATES = 200
#: Below any cosine.
_ANYWHERE = -2.0


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The passages that match, and how they were found.

    Attributes:
        pool: The passages, best first.
        mode: How they were found.
        trust: How much their cosines counted.
        unlike: Whether words were searched because nothing is near in meaning.
    """

    pool: Pool
    mode: Mode
    trust: float = 1.0
    unlike: bool = False


def ranked(
    query: Query,
    snapshot: Snapshot,
    vector: Embeddings | None,
    asked: Asked,
    near: float,
    trust: float,
    allowed: Ids | None,
    stages: Stages,
) -> Ranked:
    """The passages that match a query with words, by these alone where meaning finds nothing.

    Args:
        query: The query.
        snapshot: What is searched.
        vector: The query's embedding, float32, or None to search for words alone.
        asked: The words to search for.
        near: The least cosine that counts as near.
        trust: How much cosines count, see `search.understanding`.
        allowed: The only passages that may be found, int64, ascending; or None for all.
        stages: Measures how long this takes.
    """
    if vector is not None:
        # So few passages asked for by what they are can all be shown.
        named = allowed if query.requirements.clauses else None
        few = named is not None and len(named) <= CANDIDATES
        pool = retrieve(
            snapshot,
            query.mode,
            vector,
            asked,
            near,
            trust,
            allowed,
            however_far=few,
            stages=stages,
        )
        if pool is not None:
            return Ranked(pool, query.mode, trust)
    unlike = vector is not None and len(snapshot.vectors) > 0
    with stages("keywords"):
        pool = by_words(snapshot, asked, allowed)
    return Ranked(pool, Mode.KEYWORD, unlike=unlike)


def retrieve(
    snapshot: Snapshot,
    mode: Mode,
    vector: Embeddings,
    asked: Asked,
    near: float,
    trust: float,
    allowed: Ids | None,
    *,
    however_far: bool = False,
    stages: Stages = UNTIMED,
) -> Pool | None:
    """Candidates by meaning, and by words too in hybrid mode.

    Args:
        snapshot: What is searched.
        mode: "hybrid" or "semantic".
        vector: The query's embedding, float32.
        asked: The words to search for.
        near: The least cosine that counts as near.
        trust: How much cosines count, see `search.understanding`.
        allowed: The only passages that may be found, int64, ascending; or None for all.
        however_far: Take candidates that are neither near nor share a word, too.
        stages: Measures how long this takes.

    Returns:
        The passages that match, best first; None if none is near.
    """
    with stages("vectors"):
        ids, cosines = snapshot.vectors.search(vector, CANDIDATES, allowed)
    least = _ANYWHERE if however_far else near
    if not len(ids) or cosines[0] < least:
        return None
    complete = _are_all(ids, snapshot, allowed) or bool(cosines[-1] < least)
    if mode is Mode.SEMANTIC:
        keep = cosines >= least
        values = cosines[keep].astype(np.float64)
        return Pool(ids[keep], values, values, None, complete)
    with stages("keywords"):
        worded, _ = snapshot.keywords.search(asked.words, CANDIDATES, allowed=allowed)
        complete &= _found_all(worded, snapshot, asked, allowed)
    pool = _united(ids, worded)
    with stages("vectors"):
        cosine = snapshot.vectors.cosines(vector, pool).astype(np.float64)
    with stages("keywords"):
        bm25 = snapshot.keywords.scores(asked.words, pool)
        greatest = snapshot.keywords.greatest_score(asked.words)
    with stages("fusion"):
        keep = (cosine >= least) | (bm25 > 0.0)
        pool, cosine, bm25 = pool[keep], cosine[keep], bm25[keep]
        agreed = agreement(cosine, bm25)
        believed = belief(cosine, agreed, near, trust)
        scores = covered_scale(cosine, bm25, greatest, trust, believed)
        best, say = say_of_best(scores)
    with stages("keywords"):
        common = snapshot.keywords.likeness(pool, pool[best], say)
    with stages("fusion"):
        known = cosine > -1.0
        like = likeness_to_best(scores[known], snapshot.vectors.vectors(pool[known]))
        scores[known] += FEEDBACK_WEIGHT * trust * like
        # A leg that does not understand the query agrees or disagrees by chance.
        scores += COMMON_WEIGHT * trust * agreed * common
        order = np.lexsort((pool, -scores))
    found = pool[order], scores[order], cosine[order], bm25[order]
    return Pool(*found, complete, believed=believed)


def by_words(snapshot: Snapshot, asked: Asked, allowed: Ids | None) -> Pool:
    """Candidates by words alone, best first.

    Args:
        snapshot: What is searched.
        asked: The words to search for.
        allowed: The only passages that may be found, int64, ascending; or None for all.
    """
    ids, scores = snapshot.keywords.search(asked.words, CANDIDATES, allowed=allowed)
    return Pool(ids, scores, None, scores, _found_all(ids, snapshot, asked, allowed))


def asked_of(snapshot: Snapshot, query: Query) -> Asked:
    """The words that a query searches a snapshot for, its beginnings of words included."""
    asked = snapshot.keywords.ask(query.words)
    if not query.prefixes:
        return asked
    begun = map(snapshot.keywords.beginning, query.prefixes)
    return replace(asked, words=(*asked.words, *begun))


def _united(ids: Ids, others: Ids) -> Ids:
    """The numbers among either, ascending; NumPy's own way to it loads much and takes longer."""
    both = np.sort(np.concatenate((ids, others)))
    return both[np.diff(both, prepend=-1) > 0]


def _are_all(ids: Ids, snapshot: Snapshot, allowed: Ids | None) -> bool:
    """Whether the passages found are all that could be."""
    return len(ids) == (len(snapshot.vectors) if allowed is None else len(allowed))


def _found_all(worded: Ids, snapshot: Snapshot, asked: Asked, allowed: Ids | None) -> bool:
    """Whether the passages found by words are all that hold one of them."""
    if len(worded) >= CANDIDATES and not _are_all(worded, snapshot, allowed):
        return False
    return snapshot.keywords.finds_all(asked.words, allowed=allowed)
