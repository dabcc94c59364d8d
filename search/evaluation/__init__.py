"""How good the order of an answer is, against judgements made by people."""

from __future__ import annotations

import math
from collections.abc import Sequence


def ndcg(gains: Sequence[float], ideal: Sequence[float], depth: int = 10) -> float:
    """Normalised discounted cumulative gain of a ranking, from 0 to 1.

    Σ gain_i / log2(i + 1) over the first ``depth`` ranks i = 1, 2, …, divided by the same sum for
    the best order there could be; after Järvelin & Kekäläinen, "Cumulated gain-based evaluation of
    IR techniques", ACM TOIS 20(4), 2002, with the gain itself in the numerator.

    Args:
        gains: The gain at each rank.
        ideal: All gains there are to be had, in any order.
        depth: How many ranks count.
    """
    best = _discounted(sorted(ideal, reverse=True), depth)
    return _discounted(gains, depth) / best if best else 0.0


def _discounted(gains: Sequence[float], depth: int) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains[:depth], 1))
