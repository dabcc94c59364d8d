"""`wherein index` from the page: one run at a time, in a process of its own.

Where several processes serve (`web.workers`), the one that begins a run attends to it, and notes in
the folder that they share how it is getting on, so that each of them can tell of it alike.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import psutil
from flask import Flask

from search.runs import read_run
from search.settings import Settings
from web.metrics import SHARED

_log = logging.getLogger("wherein.web")

_KEY = "wherein.updating"
#: How much of what a run said is kept, from its end, and how long a line of it may be.
_SAID = 4_000
_LINE = 300
#: What stands before a sentence about a failure at the command line.
_NAME = "wherein: "
#: A run over what was sent is tried so many times: another process may be writing just then.
_TRIES = 5
#: Seconds between them, and between looks at whether another run is over, and how many of those.
_PAUSE = 1.0
_LOOKS = 24 * 3600
#: The file in which the processes of a server tell each other of the run begun last.
_NOTE = "updating.json"


@dataclass(frozen=True, slots=True)
class Own:
    """The run that was begun from here last.

    Attributes:
        running: Whether it goes on.
        failed: Whether it failed.
        said: What it said at last, one line.
        process: The number of its process while it goes on, or None.
    """

    running: bool = False
    failed: bool = False
    said: str = ""
    process: int | None = None


class _Note(msgspec.Struct, frozen=True):
    """What one process of a server leaves for the others.

    Attributes:
        worker: The number of the process.
        own: How its run is getting on.
    """

    worker: int
    own: Own


class Updating:
    """Brings a collection up to date when asked to; safe to use from several threads.

    Args:
        settings: Name the collection.
        shared: The folder that the processes of the server share, if there are several.
    """

    def __init__(self, settings: Settings, shared: Path | None = None) -> None:
        self._settings = settings
        self._shared = shared
        self._place = settings.collections / settings.collection
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._output: Path | None = None
        self._said = ""
        self._code = 0
        self._due: Path | None = None

    def begin(self) -> bool:
        """Begin a run through all that was indexed; False if one goes on, wherever it was begun."""
        with self._guard:
            if self._own().running or read_run(self._place) is not None:
                return False
            self._start(None)
            return True

    def take_in(self, folder: Path) -> None:
        """Have a folder indexed in which there is something new.

        A run that goes on may have passed it by already, so that another one follows then. Whatever
        comes meanwhile is in that one as well.

        Args:
            folder: The folder.
        """
        with self._guard:
            if self._thread is not None:
                self._due = folder
            else:
                self._start(folder)

    def own(self) -> Own:
        """How the run is getting on that was begun from here last, by any process of the server."""
        with self._guard:
            return self._own()

    def wait(self, seconds: float) -> bool:
        """Wait until no run goes on that was begun from here.

        Args:
            seconds: How long at the most.

        Returns:
            Whether none goes on any more.
        """
        until = time.monotonic() + seconds
        while (thread := self._thread) is not None:
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                return False
        return True

    def _own(self) -> Own:
        own = self._here()
        return own if own.running else self._noted() or own

    def _here(self) -> Own:
        """How the run is getting on that this process began last."""
        running, process = self._thread is not None, self._process
        return Own(
            running,
            not running and self._code != 0,
            self._last_line(),
            process.pid if running and process is not None else None,
        )

    def _note(self) -> None:
        """Leave word of that for the other processes of the server."""
        if self._shared is None:
            return
        draft = self._shared / f"{_NOTE}.{os.getpid()}"
        try:
            draft.write_bytes(msgspec.json.encode(_Note(os.getpid(), self._here())))
            draft.replace(self._shared / _NOTE)
        except OSError as error:
            _log.warning("Other processes are not told of the run: %s", error.strerror)

    def _noted(self) -> Own | None:
        """What a process of the server left; None if there are not several, or nothing is known."""
        if self._shared is None:
            return None
        try:
            note = msgspec.json.decode((self._shared / _NOTE).read_bytes(), type=_Note)
        except (OSError, msgspec.MsgspecError):
            return None
        attended = note.worker != os.getpid() and psutil.pid_exists(note.worker)
        return replace(note.own, running=note.own.running and attended)

    def _start(self, folder: Path | None) -> None:
        self._thread = threading.Thread(
            target=self._attend, args=(folder,), name="wherein-updating", daemon=True
        )
        self._note()
        self._thread.start()

    def _attend(self, folder: Path | None) -> None:
        """Run it, and then what became due meanwhile."""
        while True:
            try:
                code = self._run(folder)
            except OSError as error:
                _log.error("wherein index cannot be started (%s).", error.strerror)
                code = 1
                with self._guard:
                    self._said = ""  # by the run before
            with self._guard:
                folder, self._due = self._due, None
                if folder is None:
                    self._code, self._process, self._thread = code, None, None
                    self._note()
                    return

    def _run(self, folder: Path | None) -> int:
        """Run it until it succeeds or was tried often enough; its exit code."""
        code = 0
        for _ in range(1 if folder is None else _TRIES):
            if folder is not None:
                self._await_others()
            with tempfile.NamedTemporaryFile(prefix="wherein-") as output:
                with self._guard:
                    self._process = process = subprocess.Popen(  # noqa: S603 - our own program
                        self._command(folder), stdout=output, stderr=subprocess.STDOUT
                    )
                    self._output = Path(output.name)
                    self._note()
                code = process.wait()
                with self._guard:
                    self._said, self._output = self._last_line(), None
            if not code or folder is None:
                break
            time.sleep(_PAUSE)
        return code

    def _await_others(self) -> None:
        """Wait while a run is at work that was begun elsewhere: only one may write."""
        for _ in range(_LOOKS):
            if read_run(self._place) is None:
                return
            time.sleep(_PAUSE)

    def _last_line(self) -> str:
        """What a run said at last; it writes to a file, which nobody need empty for it to go on."""
        if self._output is None:
            return self._said
        with self._output.open("rb") as output:
            output.seek(max(0, self._output.stat().st_size - _SAID))
            lines = output.read(_SAID).decode("utf-8", "replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return last.removeprefix(_NAME)[:_LINE]

    def _command(self, folder: Path | None) -> list[str]:
        # -P: a module in the folder somebody happens to stand in must not be taken for one of ours.
        program = [sys.executable, "-P", "-m", "indexer.cli", "index"]
        settings = self._settings
        names = ["--collection", settings.collection, "--home", str(settings.home)]
        return [*program, *names, *([] if folder is None else ["--", str(folder)])]


def install(app: Flask, settings: Settings) -> None:
    """Let ``app`` bring the collection of the settings up to date."""
    shared = os.environ.get(SHARED)
    app.extensions[_KEY] = Updating(settings, Path(shared) if shared else None)


def updating_of(app: Flask) -> Updating:
    """What brings the collection of ``app`` up to date."""
    found: Updating = app.extensions[_KEY]
    return found
