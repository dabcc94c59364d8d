"""How far a mean over queries can be trusted, by resampling the queries.

After Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, and Sakai, "Evaluating
evaluation metrics based on the bootstrap", SIGIR 2006.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search.evaluation.measures import Values

RESAMPLES = 2000
#: Share of the resampled means that lies in an interval.
CONFIDENCE = 0.95
_SEED = 20
#: How many resamples are drawn at once; bounds memory where there are many queries.
_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the ends of its percentile interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How one ranking differs from another over the same queries.

    Attributes:
        interval: The mean difference.
        p: How often chance alone would give one as great, on either side.
        better: Queries that gained.
        worse: Queries that lost.
    """

    interval: Interval
    p: float
    better: int
    worse: int


def intervals(values: Values) -> list[Interval]:
    """The mean of each column of ``values``, with its percentile interval.

    Args:
        values: float64, a row for each query, at least one.

    Returns:
        For each column its mean with the `CONFIDENCE` interval.
    """
    return _intervals(values, _resampled_means(values))


def differences(values: Values, baseline: Values) -> list[Difference]:
    """How each column of ``values`` differs from that of ``baseline``, query by query.

    p is from the bootstrap test on paired differences: the share of resampled mean differences
    that lie as far from their own mean as that lies from zero, one added to both counts.

    After Sakai 2006 (see above); the added one after Davison & Hinkley, "Bootstrap Methods and
    their Application", 1997, chapter 4.

    Args:
        values: float64, a row for each query, a column for each measure.
        baseline: The same queries and measures for another ranking, equal in shape.

    Returns:
        A difference for each column.
    """
    apart = values - baseline
    means = _resampled_means(apart)
    mean = apart.mean(axis=0)
    # Without the allowance, rounding would decide where all differences are equal.
    beyond = np.abs(means - mean) >= np.abs(mean) - 1e-12
    p = (1 + beyond.sum(axis=0)) / (len(means) + 1)
    return [
        Difference(interval, float(p[column]), int(better), int(worse))
        for column, (interval, better, worse) in enumerate(
            zip(
                _intervals(apart, means),
                (apart > 1e-9).sum(axis=0),
                (apart < -1e-9).sum(axis=0),
                strict=True,
            )
        )
    ]


def _resampled_means(values: Values) -> npt.NDArray[np.float64]:
    """Means over queries drawn with replacement; the same queries for all columns."""
    generator = np.random.default_rng(_SEED)
    count = len(values)
    means = []
    for _ in range(RESAMPLES // _TOGETHER):
        times = generator.multinomial(count, np.full(count, 1 / count), size=_TOGETHER)
        means.append(times @ values / count)
    return np.concatenate(means)


def _intervals(values: Values, means: npt.NDArray[np.float64]) -> list[Interval]:
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, (outside, 1 - outside), axis=0)
    return [
        Interval(float(mean), float(low[column]), float(high[column]))
        for column, mean in enumerate(values.mean(axis=0))
    ]
