"""Which words may have been meant by those of a query that no passage holds, and how to say so.

What is searched in a word's place is one matter (`search.asking`): any stem that is near enough,
which costs little if it is wrong, since it only counts half. To ask whether another *query* was
meant takes more: the word has to be spelt nearly as one that the collection holds, as people write
it and not as stems go, and must be none that the encoder knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import regex

from search.asking import Asked
from search.collection import Snapshot
from search.context import context_line
from search.models import Query
from search.snippets import written_as
from search.spelling import TWO_EDITS, distance

#: A word is rare if so many passages hold it at the most, …
_RARE = 2
#: … and another one frequent if so many times as many do.
_MANY_MORE = 20
#: Before a word that is part of a filter, a path or a longer word nothing is replaced.
_BEFORE = r"(?<![\p{L}\p{M}\p{N}_:/\\.*-])"
_AFTER = r"(?![\p{L}\p{M}\p{N}_*])"


def spellings(snapshot: Snapshot, asked: Asked) -> dict[str, tuple[str, ...]]:
    """How the collection writes the words that stand in for those that no passage holds.

    Args:
        snapshot: What is searched.
        asked: The words that are searched for.

    Returns:
        By word of the query, the most likely one first.
    """
    return {word: _written(snapshot, terms) for word, terms in asked.meant.items()}


def rare_spellings(
    snapshot: Snapshot, asked: Asked, known: Callable[[str], bool]
) -> dict[str, tuple[str, ...]]:
    """How the collection writes words that are spelt like rare ones of the query, and frequent.

    These are not searched for; somebody else may have made the same slip in a document.

    Args:
        snapshot: What is searched.
        asked: The words that are searched for.
        known: Tells whether a word is one, rare or not.

    Returns:
        By word of the query, the most frequent one first.
    """
    found = {}
    for word in asked.words:
        if word.text not in asked.meant and not word.parts:
            terms = snapshot.keywords.spelt_like(word, _RARE, _MANY_MORE)
            if terms and not known(word.text):
                found[word.text] = _written(snapshot, terms)
    return found


def also_searched(written: Mapping[str, Sequence[str]]) -> str:
    """Says which words stood in for those that no passage holds.

    Args:
        written: As `spellings` gives it.
    """
    pairs = (f"{', '.join(forms)} (for {word})" for word, forms in written.items())
    return f"Also searched: {'; '.join(pairs)}."


def did_you_mean(
    query: Query, written: Mapping[str, Sequence[str]], known: Callable[[str], bool]
) -> str | None:
    """The query as it may have been meant, or None.

    A word is taken for a slip if the collection has one that differs from it as it is written by
    one edit, or two from nine letters on, and ``known`` is false of it.

    Args:
        query: The query.
        written: As `spellings` gives it.
        known: Tells whether a word is one, although the collection does not hold it.
    """
    text = query.text
    for word, forms in written.items():
        meant = next((form for form in forms if is_slip(word, form)), None)
        if meant is not None and not known(word):
            text = _replaced(text, word, meant)
    return text if text != query.text else None


def is_slip(word: str, meant: str) -> bool:
    """Whether somebody who typed ``word`` can have meant ``meant``."""
    most = 1 + (len(word) >= TWO_EDITS)
    first, second = (np.array([*map(ord, text.casefold())], np.uint32) for text in (word, meant))
    return 0 < int(distance(first, second[np.newaxis, :], most)[0]) <= most


def _written(snapshot: Snapshot, terms: Sequence[str]) -> tuple[str, ...]:
    """How the first passage that holds each term writes it."""
    forms: list[str] = []
    for term in terms:
        number = snapshot.keywords.example(term)
        rows = snapshot.reading.passages([number or 0], snapshot.generation)
        for row in rows.values():
            # A title, a heading or the file's name may be all that holds it.
            name = "" if row.path is None else row.path.name
            text = f"{row.text}\n{context_line(row.title, row.headings)}\n{name}"
            forms.append(written_as(text, term, row.language) or term)
    return tuple(dict.fromkeys(forms))


def _replaced(text: str, word: str, meant: str) -> str:
    """``text`` with ``word`` replaced wherever it stands by itself, capital letters kept."""

    def written(match: regex.Match[str]) -> str:
        found: str = match.group()
        if len(found) > 1 and found.isupper():
            return meant.upper()
        return meant[:1].upper() + meant[1:] if found[:1].isupper() else meant

    pattern = f"{_BEFORE}{regex.escape(word)}{_AFTER}"
    return regex.sub(pattern, written, text, flags=regex.IGNORECASE)
