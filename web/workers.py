"""`wherein serve --workers`: several processes that take connections from one socket.

Python answers one request at a time for as long as it computes in Python itself, so that more
processors are put to use by more processes. The first process opens the socket, starts the others,
hands the socket on to them, and replaces one that dies; it answers nothing itself. Each has an
encoder and the views of its own in memory, counts rate limits for itself, and follows new
generations by itself; what is counted for /metrics they add up, and of a run that one of them began
(`web.updating`) each tells.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from types import FrameType

from search.errors import SettingError, WhereinError
from search.settings import Settings
from web.server import GRACE, Server

_log = logging.getLogger("wherein.web")

#: How long a process may take to be ready, in seconds: it loads the encoder.
_START = 120.0
#: So many deaths within so many seconds, and the server gives up.
_MOST_DEATHS, _WITHIN = 5, 60.0
#: How often it is looked whether all of them are alive, in seconds.
_TICK = 0.2


@dataclass(slots=True)
class _Worker:
    """One of the processes.

    Attributes:
        process: The process.
        ready: What it writes to when it answers.
    """

    process: subprocess.Popen[bytes]
    ready: int


class _Staff:
    """The processes, and what they share.

    Args:
        settings: What they serve, and how many they are.
        server: Whose socket they take connections from.
        shared: The folder in which they count.
    """

    def __init__(self, settings: Settings, server: Server, shared: str) -> None:
        self._settings = settings
        self._server = server
        self._shared = shared
        # They end when nobody holds its other end any more, however this process came to die.
        self._alive, self._held = os.pipe()
        self._workers: list[_Worker] = []
        self._deaths: list[float] = []

    def start(self) -> None:
        """Start all of them, and wait until they answer.

        Raises:
            WhereinError: One did not come to that; it has said why.
        """
        self._workers = [self._begun() for _ in range(self._settings.workers)]
        until = time.monotonic() + _START
        for worker in self._workers:
            seconds = max(0.0, until - time.monotonic())
            heard, _, _ = select.select([worker.ready], [], [], seconds)
            if not heard or not os.read(worker.ready, 1):
                raise WhereinError(
                    "A process of the server did not start.", "What it said stands above."
                )

    def attend(self) -> None:
        """Replace those that died.

        Raises:
            WhereinError: They die again and again.
        """
        for number, worker in enumerate(self._workers):
            code = worker.process.poll()
            if code is None:
                continue
            now = time.monotonic()
            self._deaths = [death for death in self._deaths if now - death < _WITHIN] + [now]
            if len(self._deaths) > _MOST_DEATHS:
                raise WhereinError(
                    "The processes of the server die again and again.",
                    "What they said stands above; try with --workers 1.",
                )
            _log.error("A process of the server has died (exit code %s); another begins.", code)
            os.close(worker.ready)
            self._workers[number] = self._begun()

    def end(self) -> None:
        """Have all of them finish what they are answering, and end."""
        os.close(self._held)
        for worker in self._workers:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + GRACE + 5.0
        for worker in self._workers:
            try:
                worker.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            os.close(worker.ready)
        os.close(self._alive)

    def _begun(self) -> _Worker:
        """A new process; its end of the pipe says when it is ready."""
        ready, tell = os.pipe()
        try:
            # -P: a module in the folder somebody happens to stand in must not be taken for ours.
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", "-m", "web.workers",
                 str(self._server.listening.fileno()), str(self._alive), str(tell)],
                env={**os.environ, **_environment(self._settings),
                     "PROMETHEUS_MULTIPROC_DIR": self._shared},
                pass_fds=(self._server.listening.fileno(), self._alive, tell),
                # Ctrl-C in a terminal is for the first process to pass on, in good order.
                process_group=0,
            )  # fmt: skip
        finally:
            os.close(tell)
        return _Worker(process, ready)


def serve(settings: Settings, server: Server, announce: Callable[[], None]) -> None:
    """Serve with several processes until Ctrl-C or SIGTERM.

    Args:
        settings: What is served, and by how many.
        server: Whose address it is.
        announce: Called when they answer.

    Raises:
        SettingError: This system cannot hand a socket on.
        WhereinError: They do not start, or die again and again.
    """
    if os.name != "posix":
        raise SettingError("Several processes need a POSIX system.", "Use --workers 1.")
    with _until_told() as ending, tempfile.TemporaryDirectory(prefix="wherein-") as shared:
        staff = _Staff(settings, server, shared)
        try:
            staff.start()
            if not ending.is_set():
                announce()
            while not ending.wait(_TICK):
                staff.attend()
        finally:
            staff.end()


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    ending = threading.Event()

    def heed(_: int, __: FrameType | None) -> None:
        ending.set()

    before = {number: signal.signal(number, heed) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _environment(settings: Settings) -> dict[str, str]:
    """The settings as `Settings.from_environment` reads them."""
    values = {item.name: getattr(settings, item.name) for item in fields(settings)}
    return {
        f"WHEREIN_{name.upper()}": str(value) for name, value in values.items() if value is not None
    }


def _work(listening: int, alive: int, tell: int) -> None:
    """Be one of the processes."""
    from search.engine import Engine
    from web import create_app, logs
    from web.memory import hold_on_to_little, settle

    hold_on_to_little()
    settings = Settings.from_environment()
    logs.begin(settings)
    taken = socket.socket(fileno=listening)
    with Engine.of(settings) as engine, Server(settings.host, settings.port, taken) as server:
        engine.warm_up()
        server.listen(create_app(settings, engine), settings.threads)
        settle()

        def follow() -> None:
            os.read(alive, 1)
            server.stop()

        threading.Thread(target=follow, name="wherein-following", daemon=True).start()
        server.run(lambda: os.close(tell) if os.write(tell, b".") else None)


if __name__ == "__main__":
    try:
        _work(*map(int, sys.argv[1:4]))
    except WhereinError as error:
        sys.exit(f"wherein: {error}")
