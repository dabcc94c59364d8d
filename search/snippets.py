"""Which spans of a passage to mark. Spans, never markup: only `web` writes HTML."""

from __future__ import annotations

from collections.abc import Collection

from search.analysis import located_terms
from search.models import Span


def matched_words(text: str, terms: Collection[str]) -> tuple[Span, ...]:
    """Spans of the words in ``text`` whose index term is among ``terms``, in order."""
    if not terms:
        return ()
    return tuple(Span(t.start, t.end) for t in located_terms(text) if t.text in terms)
