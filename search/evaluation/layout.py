"""Where in a folder the files of an evaluation lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import UsageError

_QUERIES = ("queries.jsonl", "queries.tsv", "topics*")
_QRELS = ("qrels/test.tsv", "qrels/*", "qrels*")


@dataclass(frozen=True, slots=True)
class EvaluationFiles:
    """The three files of an evaluation."""

    corpus: Path
    queries: Path
    qrels: Path


def find_files(
    folder: Path, queries: Path | None = None, qrels: Path | None = None
) -> EvaluationFiles:
    """The files in a folder laid out as BEIR's or with TREC's names.

    Args:
        folder: The folder; ``corpus.jsonl`` lies in it, and what is not given by the others:
        queries: ``queries.jsonl``, ``queries.tsv`` or the one file named ``topics…``.
        qrels: ``qrels/test.tsv``, the one file in ``qrels/``, or the one file named ``qrels…``.

    Raises:
        UsageError: One of them is not there, or several could be meant.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {str(folder)!r}.", "Check the path.")
    corpus = folder / "corpus.jsonl"
    if not corpus.is_file():
        raise UsageError(
            f"There is no corpus.jsonl in {folder}.",
            "Give a folder in BEIR's layout, or ask an indexed collection with "
            "--collection, --queries and --qrels.",
        )
    return EvaluationFiles(
        corpus,
        queries or _only(folder, _QUERIES, "queries"),
        qrels or _only(folder, _QRELS, "qrels"),
    )


def _only(folder: Path, patterns: Sequence[str], option: str) -> Path:
    for pattern in patterns:
        found = sorted(
            path
            for path in folder.glob(pattern)
            if path.is_file() and not path.name.startswith(".")
        )
        if len(found) > 1:
            raise UsageError(
                f"{folder} has several files of {option}: "
                f"{', '.join(path.relative_to(folder).as_posix() for path in found[:5])}.",
                f"Say which with --{option} FILE.",
            )
        if found:
            return found[0]
    raise UsageError(
        f"There are no {option} in {folder}; looked for {', '.join(patterns)}.",
        f"Name the file with --{option} FILE.",
    )
