"""Real files spoilt at random: each is read or refused, and nothing else happens.

`fuzz_lane.py` does the same many times over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzzing import Spoilt, complaints, outcome, spoilt_files
from hypothesis import HealthCheck, given, settings

from indexer.isolation import ReaderPool
from indexer.worker import Limits


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    with ReaderPool(Limits(seconds=20.0), lambda _file, _digest: True, workers=1) as opened:
        yield opened


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(spoilt=spoilt_files())
def test_a_spoilt_file_is_read_or_refused(spoilt: Spoilt, pool: ReaderPool, tmp_path: Path) -> None:
    assert list(complaints(outcome(pool, tmp_path, spoilt))) == []
