"""Paths as the keys that the store keeps them under, and back."""

from __future__ import annotations

import os
from pathlib import Path


def key_of(path: Path, member: str = "") -> bytes:
    """A path as the key it is kept under; no path holds a NUL, so that it can part the two.

    Args:
        path: The path of a file on disk.
        member: The path inside that file, or "".
    """
    return os.fsencode(path) + (b"\0" + os.fsencode(member) if member else b"")


def path_of(blob: bytes) -> Path:
    """A path from the bytes it is kept as; the system's own, so that any name survives.

    What lies inside a file has that file's path, then its own (see `FileRecord.location`).
    """
    path, _, member = blob.partition(b"\0")
    return Path(os.fsdecode(path), os.fsdecode(member)) if member else Path(os.fsdecode(path))


def slashed(blob: bytes) -> str:
    """A path as `path_of`, as text fit to be shown, with slashes on every system."""
    text = blob.replace(b"\0", b"/").decode("utf-8", "replace")
    return text if os.sep == "/" else text.replace(os.sep, "/")
