"""Indexes a folder, or only opens a collection, and kills itself where it is told.

    python tests/victim.py (index|open) HOME FOLDER (never|file|line) NUMBER

"file" is before the NUMBER-th time that a file beneath HOME is opened for writing, renamed, removed
or made; "line" before the NUMBER-th line of the modules that write. Commits and publishes after
every few files, says a line for each step, and last how many such places it came by. Run by
`killing.py`.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from indexer import batch, pipeline
from indexer.opening import open_for_indexing
from indexer.worker import Limits
from search.collection import Collection
from search.schema import WalkRules
from search.settings import Settings

#: The modules that write, by the ends of their files' paths.
WRITERS = tuple(
    str(Path(package, module))
    for package, module in (
        ("indexer", "batch.py"),
        ("indexer", "pipeline.py"),
        ("search", "collection.py"),
        ("keywords", "engines.py"),
        ("keywords", "view.py"),
        ("keywords", "publishing.py"),
        ("keywords", "segments.py"),
        ("keywords", "stamps.py"),
        ("keywords", "tantivy_postings.py"),
        ("keywords", "whoosh_postings.py"),
        ("search", "storage.py"),
        ("search", "store.py"),
        ("vectors", "parts.py"),
        ("vectors", "publishing.py"),
        ("vectors", "stamps.py"),
        ("search", "writing.py"),
        ("whoosh", "writing.py"),
    )
)
#: Audit events of what is done to files, apart from opening them.
DONE_TO_FILES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate"}


class Clock:
    """Counts places, and kills the process at one of them."""

    def __init__(self, last: int) -> None:
        self.passed = 0
        self._last = last

    def tick(self) -> None:
        self.passed += 1
        if self.passed == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def at_files(clock: Clock, home: Path) -> None:
    """Let the clock tick before each change to a file beneath ``home``."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            written = any(letter in (mode or "") for letter in "wax+") or flags & os.O_CREAT
        elif event in DONE_TO_FILES:
            path, written = arguments[0], True
        else:
            return
        if written and isinstance(path, str | Path) and Path(path).is_relative_to(home):
            clock.tick()

    sys.addaudithook(hook)


def at_lines(clock: Clock) -> None:
    """Let the clock tick before each line of `WRITERS`."""

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            clock.tick()
        return on_line

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        return on_line if frame.f_code.co_filename.endswith(WRITERS) else None

    sys.settrace(on_call)


class Steps:
    """A `Progress` that says each step, for whoever waits to kill this process."""

    def begin(self, files: int, size: int) -> None:
        print("began", flush=True)

    def opened(self, size: int) -> None:
        print("opened", flush=True)

    def split(self, passages: int) -> None:
        print("split", flush=True)

    def encoded(self, passages: int) -> None:
        print("encoded", flush=True)


def main() -> None:
    action, home, folder, place, number = sys.argv[1:]
    batch._DOCUMENTS = 3
    pipeline._PUBLISH_AFTER = -1.0
    pipeline._PUBLISH_SHARE = float("inf")
    settings = Settings(
        home=Path(home),
        cache=Path(home) / "cache",
        model="hashing",
        keyword_engine=os.environ.get("WHEREIN_KEYWORD_ENGINE"),
    )
    clock = Clock(int(number))
    if place == "file":
        at_files(clock, settings.home)
    elif place == "line":
        at_lines(clock)
    if action == "open":
        with Collection(settings.collections / "default") as opened, opened.snapshot():
            pass
    else:
        writer, encoder = open_for_indexing(settings)
        with writer:
            rules = {Path(folder): WalkRules()}
            pipeline.index(rules, writer, encoder, Steps(), Limits())
    sys.settrace(None)
    print(clock.passed, flush=True)


if __name__ == "__main__":
    main()
