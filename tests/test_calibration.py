"""The threshold of nearness: what it is computed from, and where it lies."""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
import pytest

from search.calibration import UNRELATED, nearness_threshold
from search.encoders import DEFAULT_MODEL, HashingEncoder, load_encoder


def dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("dimension", [16, 64, 256])
def test_the_threshold_is_two_deviations_above_the_mean_of_unrelated_pairs(dimension: int) -> None:
    encoder = HashingEncoder(dimension)
    cosines = []
    for asked, (question, _) in enumerate(UNRELATED):
        for answered, (_, statement) in enumerate(UNRELATED):
            if asked != answered:
                query = encoder.encode_query(question).tolist()
                passage = encoder.encode_passages([statement])[0].tolist()
                cosines.append(dot(query, passage))
    expected = statistics.fmean(cosines) + 2 * statistics.pstdev(cosines)
    assert nearness_threshold(encoder) == pytest.approx(expected, abs=1e-6)


def test_the_subjects_are_distinct() -> None:
    questions, statements = zip(*UNRELATED, strict=True)
    assert len({*questions, *statements}) == 2 * len(UNRELATED)
    assert all(question.endswith("?") for question in questions)
    assert not any(statement.endswith("?") for statement in statements)


@pytest.mark.model
def test_the_threshold_lies_between_unrelated_and_related(model_cache: Path) -> None:
    encoder = load_encoder(DEFAULT_MODEL, model_cache)
    threshold = nearness_threshold(encoder)
    questions = np.stack([encoder.encode_query(question) for question, _ in UNRELATED])
    statements = encoder.encode_passages([statement for _, statement in UNRELATED])
    cosines = questions @ statements.T
    related = np.eye(len(UNRELATED), dtype=bool)
    assert (cosines[related] > threshold).sum() >= 10
    assert (cosines[~related] > threshold).mean() <= 0.08
    assert 0 < threshold < 0.3
