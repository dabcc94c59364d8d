"""How an indexing process behaves towards others, a server that answers queries above all."""

from __future__ import annotations

import contextlib
import os
import sys

#: Of 0 to 19: a process of ordinary niceness gets about seventy times as much of a contested core.
NICENESS = 19


def give_way() -> None:
    """Let others have the processor first, from now on; readers started later do so too.

    On Linux that is `SCHED_IDLE`: what is left over, and the processor at once for whoever else
    wants it. With niceness alone a server beside it answered a sixth fewer questions a second.
    Calling it again changes nothing, and a process that is nicer already stays so. Where there is
    no niceness (Windows), nothing is done.
    """
    if hasattr(os, "nice"):
        os.nice(max(0, NICENESS - os.nice(0)))
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a container may forbid it; niceness is left then
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
