"""What a server has its C library and Python's collector do with memory."""

from __future__ import annotations

import ctypes
import gc
import sys

#: What malloc.h of glibc calls ``M_ARENA_MAX``, ``M_TRIM_THRESHOLD`` and ``M_MMAP_THRESHOLD``: how
#: many heaps threads share, by itself eight a core; and from how many bytes on what is free at a
#: heap's end goes back to the system, and what is asked for comes from there. By itself glibc
#: raises both, to 64 and 32 MB at the most, as large blocks come and go.
_LIMITS = {-8: 2, -1: 4 << 20, -3: 4 << 20}


def hold_on_to_little() -> None:
    """Have glibc, if that is the C library, give memory back soon; to be called before all else.

    With a million passages and four threads that makes a fifth of what a server has of its own.
    """
    if sys.platform == "linux":
        limit = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if limit is not None:
            for name, value in _LIMITS.items():
                limit(name, value)


def settle() -> None:
    """Have the collector of unreachable objects pass over all there is now.

    To be called when everything is loaded. Otherwise the collector goes through all of it once in
    some hundreds of queries, and for those 50 milliseconds nobody is answered; then 13 are left,
    with 20,000 passages.
    """
    gc.collect()
    gc.freeze()
