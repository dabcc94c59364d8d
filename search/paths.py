"""Patterns for the paths of documents: what ``path:`` takes.

Without a star, a question mark or brackets, a pattern is plain: a name means a folder of that name
and all beneath it, or a file whose name contains it; several, with slashes, a stretch of the path.
With them it is a glob: one without a slash is compared with every name on the way from the indexed
folder to the file, one with a slash with that way as a whole, or with the path from the root of the
disk; ``*`` and ``?`` stop at slashes and ``**`` does not.
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

_SPECIAL = re.compile(r"[*?\[]")
#: Tells whether a path, cut at its slashes, is meant.
_Match = Callable[[tuple[str, ...]], bool]


def lies(pattern: str, path: str, roots: Sequence[str]) -> bool:
    """Whether a file lies where a pattern says; letter case counts.

    Args:
        pattern: As it is typed after ``path:``; not empty.
        path: The whole path of the file, with slashes.
        roots: The indexed folders, with slashes.
    """
    pattern, path = _composed(pattern), _composed(path)
    whole = tuple(path.split("/"))
    beneath = _beneath(path, roots)
    matches = _compiled(pattern)
    if pattern.startswith("/"):
        return pattern == path or matches(whole)
    if not is_glob(pattern):
        return any(matches(parts) for parts in beneath)
    ways = [parts[1:] for parts in beneath]
    if "/" in pattern:
        ways.append(whole)
    return any(matches(parts) or "/".join(parts) == pattern for parts in ways)


def is_glob(pattern: str) -> bool:
    """Whether a pattern has stars, question marks or brackets."""
    return _SPECIAL.search(pattern) is not None


def _beneath(path: str, roots: Sequence[str]) -> list[tuple[str, ...]]:
    """The way to the file from each of the indexed folders that it lies in, their names first."""
    found: list[tuple[str, ...]] = []
    for root in map(_composed, roots):
        folder = root.rstrip("/")
        name = folder.rpartition("/")[2]
        if path == folder:
            found.append(("", name))
        elif path.startswith(folder + "/"):
            found.append((name, *path[len(folder) + 1 :].split("/")))
    return found or [tuple(path.split("/"))]


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> _Match:
    names = [name for name in pattern.split("/") if name not in ("", ".")]
    if not names:  # slashes alone, which every path has
        return bool
    if is_glob(pattern):
        if "/" not in pattern:
            return _any_name(names[0])
        if pattern.startswith("/"):
            names.insert(0, "")
        if pattern.endswith("/"):
            names.append("**")
        return _whole_path(names)
    return _stretch(tuple(names), folder=pattern.endswith("/"), rooted=pattern.startswith("/"))


def _any_name(glob: str) -> _Match:
    matches = re.compile(fnmatch.translate(glob)).match
    return lambda parts: any(matches(part) is not None for part in parts)


def _whole_path(globs: list[str]) -> _Match:
    """Matches names one by one; ``**`` stands for any number of them, the last for at least one.

    Only the last ``**`` met is ever tried anew, which is all that such patterns need, and keeps one
    full of stars from taking for ever.
    """
    tests = [None if g == "**" else re.compile(fnmatch.translate(g)).match for g in globs]

    def matches(parts: tuple[str, ...]) -> bool:
        if globs[-1] == "**" and len(parts) < sum(test is not None for test in tests) + 1:
            return False
        at, part, star, resume = 0, 0, -1, 0
        while part < len(parts):
            test = tests[at] if at < len(tests) else _never
            if at < len(tests) and test is None:
                star, resume, at = at, part, at + 1
            elif test is not None and test(parts[part]):
                at, part = at + 1, part + 1
            elif star >= 0:
                resume += 1
                at, part = star + 1, resume
            else:
                return False
        return all(test is None for test in tests[at:])

    return matches


def _stretch(names: tuple[str, ...], *, folder: bool, rooted: bool) -> _Match:
    """Names that follow one another along the path; a single one may be part of a file's name."""

    def matches(parts: tuple[str, ...]) -> bool:
        if rooted:
            return parts[0] == "" and _same(parts[1:], names, folder)
        if len(names) == 1 and not folder and names[0] in parts[-1]:
            return True
        return any(_same(parts[at:], names, folder) for at in range(len(parts)))

    return matches


def _same(parts: tuple[str, ...], names: tuple[str, ...], folder: bool) -> bool:
    """Whether ``parts`` begins with ``names``, and goes on after them if they name a folder."""
    return parts[: len(names)] == names and (not folder or len(parts) > len(names))


def _never(_: str) -> None:
    return None


def _composed(text: str) -> str:
    """Names in one composition: systems differ in how they keep accents."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
