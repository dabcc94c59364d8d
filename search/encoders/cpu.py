"""What this machine's processor can do that matters to an encoder."""

from __future__ import annotations

import math
import os
import platform
import sys
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
#: What a container may use of the processor: microseconds in a period, and the period.
_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
#: Linux's names for instructions that multiply bytes and add up in 32 bits.
_INT8_FLAGS = {"avx512_vnni", "avx_vnni", "avx_vnni_int8", "asimddp", "amx_int8"}


def has_int8_dot_products() -> bool:
    """Whether 8-bit models run faster here without losing precision.

    Where that cannot be told (other systems than Linux and macOS) the answer is no.
    """
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    try:
        lines = _CPUINFO.read_text("ascii", "replace").splitlines()
    except OSError:
        return False
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return bool(_INT8_FLAGS & set(value.split()))
    return False


def usable_cores() -> int:
    """How many processor cores this process may use, a container's share included."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min(cores, _share() or cores))


def _share() -> int | None:
    """The cores that the container's limit comes to, begun ones counted; None without a limit."""
    try:
        most, period = _CPU_MAX.read_text("ascii").split()
        return math.ceil(int(most) / int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None  # no limit reads "max"
