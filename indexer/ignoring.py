"""What a walk leaves out: by its rules, by ignore files, and because no person put it there.

In this order: what editors leave beside a file while it is written, the walk's own globs, folders
that programs keep for themselves, hidden files, ``.whereinignore`` and ``.gitignore``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from indexer.globs import Globs, compile_globs
from search.errors import ReadError
from search.schema import WalkRules

#: The files that name what is left out of their folder and of those beneath it, the stronger first:
#: what it says of a file, the other cannot change. In each, the last pattern that matches counts.
IGNORE_FILES = (".whereinignore", ".gitignore")
#: An ignore file of more bytes was not written by a person, and is not worth the time it takes.
_LARGEST = 100_000

#: Names no person gives a document: lock files, backups and half-written files of editors, office
#: programs, browsers and desktops. Vim makes "4913" to see whether it may write.
_SCRATCH = re.compile(
    r"~\$.*|\.~lock\..*#|\..*\.sw[a-p]|.*~|\#.*\#|\.\#.*|\.goutputstream-.*|4913"
    r"|.*\.(?:tmp|part|crdownload)",
    re.DOTALL | re.IGNORECASE,
)
#: Folders that version control, package managers and interpreters keep for themselves.
_MACHINERY = frozenset((".git", ".hg", ".svn", "node_modules", "bower_components", "__pycache__"))
#: What only repeats or serves what lies beside it, by name, and the file beside it that tells:
#: Sphinx puts the source of every page it makes into _sources, and scripts for the pages into
#: _static and searchindex.js.
_REPEATING = dict.fromkeys(("_sources", "_static", "searchindex.js"), "objects.inv")
#: The file that tells a folder to be a Python environment, whatever its name.
_ENVIRONMENT = "pyvenv.cfg"

#: Globs with the number of characters that lead from the root to the folder where they hold.
_Scoped = tuple[int, Globs]


@dataclass(frozen=True, slots=True)
class Level:
    """What holds for that which lies in a folder.

    Attributes:
        below: The folder's path from the root, with a slash at its end; "" for the root.
        included: Whether a glob of the rules asked for the folder, and so for all beneath.
        ignoring: For each of `IGNORE_FILES`, the globs that hold here, the folder's own first.
    """

    below: str
    included: bool
    ignoring: tuple[tuple[_Scoped, ...], ...]


class Sieve:
    """Decides by the rules of one root what a walk looks at."""

    def __init__(self, rules: WalkRules) -> None:
        self._hidden = rules.hidden
        self._include = compile_globs(rules.include) if rules.include else None
        self._exclude = compile_globs(rules.exclude) if rules.exclude else None

    def enter(self, above: Level | None, folder: Path, names: Container[str]) -> Level | None:
        """Go into a folder.

        Args:
            above: What holds where the folder lies; None for the root.
            folder: Its path.
            names: What lies in it.

        Returns:
            What holds in it, or None if it is left out because of what lies in it.

        Raises:
            ReadError: An ignore file in it cannot be read, so there is no telling what it is that
                somebody wanted left out.
        """
        if above is None:
            level = Level("", self._include is None, ((),) * len(IGNORE_FILES))
        elif _ENVIRONMENT in names:
            return None
        else:
            below = f"{above.below}{folder.name}/"
            included = self._includes(f"{folder.name}/", below, inherited=above.included)
            level = Level(below, included, above.ignoring)
        here = [None if self._hidden else _globs_in(folder, file, names) for file in IGNORE_FILES]
        if here == [None] * len(here):
            return level
        return Level(
            level.below,
            level.included,
            tuple(
                before if globs is None else ((len(level.below), globs), *before)
                for globs, before in zip(here, level.ignoring, strict=True)
            ),
        )

    def keeps_file(self, level: Level, name: str) -> bool:
        """Whether a file is looked at, as far as its name goes.

        Args:
            level: What holds in the folder it lies in.
            name: Its name.
        """
        path = level.below + name
        return not (
            is_scratch(name)
            or (self._exclude is not None and self._exclude.verdict(name, path))
            or not self._includes(name, path, inherited=level.included)
            or self._ignores(level, name, path)
        )

    def keeps_folder(self, level: Level, name: str, beside: Container[str]) -> bool:
        """Whether a folder is gone into, as far as its name and what lies ``beside`` it go.

        Args:
            level: What holds in the folder it lies in.
            name: Its name, without a slash.
            beside: The names of all that lies in the same folder.
        """
        marked = f"{name}/"
        path = level.below + marked
        telltale = _REPEATING.get(name)
        return not (
            (telltale is not None and telltale in beside)
            or (self._exclude is not None and self._exclude.verdict(marked, path))
            or self._ignores(level, marked, path)
        )

    def _includes(self, name: str, path: str, *, inherited: bool) -> bool:
        if self._include is None:
            return True
        verdict = self._include.verdict(name, path)
        return inherited if verdict is None else verdict

    def _ignores(self, level: Level, name: str, path: str) -> bool:
        if name.rstrip("/") in _MACHINERY:
            return True
        if self._hidden:
            return False
        if name.startswith("."):
            return True
        for scopes in level.ignoring:
            for start, globs in scopes:
                verdict = globs.verdict(name, path[start:])
                if verdict is not None:
                    return verdict
        return False


def is_scratch(name: str) -> bool:
    """Whether that is the name of a file that a program keeps only while it works."""
    return _SCRATCH.fullmatch(name) is not None


def _globs_in(folder: Path, name: str, names: Container[str]) -> Globs | None:
    """The patterns of an ignore file, or None if there is none of that name."""
    if name not in names:
        return None
    try:
        data = _bytes_of(folder / name)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ReadError(
            f"The folder's {name} cannot be read ({error.strerror}).", "Check its permissions."
        ) from None
    if len(data) > _LARGEST:
        raise ReadError(
            f"The folder's {name} has more than {_LARGEST // 1000} kB.", "Shorten or remove it."
        )
    if b"\0" in data:
        raise ReadError(f"The folder's {name} is not plain text.", "Save it as UTF-8.")
    # As names are decoded, so that those of other bytes are matched too.
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return compile_globs(tuple(text.split("\n")))


def _bytes_of(path: Path) -> bytes:
    """What a regular file holds, as far as that matters; nothing if it is none.

    Raises:
        OSError: It cannot be opened.
    """
    if not path.is_file():
        return b""
    # Should it have become a pipe since, the walk must not wait for somebody to write to it.
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(opened, "rb") as stream:  # noqa: PTH123 - it is open already
        return stream.read(_LARGEST + 1)
