"""How much memory a process and its children take, and what machine this is."""

from __future__ import annotations

import os
import platform
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

#: Seconds between two looks.
_GLANCE = 0.1


class Gauge:
    """Watches memory while it is entered.

    Attributes:
        own: Most bytes that this process held.
        child: Most bytes that any single child held.
        total: Most bytes that all held at one time; memory shared between them counts several
            times.
    """

    def __init__(self) -> None:
        self.own = self.child = self.total = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._stop.wait(_GLANCE):
            own = process.memory_info().rss
            children = [_memory(child) for child in process.children(recursive=True)]
            self.own = max(self.own, own)
            self.child = max(self.child, *children, 0)
            self.total = max(self.total, own + sum(children))


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model na"))
    except (OSError, StopIteration):
        pass
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
