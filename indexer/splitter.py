"""From a document to passages: cut at paragraph and sentence ends, with exact offsets.

A passage never crosses a page, a heading or a place. It is filled with whole sentences up to the
limit and ends at a paragraph end where one lies in its last part; the sentence that ends it begins
the next, so that what one sentence says of another is not torn apart. Length is counted in the
encoder's own pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from search.encoders.base import EncoderSpec, Tokenizer
from search.models import Document, Passage, Section
from search.schema import SplitterSpec
from search.sentences import Sentence, sentences

#: Raised whenever the same text would be cut differently.
VERSION = 1
#: Passages of 150 to 250 pieces are what retrieval experiments agree on.
DEFAULT_PIECES = 200
#: Room left in the encoder's input for the context line and the special tokens.
_CONTEXT_PIECES = 50
#: A passage may end at a paragraph's end from this share of the limit on.
_EARLY_END = 0.6
#: A sentence longer than this share of the limit is not repeated in the next passage.
_OVERLAP_SHARE = 0.35
#: A rest shorter than this share of the limit is not left as a passage of its own.
_REST_SHARE = 0.3
_TOKENIZED_TOGETHER = 2_000


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence or line, without white space around it."""

    start: int
    end: int
    pieces: int
    ends_block: bool


def splitter_for(encoder: EncoderSpec, pieces: int | None = None) -> SplitterSpec:
    """The splitter that suits an encoder, with passages of up to ``pieces`` if given."""
    longest = max(16, encoder.max_tokens - _CONTEXT_PIECES)
    return SplitterSpec(VERSION, min(pieces or DEFAULT_PIECES, longest))


def split(document: Document, tokenizer: Tokenizer, pieces: int) -> list[Passage]:
    """Cut a document into passages.

    Args:
        document: The document.
        tokenizer: Counts pieces.
        pieces: Longest passage in pieces.

    Returns:
        Passages in reading order. ``document.text[p.start:p.end]`` is passage ``p``'s text; it
        begins and ends with something to read. A heading with nothing beneath it is a passage of
        its own.
    """
    passages: list[Passage] = []
    sections = document.sections
    for number, section in enumerate(sections):
        spans = sentences(document.text, section.body, section.end)
        if not spans and not _goes_on(section, sections[number + 1 : number + 2]):
            spans = sentences(document.text, section.start, section.body)
        units = _measure(document.text, spans, tokenizer, pieces)
        passages += (
            Passage(
                units[first].start,
                units[last].end,
                section.headings,
                section.page,
                section.place,
            )
            for first, last in _pack(units, pieces)
        )
    return passages


def _goes_on(section: Section, following: Sequence[Section]) -> bool:
    """Whether the next section stands beneath this one's heading or continues it."""
    depth = len(section.headings)
    return bool(following) and following[0].headings[:depth] == section.headings


def _measure(text: str, spans: list[Sentence], tokenizer: Tokenizer, limit: int) -> list[_Unit]:
    """Count the pieces of each span; one over the limit is cut between words, or within one."""
    units: list[_Unit] = []
    for first in range(0, len(spans), _TOKENIZED_TOGETHER):
        part = spans[first : first + _TOKENIZED_TOGETHER]
        starts_of = tokenizer.piece_starts([text[start:end] for start, end, _ in part])
        for (start, end, ends_block), starts in zip(part, starts_of, strict=True):
            at = 0
            while len(starts) - at > limit:
                cut = _cut(text, start, starts[at : at + limit + 1].tolist())
                left = start + int(starts[at])
                units.append(_Unit(left, _trim(text, left, start + cut), limit, False))
                at = int(np.searchsorted(starts, cut))
            left = start + (int(starts[at]) if at else 0)
            if left < end:
                units.append(_Unit(left, end, len(starts) - at, ends_block))
    return units


def _cut(text: str, base: int, starts: list[int]) -> int:
    """Where to cut before the last of ``starts``: after a space in the last half, if any."""
    for start in reversed(starts[len(starts) // 2 :]):
        if text[base + start - 1].isspace():
            return start
    return max(starts[-1], starts[0] + 1)


def _trim(text: str, start: int, end: int) -> int:
    return start + max(1, len(text[start:end].rstrip()))


def _pack(units: list[_Unit], limit: int) -> Iterator[tuple[int, int]]:
    """Put units into passages: pairs of the first and the last unit of each."""
    first = 0
    while first < len(units):
        until = _fill(units, first, limit)
        if until < len(units):
            until = _better_end(units, first, until, limit)
        yield first, until - 1
        first = until
        if first < len(units) and _may_overlap(units, first - 1, limit):
            first -= 1


def _fill(units: list[_Unit], first: int, limit: int) -> int:
    """One past the last unit that fits; at least one is taken."""
    total, until = units[first].pieces, first + 1
    while until < len(units) and total + units[until].pieces <= limit:
        total += units[until].pieces
        until += 1
    return until


def _better_end(units: list[_Unit], first: int, until: int, limit: int) -> int:
    """A nicer end than ``until``: halfway if little is left, else at a paragraph's end."""
    total = sum(unit.pieces for unit in units[first:until])
    rest = 0
    for unit in units[until:]:
        rest += unit.pieces
        if rest > _REST_SHARE * limit:
            break
    else:
        half, filled = (total + rest) / 2, 0
        for number in range(first, until):
            filled += units[number].pieces
            if filled >= half:
                return number + 1
    while until > first and total >= _EARLY_END * limit:
        if units[until - 1].ends_block:
            return until
        until -= 1
        total -= units[until].pieces
    return _fill(units, first, limit)


def _may_overlap(units: list[_Unit], last: int, limit: int) -> bool:
    """Whether unit ``last`` may begin the next passage too: it is short and leaves room."""
    pieces = units[last].pieces
    return pieces <= _OVERLAP_SHARE * limit and pieces + units[last + 1].pieces <= limit
