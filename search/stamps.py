"""What lies beside each of Whoosh's own generations and says what it shows."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
from whoosh import index
from whoosh.filedb.filestore import FileStorage


class Stamp(msgspec.Struct, frozen=True):
    """What a keyword index shows.

    Attributes:
        generation: The store's generation.
        analyser: The version of the analyser that made its terms.
        languages: The languages its passages are in.
    """

    generation: int
    analyser: int
    languages: tuple[str, ...] = ()


def write_stamp(folder: Path, whoosh_generation: int, stamp: Stamp) -> None:
    """Say what Whoosh's generation of that number shows.

    Args:
        folder: Where the index lies.
        whoosh_generation: Number of Whoosh's own generation.
        stamp: What it shows.

    Raises:
        OSError: The disk is full or read-only.
    """
    _path(folder, whoosh_generation).write_bytes(msgspec.json.encode(stamp))


def read_stamp(folder: Path) -> Stamp | None:
    """What Whoosh's newest generation shows, or None if that cannot be told."""
    if not folder.is_dir():
        return None
    try:
        latest = index.TOC._latest_generation(FileStorage(str(folder)), "MAIN")
        return msgspec.json.decode(_path(folder, latest).read_bytes(), type=Stamp)
    except (OSError, msgspec.MsgspecError):
        return None


def clean_stamps(folder: Path, latest: int) -> None:
    """Remove the stamps of all generations but one.

    Args:
        folder: Where the index lies.
        latest: Number of Whoosh's generation whose stamp is kept.
    """
    keep = _path(folder, latest)
    for path in folder.glob("generation-*.stamp"):
        if path != keep:
            with contextlib.suppress(OSError):
                path.unlink()


def _path(folder: Path, whoosh_generation: int) -> Path:
    return folder / f"generation-{whoosh_generation}.stamp"
