"""Asking an engine the questions of an evaluation, exactly as a user would."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from search.engine import Engine
from search.errors import QueryError
from search.evaluation.judged import JudgedQuery
from search.evaluation.measures import DEPTH
from search.evaluation.runs import Ranked
from search.models import Hit, Mode
from search.queries import parse

#: Gives the id that judgements and runs know a hit's document by.
NameOf = Callable[[Hit], str]


@dataclass(slots=True)
class Answers:
    """What an engine answered in one mode.

    Attributes:
        rankings: Documents, or passages where those are judged, by query, best first.
        milliseconds: How long each answer took, in the order of the queries.
        fallbacks: How many queries were answered by words in place of meaning, by the reason.
        refused: Why a query was not searched for, by its id; such a query found nothing.
    """

    rankings: dict[str, Sequence[Ranked]] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)
    fallbacks: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def order(self) -> Mapping[str, Sequence[str]]:
        """The rankings without their scores."""
        return {
            query: [ranked.document for ranked in ranking]
            for query, ranking in self.rankings.items()
        }


def ask(
    engine: Engine,
    queries: Sequence[JudgedQuery],
    mode: Mode,
    name_of: NameOf,
    told: Callable[[int], object],
) -> Answers:
    """Ask every question for as many hits as are judged.

    A document counts with its best passage. Where a query's passages are judged, each passage
    counts for itself.

    Args:
        engine: What is asked.
        queries: The questions.
        mode: How to search.
        name_of: What to call a hit's document.
        told: Is told after each question how many were asked.

    Raises:
        CollectionError: The collection is damaged, cannot be read or was deleted.
    """
    answers = Answers()
    for asked, query in enumerate(queries, 1):
        began = time.perf_counter()
        try:
            parsed = parse(query.text, mode, DEPTH, DEPTH if query.quotes else 1, literal=True)
            answer = engine.search(parsed)
        except QueryError as error:
            answers.refused[query.id] = error.message
            continue
        finally:
            told(asked)
        answers.milliseconds.append((time.perf_counter() - began) * 1000.0)
        if answer.fallback is not None:
            answers.fallbacks[answer.fallback] += 1
        names = _names(query, answer.hits, name_of)
        answers.rankings[query.id] = [
            Ranked(name, hit.score) for name, hit in zip(names, answer.hits, strict=True)
        ]
    return answers


def _names(query: JudgedQuery, hits: Sequence[Hit], name_of: NameOf) -> list[str]:
    """What the hits are called: by their document, or by the judged passage that each one meets."""
    if not query.quotes:
        return [name_of(hit) for hit in hits]
    waiting = list(query.quotes)
    names = []
    for hit in hits:
        document, text = name_of(hit), " ".join(hit.text.split()).casefold()
        met = next((q for q in waiting if q.document == document and q.words in text), None)
        if met is not None:
            waiting.remove(met)
        names.append(met.id if met is not None else f"{document}#passage-{hit.passage_id}")
    return names
