"""Questions with all that is known to answer them, put together from topics and judgements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import UsageError
from search.evaluation.lines import fault, shown
from search.evaluation.qrels import Judgement
from search.evaluation.topics import Topic

#: Gives the id of the document that a judgement names, or None if there is no such document.
Resolve = Callable[[str], str | None]

_GO_ON = "Correct it, or go on with --allow-unknown: what is not there is never found."


@dataclass(frozen=True, slots=True)
class Quote:
    """A judged passage.

    Attributes:
        document: Id of the document it stands in.
        words: Words of it.
        id: What it is called among the grades.
    """

    document: str
    words: str
    id: str


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A question with all that is known to answer it.

    Attributes:
        id: What judgements and runs call it.
        text: The question.
        grades: Grade by id of a document, or of a judged passage.
        quotes: The judged passages, where passages are judged and not whole documents.
    """

    id: str
    text: str
    grades: Mapping[str, int]
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """All that a collection is evaluated with.

    Attributes:
        queries: The questions that have an answer, in the order of their file.
        unanswered: How many questions were left out because no judgement says what answers them.
        unknown: How many judgements name a document or a question that is not there.
    """

    queries: tuple[JudgedQuery, ...]
    unanswered: int
    unknown: int


def judge(
    topics: Sequence[Topic],
    judgements: Sequence[Judgement],
    source: Path,
    resolve: Resolve,
    *,
    allow_unknown: bool = False,
    every: int = 1,
) -> Judged:
    """Bring questions and judgements together.

    Questions without a judgement above 0 are left out, as no order of documents answers them better
    than another.

    Args:
        topics: The questions.
        judgements: What answers them.
        source: The file of judgements, to name it in errors.
        resolve: Which document a judgement names.
        allow_unknown: Accept judgements of documents and questions that are not there. A document
            that is not there counts as one that is never found.
        every: Keep only the first of each so many questions.

    Raises:
        UsageError: A judgement names what is not there, or nothing is left to ask.
    """
    by_id = {topic.id: topic for topic in topics}
    grades: dict[str, dict[str, int]] = {}
    quotes: dict[str, list[Quote]] = {}
    unknown = 0
    for judgement in judgements:
        document = resolve(judgement.document)
        if judgement.query not in by_id or document is None:
            if not allow_unknown:
                what, name = (
                    ("query", judgement.query)
                    if judgement.query not in by_id
                    else ("document", judgement.document)
                )
                raise fault(source, judgement.line, f"there is no {what} {shown(name)}.", _GO_ON)
            unknown += 1
        if document is None:
            document = judgement.document
        known = grades.setdefault(judgement.query, {})
        if judgement.quote:
            document, quoted = f"{document}#{judgement.line}", document
            quote = Quote(quoted, judgement.quote.casefold(), document)
            quotes.setdefault(judgement.query, []).append(quote)
        # Two names may stand for one document; the better grade holds.
        known[document] = max(judgement.grade, known.get(document, 0))
    answered = [topic for topic in topics if any(grades.get(topic.id, {}).values())]
    if not answered:
        raise UsageError(
            f"No judgement of {source} says what answers one of the queries.",
            "Give at least one a grade above 0.",
        )
    return Judged(
        tuple(
            JudgedQuery(topic.id, topic.text, grades[topic.id], tuple(quotes.get(topic.id, ())))
            for topic in answered[::every]
        ),
        len(topics) - len(answered),
        unknown,
    )
