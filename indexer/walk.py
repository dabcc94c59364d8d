"""Which files lie in the folders that somebody asked for."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.readers import worth_opening
from search.errors import UsageError

#: Folders that only repeat what lies beside them, by name, and the file beside them that tells:
#: Sphinx puts the source of every page it makes into _sources.
_REPEATING = {"_sources": "objects.inv"}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file worth opening.

    Attributes:
        path: Absolute path.
        size: Size in bytes.
        modified: Modification time in nanoseconds since 1970.
    """

    path: Path
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found.

    Attributes:
        files: Files worth opening, by path, no path twice.
        other: How many files were left out because their kind is not read.
        unreadable: Folders that could not be listed and files that could not be looked at, with
            the reason; nothing is known of what lies beneath them.
    """

    files: tuple[FoundFile, ...]
    other: int
    unreadable: dict[Path, str]


def walk(roots: Sequence[Path]) -> Walk:
    """Look through folders, sub-folders included, and single files.

    Hidden files and folders (a name that begins with a dot) and symbolic links beneath a root are
    left out: what a link inside the folder leads to is found where it lies, and what lies outside
    was not asked for. So are folders that repeat what lies beside them (`_REPEATING`). A root may
    itself be any of these. A file named as a root is always looked at, whatever its kind.

    Raises:
        UsageError: A root is not there.
    """
    files: dict[Path, FoundFile] = {}
    unreadable: dict[Path, str] = {}
    other = 0
    seen: set[tuple[int, int]] = set()
    for root in resolve_roots(roots):
        if root.is_dir():
            other += _walk_folder(root, files, unreadable, seen)
        else:
            _look(root, files, unreadable)
    return Walk(tuple(files[path] for path in sorted(files)), other, unreadable)


def resolve_roots(roots: Sequence[Path]) -> list[Path]:
    """The roots as absolute paths without symbolic links.

    Raises:
        UsageError: A root is not there or holds a NUL character.
    """
    resolved = []
    for root in roots:
        try:
            path = Path(os.path.realpath(root.expanduser(), strict=True))
        except (OSError, ValueError, RuntimeError):
            raise UsageError(
                f"There is no file or folder {str(root)!r}.", "Check the path."
            ) from None
        resolved.append(path)
    return resolved


def _walk_folder(
    root: Path,
    files: dict[Path, FoundFile],
    unreadable: dict[Path, str],
    seen: set[tuple[int, int]],
) -> int:
    other = 0
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            unreadable[folder] = f"The folder cannot be listed ({error.strerror})."
            continue
        names = {entry.name for entry in entries}
        for entry in entries:
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if _REPEATING.get(entry.name) in names:
                continue
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif entry.is_file(follow_symlinks=False):
                if worth_opening(entry.name):
                    _look(path, files, unreadable)
                else:
                    other += 1
    return other


def _look(path: Path, files: dict[Path, FoundFile], unreadable: dict[Path, str]) -> None:
    try:
        status = path.stat()
    except OSError as error:
        unreadable[path] = f"The file cannot be looked at ({error.strerror})."
        return
    if stat.S_ISREG(status.st_mode):
        files[path] = FoundFile(path, status.st_size, status.st_mtime_ns)
