"""Formulas against sums worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.evaluation import ndcg
from search.fusion import (
    agreement,
    belief,
    bm25,
    covered_scale,
    greatest_bm25,
    inverse_document_frequency,
    likeness_to_best,
    say_of_best,
)


def test_idf_by_hand() -> None:
    # N = 10: n = 2 gives ln(1 + 8.5 / 2.5) = ln 4.4; n = 10 gives ln(1 + 0.5 / 10.5).
    found = inverse_document_frequency(np.array([2, 10]), 10)
    assert found == pytest.approx([math.log(4.4), math.log(1 + 0.5 / 10.5)])


def test_idf_is_never_negative_even_for_stale_counts() -> None:
    assert inverse_document_frequency(np.array([15]), 10)[0] > 0.0


def test_bm25_by_hand() -> None:
    # A passage of average length: idf · tf · 2.2 / (tf + 1.2); tf = 2 gives 2 · 4.4 / 3.2 = 2.75.
    assert bm25(np.array([2.0]), np.array([2.0]), np.array([50.0]), 50.0)[0] == pytest.approx(2.75)
    # Twice the average: 1.2 · (0.4 + 0.6 · 2) = 1.92, so 2 · 4.4 / 3.92.
    assert bm25(np.array([2.0]), np.array([2.0]), np.array([100.0]), 50.0)[0] == pytest.approx(
        8.8 / 3.92
    )


def test_greatest_bm25_by_hand() -> None:
    assert greatest_bm25(np.array([1.0, 2.0])) == pytest.approx(3.0 * 2.2)
    assert greatest_bm25(np.array([])) == 0.0


@given(st.floats(0.01, 10), st.floats(1, 1000), st.floats(1, 1000), st.floats(1, 1000))
def test_no_passage_exceeds_the_greatest(idf: float, tf: float, length: float, mean: float) -> None:
    share = bm25(np.array([idf]), np.array([tf]), np.array([length]), mean)[0]
    assert 0.0 < share <= greatest_bm25(np.array([idf]))


def test_covered_scale_by_hand() -> None:
    # All of the query, c = 1, and atan(12 / 12) = π/4: 1.25 · 1 · (2/π) · π/4 = 0.625.
    assert covered_scale(np.array([0.3]), np.array([12.0]), 12.0)[0] == pytest.approx(0.925)
    # A sixteenth of it, (1/16)^0.75 = 1/8: 0.625 / 8 = 0.078125.
    assert covered_scale(np.array([0.3]), np.array([12.0]), 192.0)[0] == pytest.approx(0.378125)
    assert covered_scale(np.array([0.3]), np.array([0.0]), 12.0)[0] == pytest.approx(0.3)
    assert covered_scale(np.array([0.3]), np.array([0.0]), 0.0)[0] == pytest.approx(0.3)


def test_a_cosine_that_is_not_understood_counts_for_less() -> None:
    full = covered_scale(np.array([0.6]), np.array([12.0]), 12.0)[0]
    assert full == pytest.approx(0.6 + 0.625)
    assert covered_scale(np.array([0.6]), np.array([12.0]), 12.0, 0.5)[0] == pytest.approx(0.925)
    assert covered_scale(np.array([0.6]), np.array([12.0]), 12.0, 0.0)[0] == pytest.approx(0.625)


def test_the_scale_does_not_depend_on_the_other_hits() -> None:
    alone = covered_scale(np.array([0.5]), np.array([3.0]), 20.0)[0]
    among = covered_scale(np.array([0.9, 0.5]), np.array([15.0, 3.0]), 20.0)[1]
    assert alone == among


def test_ndcg_by_hand() -> None:
    # Gains 0, 2, 1: 2 / log2(3) + 1 / log2(4). Ideal 2, 1: 2 / log2(2) + 1 / log2(3).
    gained = 2 / math.log2(3) + 1 / 2
    ideal = 2 + 1 / math.log2(3)
    assert ndcg([0, 2, 1], [1, 2]) == pytest.approx(gained / ideal)
    assert ndcg([2, 1], [1, 2]) == 1.0
    assert ndcg([], [1]) == 0.0
    assert ndcg([0, 0], []) == 0.0
    assert ndcg([0, 1], [1], depth=1) == 0.0


def test_agreement_by_hand() -> None:
    # Ten passages near in meaning with a score of 3 each; the best ten by words score 6 each.
    cosine = np.concatenate([np.full(10, 0.8), np.full(20, 0.2)])
    words = np.concatenate([np.full(10, 3.0), np.full(10, 6.0), np.full(10, 1.0)])
    assert agreement(cosine, words) == pytest.approx(30 / 60)
    assert agreement(-words, words) == pytest.approx((10 * 1.0) / 60)
    assert agreement(words, words) == 1.0
    assert agreement(cosine, np.zeros(30)) == agreement(np.empty(0), np.empty(0)) == 0.0
    # Of fewer than ten all count on both sides.
    assert agreement(np.array([0.1, 0.9]), np.array([2.0, 0.0])) == 1.0


def test_belief_by_hand() -> None:
    # near 0.2: 3/8 of the way to 1 lies at 0.5, 5/8 at 0.7; at 0.6 an encoder is half sure.
    # Agreement of 0.15 is a quarter of what is wanted: 1 - 0.5 · 0.75.
    found = np.array([0.1, 0.6, 0.3])
    assert belief(found, 0.15, 0.2) == pytest.approx(0.625)
    assert belief(found, 0.15, 0.2, understood=0.5) == pytest.approx(1 - 0.5 * 0.375)
    assert belief(np.array([0.7]), 0.3, 0.2) == pytest.approx(0.5)
    assert belief(np.array([0.9]), 0.0, 0.2) == 0.0


def test_words_are_believed_where_nothing_speaks_against_them() -> None:
    assert belief(np.array([0.9]), 0.6, 0.2) == belief(np.array([0.9]), 1.0, 0.2) == 1.0
    assert belief(np.array([0.49, 0.2]), 0.0, 0.2) == 1.0
    assert belief(np.array([0.9]), 0.0, 0.2, understood=0.0) == 1.0
    assert belief(np.empty(0), 0.0, 0.2) == belief(np.array([1.0]), 0.0, 1.0) == 1.0


def test_words_that_are_not_believed_count_for_less() -> None:
    full = covered_scale(np.array([0.6]), np.array([12.0]), 12.0, 1.0, 0.2)[0]
    assert full == pytest.approx(0.6 + 0.125)


def test_likeness_by_hand() -> None:
    # The second is 0.05 behind: its say is 1/e. Middle (1, 1/e), of length √(1 + 1/e²).
    rows = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    found = likeness_to_best(np.array([0.9, 0.85]), rows)
    length = math.sqrt(1 + math.exp(-2))
    assert found == pytest.approx([1 / length, math.exp(-1) / length])


def test_the_say_of_the_best_by_hand() -> None:
    # 0.05 and 0.1 behind: 1, 1/e and 1/e² before they are made to add up to 1.
    best, say = say_of_best(np.array([0.85, 0.9, 0.8]))
    whole = 1 + math.exp(-1) + math.exp(-2)
    assert best.tolist() == [1, 0, 2]
    assert say == pytest.approx([1 / whole, math.exp(-1) / whole, math.exp(-2) / whole])
    assert [part.tolist() for part in say_of_best(np.empty(0))] == [[], []]


def test_only_the_best_ten_have_a_say() -> None:
    rows = np.eye(12, dtype=np.float32)
    found = likeness_to_best(np.linspace(1.0, 0.9, 12), rows)
    assert (np.diff(found[:10]) < 0.0).all()
    assert found[10:] == pytest.approx([0.0, 0.0])


def test_likeness_of_equal_scores_goes_by_order_and_of_none_is_none() -> None:
    rows = np.eye(12, dtype=np.float32)
    assert np.flatnonzero(likeness_to_best(np.ones(12), rows)).tolist() == list(range(10))
    assert likeness_to_best(np.ones(0), rows[:0]).tolist() == []
