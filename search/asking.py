"""What of a query the keyword index searches for, and what each word of it weighs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.analysis import Alternative, AskedWord
from search.fusion import inverse_document_frequency
from search.spelling import Vocabulary, edits_forgiven

#: What a word that nobody asked for counts, if it is spelt much like one that no passage holds, …
_MISSPELT = 0.5
#: … and how many such words are taken for one.
_MEANT = 3

#: Tells how many passages hold a term.
Frequency = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a query is searched for.

    Attributes:
        words: The words.
        meant: For each word that no passage holds, as it was typed, the terms of words spelt much
            like it, which are searched for in its place.
    """

    words: tuple[AskedWord, ...]
    meant: dict[str, tuple[str, ...]]

    @property
    def terms(self) -> frozenset[str]:
        """All terms that are searched for."""
        return frozenset(term for word in self.words for term in _all_terms(word))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A word of a query as it is scored.

    Attributes:
        alternatives: The terms that it may stand as.
        frequency: How many passages hold it.
        weight: What it weighs, see `search.fusion.inverse_document_frequency`.
    """

    alternatives: tuple[Alternative, ...]
    frequency: int
    weight: float


def with_meant(
    words: Sequence[AskedWord], frequency: Frequency, vocabulary: Callable[[], Vocabulary]
) -> Asked:
    """The words, those that no passage holds taken for such as are spelt much like them.

    One edit is forgiven from five letters on, two from nine; the nearest words are taken, and of
    these the most frequent.

    Args:
        words: As `search.analysis.ask` gives them.
        frequency: How many passages hold a term.
        vocabulary: Gives the terms of all passages; called only if it is needed.
    """
    meant: dict[str, tuple[str, ...]] = {}
    chosen = []
    for word in words:
        if word.text not in meant and not any(map(frequency, _all_terms(word))):
            meant[word.text] = meant_by(word, frequency, vocabulary)
        terms = meant.get(word.text)
        forms = tuple(Alternative(term, _MISSPELT) for term in terms or ())
        chosen.append(replace(word, alternatives=forms) if forms else word)
    return Asked(tuple(chosen), {word: terms for word, terms in meant.items() if terms})


def meant_by(
    word: AskedWord, frequency: Frequency, vocabulary: Callable[[], Vocabulary]
) -> tuple[str, ...]:
    """The terms spelt most like a word, the most frequent first; not its own.

    Args:
        word: The word.
        frequency: How many passages hold a term.
        vocabulary: Gives the terms of all passages; called only if it is needed.
    """
    found: set[tuple[int, str]] = set()
    for alternative in word.alternatives:
        edits = edits_forgiven(word.text, alternative.text)
        if edits:
            found.update(vocabulary().near(alternative.text, edits))
    nearest = min((distance for distance, _ in found), default=0)
    ranked = sorted((-frequency(term), term) for distance, term in found if distance == nearest)
    return tuple(term for _, term in ranked[:_MEANT])


def wanted_words(
    asked: Sequence[AskedWord | str], frequency: Frequency, passages: int
) -> list[Wanted]:
    """Every word as it is scored, in order, those included that no passage holds.

    Args:
        asked: Words, or index terms.
        frequency: How many passages hold a term.
        passages: How many passages there are.
    """
    flat = [
        part
        for word in asked
        for part in _flat(
            AskedWord(word, (Alternative(word),)) if isinstance(word, str) else word, 1.0, frequency
        )
    ]
    idf = inverse_document_frequency(
        np.array([count for _, count, _ in flat], dtype=np.int64), max(1, passages)
    )
    return [
        Wanted(alternatives, count, float(weight) * share)
        for (alternatives, count, share), weight in zip(flat, idf, strict=True)
    ]


def distinct_present(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Each word that some passage holds once, with all it weighs, rarest first."""
    found: dict[tuple[str, ...], Wanted] = {}
    for word in wanted:
        if word.frequency:
            key = tuple(form.text for form in word.alternatives)
            same = found.get(key)
            if same is not None:
                word = replace(word, weight=word.weight + same.weight)
            found[key] = word
    return sorted(found.values(), key=lambda word: (word.frequency, word.alternatives[0].text))


def _flat(
    word: AskedWord, share: float, frequency: Frequency
) -> Iterator[tuple[tuple[Alternative, ...], int, float]]:
    """A word and its parts: terms, how many passages hold one of them, share of a word."""
    count = sum(frequency(a.text) for a in word.alternatives if a.counted)
    if count or not word.parts:
        yield word.alternatives, count, share
    for part in word.parts:
        yield from _flat(part, share / len(word.parts) if count else share, frequency)


def _all_terms(word: AskedWord) -> Iterator[str]:
    for alternative in word.alternatives:
        yield alternative.text
    for part in word.parts:
        yield from _all_terms(part)
