"""What is read into the system's cache before it is asked for."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from vector_views import show, unit_rows

from search.engine import Engine
from search.storage import read_ahead
from search.vectors import VECTORS

Hints = dict[str, list[tuple[int, int]]]

needs_hints = pytest.mark.skipif(
    not hasattr(os, "posix_fadvise") or not Path("/proc/self/fd").exists(),
    reason="this system takes no such hints, or does not tell which file one is about",
)


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> Hints:
    """By name of the file, where each hint begins and how many bytes it is about."""
    given: Hints = defaultdict(list)
    real = os.posix_fadvise

    def advise(descriptor: int, begin: int, size: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_WILLNEED
        given[Path(f"/proc/self/fd/{descriptor}").readlink().name].append((begin, size))
        real(descriptor, begin, size, advice)

    monkeypatch.setattr(os, "posix_fadvise", advise)
    return given


@needs_hints
def test_files_are_asked_for_from_front_to_back_and_whole(tmp_path: Path, hints: Hints) -> None:
    sizes = {"a": 0, "b": 1, "c": 131_072, "d": 300_000}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))
    read_ahead(tmp_path / name for name in sizes)
    for name, size in sizes.items():
        at = 0
        for begin, length in hints[name]:
            assert begin == at
            at += length
        assert at >= size
        assert at - size < 131_072


@needs_hints
def test_a_file_that_is_gone_is_passed_over(tmp_path: Path, hints: Hints) -> None:
    (tmp_path / "here").write_bytes(b"words")
    read_ahead([tmp_path / "gone", tmp_path, tmp_path / "here"])
    assert [*hints] == ["here"]


@needs_hints
def test_what_would_fill_half_of_the_memory_is_left_alone(
    tmp_path: Path, hints: Hints, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other"):
        (tmp_path / name).write_bytes(bytes(600))
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 100, "SC_PHYS_PAGES": 20}.get)
    read_ahead([tmp_path / "one", tmp_path / "other"])
    assert not hints
    read_ahead([tmp_path / "one"])
    assert [*hints] == ["one"]


def test_systems_without_hints_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    monkeypatch.delattr(os, "sysconf", raising=False)
    (tmp_path / "here").write_bytes(b"words")
    read_ahead([tmp_path / "here"])


@needs_hints
def test_a_graph_is_read_ahead_when_it_is_opened(tmp_path: Path, hints: Hints) -> None:
    opened = show(tmp_path, 1, dict(enumerate(unit_rows(200), 1)), kind="hnsw")
    graph = opened.stamp.graph
    assert graph is not None
    assert graph.file in hints


@needs_hints
def test_a_warm_engine_has_its_views_read_ahead(
    indexed: Callable[..., Engine], hints: Hints
) -> None:
    engine = indexed(apples__txt="Red apples grow on old trees.")
    hints.clear()
    engine.warm_up()
    for thread in threading.enumerate():
        if thread.name == "read-ahead":
            thread.join()
    build = engine.collection.build
    views = [path.name for view in (VECTORS, "keywords") for path in (build / view).glob("*")]
    sized = {name for name in hints if hints[name]}
    assert sized
    assert sized <= {*views}
    assert any(name.endswith(".vectors") for name in sized)
    assert any(name.startswith("segment-") for name in sized)
