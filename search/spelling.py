"""Words that may have been meant by one that no passage holds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

#: From how many letters on a word may differ in one place, and in two.
ONE_EDIT = 5
TWO_EDITS = 9
#: Longer words are not looked at.
_LONGEST = 32

_Codes = npt.NDArray[np.uint32]


def edits_forgiven(word: str, term: str) -> int:
    """How many edits are forgiven in a word that the index would know as ``term``.

    It goes by the word's length, and is less where little of the word is left in its stem; none
    are where a word is not all letters.
    """
    if not word.isalpha() or len(word) > _LONGEST:
        return 0
    return min((len(word) >= ONE_EDIT) + (len(word) >= TWO_EDITS), (len(term) - 1) // 3)


class Vocabulary:
    """All terms of an index, to look for those that are spelt much like a given one.

    Args:
        terms: The terms, each once; those that are not all letters are left out.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        by_length: dict[int, list[str]] = {}
        for term in terms:
            if term.isalpha() and len(term) <= _LONGEST:
                by_length.setdefault(len(term), []).append(term)
        self._codes = {length: _codes(found, length) for length, found in by_length.items()}
        self._letters = {length: _letters(codes) for length, codes in self._codes.items()}

    def near(self, word: str, edits: int) -> list[tuple[int, str]]:
        """The terms at 1 to ``edits`` edits from ``word``, nearest first, then by alphabet.

        Returns:
            The distance and the term.
        """
        wanted = _codes([word], len(word))
        letters = _letters(wanted)[0]
        found: list[tuple[int, str]] = []
        for length in range(max(1, len(word) - edits), len(word) + edits + 1):
            if length not in self._codes:
                continue
            # An edit changes at most two kinds of letters: one that goes and one that comes.
            alike = np.bitwise_count(self._letters[length] ^ letters) <= 2 * edits
            codes = self._codes[length][alike]
            distances = distance(wanted[0], codes)
            close = np.flatnonzero((distances > 0) & (distances <= edits))
            found += ((int(distances[row]), _text(codes[row])) for row in close.tolist())
        return sorted(found)


def distance(word: _Codes, others: _Codes) -> npt.NDArray[np.int64]:
    """Edits between ``word`` and each row of ``others``: optimal string alignment distance.

    Insertions, deletions, substitutions and swaps of neighbours, none of them twice in one place
    (Damerau, "A technique for computer detection and correction of spelling errors", 1964).

    Args:
        word: Code points, shape ``(m,)``.
        others: Code points, shape ``(n, l)``: words of one length.

    Returns:
        int64, one for each row.
    """
    count, length = others.shape
    before = np.zeros((length + 1, count), dtype=np.int64)
    last = np.tile(np.arange(length + 1)[:, np.newaxis], (1, count))
    for i in range(1, len(word) + 1):
        row = np.full((length + 1, count), i, dtype=np.int64)
        for j in range(1, length + 1):
            differs = others[:, j - 1] != word[i - 1]
            row[j] = np.minimum(np.minimum(last[j], row[j - 1]) + 1, last[j - 1] + differs)
            if i > 1 and j > 1:
                swapped = (others[:, j - 1] == word[i - 2]) & (others[:, j - 2] == word[i - 1])
                row[j] = np.where(swapped, np.minimum(row[j], before[j - 2] + 1), row[j])
        before, last = last, row
    return last[length]


def _codes(words: list[str], length: int) -> _Codes:
    return np.array(words, dtype=f"<U{length}").view(np.uint32).reshape(len(words), length)


def _text(codes: _Codes) -> str:
    return "".join(map(chr, codes.tolist()))


def _letters(codes: _Codes) -> npt.NDArray[np.uint64]:
    """The kinds of letters in each row, as bits; some letters share one."""
    bits = np.left_shift(np.uint64(1), (codes % 64).astype(np.uint64))
    found: npt.NDArray[np.uint64] = np.bitwise_or.reduce(bits, axis=1)
    return found
