"""What an engine does: it keeps which passages hold which terms, and finds the likely ones."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

from search.asking import Wanted
from search.keywords.forward import Change, Forward, Scores
from search.reading import Ids


class Postings(Protocol):
    """An engine's index over a forward index; safe to read from several threads.

    Every question takes the forward index that belongs to the engine's state, and answers in rows
    of it; passages that are dead there may be among them.

    Attributes:
        mark: The mark of the state it shows, see `search.keywords.stamps`.
        budget: How many postings a search should read where nobody says otherwise.
    """

    mark: int
    budget: int

    @classmethod
    @abstractmethod
    def create(cls, folder: Path) -> Self:
        """Make an empty index in ``folder``, whose mark is 0.

        Raises:
            OSError: The disk is full or read-only.
        """

    @classmethod
    @abstractmethod
    def open(cls, folder: Path) -> Self:
        """The index in ``folder``; raises anything if it cannot be read."""

    @classmethod
    @abstractmethod
    def mark_in(cls, folder: Path) -> int:
        """The mark of the newest state in ``folder``; raises anything if it cannot be read."""

    @abstractmethod
    def close(self) -> None:
        """Close the files."""

    @abstractmethod
    def fits(self, forward: Forward) -> bool:
        """Whether its state can be that of a forward index, as far as is soon told."""

    @abstractmethod
    def best(
        self,
        forward: Forward,
        wanted: Sequence[Wanted],
        limit: int,
        budget: int,
        allowed: Ids | None,
    ) -> tuple[Ids, Scores | None]:
        """The living passages that are probably best.

        Args:
            forward: The forward index.
            wanted: The words, rarest first, each held by some passage.
            limit: How many passages are enough.
            budget: How many postings should be read. The rarest words are looked for first, the
                first of them always.
            allowed: The only passages that may be found, by number, int64, ascending; or None for
                all.

        Returns:
            Their rows, int64, each once, and their exact scores, float64, if these are known
            already.
        """

    @abstractmethod
    def holders(self, forward: Forward, terms: Sequence[str]) -> Ids:
        """The passages that hold one of some terms.

        Args:
            forward: The forward index.
            terms: The terms.

        Returns:
            Their rows, int64, ascending, each once; dead ones may be among them.
        """

    @abstractmethod
    def first(self, forward: Forward, term: str) -> int | None:
        """The lowest number of a living passage of ``forward`` that holds ``term``, or None."""

    @abstractmethod
    def write(self, change: Change, generation: int) -> int:
        """Write what changes, so that `commit` has only to make it seen.

        Args:
            change: What changes.
            generation: The store's generation that will be shown.

        Returns:
            The mark that the state will have.

        Raises:
            OSError: The disk is full or read-only.
        """

    @abstractmethod
    def commit(self) -> None:
        """Put the state written in the place of that before, and show it.

        Raises:
            OSError: The disk is full or read-only; the state before is still shown.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Drop what was written."""


def affordable(wanted: Sequence[Wanted], budget: int) -> Sequence[Wanted]:
    """The first of the words, rarest first, that a budget of postings is enough for.

    Args:
        wanted: The words, rarest first.
        budget: How many postings may be read; those of the first word always.
    """
    for at, word in enumerate(wanted):
        if at and word.frequency > budget:
            return wanted[:at]
        budget -= word.frequency
    return wanted
