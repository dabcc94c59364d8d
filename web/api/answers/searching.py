"""What a search is answered with, as types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from search.models import Hit, Meaning
from search.suggesting import Suggestion
from web.api.answers.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundHit(Hit):
    """A passage that answers a query, with the addresses that lead to it.

    Attributes:
        url: The page of the document with the passage marked, relative to the server.
        document_url: The document in this API, relative to the server.
    """

    url: str
    document_url: str


class Understood(BaseModel):
    """What the query's text was taken for.

    Attributes:
        words: What is asked for.
        prefixes: What words that are asked for begin with.
        required: Conditions as they can be typed; of each list one must hold.
        excluded: Conditions that must not hold.
    """

    words: str
    prefixes: list[str]
    required: list[list[str]]
    excluded: list[str]


class AnswerHead(BaseModel):
    """What an answer to a search says beside its hits.

    Attributes:
        query: The query as it was understood: trimmed, control characters gone.
        understood: What its text was taken for.
        mode: The mode the hits come from.
        requested_mode: The mode that was asked for; another one after a fallback.
        fallback: Why words stood in for meaning, one sentence.
        note: Anything else worth knowing, in sentences.
        unanswered: Whether nothing in the collection seems to answer the query, whatever hits
            there are.
        did_you_mean: The query with other spellings, if that may have been meant.
        generation: Which state of the collection was asked.
        total: How many passages match, before those of one document are limited and those that say
            the same are folded.
        total_is_lower_bound: Whether there may be more than that.
        offset: How many of the best were passed over.
        more: Whether further hits follow these.
        next_cursor: What to ask with for the hits that follow; null if there are none.
        took_ms: How long it took, in milliseconds.
        stages: How many milliseconds each stage took, if the request asks to explain; else null.
    """

    query: str
    understood: Understood
    mode: Literal["hybrid", "semantic", "keyword"]
    requested_mode: Literal["hybrid", "semantic", "keyword"]
    fallback: str | None
    note: str | None
    unanswered: bool
    did_you_mean: str | None
    generation: int
    total: int
    total_is_lower_bound: bool
    offset: int
    more: bool
    next_cursor: str | None
    took_ms: float
    stages: dict[str, float] | None


class SearchAnswer(AnswerHead):
    """The passages that answer a query.

    Attributes:
        hits: Passages, best first; none if nothing was found, which is no error.
    """

    hits: list[FoundHit]


class BatchAnswer(BaseModel):
    """The answers to several queries.

    Attributes:
        answers: One for each, in their order.
    """

    answers: list[SearchAnswer]


class AnswerLine(AnswerHead):
    """The first line of a streamed answer.

    Attributes:
        line: Tells the lines apart.
    """

    line: Literal["answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitLine(FoundHit):
    """A line with a hit.

    Attributes:
        line: Tells the lines apart.
    """

    line: Literal["hit"]


class EndLine(BaseModel):
    """The last line of a streamed answer that is complete.

    Attributes:
        line: Tells the lines apart.
        hits: How many hits came.
        more: Whether further hits follow these.
        next_cursor: What to ask with for them; null if there are none.
    """

    line: Literal["end"]
    hits: int
    more: bool
    next_cursor: str | None


class ProblemLine(Problem):
    """The last line of a streamed answer that was cut short.

    Attributes:
        line: Tells the lines apart.
    """

    line: Literal["problem"]


Line = AnswerLine | HitLine | EndLine | ProblemLine


class Similar(BaseModel):
    """Passages that are like others.

    Attributes:
        generation: Which state of the collection was asked.
        hits: Passages, best first.
    """

    generation: int
    hits: list[FoundHit]


class Meanings(BaseModel):
    """What in passages carried their nearness to a query.

    Attributes:
        meanings: By the number of the passage; those in which nothing stands out are not there.
    """

    meanings: dict[str, Meaning]


class Suggestions(BaseModel):
    """What a text that is being typed may become.

    Attributes:
        suggestions: The likeliest first.
    """

    suggestions: list[Suggestion]
