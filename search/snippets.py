"""Which spans of a passage to mark. Spans, never markup: only `web` writes HTML."""

from __future__ import annotations

from collections.abc import Collection

from search.analysis import located_terms
from search.models import Span


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
    found = sorted((t.start, t.end) for t in located_terms(text, language) if t.text in terms)
    spans: list[tuple[int, int]] = []
    for start, end in found:
        if spans and start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return tuple(Span(start, end) for start, end in spans)


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
