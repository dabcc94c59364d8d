"""What a run says of itself beside the collection, for whoever shows it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from conftest import run_index

from indexer.announcing import announced
from indexer.progress import Unwatched
from indexer.reindexing import reindex
from search.checking import check
from search.runs import RUN, RunState, clear_run, read_run, write_run
from search.settings import Settings

STATE = RunState(
    pid=7, phase="indexing", started=100.0, total=4, done=2, size=96, read=48, split=20, passages=10
)


class Looking(Unwatched):
    """Looks at what is said each time that a file is done with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[RunState] = []

    def opened(self, size: int) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:  # it is written by a thread of its own
            state = read_run(self.folder)
            if state is not None:
                self.seen.append(state)
                return


@pytest.fixture
def files(folder: Path) -> Path:
    """A folder with three files."""
    for name in ("a.txt", "b.txt", "c.txt"):
        (folder / name).write_text(f"This is {name}, and it says nothing else.")
    return folder


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_run(tmp_path, STATE)
    assert read_run(tmp_path) == STATE
    clear_run(tmp_path)
    assert read_run(tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_a_run_that_was_killed_is_not_taken_for_one_at_work(tmp_path: Path) -> None:
    write_run(tmp_path, STATE)
    long_ago = time.time() - 60
    os.utime(tmp_path / RUN, (long_ago, long_ago))
    assert read_run(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff\x00"])
def test_a_damaged_file_is_no_run(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RUN).write_bytes(content)
    assert read_run(tmp_path) is None


def test_share_and_time_left() -> None:
    # Half of the work is read, (48 + 2) / (96 + 4), and half of the passages in it embedded.
    assert STATE.share == pytest.approx(0.25)
    assert STATE.seconds_left(now=110.0) == pytest.approx(30.0)
    nothing_yet = RunState(7, "indexing", 100.0, 4, 0, 96, 0, 0, 0)
    assert nothing_yet.share == 0.0
    assert nothing_yet.seconds_left(now=110.0) is None


def test_a_run_says_how_far_it_has_got_and_leaves_nothing_behind(
    files: Path, settings: Settings
) -> None:
    collection = settings.collections / settings.collection
    looking = Looking(collection)
    run_index(settings, files, progress=looking)
    assert looking.seen
    assert {state.pid for state in looking.seen} == {os.getpid()}
    assert {state.phase for state in looking.seen} == {"indexing"}
    assert {state.total for state in looking.seen} == {3}
    assert not (collection / RUN).exists()


def test_making_a_collection_anew_is_announced_too(files: Path, settings: Settings) -> None:
    run_index(settings, files)
    collection = settings.collections / settings.collection
    looking = Looking(collection)
    reindex(settings.with_(passage_pieces=40), looking)
    assert {state.phase for state in looking.seen} == {"reindexing"}
    assert not (collection / RUN).exists()


def test_a_run_without_work_says_nothing(tmp_path: Path) -> None:
    with announced(tmp_path, "indexing", Unwatched()) as watched:
        watched.begin(0, 0)
    assert not list(tmp_path.iterdir())


def test_what_a_run_says_goes_when_it_fails(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError),
        announced(tmp_path, "indexing", Looking(tmp_path)) as watched,
    ):
        watched.begin(2, 10)
        watched.opened(5)
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_stops_no_run(tmp_path: Path) -> None:
    with announced(tmp_path / "missing", "indexing", Unwatched()) as watched:
        watched.begin(1, 1)
        watched.opened(1)


def test_what_a_killed_run_left_is_no_damage(files: Path, settings: Settings) -> None:
    run_index(settings, files)
    collection = settings.collections / settings.collection
    write_run(collection, STATE)
    assert not check(collection).findings
