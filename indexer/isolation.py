"""Reading files in processes of their own, ahead of whoever takes the results.

A parser that crashes, hangs or eats memory costs the file it was given: its process is ended and
replaced, and the file is reported with the reason. Results come in the order in which the files
were given, whichever process was first.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any, Self

import msgspec
import psutil

from indexer import worker
from indexer.walk import FoundFile
from indexer.worker import GO_ON, LEAVE, Finished, Left, Limits, Message, Opened, Refused, Task

#: Files given to each worker before the results of the first are taken.
_AHEAD = 8
#: Results of one file that wait to be taken.
_WAITING = 32
#: How often a worker's memory is looked at, in seconds.
_GLANCE = 0.2
#: A worker that holds more than this share of the limit after a file is replaced by a fresh one.
_SATED = 0.5
#: How long a worker may take to start and to hash a file of a megabyte, in seconds.
_START = 60.0

#: What a file's last message may be.
_LAST = (Finished, Left, Refused)

_decode = msgspec.msgpack.Decoder(Message).decode


class _Broken(Exception):
    """The worker was lost, or had to be ended; the argument says why, as one sentence."""


@dataclass(slots=True)
class _Job:
    file: FoundFile
    results: queue.Queue[Message | BaseException] = field(
        default_factory=lambda: queue.Queue(_WAITING)
    )


def make_ready() -> None:
    """Have the process begin that readers are forked from; it takes most of a second.

    For when files are sure to come, but not yet: it loads meanwhile what all readers need.
    """
    if sys.platform != "win32":
        from multiprocessing import forkserver

        _context()
        with contextlib.suppress(OSError):  # whoever reads meets it again, and says so
            forkserver.ensure_running()


class ReaderPool:
    """Worker processes that read files; started when the first file comes.

    Args:
        limits: What one file may take.
        wanted: Is asked, with the file and the digest of its bytes, whether it must be read; called
            from several threads.
        workers: How many processes; as many as there are cores, up to four, if not given.
    """

    def __init__(
        self,
        limits: Limits,
        wanted: Callable[[FoundFile, bytes], bool],
        workers: int | None = None,
    ) -> None:
        self._limits = limits
        self._wanted = wanted
        self._most = workers or min(4, os.cpu_count() or 1)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._workers: set[_Worker] = set()
        self._guard = threading.Lock()
        self._closed = False

    def read(self, files: Iterable[FoundFile]) -> Iterator[tuple[FoundFile, Iterator[Message]]]:
        """Read files; give each with what comes of it, in their order.

        The messages of a file are `Opened` (unless it is `Refused` at once), then `Left` if it was
        not wanted; else one `Read` for each document in it, then `Finished` or `Refused`. They must
        be taken before the next file is.
        """
        pending: deque[_Job] = deque()
        for file in files:
            job = _Job(file)
            pending.append(job)
            self._jobs.put(job)
            if len(self._threads) < min(self._most, len(pending)):
                self._start_thread()
            if len(pending) >= _AHEAD * self._most:
                first = pending.popleft()
                yield first.file, _messages(first)
        while pending:
            first = pending.popleft()
            yield first.file, _messages(first)

    def close(self) -> None:
        """End all workers at once, whatever they are doing."""
        with self._guard:
            self._closed = True
            for running in self._workers:
                running.end()
        for _ in self._threads:
            self._jobs.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._serve, name="wherein-reader", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        """Give jobs to one worker, and replace it when it is lost."""
        running: _Worker | None = None
        try:
            while (job := self._jobs.get()) is not None and not self._closed:
                try:
                    if running is None:
                        running = self._start_worker()
                    self._do(job, running)
                    lost = running.memory() > self._limits.memory * _SATED
                except _Broken as error:
                    lost = True
                    self._put(job, Refused(str(error)))
                except BaseException as error:  # handed on to whoever takes the results
                    lost = True
                    self._put(job, error)
                if lost:
                    self._drop(running)
                    running = None
        finally:
            self._drop(running)

    def _start_worker(self) -> _Worker:
        with self._guard:
            if self._closed:
                raise _Broken("The run was stopped.")
            running = _Worker(self._limits)
            self._workers.add(running)
            return running

    def _drop(self, running: _Worker | None) -> None:
        if running is not None:
            with self._guard:
                self._workers.discard(running)
            running.end()

    def _do(self, job: _Job, running: _Worker) -> None:
        file = job.file
        running.send(worker.encode(Task(os.fsencode(file.path), file.size, file.modified)))
        patience = _START + file.size / 20_000_000
        while True:
            message = running.receive(patience)
            patience = self._limits.time_for(file.size)
            if isinstance(message, Opened):
                wanted = self._wanted(file, message.digest)
                running.send(GO_ON if wanted else LEAVE)
                self._put(job, message)
            else:
                self._put(job, message)
                if isinstance(message, _LAST):
                    return

    def _put(self, job: _Job, message: Message | BaseException) -> None:
        while not self._closed:
            with contextlib.suppress(queue.Full):
                job.results.put(message, timeout=0.5)
                return


class _Worker:
    """One worker process and the line to it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._line, theirs = _context().Pipe()
        self._process: BaseProcess = _context().Process(
            target=worker.serve, args=(theirs, limits), name="wherein-reader", daemon=True
        )
        with _blank_main():
            self._process.start()
        theirs.close()
        self._watched: psutil.Process | None = None

    def send(self, data: bytes) -> None:
        with self._loss_explained():
            self._line.send_bytes(data)

    def receive(self, patience: float) -> Message:
        """The next message.

        Raises:
            _Broken: None came in ``patience`` seconds, the process takes too much memory, or died.
        """
        until = time.monotonic() + patience
        with self._loss_explained():
            while not self._line.poll(min(_GLANCE, patience)):
                if self.memory() > self._limits.memory:
                    raise _Broken(
                        f"Reading the file takes more than {self._limits.memory / 1e6:,.0f} MB of "
                        "memory. Split it, or raise the limit with --reader-memory-mb."
                    )
                if time.monotonic() > until:
                    raise _Broken(
                        f"Reading the file took longer than {patience:,.0f} seconds. Leave it out, "
                        "or raise the limit with --reader-seconds."
                    )
            message: Message = _decode(self._line.recv_bytes())
            return message

    def memory(self) -> int:
        """Resident memory of the process in bytes; 0 if it is gone."""
        try:
            if self._watched is None:
                self._watched = psutil.Process(self._process.pid)
            return int(self._watched.memory_info().rss)
        except psutil.Error:
            return 0

    def end(self) -> None:
        """End the process and close the line to it; may be called more than once."""
        with contextlib.suppress(OSError):
            self._line.close()
        if self._process.is_alive():
            self._process.kill()
        self._process.join()

    @contextlib.contextmanager
    def _loss_explained(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            self._process.join(1.0)
            raise _Broken(
                f"The reader crashed on this file ({_ending(self._process.exitcode)}). Open it in "
                "its own program, save it again and index again."
            ) from error


def _messages(job: _Job) -> Iterator[Message]:
    while True:
        message = job.results.get()
        if isinstance(message, BaseException):
            raise message
        yield message
        if isinstance(message, _LAST):
            return


def _ending(code: int | None) -> str:
    """How a process ended, for a message."""
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


#: One at a time: what is swapped belongs to the whole process.
_swapping = threading.Lock()


@contextlib.contextmanager
def _blank_main() -> Iterator[None]:
    """Keep a new process from running the script that this one was started with.

    It needs nothing of it, and a script that indexes without asking whether it is the main module
    would index again in every worker.
    """
    with _swapping:
        script = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = script


def _context() -> Any:
    """How processes are started: from a small server where there is one, which is fast and safe."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["indexer.preload"])
    return context
