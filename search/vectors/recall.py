"""How much of what is nearest a graph finds, and how broad its search must be for that."""

from __future__ import annotations

import numpy as np

from search.encoders.base import Embeddings
from search.reading import Ids
from search.vectors.graph import LEAST_BREADTH
from search.vectors.index import VectorIndex

#: The share of the ten nearest that a graph must find.
LEAST_RECALL = 0.985
#: How many questions are asked.
_SAMPLE = 200
#: The broadest search: from there on comparing everything is no dearer.
_MOST_BREADTH = 4_096
_NEAREST = 10
#: Of one passage, of another and of noise in what stands for a question; its cosine with the
#: nearest passage is then about that of real ones, 0.6 with the built-in encoder.
_SHARES = (0.6, 0.2, 0.8)
#: Cosines that differ by no more are of passages equally near.
_ROUNDING = 1e-6


def fitting_breadth(index: VectorIndex) -> tuple[int, float]:
    """How broad a search of an index's graph must be to find what it should.

    What stands for questions is made of the embeddings of pairs of passages, with noise: it lies
    farther from all passages than these lie from one another, and between several kinds of them. A
    graph that finds the neighbours of passages may miss many of those of real questions.

    Args:
        index: An index with a graph that covers all its parts.

    Returns:
        The breadth, and the share of the ten nearest found with it: at least `LEAST_RECALL`, unless
        even the broadest search finds less.
    """
    ids = index.ids()
    if not len(ids):
        return LEAST_BREADTH, 1.0
    queries = _questions(index, ids)
    wanted = min(_NEAREST, len(ids))
    least = [float(index.exact(query, wanted)[1][-1]) - _ROUNDING for query in queries]
    breadth = LEAST_BREADTH
    while True:
        found = 0
        for query, cosine in zip(queries, least, strict=True):
            _, cosines = index.by_graph(query, wanted, breadth)
            found += int(np.count_nonzero(cosines >= cosine))
        recall = min(1.0, found / (wanted * len(queries)))
        if recall >= LEAST_RECALL or breadth >= _MOST_BREADTH:
            return breadth, recall
        breadth += max(1, breadth // 4)


def _questions(index: VectorIndex, ids: Ids) -> Embeddings:
    """Vectors of length 1 that are to a collection as questions are; the same ones each time."""
    random = np.random.default_rng(len(ids))
    count = min(_SAMPLE, len(ids))
    one, other = (index.vectors(random.choice(ids, count)) for _ in range(2))
    noise = random.standard_normal(one.shape, dtype=np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    mixed = _SHARES[0] * one + _SHARES[1] * other + _SHARES[2] * noise
    questions: Embeddings = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return questions
