"""An evaluation as a table that people read."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.commands.common import printable
from search.evaluation.bootstrap import CONFIDENCE, RESAMPLES, Interval
from search.evaluation.judged import JudgedQuery
from search.evaluation.measures import DEPTH, MEASURES
from search.evaluation.results import LEADING, PERCENTILES, Baseline, ModeResult

_WIDTH = 22
#: How much of a question is shown, in characters.
_QUESTION = 60


def table(results: Sequence[ModeResult], baseline: Baseline | None) -> list[str]:
    """The means with their intervals, a column for each mode and the baseline, and the times.

    Means are of the measures; times are percentiles in milliseconds. Each string is a line.
    """
    columns = [(str(result.mode), result.means) for result in results]
    if baseline is not None:
        columns.append(("baseline", baseline.means))
    lines = ["".join([" " * 12, *(f"{name:<{_WIDTH}}" for name, _ in columns)]).rstrip()]
    for row, name in enumerate(MEASURES):
        cells = "".join(f"{_cell(means[row]):<{_WIDTH}}" for _, means in columns)
        lines.append(f"{name:<12}{cells}".rstrip())
    for row, percentile in enumerate(PERCENTILES):
        cells = "".join(f"{result.milliseconds[row]:<{_WIDTH},.1f}" for result in results)
        lines.append(f"{f'p{percentile} in ms':<12}{cells}".rstrip())
    lines.append(
        f"In brackets: {CONFIDENCE:.0%} intervals from {RESAMPLES:,} resamples of the queries. "
        f"Times are of whole answers of {DEPTH} hits."
    )
    return lines


def gains_and_losses(
    result: ModeResult, baseline: Baseline, queries: Sequence[JudgedQuery], shown: int
) -> list[str]:
    """What a mode gained on the baseline, with the queries that gained and lost the most.

    Args:
        result: What the mode answered.
        baseline: The run it is compared with.
        queries: The questions both were measured over, in the same order.
        shown: How many queries to name of either kind.

    Returns:
        Lines of text.
    """
    lines = []
    for name, difference in zip(MEASURES, baseline.against(result), strict=True):
        mean, low, high = (
            _signed(value)
            for value in (
                difference.interval.mean,
                difference.interval.low,
                difference.interval.high,
            )
        )
        same = len(queries) - difference.better - difference.worse
        lines.append(
            f"{name:<12}{mean} [{low}, {high}]  {_chance(difference.p)}  "
            f"{difference.better} better, {difference.worse} worse, {same} the same"
        )
    column = MEASURES.index(LEADING)
    apart = result.values[:, column] - baseline.values[:, column]
    ranked = sorted(range(len(queries)), key=lambda row: (-apart[row], row))
    most = [row for row in ranked[:shown] if apart[row] > 0]
    least = [row for row in reversed(ranked[-shown:] if shown else []) if apart[row] < 0]
    for title, rows in (("Gained most", most), ("Lost most", least)):
        if rows:
            lines.append(f"{title} ({LEADING}):")
        lines += [
            f"  {_signed(apart[row])}  {printable(queries[row].id)}  {_cut(queries[row].text)}"
            for row in rows
        ]
    return lines


def _cell(interval: Interval) -> str:
    return f"{_short(interval.mean)} [{_short(interval.low)}, {_short(interval.high)}]"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0") if value < 1 else f"{value:.2f}"


def _chance(p: float) -> str:
    return "p < .001" if p < 0.001 else f"p = {_short(p)}"


def _signed(value: float) -> str:
    sign = "+" if value >= 0 else "−"
    return f"{sign}{_short(abs(value))}"


def _cut(text: str) -> str:
    text = printable(" ".join(text.split()))
    return text if len(text) <= _QUESTION else f"{text[: _QUESTION - 1]}…"
