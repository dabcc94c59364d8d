"""What is new, changed, unchanged and gone since the folders were last looked through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.walk import FoundFile, Walk
from search.rows import FileRecord


@dataclass(frozen=True, slots=True)
class Changes:
    """What a walk means for the collection.

    Attributes:
        look: Files to open, with what is known of each, if anything.
        unchanged: How many files are as they were.
        gone: Paths that are known but were not found.
        withheld: Roots in which nothing at all was found though files of theirs are known: a
            folder that was emptied, or a disk that is not there. Nothing of theirs is in ``gone``.
    """

    look: tuple[tuple[FoundFile, FileRecord | None], ...]
    unchanged: int
    gone: tuple[Path, ...]
    withheld: tuple[Path, ...]


def compare(
    roots: Sequence[Path], walk: Walk, known: Iterable[FileRecord], *, retry: bool = False
) -> Changes:
    """Compare what a walk of ``roots`` found with what the store knows.

    A file is taken for unchanged if its size and modification time are what they were; with
    ``retry``, files that could not be read are looked at again all the same.
    """
    beneath = {record.path: record for record in known if within(record.path, roots)}
    look = []
    unchanged = 0
    for file in walk.files:
        record = beneath.get(file.path)
        same = record and (record.size, record.modified) == (file.size, file.modified)
        if same and not (retry and record and record.failure is not None):
            unchanged += 1
        else:
            look.append((file, record))
    found = {file.path for file in walk.files}
    missing = [
        path for path in beneath if path not in found and not within(path, list(walk.unreadable))
    ]
    withheld = tuple(
        root
        for root in roots
        if any(within(path, [root]) for path in missing)
        and not any(within(path, [root]) for path in found)
        and root.is_dir()
    )
    gone = tuple(path for path in missing if not within(path, withheld))
    return Changes(tuple(look), unchanged, gone, withheld)


def within(path: Path, roots: Sequence[Path]) -> bool:
    """Whether ``path`` is one of ``roots`` or lies beneath one."""
    return any(path == root or root in path.parents for root in roots)
