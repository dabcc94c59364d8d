"""Saying beside the collection how far a run has got, see `search.runs`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.progress import Progress
from search.errors import StorageError
from search.runs import EVERY, RunState, clear_run, write_run


@contextmanager
def announced(folder: Path, phase: str, progress: Progress) -> Iterator[Progress]:
    """Announce a run as long as the block goes on, from when it is known that it has work to do.

    Args:
        folder: The collection's folder.
        phase: What the run does, see `search.runs.RunState`.
        progress: Is told everything as well.

    Yields:
        What the run is to tell how it goes on.
    """
    announcing = _Announcing(folder, phase, progress)
    try:
        yield announcing
    finally:
        announcing.end()


class _Announcing:
    """Counts what a run does; a thread of its own writes that down, so that the run never waits."""

    def __init__(self, folder: Path, phase: str, progress: Progress) -> None:
        self._folder = folder
        self._phase = phase
        self._progress = progress
        self._started = time.time()
        self._total = self._done = self._size = self._read = self._split = self._passages = 0
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, files: int, size: int) -> None:
        """``files`` files of ``size`` bytes in all are to be opened."""
        self._progress.begin(files, size)
        self._total, self._size = files, size
        if files and self._thread is None:
            self._thread = threading.Thread(
                target=self._write, name="wherein-announcing", daemon=True
            )
            self._thread.start()

    def opened(self, size: int) -> None:
        """A file of ``size`` bytes was read, or found not to need it."""
        self._done += 1
        self._read += size
        self._progress.opened(size)

    def split(self, passages: int) -> None:
        """So many more passages wait for their embedding."""
        self._split += passages
        self._progress.split(passages)

    def encoded(self, passages: int) -> None:
        """So many more passages have their embedding."""
        self._passages += passages
        self._progress.encoded(passages)

    def end(self) -> None:
        """The run is over."""
        if self._thread is not None:
            self._ending.set()
            self._thread.join()
            clear_run(self._folder)

    def _write(self) -> None:
        while True:
            try:
                write_run(self._folder, self._state())
            except StorageError:
                return  # the run will say it, if it concerns what is to be kept
            if self._ending.wait(EVERY):
                return

    def _state(self) -> RunState:
        return RunState(
            pid=os.getpid(),
            phase=self._phase,
            started=self._started,
            total=self._total,
            done=self._done,
            size=self._size,
            read=self._read,
            split=self._split,
            passages=self._passages,
        )
