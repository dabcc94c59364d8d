"""Whoever watches a run of the indexer."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is told how a run goes on."""

    def begin(self, files: int, size: int) -> None:
        """``files`` files of ``size`` bytes in all are to be opened."""
        ...

    def opened(self, size: int) -> None:
        """A file of ``size`` bytes was read, or found not to need it."""
        ...

    def split(self, passages: int) -> None:
        """So many more passages wait for their embedding."""
        ...

    def encoded(self, passages: int) -> None:
        """So many more passages have their embedding."""
        ...


class Unwatched:
    """Nobody watches."""

    def begin(self, files: int, size: int) -> None:
        """Nothing to do."""

    def opened(self, size: int) -> None:
        """Nothing to do."""

    def split(self, passages: int) -> None:
        """Nothing to do."""

    def encoded(self, passages: int) -> None:
        """Nothing to do."""
