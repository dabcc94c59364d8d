"""How an indexing process behaves towards others, a server that answers queries above all."""

from __future__ import annotations

import os

#: Of 0 to 19: a process of ordinary niceness gets about seventy times as much of a contested core.
NICENESS = 19


def give_way() -> None:
    """Let others have the processor first, from now on; readers started later do so too.

    Calling it again changes nothing, and a process that is nicer already stays so. Where there is
    no niceness (Windows), nothing is done.
    """
    if hasattr(os, "nice"):
        os.nice(max(0, NICENESS - os.nice(0)))
