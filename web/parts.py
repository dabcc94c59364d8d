"""Very long documents are shown part by part, so that their pages stay quick."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from search.models import Section, Span

#: Longest text shown on one page, in characters.
WHOLE = 2_000_000
#: About how long a part of a longer one is.
PART = 250_000


def parts_of(text: str, sections: Sequence[Section]) -> list[Span]:
    """The parts that a document is shown in.

    A part ends before a heading if there is one in its last half, else between paragraphs, lines or
    words.

    Args:
        text: The whole text.
        sections: The document's sections, in order.

    Returns:
        Spans in order that cover the text; just one unless it is very long.
    """
    if len(text) <= WHOLE:
        return [Span(0, len(text))]
    starts = [section.start for section in sections]
    cuts = [0]
    at_section = 0
    while len(text) - cuts[-1] > PART + PART // 2:
        earliest, latest = cuts[-1] + PART // 2, cuts[-1] + PART
        heading = None
        while at_section < len(starts) and starts[at_section] <= latest:
            if starts[at_section] >= earliest:
                heading = starts[at_section]
            at_section += 1
        cuts.append(heading if heading is not None else _between(text, earliest, latest))
    return [Span(start, end) for start, end in pairwise([*cuts, len(text)])]


def part_with(spans: Sequence[Span], place: int) -> int:
    """The number, from 0, of the one of ``spans`` that character ``place`` is in."""
    return next((number for number, part in enumerate(spans) if place < part.end), len(spans) - 1)


def shown(spans: Sequence[Span], wanted: int | None, passage: Span | None) -> int:
    """The number, from 0, of the part to show: the ``wanted`` one, else the passage's.

    Args:
        spans: All parts.
        wanted: The part that was asked for, counted from 1, or None.
        passage: The passage that was asked for, or None.
    """
    if wanted is not None:
        return min(max(1, wanted), len(spans)) - 1
    return part_with(spans, passage.start) if passage is not None else 0


def widened(part: Span, passage: Span | None) -> Span:
    """The part, made longer if a passage that begins in it ends beyond it."""
    if passage is None or not part.start <= passage.start < part.end:
        return part
    return Span(part.start, max(part.end, passage.end))


def _between(text: str, earliest: int, latest: int) -> int:
    for separator in ("\n\n", "\n", " "):
        found = text.rfind(separator, earliest, latest)
        if found >= 0:
            return found + len(separator)
    return latest
