"""Which words tell some passages from the others: feedback in words, without anybody's judgement.

That is RM3 (Abdul-Jaleel et al., "UMass at TREC 2004: Novelty and HARD", after Lavrenko & Croft,
"Relevance-based language models", 2001) with BM25 in place of language models, and over the
candidates alone, so that no posting is read for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from search.analysis import Alternative
from search.asking import Wanted
from search.fusion import inverse_document_frequency
from search.keywords.forward import Forward, Scores
from search.reading import Ids

#: So many terms are weighed at once.
_AT_ONCE = 32

#: What spells out the terms in some places, what each gives to some passages, and how many passages
#: hold it.
_Given = tuple[Callable[[Ids], list[bytes]], Scores, Ids]


def in_common(forward: Forward, rows: Ids, say: Scores, most: int) -> list[Wanted]:
    """The words that tell some passages from the others, to score others by.

    Each term weighs idf · Σ say · tf / (tf + k1 · (1 - b + b · length / average length)): what it
    gives to the passages in BM25.

    Args:
        forward: The forward index.
        rows: The passages, int64.
        say: How much each of them counts, float64.
        most: How many terms are taken, the weightiest; of equal ones the first by alphabet.

    Returns:
        The terms, whose weights add up to 1.
    """
    segment_of = np.searchsorted(forward.bases, rows, "right") - 1
    parts = [
        _given(forward, at, rows[segment_of == at], say[segment_of == at])
        for at in np.flatnonzero(np.bincount(segment_of)).tolist()
    ]
    names, shares, held = parts[0] if len(parts) == 1 else _summed(parts)
    # A segment alone holds a term at most as often as all do, so this is the most it can weigh.
    bound = shares * inverse_document_frequency(held, len(forward))
    order = np.argsort(-bound, kind="stable")
    best: list[tuple[float, str, int]] = []
    for begin in range(0, len(order), _AT_ONCE):
        places = order[begin : begin + _AT_ONCE]
        if len(best) >= most and bound[places[0]] < -best[-1][0]:
            break
        terms = [name.decode() for name in names(places)]
        counts = [forward.frequency(term) for term in terms]
        weights = -shares[places] * inverse_document_frequency(np.array(counts), len(forward))
        best = sorted([*best, *zip(weights.tolist(), terms, counts, strict=True)])[:most]
    total = sum(weight for weight, _, _ in best)
    return [Wanted((Alternative(term),), count, weight / total) for weight, term, count in best]


def _given(forward: Forward, at: int, rows: Ids, say: Scores) -> _Given:
    """What terms give to passages of one segment, and how many in it hold them."""
    segment = forward.segments[at]
    places, sizes = segment.entries(rows - forward.bases[at])
    counts = segment.counts[places].astype(np.float64)
    shares = counts / (counts + np.repeat(forward.norms[rows], sizes)) * np.repeat(say, sizes)
    terms, which = np.unique(segment.terms[places], return_inverse=True)
    sums = np.bincount(which, weights=shares, minlength=len(terms)).astype(np.float64)
    held = forward.frequencies[at][terms].astype(np.int64)
    return lambda places: segment.words.several(terms[places]), sums, held


def _summed(parts: Sequence[_Given]) -> _Given:
    """What terms give in several segments together, and how many hold them in one at the most."""
    given: dict[bytes, float] = {}
    held: dict[bytes, int] = {}
    for names, shares, frequencies in parts:
        terms = names(np.arange(len(shares)))
        for term, share, count in zip(terms, shares.tolist(), frequencies.tolist(), strict=True):
            given[term] = given.get(term, 0.0) + share
            held[term] = max(held.get(term, 0), count)
    every = [*given]
    return (
        lambda places: [every[at] for at in places.tolist()],
        np.array([*given.values()]),
        np.array([*held.values()], dtype=np.int64),
    )
