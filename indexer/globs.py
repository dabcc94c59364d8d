"""The patterns of ignore files, meaning what they mean to git, in time that no pattern can stretch.

What a pattern means is told by gitignore(5). Each is turned into a regular expression; whatever
stands between two stars is matched where it first fits and never anew (an atomic group), which is
all a glob needs and keeps a pattern full of stars from taking for ever over a long name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "a-fA-F0-9",
}
#: A bracket expression from its "[" on; the first "]" after that or after "!" stands for itself.
_BRACKETS = re.compile(
    r"\[([!^]?)((?:\]|\[:\w+:\]|\\.|[^\]\\])(?:\[:\w+:\]|\\.|[^\]\\])*+)\]", re.DOTALL
)
_MEMBER = re.compile(r"\[:(\w+):\]|(\\.|.)(?:-(\\.|.))?", re.DOTALL)
_FOLDERS = "(?:[^/]+/)*"

_Match = Callable[[str], re.Match[str] | None]


@dataclass(frozen=True, slots=True)
class _Run:
    """Patterns that follow one another and say the same of what they match."""

    matches: bool
    name: _Match
    path: _Match


@dataclass(frozen=True, slots=True)
class Globs:
    """Patterns of which the last that matches has its say."""

    _runs: tuple[_Run, ...]

    def verdict(self, name: str, path: str) -> bool | None:
        """What the patterns say of a file or folder itself, whatever they say of those above it.

        Args:
            name: Its name; that of a folder ends with a slash.
            path: The same with the folders it lies in, from where the patterns hold.

        Returns:
            True if it is matched, False if it is excepted ("!"), None if no pattern speaks of it.
        """
        for run in self._runs:
            if run.name(name) or run.path(path):
                return run.matches
        return None


@lru_cache(maxsize=64)
def compile_globs(lines: tuple[str, ...]) -> Globs:
    """The patterns in the lines of an ignore file; what is none is passed over, as git does."""
    patterns = [pattern for line in lines if (pattern := _pattern(line)) is not None]
    runs = []
    for matches, run in groupby(reversed(patterns), key=lambda pattern: pattern.matches):
        members = list(run)
        by_name = [pattern.regex for pattern in members if not pattern.anchored]
        by_path = [pattern.regex for pattern in members if pattern.anchored]
        runs.append(_Run(matches, _any(by_name), _any(by_path)))
    return Globs(tuple(runs))


def _any(regexes: list[str]) -> _Match:
    return re.compile("|".join(regexes) or "(?!)", re.DOTALL).fullmatch


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One pattern: its sign, whether it is matched with the whole path, and its expression."""

    matches: bool
    anchored: bool
    regex: str


def _pattern(line: str) -> _Pattern | None:
    line = line.removesuffix("\r")
    trimmed = line.rstrip(" ")
    if trimmed != line and trimmed.endswith("\\"):
        trimmed += " "
    line = trimmed
    if line.startswith("#"):
        return None
    matches = not line.startswith("!")
    glob = line.removeprefix("!")
    end = "/" if glob.endswith("/") else "/?"
    glob = glob.removesuffix("/")
    glob = re.sub(r"\\(.)", lambda pair: pair[0] if pair[1] != "/" else "/", glob)
    anchored = "/" in glob
    segments = glob.removeprefix("/").split("/")
    if segments == [""]:
        return None
    try:
        regex = _path(segments) if anchored else _segment(segments[0])
    except ValueError:
        return None
    return _Pattern(matches, anchored, regex + end)


def _path(segments: list[str]) -> str:
    """The expression for a path; "**" stands for any number of folders, last for all in them."""
    groups: list[list[str]] = [[]]
    for segment in segments:
        if segment == "**":
            groups.append([])
        else:
            groups[-1].append(_segment(segment) + "/")
    first, *between = ("".join(group) for group in groups)
    if not between:
        return first.removesuffix("/")
    *middle, last = between
    return (
        first
        + "".join(f"(?>{_FOLDERS}?{group})" for group in middle if group)
        + (_FOLDERS + last.removesuffix("/") if last else ".+")
    )


def _segment(glob: str) -> str:
    """The expression for one name.

    Raises:
        ValueError: It ends within brackets or after a backslash; git matches nothing with it.
    """
    first, *between = map("".join, _chunks(glob))
    if not between:
        return first
    *middle, last = between
    # A star at the beginning must not stand for nothing before the slash of a folder's path.
    return (
        (first or "(?=[^/])")
        + "".join(f"(?>[^/]*?{chunk})" for chunk in middle if chunk)
        + f"[^/]*{last}"
    )


def _chunks(glob: str) -> Iterator[list[str]]:
    """What stands between the stars of a glob, as lists of expressions for one character each."""
    chunk: list[str] = []
    at = 0
    while at < len(glob):
        character = glob[at]
        at += 1
        if character == "*":
            yield chunk
            chunk = []
        elif character == "?":
            chunk.append("[^/]")
        elif character == "[":
            brackets = _BRACKETS.match(glob, at - 1)
            if brackets is None:
                raise ValueError(glob)
            chunk.append(_one_of(brackets[2], negated=bool(brackets[1])))
            at = brackets.end()
        elif character == "\\":
            if at == len(glob):
                raise ValueError(glob)
            chunk.append(re.escape(glob[at]))
            at += 1
        else:
            chunk.append(re.escape(character))
    yield chunk


def _one_of(members: str, *, negated: bool) -> str:
    allowed = []
    for named, first, last in _MEMBER.findall(members):
        if named:
            if named not in _CLASSES:
                raise ValueError(named)
            allowed.append(_CLASSES[named])
            continue
        low, high = first[-1], (last or first)[-1]
        # A range that runs backwards holds where it begins.
        allowed.append(f"{re.escape(low)}-{re.escape(max(low, high))}")
    return f"(?!/)[{'^' if negated else ''}{''.join(allowed)}]"
