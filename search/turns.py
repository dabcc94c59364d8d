"""Who may compute: so many at once, the others in the order they came.

Python runs one thread at a time. Several searches at once in one process take longer than one after
the other, as they take the interpreter and the processor's caches from one another again and again,
and the last of them is answered much later than in a queue.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Lets so many threads go on at once; unlike a semaphore, in the order in which they came.

    Args:
        at_once: How many.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: deque[threading.Lock] = deque()
        self._guard = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn, and have it until the block ends."""
        with self._guard:
            called = None
            if self._free:
                self._free -= 1
            else:
                called = threading.Lock()
                called.acquire()
                self._waiting.append(called)
        if called is not None:
            called.acquire()
        try:
            yield
        finally:
            with self._guard:
                if self._waiting:
                    self._waiting.popleft().release()
                else:
                    self._free += 1
