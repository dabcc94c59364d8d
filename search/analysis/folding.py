"""Letters without their diacritics, for those who type without them."""

from __future__ import annotations

import unicodedata

#: Letters that Unicode does not take apart into a base and a mark.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŀ": "l", "ŧ": "t", "æ": "ae"}
    | {"œ": "oe", "þ": "th", "ß": "ss", "ĸ": "k", "ŋ": "n", "ə": "e"}
)
#: Letters whose mark is part of them: leaving it out would give another letter of the alphabet.
_KEPT = frozenset("йїў")


def fold(word: str) -> str:
    """``word`` without diacritics: accents, dots and rings, vowel points; lower case expected.

    Marks that spell vowels or tones of Indic and South-East Asian scripts stay, and so does й. What
    is nothing but marks stays as it is.
    """
    if word.isascii():
        return word
    bare = unicodedata.normalize("NFC", "".join(map(_bare, word))).translate(_LETTERS)
    return bare or word


def _bare(letter: str) -> str:
    if letter.isascii() or letter in _KEPT:
        return letter
    return "".join(c for c in unicodedata.normalize("NFD", letter) if not _is_diacritic(c))


def _is_diacritic(character: str) -> bool:
    """By Unicode's combining class: from 200 above and below letters, 10 to 35 vowel points."""
    place = unicodedata.combining(character)
    return place >= 200 or 10 <= place <= 35
