"""Where sentences begin and end.

Sentence ends come from sentencex (Wikimedia), which knows abbreviations in many languages. A line
ends a sentence too, and a blank line a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import sentencex

#: Longest sentence in characters, so that a file of one endless line does not take endless memory
#: in what reads sentences next.
_LONGEST = 20_000

_BLOCK = re.compile(r"(?:[^\n]|\n(?!\s*\n))+")
_LINE = re.compile(r"[^\n]+")


class Sentence(NamedTuple):
    """A sentence or line, without white space around it.

    Attributes:
        start: Its first character.
        end: One past its last.
        ends_block: Whether it is the last of its paragraph.
    """

    start: int
    end: int
    ends_block: bool


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Sentence]:
    """The sentences and lines of ``text[start:end]``, in order, by their offsets in ``text``."""
    found: list[Sentence] = []
    for block in _BLOCK.finditer(text, start, len(text) if end is None else end):
        spans = [
            piece
            for line in _LINE.finditer(text, block.start(), block.end())
            for sentence in _in_line(text, line.start(), line.end())
            for piece in _bounded(text, *sentence)
        ]
        found += (Sentence(s, e, number == len(spans)) for number, (s, e) in enumerate(spans, 1))
    return found


def _in_line(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    line = text[start:end]
    for boundary in sentencex.get_sentence_boundaries("en", line):
        sentence = line[boundary["start_index"] : boundary["end_index"]]
        left = boundary["start_index"] + len(sentence) - len(sentence.lstrip())
        right = boundary["start_index"] + len(sentence.rstrip())
        if left < right:
            yield start + left, start + right


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _LONGEST:
        cut = text.rfind(" ", start + _LONGEST // 2, start + _LONGEST)
        cut = cut if cut > 0 else start + _LONGEST
        yield start, cut
        start = cut + len(text[cut:end]) - len(text[cut:end].lstrip())
    if start < end:
        yield start, end
