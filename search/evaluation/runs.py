"""Rankings in TREC's form, one document a line: ``query Q0 document rank score tag``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from search.errors import UsageError
from search.evaluation.lines import count_of_columns, fault, numbered_lines, shown

#: Least difference between two scores that are written. Programs that keep scores in 32 bits still
#: tell these apart up to 128.
_STEP = 1e-5
_WHITE = re.compile(r"[\s%]")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document in a ranking."""

    document: str
    score: float


@dataclass(frozen=True, slots=True)
class Run:
    """What a system answered.

    Attributes:
        tag: What it calls itself.
        rankings: Documents by query, best first.
    """

    tag: str
    rankings: Mapping[str, Sequence[Ranked]]


def read_run(path: Path) -> Run:
    """Read a run. As in trec_eval, scores give the order, and ties go by document id, last first.

    Names stay as they are written; `names_of` says what they may stand for.

    Raises:
        UsageError: The file cannot be read, is empty, a line of it is malformed, or a document
            stands twice in a ranking.
    """
    scores: dict[str, dict[str, float]] = {}
    tag = ""
    for number, line in numbered_lines(path):
        cells = line.split()
        if len(cells) != 6:
            raise fault(
                path,
                number,
                f"it has {count_of_columns(cells)}.",
                "A run has six: query, Q0, document, rank, score, tag.",
            )
        query, _, document, _, text, tag = cells
        try:
            score = float(text)
        except ValueError:
            score = math.nan
        if not math.isfinite(score):
            raise fault(path, number, f"{shown(text)} is no score.")
        ranking = scores.setdefault(query, {})
        if document in ranking:
            raise fault(
                path,
                number,
                f"document {shown(document)} stands twice in the ranking of query {shown(query)}.",
                "Keep the better of the two.",
            )
        ranking[document] = score
    if not scores:
        raise UsageError(f"{path} holds no rankings.", "Write one with: wherein eval --run FILE")
    return Run(
        tag,
        {
            query: [
                Ranked(document, ranking[document])
                for document in sorted(
                    ranking, key=lambda name: (ranking[name], name), reverse=True
                )
            ]
            for query, ranking in scores.items()
        },
    )


def write_run(path: Path, run: Run) -> None:
    """Write a run; white space in names is written as in a URL.

    Programs that read runs order them by score, so a score that ties with the one before is written
    a hair lower.

    Args:
        path: The file; overwritten if it is there.
        run: The run.

    Raises:
        UsageError: The file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_lines(run))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}.", "Name another file."
        ) from error


def names_of(token: str) -> tuple[str, ...]:
    """What a name in a run may stand for: itself, or what `write_run` wrote it for."""
    return (token, unquote(token)) if "%" in token else (token,)


def _lines(run: Run) -> Iterable[str]:
    for query, ranking in run.rankings.items():
        steps = math.inf
        for rank, ranked in enumerate(ranking, 1):
            steps = min(round(ranked.score / _STEP), steps - 1)
            yield (
                f"{_token(query)} Q0 {_token(ranked.document)} {rank} "
                f"{steps * _STEP:.5f} {run.tag}\n"
            )


def _token(name: str) -> str:
    """A name without white space, so that it is one column."""
    return _WHITE.sub(lambda found: quote(found.group()), name)
