"""What an evaluation found, mode by mode, and against a run made before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.evaluation.asking import Answers
from search.evaluation.bootstrap import (
    CONFIDENCE,
    RESAMPLES,
    Difference,
    Interval,
    differences,
    intervals,
)
from search.evaluation.judged import JudgedQuery
from search.evaluation.measures import DEPTH, MEASURES, Values, measure
from search.evaluation.runs import Run, names_of
from search.models import Mode

#: Percentiles of the time an answer took.
PERCENTILES = (50, 95, 99)
#: The measure by which queries are said to have gained or lost.
LEADING = MEASURES[0]


@dataclass(frozen=True, slots=True)
class ModeResult:
    """How one mode did.

    Attributes:
        mode: Which one.
        values: Each measure for each query, float64; see `search.evaluation.measures.measure`.
        means: The measures' means, as `MEASURES` names them.
        milliseconds: Percentiles of the time an answer took, as `PERCENTILES` names them.
        answers: What was answered.
    """

    mode: Mode
    values: Values
    means: tuple[Interval, ...]
    milliseconds: tuple[float, ...]
    answers: Answers


@dataclass(frozen=True, slots=True)
class Baseline:
    """A run made before, measured over the same queries.

    Attributes:
        tag: What it calls itself.
        values: Each measure for each query, float64; see `search.evaluation.measures.measure`.
        means: The measures' means.
        missing: How many of the queries it does not answer; they count as 0.
    """

    tag: str
    values: Values
    means: tuple[Interval, ...]
    missing: int

    def against(self, result: ModeResult) -> list[Difference]:
        """What ``result`` gained, measure by measure."""
        return differences(result.values, self.values)


def result_of(mode: Mode, queries: Sequence[JudgedQuery], answers: Answers) -> ModeResult:
    """Measure what was answered in one mode.

    Args:
        mode: The mode.
        queries: The questions with their judgements.
        answers: What was answered to them.

    Returns:
        The result; its values have a row for each of ``queries``, in their order.
    """
    values = measure(queries, answers.order)
    times = answers.milliseconds or [0.0]
    return ModeResult(
        mode,
        values,
        tuple(intervals(values)),
        tuple(float(time) for time in np.percentile(times, PERCENTILES)),
        answers,
    )


def baseline_of(
    run: Run, queries: Sequence[JudgedQuery], resolve: Callable[[str], str | None]
) -> Baseline:
    """Measure a run made before.

    Args:
        run: The run.
        queries: The questions with their judgements; what else the run answers is left aside.
        resolve: Which document a name in the run means, or None if it is not known.
    """
    by_query = {
        name: ranking for token, ranking in run.rankings.items() for name in names_of(token)
    }
    rankings: dict[str, list[str]] = {}
    for query in queries:
        if query.id not in by_query:
            continue
        names: dict[str, None] = {}
        for ranked in by_query[query.id][:DEPTH]:
            names.setdefault(_known(ranked.document, query.grades, resolve))
        rankings[query.id] = list(names)
    values = measure(queries, rankings)
    missing = len(queries) - len(rankings)
    return Baseline(run.tag, values, tuple(intervals(values)), missing)


def _known(token: str, grades: Mapping[str, int], resolve: Callable[[str], str | None]) -> str:
    """The id that judgements use for a name in a run, or that name if none do."""
    for name in names_of(token):
        if name in grades:
            return name
    return next((found for name in names_of(token) if (found := resolve(name))), token)


def result_as_dict(result: ModeResult, queries: Sequence[JudgedQuery]) -> dict[str, Any]:
    """A mode's result as JSON shows it.

    Args:
        result: The result.
        queries: The questions it was measured over, in the same order.
    """
    return {
        "measures": {
            name: _interval_as_dict(mean) for name, mean in zip(MEASURES, result.means, strict=True)
        },
        "milliseconds": {
            f"p{percentile}": round(value, 3)
            for percentile, value in zip(PERCENTILES, result.milliseconds, strict=True)
        },
        "fallbacks": result.answers.fallbacks,
        "refused": result.answers.refused,
        "queries": _by_query(queries, result.values),
    }


def baseline_as_dict(
    baseline: Baseline, results: Sequence[ModeResult], queries: Sequence[JudgedQuery]
) -> dict[str, Any]:
    """A baseline, and what each mode gained on it, as JSON shows it.

    Args:
        baseline: The baseline.
        results: What it is compared with.
        queries: The questions all were measured over, in the same order.
    """
    return {
        "tag": baseline.tag,
        "missing": baseline.missing,
        "measures": {
            name: _interval_as_dict(mean)
            for name, mean in zip(MEASURES, baseline.means, strict=True)
        },
        "queries": _by_query(queries, baseline.values),
        "differences": {
            str(result.mode): {
                name: {
                    **_interval_as_dict(difference.interval),
                    "p": round(difference.p, 6),
                    "better": difference.better,
                    "worse": difference.worse,
                    "same": len(queries) - difference.better - difference.worse,
                }
                for name, difference in zip(MEASURES, baseline.against(result), strict=True)
            }
            for result in results
        },
    }


def method_as_dict() -> dict[str, Any]:
    """How the intervals were made, as JSON shows it."""
    return {"confidence": CONFIDENCE, "resamples": RESAMPLES, "depth": DEPTH}


def _interval_as_dict(interval: Interval) -> dict[str, float]:
    return {
        "mean": round(interval.mean, 6),
        "low": round(interval.low, 6),
        "high": round(interval.high, 6),
    }


def _by_query(queries: Sequence[JudgedQuery], values: Values) -> dict[str, dict[str, float]]:
    return {
        query.id: {name: round(float(value), 6) for name, value in zip(MEASURES, row, strict=True)}
        for query, row in zip(queries, values, strict=True)
    }
