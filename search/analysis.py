"""From text to index terms: the one analyser that indexing, searching and marking share.

A word is a run of letters, combining marks and digits, with apostrophes inside it. It is brought to
NFKC, case-folded and stemmed by Snowball's English stemmer (Porter, "Snowball: A language for
stemming algorithms", 2001). Words so common that they tell nothing apart are dropped.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import regex
import Stemmer

#: Raised whenever the terms of a text change; keyword indexes made before are then rebuilt.
ANALYSER_VERSION = 1

#: Longest word that is indexed, in characters; longer ones are cut. Nobody types them.
WORD_LIMIT = 64

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*")

_STOP_WORDS = """
    a about above after again against all am an and any are as at be because been before being
    below between both but by can could did do does doing down during each few for from further had
    has have having he her here hers herself him himself his how i if in into is it its itself just
    me more most my myself no nor not now of off on once only or other our ours ourselves out over
    own same she should so some such than that the their theirs them themselves then there these
    they this those through to too under until up very was we were what when where which while who
    whom why will with would you your yours yourself yourselves
"""
#: Words that are not indexed.
STOP_WORDS = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Term:
    """A word as the index knows it, and where it stands in the text it was taken from."""

    text: str
    start: int
    end: int


class _Stemmers(threading.local):
    """One stemmer a thread: they keep a cache and are not safe to share."""

    def __init__(self) -> None:
        self.english = Stemmer.Stemmer("english")


_stemmers = _Stemmers()


def words(text: str) -> list[str]:
    """The words of ``text``, case-folded, in order; neither stemmed nor stopped."""
    return [_fold(match.group()) for match in _WORD.finditer(text)]


def terms(text: str) -> list[str]:
    """The index terms of ``text``, in order, repeated as often as they occur."""
    kept = [word for word in words(text) if word not in STOP_WORDS]
    stemmed: list[str] = _stemmers.english.stemWords(kept)
    return stemmed


def located_terms(text: str) -> Iterator[Term]:
    """The index terms of ``text`` with their character offsets, in order."""
    for match in _WORD.finditer(text):
        word = _fold(match.group())
        if word not in STOP_WORDS:
            yield Term(_stemmers.english.stemWord(word), match.start(), match.end())


def _fold(word: str) -> str:
    if word.isascii():
        return word[:WORD_LIMIT].lower()
    folded = unicodedata.normalize("NFKC", word).casefold().replace("’", "'")
    return folded[:WORD_LIMIT]
