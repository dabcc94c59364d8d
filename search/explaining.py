"""Why a hit stands where it does, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from search.asking import Asked
from search.collection import Snapshot
from search.fusion import covered_scale
from search.hits import Pool, Scores
from search.models import Explanation, Hit, Mode
from search.ranking import CANDIDATES


def explained(
    hits: Sequence[Hit],
    pool: Pool,
    snapshot: Snapshot,
    asked: Asked,
    mode: Mode,
    trust: float,
    near: float,
) -> tuple[Hit, ...]:
    """The hits with their explanations.

    Args:
        hits: What was found.
        pool: The passages that match, the candidates of each leg among them.
        snapshot: What was searched.
        asked: The words that were searched for.
        mode: How it was searched.
        trust: How much the cosines counted.
        near: The least cosine that counts as near.
    """
    ids = np.array([hit.passage_id for hit in hits], dtype=np.int64)
    shares = snapshot.keywords.shares(asked.words if pool.bm25 is not None else (), ids)
    greatest = snapshot.keywords.greatest_score(asked.words)
    return tuple(
        replace(hit, explanation=_explanation(hit, pool, share, mode, trust, near, greatest))
        for hit, share in zip(hits, shares, strict=True)
    )


def _explanation(
    hit: Hit,
    pool: Pool,
    shares: dict[str, float],
    mode: Mode,
    trust: float,
    near: float,
    greatest: float,
) -> Explanation:
    meaning = words = feedback = 0.0
    if hit.cosine is None:
        words = hit.score
    elif hit.bm25 is None:
        meaning = hit.score
    else:
        meaning = trust * hit.cosine
        bm25, believed = np.array([hit.bm25]), pool.believed
        words = float(covered_scale(np.zeros(1), bm25, greatest, believed=believed)[0])
        feedback = hit.score - meaning - words
    return Explanation(
        # Of what is not near, the pool holds only what shares a word.
        semantic_rank=_rank(hit.cosine, pool.cosines) if (hit.cosine or -1.0) >= near else None,
        keyword_rank=_rank(hit.bm25, pool.bm25) if hit.bm25 else None,
        terms=dict(sorted(shares.items(), key=lambda share: (-share[1], share[0]))),
        greatest_bm25=greatest if mode is not Mode.SEMANTIC else 0.0,
        understood=trust if mode is Mode.HYBRID else 1.0,
        meaning=meaning,
        words=words,
        feedback=feedback,
    )


def _rank(value: float | None, values: Scores | None) -> int | None:
    """Which place a value takes in its leg, from 1, as far as the candidates tell."""
    if value is None or values is None:
        return None
    better = int(np.count_nonzero(values > value))
    return better + 1 if better < CANDIDATES else None
