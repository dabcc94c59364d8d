"""`wherein index` from the page: one run at a time, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from flask import Flask

from search.engine import Engine
from search.settings import Settings

_KEY = "wherein.updating"
#: How much of what a run said is kept, from its end.
_SAID = 4_000
#: How often its state is told, and for how long before whoever listens asks again; in seconds.
_PAUSE = 1.0
_LISTENED = 25.0


@dataclass(frozen=True, slots=True)
class State:
    """How the collection is getting on.

    Attributes:
        running: Whether a run was begun from here and goes on.
        failed: Whether the last one failed.
        said: What it said at last, one line.
        documents: How many documents there are.
        passages: How many passages.
        failures: How many files could not be read.
    """

    running: bool
    failed: bool
    said: str
    documents: int
    passages: int
    failures: int


class Updating:
    """Brings a collection up to date when asked to; safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._output: Path | None = None
        self._said = ""

    def begin(self) -> bool:
        """Begin a run; False if one goes on already.

        Raises:
            OSError: The process cannot be started.
        """
        with self._guard:
            if self._process is not None and self._process.poll() is None:
                return False
            self._said = ""
            number, name = tempfile.mkstemp(prefix="wherein-")
            self._output = Path(name)
            with os.fdopen(number, "wb") as output:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    self._command(), stdout=output, stderr=subprocess.STDOUT
                )
            return True

    def state(self, engine: Engine) -> State:
        """How it is getting on.

        Args:
            engine: The engine of the collection.

        Raises:
            CollectionError: The collection cannot be read, or was deleted.
        """
        counts = engine.counts()
        with self._guard:
            code = None if self._process is None else self._process.poll()
            running = self._process is not None and code is None
            said = self._last_line()
        return State(running, bool(code), said, counts.documents, counts.passages, counts.failures)

    def events(self, engine: Engine) -> Iterator[str]:
        """Its state as server-sent events, as often as it changes, until a run has ended.

        Args:
            engine: The engine of the collection.

        Raises:
            CollectionError: The collection cannot be read, or was deleted.
        """
        until = time.monotonic() + _LISTENED
        told: State | None = None
        while time.monotonic() < until:
            state = self.state(engine)
            if state != told:
                yield f"data: {json.dumps(asdict(state))}\n\n"
                told = state
            if not state.running:
                return
            time.sleep(_PAUSE)

    def _close(self) -> None:
        if self._output is not None:
            self._output.unlink(missing_ok=True)
            self._output = None

    def _last_line(self) -> str:
        if self._output is None:
            return ""
        with self._output.open("rb") as output:
            output.seek(max(0, self._output.stat().st_size - _SAID))
            lines = output.read(_SAID).decode("utf-8", "replace").splitlines()
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")

    def _command(self) -> list[str]:
        # -P: a module in the folder somebody happens to stand in must not be taken for one of ours.
        program = [sys.executable, "-P", "-m", "indexer.cli", "index"]
        settings = self._settings
        return [*program, "--collection", settings.collection, "--home", str(settings.home)]


def install(app: Flask, settings: Settings) -> None:
    """Let ``app`` bring the collection of the settings up to date."""
    app.extensions[_KEY] = Updating(settings)


def updating_of(app: Flask) -> Updating:
    """What brings the collection of ``app`` up to date."""
    found: Updating = app.extensions[_KEY]
    return found
