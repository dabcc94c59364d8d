"""What is new, changed, unchanged and gone since the folders were last looked through."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.walk import FoundFile, Walk
from search.rows import FileRecord

#: A folder beneath a root counts as suddenly empty if at least so many files lay in it; fewer are
#: more likely to have been deleted or moved than to lie on a disk that is not connected.
_MANY = 20


@dataclass(frozen=True, slots=True)
class Changes:
    """What a walk means for the collection.

    Attributes:
        look: Files to open, with what is known of each, if anything.
        unchanged: How many files are as they were.
        gone: Files that are known but were not found.
        withheld: Folders that are suddenly empty or not there, with the number of files that would
            go with them; somebody deleted them all, or a disk is not connected. Nothing of theirs
            is in ``gone``.
    """

    look: tuple[tuple[FoundFile, FileRecord | None], ...]
    unchanged: int
    gone: tuple[Path, ...]
    withheld: Mapping[Path, int]


def compare(
    roots: Sequence[Path],
    walk: Walk,
    known: Iterable[FileRecord],
    *,
    retry: bool = False,
    prune: bool = False,
    again: Collection[Path] = (),
) -> Changes:
    """Compare what a walk of ``roots`` found with what the store knows.

    A file is taken for unchanged if its size and modification time are what they were; a time
    earlier than before is a change too, for clocks are put back and old versions restored.

    Args:
        roots: What was walked.
        walk: What was found.
        known: All that the store knows, whatever it lies beneath.
        retry: Look again at files that could not be read, or of which something inside could not.
        prune: Let go of what would be withheld.
        again: Files to look at again, changed or not.
    """
    home_of = _nearest(roots)
    # A path that is None here is known only for what lies inside the file.
    records: dict[str, FileRecord | None] = {}
    failed: set[str] = set()
    for record in known:
        path = os.fspath(record.path)
        if home_of(path) is None:
            continue
        if record.member:
            records.setdefault(path, None)
        else:
            records[path] = record
        if record.failure is not None:
            failed.add(path)
    found = {os.fspath(file.path): file for file in walk.files}
    look = []
    for path, file in found.items():
        before = records.get(path)
        same = before and (before.size, before.modified) == (file.size, file.modified)
        if not same or (retry and path in failed) or file.path in again:
            look.append((file, before))
    missing = _missing(records, found, walk, home_of)
    withheld = {} if prune else _withheld(missing, found, walk, home_of)
    return Changes(
        tuple(look),
        len(found) - len(look),
        tuple(Path(path) for path in missing if path not in withheld),
        Counter(withheld.values()),
    )


def within(path: Path, roots: Iterable[Path]) -> bool:
    """Whether ``path`` is one of ``roots`` or lies beneath one."""
    return _nearest(roots)(os.fspath(path)) is not None


#: Gives the innermost of some folders and files that a path is or lies beneath, or None.
_Nearest = Callable[[str], Path | None]


def _nearest(places: Iterable[Path]) -> _Nearest:
    """A `_Nearest` of ``places``; quick for many paths in few folders."""
    # The root of a disk ends with a separator, and no other path does.
    tops = {os.fspath(place).rstrip(os.sep): place for place in places}
    by_folder: dict[str, Path | None] = {"": tops.get("")}

    def nearest(path: str) -> Path | None:
        if path in tops:
            return tops[path]
        above = []
        folder = path.rpartition(os.sep)[0]
        while folder not in by_folder and folder not in tops:
            above.append(folder)
            folder = folder.rpartition(os.sep)[0]
        place = tops[folder] if folder in tops else by_folder[folder]
        by_folder.update(dict.fromkeys(above, place))
        return place

    return nearest


def _missing(
    records: Iterable[str], found: Mapping[str, FoundFile], walk: Walk, home_of: _Nearest
) -> list[str]:
    """What is known and was not found, though the walk could look where it was."""
    unheard = _nearest(path for path in walk.unreadable if path not in walk.missing)

    def could_look(path: str) -> bool:
        place = unheard(path)
        # What hides an outer root from view does not hide an inner one, which is walked by itself.
        return place is None or home_of(os.fspath(place)) != home_of(path)

    return [path for path in records if path not in found and could_look(path)]


def _withheld(
    missing: Sequence[str], found: Iterable[str], walk: Walk, home_of: _Nearest
) -> dict[str, Path]:
    """What must not go unasked, with the folder that is suddenly empty or not there.

    That is a root in which nothing is found any more, and a folder of many files with nothing at
    all in it, which is what a disk that is not connected leaves. Half of a root's files gone at
    once is no such sign: people do delete and move folders.
    """
    alive = {home_of(path) for path in found}
    emptied = _nearest(walk.empty)
    counts = Counter(emptied(path) for path in missing)
    withheld = {}
    for path in missing:
        home = home_of(path)
        folder = emptied(path)
        if home is not None and home not in alive:
            withheld[path] = home
        elif folder is not None and counts[folder] >= _MANY:
            withheld[path] = folder
    return withheld
