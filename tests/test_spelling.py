"""Words spelt much alike, against the slow and obvious way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.spelling import Vocabulary, distance, edits_forgiven

WORDS = st.text("abcdeé", min_size=1, max_size=9)


def slow_distance(one: str, other: str) -> int:
    """Optimal string alignment, cell by cell."""
    table = [[i + j for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (one[i - 1] != other[j - 1]),
            )
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def codes(word: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    return np.array([ord(c) for c in word], dtype=np.uint32)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("vacine", "vaccine", 1),
        ("recieve", "receive", 1),
        ("cat", "cut", 1),
        ("ab", "ab", 0),
        ("ca", "abc", 3),
    ],
)
def test_distance_by_hand(one: str, other: str, expected: int) -> None:
    assert slow_distance(one, other) == expected
    assert distance(codes(one), codes(other)[np.newaxis], 9).tolist() == [expected]


@given(WORDS, WORDS, st.integers(1, 9))
def test_distance_is_the_slow_one(one: str, other: str, most: int) -> None:
    found = distance(codes(one), codes(other)[np.newaxis], most)
    assert found.tolist() == [min(most + 1, slow_distance(one, other))]


@given(WORDS, st.sets(WORDS), st.integers(1, 2))
def test_near_words_are_all_within_the_edits(word: str, known: set[str], edits: int) -> None:
    distances = {other: slow_distance(word, other) for other in known}
    expected = sorted((d, other) for other, d in distances.items() if 1 <= d <= edits)
    assert Vocabulary(known).near(word, edits) == expected


@pytest.mark.parametrize(
    ("word", "term", "expected"),
    [
        ("four", "four", 0),
        ("vacine", "vacin", 1),
        ("immediatly", "immediat", 2),
        ("e4175", "e4175", 0),
        ("discovered", "disc", 1),
        ("x" * 40, "x" * 40, 0),
    ],
)
def test_edits_go_by_length(word: str, term: str, expected: int) -> None:
    assert edits_forgiven(word, term) == expected


def test_terms_that_are_not_all_letters_are_left_out() -> None:
    assert Vocabulary(["e417", "~cafe", "2.3"]).near("e418", 2) == []
    assert Vocabulary([]).near("word", 1) == []
