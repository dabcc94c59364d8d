"""Which files lie in the folders that somebody asked for."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from indexer.ignoring import Level, Sieve
from indexer.readers import worth_opening
from indexer.relevance import would_walk
from search.errors import ReadError, UsageError
from search.schema import WalkRules

__all__ = ["FoundFile", "Walk", "modified_of", "resolve_roots", "walk", "would_walk"]

#: The store keeps 64 bits of a time, from 1677 to 2262; some disks keep more.
_LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file worth opening.

    Attributes:
        path: Absolute path.
        size: Size in bytes.
        modified: Modification time in nanoseconds since 1970; see `modified_of`.
    """

    path: Path
    size: int
    modified: int

    @classmethod
    def of(cls, path: Path, status: os.stat_result) -> Self:
        """The file at ``path``, its size and time as the ``status`` has them."""
        return cls(path, status.st_size, modified_of(status))


def modified_of(status: os.stat_result) -> int:
    """A modification time in nanoseconds since 1970, or the nearest that the store can keep."""
    return max(-_LATEST, min(status.st_mtime_ns, _LATEST))


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found.

    Attributes:
        files: Files worth opening, by path, no path twice.
        other: How many files were left out because their kind is not read.
        ignored: How many files and folders were left out by rules.
        unreadable: Roots that are not there, folders that could not be listed and files that
            could not be looked at, with the reason; nothing is known of what lies beneath them.
        missing: Those of them that are roots and not there.
        empty: Folders with nothing at all in them.
    """

    files: tuple[FoundFile, ...]
    other: int = 0
    ignored: int = 0
    unreadable: Mapping[Path, str] = field(default_factory=dict)
    missing: frozenset[Path] = frozenset()
    empty: frozenset[Path] = frozenset()


def walk(roots: Mapping[Path, WalkRules]) -> Walk:
    """Look through folders, sub-folders included, and single files.

    Symbolic links beneath a root are left out, unless the rules say ``follow``: then those that
    lead out of the root are followed, once all else was looked through, and no folder is entered
    twice. What a link inside the root leads to is found where it lies.

    A root may itself be anything that is left out elsewhere, and a file that is a root is always
    looked at, whatever its kind. What lies beneath a root that lies beneath another goes by the
    rules of the inner one alone.

    Args:
        roots: Absolute paths without links (`resolve_roots`), each with its rules.

    Returns:
        What was found, and what could not be looked at.
    """
    finds = _Finds()
    for root, rules in roots.items():
        try:
            mode = root.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            finds.unreadable[root] = "It is not there; if it lies on another disk, connect that."
            finds.missing.add(root)
            continue
        except OSError as error:
            finds.unreadable[root] = f"It cannot be looked at ({error.strerror})."
            continue
        if stat.S_ISDIR(mode):
            _RootWalk(root, rules, roots, finds).run()
        elif stat.S_ISREG(mode):
            finds.look(root)
        else:
            finds.unreadable[root] = "It is neither a file nor a folder."
    return Walk(
        tuple(finds.files[path] for path in sorted(finds.files)),
        finds.other,
        finds.ignored,
        dict(sorted(finds.unreadable.items())),
        frozenset(finds.missing),
        frozenset(finds.empty),
    )


def resolve_roots(roots: Sequence[Path], known: Collection[Path] = ()) -> list[Path]:
    """The roots as absolute paths without symbolic links.

    Args:
        roots: What the user named.
        known: Roots of earlier runs; these need not be there now.

    Raises:
        UsageError: A root is not there or holds a NUL character.
    """
    resolved = []
    for root in roots:
        try:
            path = Path(os.path.realpath(root.expanduser()))
            if path not in known:
                path = Path(os.path.realpath(root.expanduser(), strict=True))
        except (OSError, ValueError, RuntimeError):
            raise UsageError(
                f"There is no file or folder {str(root)!r}.", "Check the path."
            ) from None
        resolved.append(path)
    return resolved


@dataclass(slots=True)
class _Finds:
    """What was found so far; see `Walk`."""

    files: dict[str, FoundFile] = field(default_factory=dict)
    other: int = 0
    ignored: int = 0
    unreadable: dict[Path, str] = field(default_factory=dict)
    missing: set[Path] = field(default_factory=set)
    empty: set[Path] = field(default_factory=set)

    def look(self, file: Path | os.DirEntry[str]) -> None:
        """Take a file if it is a regular one; nothing else is ever opened."""
        try:
            status = file.stat()
        except OSError as error:
            reason = f"The file cannot be looked at ({error.strerror})."
            self.unreadable[Path(file)] = reason
            return
        if stat.S_ISREG(status.st_mode):
            self.files[os.fspath(file)] = FoundFile.of(Path(file), status)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to be looked through.

    Attributes:
        path: Its path.
        above: What holds where it lies; None for the root.
        real: Its path without links, if it was reached by one.
    """

    path: Path
    above: Level | None = None
    real: Path | None = None


class _RootWalk:
    """A walk through one root that is a folder."""

    def __init__(
        self, root: Path, rules: WalkRules, roots: Collection[Path], finds: _Finds
    ) -> None:
        self._root = root
        self._roots = {os.fspath(path) for path in roots}
        self._follow = rules.follow
        self._sieve = Sieve(rules)
        self._finds = finds
        self._links: list[tuple[Path, Level]] = []
        self._entered: set[tuple[int, int | str]] = set()
        self._reached: set[Path] = set()

    def run(self) -> None:
        self._go_through(_Folder(self._root))
        while self._links:
            links, self._links = sorted(self._links, key=lambda link: link[0]), []
            for link, level in links:
                self._follow_link(link, level)

    def _go_through(self, first: _Folder) -> None:
        waiting = [first]
        while waiting:
            folder = waiting.pop()
            try:
                waiting += self._list(folder)
            except OSError as error:
                reason = f"The folder cannot be listed ({error.strerror})."
                self._finds.unreadable[folder.path] = reason
            except ReadError as error:
                self._finds.unreadable[folder.path] = str(error)

    def _list(self, folder: _Folder) -> list[_Folder]:
        """Look at what lies in a folder, and give the folders in it that are to be entered.

        Raises:
            OSError: It cannot be listed.
            ReadError: An ignore file in it cannot be read.
        """
        if not self._enters(folder.path):
            return []
        with os.scandir(folder.path) as listing:
            entries = list(listing)
        if not entries:
            self._finds.empty.add(folder.path)
        names = {entry.name for entry in entries}
        level = self._sieve.enter(folder.above, folder.path, names)
        if level is None:
            self._finds.ignored += 1
            return []
        return [
            inner
            for entry in entries
            if entry.path not in self._roots
            and (inner := self._look_at(entry, folder, level, names)) is not None
        ]

    def _look_at(
        self, entry: os.DirEntry[str], folder: _Folder, level: Level, names: Collection[str]
    ) -> _Folder | None:
        """Take what lies in a folder, or give it back if it is a folder to be entered."""
        real = folder.real / entry.name if folder.real else None
        try:
            if entry.is_file(follow_symlinks=False):
                self._take(entry, level, real)
            elif entry.is_dir(follow_symlinks=False):
                if self._keeps_folder(level, entry.name, names):
                    return _Folder(Path(entry), level, real)
            elif self._follow and entry.is_symlink():
                self._links.append((Path(entry), level))
        except OSError as error:
            reason = f"It cannot be looked at ({error.strerror})."
            self._finds.unreadable[Path(entry)] = reason
        return None

    def _enters(self, folder: Path) -> bool:
        """Whether this is the first time that a folder is entered, by whatever path."""
        status = folder.stat()
        # Some network disks number nothing.
        place = (status.st_dev, status.st_ino or os.path.realpath(folder))
        if place in self._entered:
            return False
        self._entered.add(place)
        return True

    def _keeps_folder(self, level: Level, name: str, beside: Collection[str] = ()) -> bool:
        kept = self._sieve.keeps_folder(level, name, beside)
        if not kept:
            self._finds.ignored += 1
        return kept

    def _take(self, file: Path | os.DirEntry[str], level: Level, real: Path | None) -> None:
        """Take a file if the rules let it pass; ``real`` is where it lies, if a link led to it."""
        if not self._sieve.keeps_file(level, file.name):
            self._finds.ignored += 1
        elif not worth_opening(file.name):
            self._finds.other += 1
        elif real is None or real not in self._reached:
            if real is not None:
                self._reached.add(real)
            self._finds.look(file)

    def _follow_link(self, link: Path, level: Level) -> None:
        try:
            real = Path(os.path.realpath(link, strict=True))
            mode = real.stat().st_mode
        except OSError as error:
            # It may lead to a disk that is not there now: what is known of that is kept.
            self._finds.unreadable[link] = f"The link leads nowhere ({error.strerror})."
            return
        if real.is_relative_to(self._root):
            return
        if stat.S_ISREG(mode):
            self._take(link, level, real)
        elif stat.S_ISDIR(mode) and self._keeps_folder(level, link.name):
            self._go_through(_Folder(link, level, real))
