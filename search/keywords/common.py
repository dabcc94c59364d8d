"""Which words tell some passages from the others: feedback in words, without anybody's judgement.

That is RM3 (Abdul-Jaleel et al., "UMass at TREC 2004: Novelty and HARD", after Lavrenko & Croft,
"Relevance-based language models", 2001) with BM25 in place of language models, and over the
candidates alone, so that no posting is read for it.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from search.analysis import Alternative
from search.asking import Wanted
from search.fusion import inverse_document_frequency
from search.keywords.forward import Forward, Scores
from search.keywords.segments import Words
from search.reading import Ids

#: Terms, what each gives to some passages, and how many passages hold it.
_Given = tuple[Sequence[bytes], Scores, Ids]


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
    best: list[tuple[float, str]] = []
    for at in np.argsort(-bound, kind="stable").tolist():
        if len(best) >= most and bound[at] < -best[most - 1][0]:
            break
        term = names[at].decode()
        idf = inverse_document_frequency(np.array([forward.frequency(term)]), len(forward))
        bisect.insort(best, (-float(shares[at] * idf[0]), term))
    total = sum(weight for weight, _ in best[:most])
    return [
        Wanted((Alternative(term),), forward.frequency(term), weight / total)
        for weight, term in best[:most]
    ]


def _given(forward: Forward, at: int, rows: Ids, say: Scores) -> _Given:
    """What terms give to passages of one segment, and how many in it hold them."""
    segment = forward.segments[at]
    places, sizes = segment.entries(rows - forward.bases[at])
    counts = segment.counts[places].astype(np.float64)
    shares = counts / (counts + np.repeat(forward.norms[rows], sizes)) * np.repeat(say, sizes)
    terms, which = np.unique(segment.terms[places], return_inverse=True)
    sums = np.bincount(which, weights=shares, minlength=len(terms)).astype(np.float64)
    held = forward.frequencies[at][terms].astype(np.int64)
    return _Names(segment.words, terms), sums, held


class _Names(Sequence[bytes]):
    """Some of the terms of a segment, spelt out only when they are asked for."""

    def __init__(self, words: Words, places: npt.NDArray[np.uint32]) -> None:
        self._words = words
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, at: int) -> bytes:  # type: ignore[override]
        return self._words[int(self._places[at])]


def _summed(parts: Sequence[_Given]) -> _Given:
    """What terms give in several segments together, and how many hold them in one at the most."""
    given: dict[bytes, float] = {}
    held: dict[bytes, int] = {}
    for names, shares, frequencies in parts:
        for term, share, count in zip(names, shares.tolist(), frequencies.tolist(), strict=True):
            given[term] = given.get(term, 0.0) + share
            held[term] = max(held.get(term, 0), count)
    return [*given], np.array([*given.values()]), np.array([*held.values()], dtype=np.int64)
