"""Words as they stand: for phrases, which are matched letter for letter and not by stems.

A word here is a run of letters, combining marks and digits, whatever stands between two of them: a
blank, a hyphen or an apostrophe. In scripts that put no space between words each character is one,
so that a phrase is found wherever its characters stand in a row. Letter case does not count, nor
whether a character is composed; diacritics do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import regex

from search.models import Span

_RUNNING = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}ー々〆\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(
    rf"[{_RUNNING}]\p{{M}}*"
    rf"|[[\p{{L}}\p{{N}}]--[{_RUNNING}]][[\p{{L}}\p{{M}}\p{{N}}]--[{_RUNNING}]]*",
    regex.V1,
)
#: Where words are not just runs of letters and digits.
_INTRICATE = regex.compile(rf"[\p{{M}}{_RUNNING}]", regex.V1)


def exact_words(text: str) -> tuple[str, ...]:
    """The words of ``text``, brought to one letter case and composition, in order."""
    return tuple(_WORD.findall(_folded(text)))


def holds_phrase(text: str, phrase: tuple[str, ...]) -> bool:
    """Whether the words of ``phrase``, of which there are some, follow one another in ``text``."""
    return _holds(text, phrase, whole=True)


def holds_beginning(text: str, start: str) -> bool:
    """Whether a word of ``text`` begins with ``start``."""
    return _holds(text, (start,), whole=False)


def stands_in(phrase: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words of ``phrase``, of which there are some, follow one another in ``words``."""
    return next(_places(phrase, words), None) is not None


def phrase_spans(text: str, phrase: Sequence[str]) -> Iterator[Span]:
    """Where ``phrase`` stands in ``text``: the span of each of its words, in order."""
    found = [
        (word, match.start(), match.end())
        for match in _WORD.finditer(text)
        for word in exact_words(match.group())
    ]
    shown = -1
    for place in _places(phrase, [word for word, _, _ in found]):
        for at in range(max(place, shown + 1), place + len(phrase)):
            shown = at
            yield Span(found[at][1], found[at][2])


def _holds(text: str, words: tuple[str, ...], *, whole: bool) -> bool:
    folded = _folded(text)
    if not all(word in folded for word in words):  # which is nearly always all there is to do
        return False
    if not folded.isascii() and _INTRICATE.search(folded):
        found = _WORD.findall(folded)
        return stands_in(words, found) if whole else any(w.startswith(words[0]) for w in found)
    return _pattern(words, whole).search(folded) is not None


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...], whole: bool) -> re.Pattern[str]:
    """Finds the words in a folded text in which words are just runs of letters and digits."""
    end = r"(?![^\W_])" if whole else ""
    return re.compile(r"(?<![^\W_])" + r"[\W_]+".join(map(re.escape, words)) + end)


def _places(phrase: Sequence[str], words: Sequence[str]) -> Iterator[int]:
    first, rest, count = phrase[0], list(phrase), len(phrase)
    for place in range(len(words) - count + 1):
        if words[place] == first and list(words[place : place + count]) == rest:
            yield place


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
