"""Text with marked words as HTML; the only place where HTML is put together by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from markupsafe import Markup, escape

from search.models import Span
from search.snippets import matched_words

_MARK = Markup("<mark>{}</mark>")
_PARAGRAPH = Markup('<p dir="auto">{}</p>')
_BLANK_LINE = Markup("\n\n")


def marked(text: str, spans: Iterable[Span]) -> Markup:
    """``text`` with each of ``spans``, which are in order, in a ``<mark>``."""
    parts: list[Markup] = []
    at = 0
    for span in spans:
        parts += [escape(text[at : span.start]), _MARK.format(text[span.start : span.end])]
        at = span.end
    parts.append(escape(text[at:]))
    return Markup("").join(parts)


def paragraphs(text: str, terms: Collection[str] = ()) -> Markup:
    """``text`` with a ``<p>`` for each paragraph and the words of ``terms`` marked.

    The blank lines stay between the paragraphs: the HTML's text is ``text``, to the character.
    """
    return _BLANK_LINE.join(
        _PARAGRAPH.format(marked(part, matched_words(part, terms))) if part else ""
        for part in text.split("\n\n")
    )
