"""A passage's bag of terms: which it holds and how often, small enough to keep for every passage.

Of each distinct term there is a hash and a count. With 32 bits, a query's term is taken for one of
a passage's hundred others once in forty million times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xxhash

_BAG = np.dtype([("term", "<u4"), ("count", "u1")])

Numbers = npt.NDArray[np.int64]
Counts = npt.NDArray[np.float64]


def packed(terms: Sequence[str]) -> bytes:
    """The bag of these terms; more than 255 of one count as 255."""
    counts = Counter(terms)
    bag = np.empty(len(counts), dtype=_BAG)
    bag["term"] = [_hash(term) for term in counts]
    bag["count"] = np.minimum(list(counts.values()), 255) if counts else 0
    return bag.tobytes()


def occurrences(
    bags: Sequence[bytes], words: Sequence[Sequence[tuple[str, float]]]
) -> tuple[Numbers, Numbers, Counts]:
    """How often bags hold words, each of which may stand as one of several terms.

    Args:
        bags: As `packed` gives them.
        words: For each word its terms, and what an occurrence of each counts.

    Returns:
        Row by row: the number of a bag (int64), the number of a word (int64), and how often the one
        holds the other (float64), by whichever term counts most. Rows of 0 are left out.
    """
    entries = np.frombuffer(b"".join(bags), dtype=_BAG)
    rows = np.repeat(np.arange(len(bags)), [len(bag) // _BAG.itemsize for bag in bags])
    flat = [(_hash(term), word, factor) for word, of in enumerate(words) for term, factor in of]
    flat.sort()
    hashes = np.array([term for term, _, _ in flat], dtype=np.uint32)
    first = np.searchsorted(hashes, entries["term"], "left")
    found = np.searchsorted(hashes, entries["term"], "right") - first
    matched = np.flatnonzero(found)
    rows, counts = rows[matched], entries["count"][matched].astype(np.float64)
    first, found = first[matched], found[matched]
    # A term may belong to several words: its entry is taken once for each.
    each = np.repeat(first - np.cumsum(found) + found, found) + np.arange(int(found.sum()))
    owners = np.array([word for _, word, _ in flat], dtype=np.int64)[each]
    factors = np.array([factor for _, _, factor in flat], dtype=np.float64)[each]
    return most(np.repeat(rows, found), owners, np.repeat(counts, found) * factors, len(words))


def most(
    rows: Numbers, words: Numbers, counts: Counts, word_count: int
) -> tuple[Numbers, Numbers, Counts]:
    """Of entries for the same row and word the greatest.

    Args:
        rows: The row of each entry, int64.
        words: Its word, int64, below ``word_count``.
        counts: Its count, float64.
        word_count: How many words there are.

    Returns:
        The same three of those that are left, ordered by row, then word.
    """
    keys = rows * max(1, word_count) + words
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    if not len(starts):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)
    rows, words = np.divmod(keys[starts], max(1, word_count))
    return rows, words, np.maximum.reduceat(counts, starts)


def _hash(term: str) -> int:
    return xxhash.xxh32_intdigest(term.encode("utf-8", "replace"))
