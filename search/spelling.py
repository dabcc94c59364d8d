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
#: Of how many words it is remembered which are near.
_REMEMBERED = 10_000

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
        self._near: dict[tuple[str, int], list[tuple[int, str]]] = {}

    def near(self, word: str, edits: int) -> list[tuple[int, str]]:
        """The terms at 1 to ``edits`` edits from ``word``, nearest first, then by alphabet.

        Returns:
            The distance and the term.
        """
        known = self._near.get((word, edits))
        if known is not None:
            return known
        found = self._look(word, edits)
        if len(self._near) < _REMEMBERED:
            self._near[word, edits] = found
        return found

    def _look(self, word: str, edits: int) -> list[tuple[int, str]]:
        """What `near` gives, found anew."""
        wanted = _codes([word], len(word))
        letters = _letters(wanted)[0]
        alike: list[_Codes] = []
        for length in range(max(1, len(word) - edits), len(word) + edits + 1):
            if length in self._codes:
                # An edit changes at most two kinds of letters: one that goes and one that comes.
                near = np.bitwise_count(self._letters[length] ^ letters) <= 2 * edits
                alike.append(_widened(self._codes[length][near], len(word) + edits))
        if not alike:
            return []
        codes = np.concatenate(alike)
        distances = distance(wanted[0], codes, edits)
        close = np.flatnonzero((distances > 0) & (distances <= edits))
        return sorted((int(distances[row]), _text(codes[row])) for row in close.tolist())


def distance(word: _Codes, others: _Codes, most: int) -> npt.NDArray[np.int64]:
    """Edits between ``word`` and each row of ``others``: optimal string alignment distance.

    Insertions, deletions, substitutions and swaps of neighbours, none of them twice in one place
    (Damerau, "A technique for computer detection and correction of spelling errors", 1964). Only
    the cells are computed that a distance up to ``most`` can pass through (Ukkonen, "Algorithms
    for approximate string matching", 1985).

    Args:
        word: Code points, shape ``(m,)``.
        others: Code points, shape ``(n, l)``: words, with zeros behind those that are shorter.
        most: Greater distances need not be told from one another.

    Returns:
        int64, one for each row; ``most`` + 1 for a greater one.
    """
    count, width = others.shape
    differs = word[:, np.newaxis, np.newaxis] != others.T
    swapped = ~differs[1:, :-1] & ~differs[:-1, 1:]
    can_swap = swapped.any(axis=2)
    beyond = np.full((width + 1, count), most + 1, dtype=np.int64)
    before, last = beyond, beyond.copy()
    last[: most + 1] = np.arange(min(most, width) + 1)[:, np.newaxis]
    for i in range(1, len(word) + 1):
        row = beyond.copy()
        if i <= most:
            row[0] = i
        for j in range(max(1, i - most), min(width, i + most) + 1):
            either = np.minimum(last[j], row[j - 1]) + 1
            np.minimum(either, last[j - 1] + differs[i - 1, j - 1], out=row[j])
            if i > 1 and j > 1 and can_swap[i - 2, j - 2]:
                swap = np.where(swapped[i - 2, j - 2], before[j - 2] + 1, most + 1)
                np.minimum(row[j], swap, out=row[j])
        before, last = last, row
    ends = np.count_nonzero(others, axis=1)
    found: npt.NDArray[np.int64] = np.minimum(last[ends, np.arange(count)], most + 1)
    return found


def _widened(codes: _Codes, width: int) -> _Codes:
    """The same words with zeros behind them."""
    return np.pad(codes, ((0, 0), (0, width - codes.shape[1])))


def _codes(words: list[str], length: int) -> _Codes:
    return np.array(words, dtype=f"<U{length}").view(np.uint32).reshape(len(words), length)


def _text(codes: _Codes) -> str:
    return "".join(map(chr, codes[codes > 0].tolist()))


def _letters(codes: _Codes) -> npt.NDArray[np.uint64]:
    """The kinds of letters in each row, as bits; some letters share one."""
    bits = np.left_shift(np.uint64(1), (codes % 64).astype(np.uint64))
    found: npt.NDArray[np.uint64] = np.bitwise_or.reduce(bits, axis=1)
    return found
