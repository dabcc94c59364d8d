"""What benchmarks record, and the page made of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PROJECT


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The module, keeping what it writes in a temporary folder."""
    monkeypatch.syspath_prepend(PROJECT / "benchmarks")
    for name in ("results", "gauge"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import results

    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    return results


def test_a_record_says_what_made_it_and_on_what(results: Any) -> None:
    path = results.record("speed", {"rate": np.float32(1.5)}, "make bench-speed")
    found = json.loads(path.read_text("utf-8"))
    assert path.name == "speed.json"
    assert found["figures"] == {"rate": 1.5}
    assert found["command"] == "make bench-speed"
    assert {"processor", "cores", "memory_gb", "python"} <= set(found["machine"])


def test_the_page_shows_each_figure_beside_its_peers_and_its_limit(results: Any) -> None:
    figures = {
        "rate": results.Figure(123.4, "passages/s", "≥ 100", {"torch": 23.0}),
        "query": {"p50": results.Figure(9.5, "ms", "≤ 8"), "calls": 3},
        "sizes": [{"passages": 10_000, "p50 ms": 1.25}, {"passages": 100_000}],
    }
    results.record("speed", figures, "make bench-speed")
    page = results.rendered(results.FOLDER)
    assert "`make bench-speed`" in page
    assert "| rate | 123 passages/s | ≥ 100 passages/s | yes | torch 23.0 |" in page
    assert "| query / p50 | 9.50 ms | ≤ 8 ms | **no** |  |" in page
    assert "| query / calls | 3 |  |  |  |" in page
    assert (
        "sizes:\n\n| passages | p50 ms |\n| --- | --- |\n| 10,000 | 1.25 |\n| 100,000 |  |" in page
    )


@pytest.mark.parametrize(
    ("value", "limit", "held"),
    [
        (8.0, "≤ 8", True),
        (8.1, "≤ 8", False),
        (1200, "≥ 1,000 a second", True),
        (1, "", None),
        ("much", "≤ 8", None),
    ],
)
def test_a_limit_is_kept_or_not(results: Any, value: Any, limit: str, held: bool | None) -> None:
    assert results.Figure(value, limit=limit).held() is held


@pytest.mark.parametrize(
    ("figures", "command"),
    [
        ({}, "python benchmarks/encode.py --pipeline /home/somebody/documents"),
        ({"folder": "/home/somebody/documents"}, "make bench"),
        ({"rows": [{"where": Path("/home/somebody/documents").as_uri()}]}, "make bench"),
        ({"folder": "~/documents/letters"}, "make bench"),
        ({"folder": r"C:\Users\somebody"}, "make bench"),
    ],
)
def test_no_path_of_the_machine_is_recorded(results: Any, figures: Any, command: str) -> None:
    with pytest.raises(ValueError, match="path of this machine"):
        results.record("speed", figures, command)
    assert not list(results.FOLDER.glob("*.json"))


def test_relative_paths_and_rates_may_be_recorded(results: Any) -> None:
    figures = {"passages/s": 3, "query / p50": 1.5, "of 1/2/3": "sample_corpus/guides"}
    assert results.record("speed", figures, "python benchmarks/encode.py --pipeline a/b/c").exists()
