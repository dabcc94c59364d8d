"""How long each stage of answering a query takes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

from search.telling import STAGE, is_heard, tell

_NOT_TIMED = contextlib.nullcontext()


class Stages:
    """A stop watch for stages; one that is not wanted costs next to nothing.

    Whoever listens (`search.telling`) is told in any case.

    Args:
        wanted: Whether to keep what is measured.
    """

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        #: Milliseconds by stage, in the order in which they were first entered.
        self.milliseconds: dict[str, float] = {}

    def __call__(self, name: str) -> AbstractContextManager[None]:
        """Measure the block as part of the stage ``name``."""
        return self._timed(name) if self._wanted or is_heard() else _NOT_TIMED

    @contextlib.contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            taken = time.perf_counter() - began
            tell(STAGE, name, taken)
            if self._wanted:
                self.milliseconds[name] = self.milliseconds.get(name, 0.0) + taken * 1000.0


#: Keeps nothing.
UNTIMED = Stages(wanted=False)
