"""Whether a change on the disk is one that a walk would see."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from indexer.ignoring import IGNORE_FILES, Level, Sieve, is_scratch
from indexer.readers import worth_opening
from search.errors import ReadError
from search.schema import WalkRules


def would_walk(path: Path, roots: Mapping[Path, WalkRules]) -> bool:
    """Whether a walk would look at ``path``: as a document, a folder or an ignore file.

    Of what is not there (any more), it is whether a file or a folder of that name would be looked
    at. Of what a link leads to, it is whether the walk would reach it if no other link did.

    Args:
        path: An absolute path.
        roots: As for `indexer.walk.walk`.
    """
    root = next((above for above in (path, *path.parents) if above in roots), None)
    if root is None or path == root:
        return root is not None
    rules = roots[root]
    if _goes_by_link(path, root, follow=rules.follow):
        return False
    sieve = Sieve(rules)
    folder = root
    try:
        level = sieve.enter(None, folder, _Names(folder))
        for name in path.relative_to(root).parts[:-1]:
            if level is None or not sieve.keeps_folder(level, name, _Names(folder)):
                return False
            folder /= name
            level = sieve.enter(level, folder, _Names(folder))
        if level is None:
            return False
        if path.name in IGNORE_FILES and not rules.hidden:
            return True
        return _would_look(path, sieve, level)
    except ReadError:
        return False


def _would_look(path: Path, sieve: Sieve, level: Level) -> bool:
    """`would_walk` for what lies in a folder that a walk enters.

    Raises:
        ReadError: It is a folder with an ignore file that cannot be read.
    """
    as_file = sieve.keeps_file(level, path.name) and worth_opening(path.name)
    as_folder = sieve.keeps_folder(level, path.name, _Names(path.parent))
    try:
        mode = path.stat().st_mode
    except OSError:
        return as_file or (as_folder and not is_scratch(path.name))
    if stat.S_ISDIR(mode):
        return as_folder and sieve.enter(level, path, _Names(path)) is not None
    return as_file and stat.S_ISREG(mode)


def _goes_by_link(path: Path, root: Path, *, follow: bool) -> bool:
    """Whether a link lies between ``root`` and ``path`` that a walk would not follow."""
    if follow:
        real = Path(os.path.realpath(path))
        return real != path and real.is_relative_to(root)
    return any(
        step.is_symlink() for step in (path, *path.parents) if step != root and root in step.parents
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """The names in a folder, each looked for when it is asked for."""

    folder: Path

    def __contains__(self, name: object) -> bool:
        return os.path.lexists(self.folder / str(name))
