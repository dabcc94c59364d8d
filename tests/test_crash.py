"""Killed in the middle: nothing committed is lost, and the next run ends where any would have."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from killing import Trial

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@pytest.mark.long
@pytest.mark.timeout(600)
def test_killing_tantivy_leaves_a_sound_collection_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tantivy")
    monkeypatch.setenv("WHEREIN_KEYWORD_ENGINE", "tantivy")
    seed = random.SystemRandom().randrange(2**32)
    print(f"WHEREIN_KEYWORD_ENGINE=tantivy python tests/crash_lane.py --kills 6 --seed {seed}")
    Trial.begin(tmp_path, seed).run(6)


@pytest.mark.timeout(600)
def test_a_dozen_kills_leave_a_sound_collection_and_lose_nothing(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"python tests/crash_lane.py --kills 12 --seed {seed}")
    Trial.begin(tmp_path, seed).run(12)
