"""`wherein watch` beside the server, in a process of its own.

Indexing takes all the processor it can get, and must not stand in the way of answers; and this
package imports nothing of the indexer.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from search.settings import Settings

_log = logging.getLogger("wherein.web")

#: How long the process may take to end when it is asked to, in seconds.
_PATIENCE = 5.0
#: How it ends when Ctrl-C in the terminal reaches it as well as the server.
_INTERRUPTED = (130, -signal.SIGINT)
_WITHOUT = "Changed files are not followed; what is indexed can be searched all the same."


@contextmanager
def following(settings: Settings) -> Iterator[None]:
    """Follow the indexed folders of a collection, until the block ends.

    Should the process not start, or end before its time, a sentence in the log says so.

    Args:
        settings: Name the collection.
    """
    try:
        process = subprocess.Popen(_command(settings))  # noqa: S603 - our own program
    except OSError as error:
        _log.error("wherein watch cannot be started (%s). %s", error.strerror, _WITHOUT)
        yield
        return
    ending = threading.Event()
    attending = threading.Thread(
        target=_attend, args=(process, ending), name="wherein-following", daemon=True
    )
    attending.start()
    try:
        yield
    finally:
        ending.set()
        _end(process)
        attending.join()


def _command(settings: Settings) -> list[str]:
    # -P: a module in the folder somebody happens to stand in must not be taken for one of ours.
    program = [sys.executable, "-P", "-m", "indexer.cli", "watch"]
    return [*program, "--collection", settings.collection, "--home", str(settings.home)]


def _attend(process: subprocess.Popen[bytes], ending: threading.Event) -> None:
    """Say so if the process ends by itself; it has said why."""
    code = process.wait()
    if not ending.is_set() and code not in _INTERRUPTED:
        _log.error("wherein watch has ended (exit code %s). %s", code, _WITHOUT)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
