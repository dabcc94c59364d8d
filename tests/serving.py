"""`wherein serve` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from search.settings import Settings

#: Nothing that a test asks of it takes so long, in seconds, unless it hangs.
PATIENCE = 120.0


@contextmanager
def serving(settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command on a free port, ended after a while whatever happens."""
    home = ["--home", str(settings.home)]
    with subprocess.Popen(
        [sys.executable, "-m", "indexer.cli", "serve", "--port", "0", *home, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "WHEREIN_CACHE": str(settings.cache)},
    ) as process:
        timer = threading.Timer(PATIENCE, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            if process.poll() is None:
                process.kill()
