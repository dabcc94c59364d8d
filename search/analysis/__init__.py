"""From text to index terms: the one analyser that indexing, searching and marking share.

`search.analysis.tokens` cuts a text into pieces, `search.analysis.stems` brings words to their
stems, `search.analysis.folding` takes diacritics off. A passage is analysed in its document's
language. A query has none that can be relied on, so `ask` gives for each of its words the terms it
would have in each language of the collection, and whichever a passage holds counts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import NamedTuple

from search.analysis.dates import dates
from search.analysis.folding import fold
from search.analysis.stems import ENGLISH, bare, stem
from search.analysis.stopwords import stop_words
from search.analysis.tokens import WORD_LIMIT, Kind, Piece, pieces, tokens

__all__ = [
    "ANALYSER_VERSION",
    "WORD_LIMIT",
    "Alternative",
    "AskedWord",
    "Term",
    "ask",
    "located_dates",
    "located_terms",
    "located_words",
    "name_terms",
    "part_terms",
    "terms",
    "words",
]

#: Raised whenever the terms of a text or of a name change; keyword indexes made before are then
#: rebuilt.
ANALYSER_VERSION = 3

#: What a word counts in a passage that has it with other diacritics than asked for.
_OTHER_DIACRITICS = 0.5
#: How many different tokens a thread remembers the terms of, in each language.
_REMEMBERED = 50_000
#: Of how many words of queries it is remembered what they may stand as.
_ASKED = 10_000

#: Put before the term that a word with diacritics would have without them.
_FOLDED = "~"


class Term(NamedTuple):
    """A word as the index knows it, and its character offsets in the text it was taken from."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """A term that a word of a query may stand as in the index.

    Attributes:
        text: The index term.
        weight: What an occurrence counts, up to 1.
        counted: Whether its passages count towards how frequent the word is; not so if they hold
            another of the alternatives as well.
    """

    text: str
    weight: float = 1.0
    counted: bool = True


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A word of a query.

    Attributes:
        text: The word, case-folded.
        alternatives: The terms that it may stand as; the one a passage has most of counts.
        parts: The words it consists of, for an identifier or a date; they stand in for it where the
            collection does not hold it whole, and share the weight of one word where it does.
    """

    text: str
    alternatives: tuple[Alternative, ...]
    parts: tuple[AskedWord, ...] = ()


class _Remembered(threading.local):
    """The terms of tokens met before, by language; a thread's own."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, tuple[Term, ...]]] = {}


_remembered = _Remembered()


def words(text: str) -> list[str]:
    """The words of ``text``, case-folded, in order; neither stemmed nor stopped."""
    return [piece.text for token, _ in tokens(text) for piece in _asked_pieces(token)]


def terms(text: str, language: str = "") -> list[str]:
    """The index terms of ``text``, repeated as often as they occur.

    Args:
        text: Any text.
        language: What it is written in, as an ISO 639-1 code; "" is taken for English.
    """
    found = [term.text for token, _ in tokens(text) for term in _terms_of(token, language)]
    found += (form for forms, _, _ in dates(text) for date in forms for form in _from_year(date))
    return found


def name_terms(name: str, language: str = "") -> list[str]:
    """The index terms of a file's name, each once: its words, numbers and dates.

    The ending says what kind of file it is and not what it is about, so it is no word. Nor is the
    name as a whole: it would be the rarest of words and say no more than its parts do.

    Args:
        name: The name, without folders.
        language: As `terms` takes it.
    """
    stem = PurePath(name).stem
    found: list[str] = []
    for token, _ in tokens(stem):
        whole, *parts = _pieces(token)
        apart = parts if parts and whole.kind is Kind.WHOLE else [whole, *parts]
        for piece in _kept(apart, language):
            found += _terms_of_piece(piece, language)
    found += (form for forms, _, _ in dates(stem) for date in forms for form in _from_year(date))
    return list(dict.fromkeys(found))


def located_terms(text: str, language: str = "") -> Iterator[Term]:
    """The `terms` of ``text`` with their character offsets, in order, dates last.

    An identifier and its parts overlap, and so do pairs of characters.

    Args:
        text: Any text.
        language: As `terms` takes it.
    """
    yield from located_words(text, language)
    yield from located_dates(text)


def located_words(text: str, language: str = "") -> Iterator[Term]:
    """Those of the `located_terms` that stand for single words; none of these has a blank in it.

    Args:
        text: Any text.
        language: As `terms` takes it.
    """
    for token, at in tokens(text):
        for term in _terms_of(token, language):
            yield Term(term.text, at + term.start, at + term.end)


def part_terms(part: str, language: str = "") -> tuple[Term, ...]:
    """The `located_words` of what stands between two blanks: mostly one plain word, found faster.

    Args:
        part: A text without blanks.
        language: As `terms` takes it.
    """
    if part.isascii():
        word = part if part[-1:].isalnum() else part[:-1]
        if word.isalpha():
            return _terms_of(word, language)
    return tuple(located_words(part, language))


def located_dates(text: str) -> Iterator[Term]:
    """Those of the `located_terms` that stand for dates; all of them begin with a digit."""
    for forms, start, end in dates(text):
        for date in forms:
            for form in _from_year(date):
                yield Term(form, start, end)


def ask(text: str, languages: Iterable[str] = ("",)) -> list[AskedWord]:
    """The words of a query that are to be searched for, repeated as often as they occur.

    Args:
        text: The query.
        languages: The languages of the texts to be searched, as `terms` takes them.
    """
    known = tuple(dict.fromkeys(language or ENGLISH for language in sorted(set(languages))))
    known = known or (ENGLISH,)
    found = [(_asked_pieces(token), at) for token, at in tokens(text)]
    common = _common_words([piece for of_token, _ in found for piece in of_token], known)
    asked: list[tuple[int, AskedWord]] = []
    for of_token, at in found:
        kept = [
            AskedWord(piece.text, _alternatives(piece, known))
            for piece in of_token
            if not (piece.kind is Kind.WORD and piece.text in common)
        ]
        if of_token[0].kind is Kind.WHOLE:
            whole, *parts = kept
            kept = [AskedWord(whole.text, whole.alternatives, tuple(parts))]
        asked += ((at, word) for word in kept)
    for forms, start, end in dates(text):
        inside = [entry for entry in asked if start <= entry[0] < end]
        parts_of = tuple(word for _, word in inside)
        date = AskedWord(forms[0], tuple(map(Alternative, forms)), parts_of)
        asked = [entry for entry in asked if entry not in inside] + [(start, date)]
    return [word for _, word in sorted(asked, key=lambda entry: entry[0])]


def _asked_pieces(token: str) -> list[Piece]:
    return [piece for piece in _pieces(token) if piece.kind is not Kind.BEGINNING]


def _pieces(token: str) -> list[Piece]:
    """The pieces of a token; one word in capitals is kept even if it is a stop word: "IT"."""
    found = pieces(token)
    if len(found) == 1 and len(token) > 1 and token.isupper() and found[0].kind is Kind.WORD:
        return [found[0]._replace(kind=Kind.WHOLE)]
    return found


def _terms_of(token: str, language: str) -> tuple[Term, ...]:
    """The terms of a token, with offsets inside it."""
    known = _remembered.of.setdefault(language, {})
    found = known.get(token)
    if found is None:
        found = _terms_found(token, language)
        if len(known) >= _REMEMBERED:
            known.clear()
        known[token] = found
    return found


def _terms_found(token: str, language: str) -> tuple[Term, ...]:
    """What `_terms_of` remembers."""
    if token.isascii() and token.isalpha() and token[1:].islower():
        word = token[:WORD_LIMIT].lower()  # as most are; the long way comes to the same
        if word in stop_words(language):
            return ()
        return (Term(stem(word, language), 0, len(token)),)
    return tuple(
        Term(text, piece.start, piece.end)
        for piece in _kept(_pieces(token), language)
        for text in _terms_of_piece(piece, language)
    )


def _kept(found: Iterable[Piece], language: str) -> Iterator[Piece]:
    """The pieces that are no stop words."""
    common = stop_words(language)
    return (piece for piece in found if not (piece.kind is Kind.WORD and piece.text in common))


def _terms_of_piece(piece: Piece, language: str) -> tuple[str, ...]:
    """One term, or two for a word with diacritics that its stem keeps: as it is, and without."""
    if piece.kind in (Kind.EXACT, Kind.BEGINNING):
        return (piece.text,)
    word = bare(piece.text, language)
    if word != piece.text and word in stop_words(language):
        return ()
    exact = stem(word, language)
    plain = fold(word)
    folded = exact if plain == word else stem(plain, language)
    return (exact,) if folded == exact else (exact, _FOLDED + folded)


def _alternatives(piece: Piece, languages: tuple[str, ...]) -> tuple[Alternative, ...]:
    """The terms that a piece of a query may stand as in texts of these languages."""
    return _alternatives_of(piece.text, piece.kind, languages)


@lru_cache(_ASKED)
def _alternatives_of(text: str, kind: Kind, languages: tuple[str, ...]) -> tuple[Alternative, ...]:
    """What `_alternatives` gives; queries have many words in common."""
    piece = Piece(text, 0, len(text), kind)
    found: dict[str, Alternative] = {}
    for language in languages:
        exact, *folded = _terms_of_piece(piece, language) or (piece.text,)
        found[exact] = Alternative(exact, counted=not folded)
        others: tuple[str, ...] = ()
        if folded:
            others = (folded[0], folded[0].removeprefix(_FOLDED))
        elif piece.kind is not Kind.EXACT and not exact.isdecimal():
            others = (_FOLDED + exact,)
        for other in others:
            found.setdefault(other, Alternative(other, _OTHER_DIACRITICS))
    return tuple(found.values())


def _common_words(asked: list[Piece], languages: tuple[str, ...]) -> frozenset[str]:
    """The stop words of the language that the query seems to be in.

    It is the one that most of the query's words are stop words of, unless that leaves nothing.
    """

    def explained(language: str) -> tuple[bool, int]:
        common = stop_words(language)
        hits = sum(piece.kind is Kind.WORD and piece.text in common for piece in asked)
        return hits < len(asked), hits

    return stop_words(max(languages, key=explained))


def _from_year(date: str) -> Iterator[str]:
    """Year, year and month, the whole date: whichever is asked for."""
    parts = date.split(".")
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
