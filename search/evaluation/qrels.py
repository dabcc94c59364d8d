"""Judgements: which document answers which question, and how well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import UsageError
from search.evaluation.lines import count_of_columns, fault, numbered_lines, shown

#: Highest grade. The library that computes the measures sets aside room for each grade up to it.
HIGHEST_GRADE = 1000

_FORMS = (
    "Use tab-separated columns under the header query-id, corpus-id, score, or TREC's four columns."
)
#: Columns by what a header may call them.
_NAMES = {
    "query-id": "query",
    "corpus-id": "document",
    "document": "document",
    "score": "grade",
    "quote": "quote",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judgement.

    Attributes:
        query: Id of the question.
        document: Id of the document, or the path it lies at.
        grade: How well it answers; 0 not at all.
        line: The line it was read from, from 1.
        quote: Words that stand in the passage that answers, where a passage is judged and not the
            whole document; else "".
    """

    query: str
    document: str
    grade: int
    line: int
    quote: str = ""


def read_judgements(path: Path) -> list[Judgement]:
    """The judgements of a file: tab-separated columns with or without a header, or TREC's qrels.

    A header names the columns ``query-id``, ``corpus-id`` (or ``document``), ``score`` and perhaps
    ``quote``. Without one, three columns are question, document, grade, and four are TREC's, with
    one between question and document that says nothing. Grades below 0, by which TREC marks what
    was not judged, count as 0.

    Raises:
        UsageError: The file cannot be read, holds no judgement, or a line of it is malformed or
            contradicts another.
    """
    columns: Sequence[str] | None = None
    found: dict[tuple[str, str, str], Judgement] = {}
    for number, line in numbered_lines(path):
        cells = line.split("\t") if "\t" in line else line.split()
        if columns is None:
            columns = _header(path, number, cells)
            if columns is not None:
                continue
            columns = _columns(path, number, cells)
        judgement = _judgement(path, number, columns, cells)
        key = (judgement.query, judgement.document, judgement.quote)
        before = found.setdefault(key, judgement)
        if before.grade != judgement.grade:
            raise fault(
                path,
                number,
                f"document {shown(judgement.document)} has grade {judgement.grade} for query "
                f"{shown(judgement.query)} here and {before.grade} in line {before.line}.",
                "Remove one of the two.",
            )
    if not found:
        raise UsageError(f"{path} holds no judgements.", _FORMS)
    return list(found.values())


def _header(path: Path, number: int, cells: Sequence[str]) -> Sequence[str] | None:
    """What the columns are called if ``cells`` are a header, else None."""
    if cells[0].strip().lower() not in ("query-id", "query_id", "qid"):
        return None
    names = [_NAMES.get(cell.strip().lower(), "") for cell in ("query-id", *cells[1:])]
    if any(names.count(name) != 1 for name in ("query", "document", "grade")):
        raise fault(path, number, "its header does not name query-id, corpus-id and score.", _FORMS)
    return names


def _columns(path: Path, number: int, cells: Sequence[str]) -> Sequence[str]:
    if len(cells) == 3:
        return ("query", "document", "grade")
    if len(cells) == 4:
        return ("query", "", "document", "grade")
    raise fault(path, number, f"it has {count_of_columns(cells)}.", _FORMS)


def _judgement(path: Path, number: int, columns: Sequence[str], cells: Sequence[str]) -> Judgement:
    if len(cells) != len(columns):
        raise fault(path, number, f"it has {count_of_columns(cells)}, not {len(columns)}.")
    values = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    if not values["query"] or not values["document"]:
        raise fault(path, number, "it names no query or no document.")
    try:
        grade = float(values["grade"])
    except ValueError:
        grade = 0.5
    if not grade.is_integer() or grade > HIGHEST_GRADE:
        raise fault(
            path,
            number,
            f"{shown(values['grade'])} is no grade.",
            f"Use whole numbers up to {HIGHEST_GRADE}.",
        )
    return Judgement(
        values["query"],
        values["document"],
        max(0, int(grade)),
        number,
        " ".join(values.get("quote", "").split()),
    )
