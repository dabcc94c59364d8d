"""Which spans of a passage to mark. Spans, never markup: only `web` writes HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

from search.analysis import Term, located_dates, located_terms, located_words, part_terms
from search.models import Span

#: Of how many stretches between blanks it is remembered which words are in them, …
_REMEMBERED = 50_000
#: … if they are no longer than this; where there are no blanks, a stretch is half a passage.
_LONGEST = 40


def matched_words(text: str, terms: Collection[str], language: str = "") -> tuple[Span, ...]:
    """Spans of the words in ``text`` whose index term is among ``terms``.

    Args:
        text: A passage.
        terms: Index terms, as `search.asking.Asked.terms` gives them.
        language: What the text is written in, see `search.analysis.terms`.

    Returns:
        Spans in order, none overlapping another.
    """
    if not terms:
        return ()
    spans: list[tuple[int, int]] = []
    for start, end in sorted(_places(text, terms, language)):
        if spans and start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return tuple(Span(start, end) for start, end in spans)


def _places(text: str, terms: Collection[str], language: str) -> Iterator[tuple[int, int]]:
    """Where words and dates stand whose index term is among ``terms``, in no order."""
    at = 0
    for part in text.replace("\n", " ").split(" "):
        remembered = len(part) <= _LONGEST
        for term in (_words_in if remembered else located_words)(part, language):
            if term.text in terms:
                yield at + term.start, at + term.end
        at += len(part) + 1
    if any(term[:1].isdigit() for term in terms):
        for term in located_dates(text):
            if term.text in terms:
                yield term.start, term.end


@lru_cache(_REMEMBERED)
def _words_in(part: str, language: str) -> tuple[Term, ...]:
    """The words in a part of a text that begins and ends at blanks; passages share most of them."""
    return part_terms(part, language)


def written_as(text: str, term: str, language: str = "") -> str | None:
    """The first word of ``text`` that has this index term, in lower case, or None if none has.

    Args:
        text: A passage.
        term: An index term.
        language: What the text is written in, see `search.analysis.terms`.
    """
    for located in located_terms(text, language):
        if located.text == term:
            return text[located.start : located.end].lower()
    return None
