"""Where passages stand in a list of their numbers, which mostly count up one by one.

Numbers are given in order and never again, so only what was removed leaves gaps. Looking among the
stretches without gaps reads far less memory than looking among the numbers: in a million of them a
binary search waits for the memory some ten times for each number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


class Numbering:
    """Tells the places of numbers; never changed, and safe for several threads.

    Args:
        numbers: int64, ascending, each once.
    """

    def __init__(self, numbers: Numbers) -> None:
        jumps = np.flatnonzero(np.diff(numbers) != 1) + 1
        self._begins = np.concatenate([np.zeros(min(1, len(numbers)), np.int64), jumps])
        self._firsts = numbers[self._begins].astype(np.int64)
        self._sizes = np.diff(self._begins, append=len(numbers))

    def places(self, wanted: Numbers) -> tuple[Numbers, npt.NDArray[np.bool_]]:
        """Where numbers stand.

        Args:
            wanted: int64, in any order.

        Returns:
            A place for each, int64, and whether it is there at all; if not, the place means
            nothing, but is none beyond the list's.
        """
        if not len(self._firsts):
            return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
        if len(self._firsts) == 1:
            offsets = wanted - self._firsts[0]
            known = (offsets >= 0) & (offsets < self._sizes[0])
            return np.where(known, offsets, 0), known
        stretch = np.maximum(np.searchsorted(self._firsts, wanted, side="right") - 1, 0)
        offsets = wanted - self._firsts[stretch]
        known = (offsets >= 0) & (offsets < self._sizes[stretch])
        return np.where(known, self._begins[stretch] + offsets, 0), known
