"""How good the order of an answer is, against judgements made by people."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from search.models import Hit


@dataclass(frozen=True, slots=True)
class Judgement:
    """A passage that answers a question.

    Attributes:
        document: Path of the document, relative to the judged folder, with forward slashes.
        quote: Words that stand in the passage and nowhere else in the document.
        grade: How well it answers: 2 answers, 1 helps.
    """

    document: str
    quote: str
    grade: int


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A question with all that is known to answer it."""

    id: str
    text: str
    judgements: tuple[Judgement, ...]


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


def read_judged_queries(folder: Path) -> list[JudgedQuery]:
    """Questions and judgements from ``queries.jsonl`` and ``qrels.tsv`` in ``folder``.

    The layout is that of sample_corpus: judgements name a document and a quote from it, so that
    they hold however documents are cut into passages.
    """
    judgements: dict[str, list[Judgement]] = {}
    with (folder / "qrels.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            judgements.setdefault(row["query-id"], []).append(
                Judgement(row["document"], row["quote"], int(row["score"]))
            )
    lines = (folder / "queries.jsonl").read_text("utf-8").splitlines()
    queries = [json.loads(line) for line in lines if line.strip()]
    return [
        JudgedQuery(query["_id"], query["text"], tuple(judgements.get(query["_id"], ())))
        for query in queries
    ]


def gains_of(hits: Sequence[Hit], query: JudgedQuery, folder: Path) -> list[float]:
    """The gain of each hit: the grade of the judgement it meets, each judgement counted once."""
    open_judgements = list(query.judgements)
    gains = []
    for hit in hits:
        met = next((j for j in open_judgements if _meets(hit, j, folder)), None)
        if met is not None:
            open_judgements.remove(met)
        gains.append(float(met.grade) if met is not None else 0.0)
    return gains


def _meets(hit: Hit, judgement: Judgement, folder: Path) -> bool:
    same = Path(hit.path) == folder / judgement.document
    return same and _squeeze(judgement.quote) in _squeeze(hit.text)


def _squeeze(text: str) -> str:
    return " ".join(text.split()).casefold()
