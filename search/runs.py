"""How far a run of the indexer has got, said beside the collection for whoever shows it.

The run, which may have been begun anywhere, writes a small file a few times a second and takes it
away at its end. One that was killed leaves its file behind, which goes by its age: who is at work
writes again every second, whether or not anything has happened.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import msgspec

from search.storage import storage_errors

#: Name of the file in the collection's folder, and of the one that takes its place.
RUN = "run.json"
RUN_DRAFT = "run.json.draft"
#: How often a run writes, and from what age on it is taken for one that was killed; in seconds.
EVERY = 0.5
_LOST = 10.0


class RunState(msgspec.Struct, frozen=True):
    """A run of the indexer that is at work.

    Attributes:
        pid: Number of its process.
        phase: ``indexing``, or ``reindexing``: making the collection anew from its stored text.
        started: When it began, in seconds since 1970.
        total: How many files (or, of stored text, documents) it opens.
        done: How many of them it is done with.
        size: How many bytes those are in all.
        read: How many of the bytes it is done with.
        split: How many passages were found in them that need an embedding.
        passages: How many of those have it.
    """

    pid: int
    phase: str
    started: float
    total: int
    done: int
    size: int
    read: int
    split: int
    passages: int

    @property
    def share(self) -> float:
        """What part of the work is done, 0 to 1; reading runs ahead of embedding."""
        opened = (self.read + self.done) / max(1, self.size + self.total)
        return opened * (self.passages / self.split if self.split else 1.0)

    def seconds_left(self, now: float) -> float | None:
        """How long it will still take, going on as it did; None where that cannot be said yet.

        Args:
            now: Seconds since 1970.
        """
        return (now - self.started) * (1.0 / self.share - 1.0) if self.share > 0 else None


def read_run(folder: Path) -> RunState | None:
    """How far the run has got that writes to a collection; None if there is none.

    Args:
        folder: The collection's folder.
    """
    path = folder / RUN
    try:
        if abs(time.time() - path.stat().st_mtime) > _LOST:
            return None
        return msgspec.json.decode(path.read_bytes(), type=RunState)
    except (OSError, msgspec.MsgspecError):
        return None  # nothing depends on it, and it may be gone at any moment


def write_run(folder: Path, state: RunState) -> None:
    """Say how far a run has got.

    Args:
        folder: The collection's folder.
        state: What to say.

    Raises:
        StorageError: The disk is full or read-only.
    """
    draft = folder / RUN_DRAFT
    with storage_errors(draft):
        draft.write_bytes(msgspec.json.encode(state))
        draft.replace(folder / RUN)


def clear_run(folder: Path) -> None:
    """Say that no run is at work any more.

    Args:
        folder: The collection's folder.
    """
    for name in (RUN, RUN_DRAFT):
        with contextlib.suppress(OSError):  # what stays goes by its age
            (folder / name).unlink(missing_ok=True)
