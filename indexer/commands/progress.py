"""How a run is watched: a bar with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

#: Seconds between two plain lines.
_EVERY = 10.0


class Watch:
    """Counts what a run does and shows it on standard error."""

    def __init__(self) -> None:
        self._began = self._said = time.monotonic()
        self._files = self._size = 0
        self._opened = self._read = 0
        self._split = self._passages = 0
        self._bar: Progress | None = None
        self._task = TaskID(0)
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[detail]}"),
                TimeRemainingColumn(compact=True),
                console=Console(stderr=True),
                transient=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, files: int, size: int) -> None:
        """``files`` files of ``size`` bytes in all are to be opened."""
        self._files, self._size = files, size
        self._began = self._said = time.monotonic()
        if files and self._bar is not None:
            # A byte more for each file, so that empty files count for something.
            self._task = self._bar.add_task("Indexing", total=size + files, detail="")
            self._bar.start()

    def opened(self, size: int) -> None:
        """A file of ``size`` bytes was read, or found not to need it."""
        self._opened += 1
        self._read += size + 1
        self._show()

    def split(self, passages: int) -> None:
        """So many more passages wait for their embedding."""
        self._split += passages

    def encoded(self, passages: int) -> None:
        """So many more passages have their embedding."""
        self._passages += passages
        self._show()

    def _show(self) -> None:
        now = time.monotonic()
        rate = self._passages / max(0.001, now - self._began)
        detail = (
            f"{self._opened:,} of {self._files:,} files, {self._passages:,} passages, "
            f"{rate:,.0f} passages/s"
        )
        # Reading runs ahead of embedding, which is nearly all of the work.
        done = self._read * self._passages / self._split if self._split else self._read
        if self._bar is not None:
            self._bar.update(self._task, completed=done, detail=detail)
        elif now - self._said >= _EVERY:
            self._said = now
            total = self._size + self._files
            left = (now - self._began) * (total - done) / max(1.0, done)
            click.echo(f"Indexing: {detail}, about {left:,.0f} s left", err=True)
