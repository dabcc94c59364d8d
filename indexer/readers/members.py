"""Files within files: what they are called, and how much of them is unpacked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from indexer.readers.base import Allowance, Member, one_line, shorten
from indexer.readers.encoding import decode
from search.errors import ReadError

#: Longest path of a member, and longest name made from a title, in characters.
_PATH_LIMIT, _NAME_LIMIT = 1000, 80
#: What a member without any usable name is called.
_NAMELESS = "unnamed"

_DRIVE = re.compile(r"^[A-Za-z]:")
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]+')
# What names are made of in code page 437, the alphabet of MS-DOS that ZIP archives began with. The
# rest of it is frames, blocks, Greek and mathematics, which show that another one was meant.
_DOS_NAMES = re.compile("[\0-\x7fÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜáíóúñÑß]*")
#: Where Macs put what no other system knows: icons, flags.
_MAC_FOLDER = "__MACOSX"


class Readable(Protocol):
    """Something that gives bytes, such as a member of an archive."""

    def read(self, size: int, /) -> bytes:
        """The next ``size`` bytes, or as many as there are."""


def tidy_path(name: str) -> str:
    """A member's name as a relative path with "/" between folders that leads nowhere else.

    Nothing is ever written to where a member says it belongs; but paths are stored and shown, and
    one that climbs out of the archive, starts at a drive or holds a NUL would mislead.
    """
    parts = map(one_line, _DRIVE.sub("", name.replace("\\", "/")).split("/"))
    path = "/".join(part for part in parts if part not in ("", ".", ".."))
    if len(path) > _PATH_LIMIT:
        path = f"{path[: _PATH_LIMIT - 40]}…{path[-39:]}"
    return path or _NAMELESS


def tidy_name(name: str) -> str:
    """The last part of a path, for members that lie in no folder."""
    return tidy_path(name).rpartition("/")[2]


def name_from(title: str) -> str:
    """A title as the name of a file, without suffix; "" if nothing is left of it."""
    return shorten(_NOT_IN_NAMES.sub("_", one_line(title)), _NAME_LIMIT).strip(" .")


def is_hidden(path: str) -> bool:
    """Whether a member would be hidden on disk, or lies in a folder that would."""
    return any(part.startswith(".") or part == _MAC_FOLDER for part in path.split("/"))


def decode_names(names: Sequence[bytes]) -> list[str]:
    """The names that stand in an archive without their encoding.

    They are guessed together, because a single one is too short to tell anything. Where all of them
    make sense as UTF-8 or in code page 437, they are; else the letters decide.
    """
    joined = b"\n".join(names)
    try:
        text: str | None = joined.decode("utf-8")
    except UnicodeDecodeError:
        text = joined.decode("cp437")
        if not _DOS_NAMES.fullmatch(text):
            text = decode(joined)
    decoded = (text or "").split("\n")
    return decoded if len(decoded) == len(names) else [name.decode("cp437") for name in names]


def unpack_member(path: str, file: Readable, size: int | None, allowance: Allowance) -> Member:
    """Take one file out of an archive.

    Args:
        path: What it is called.
        file: Where its bytes come from.
        size: How many there are, or None where that is not known. A size that is too large is
            believed: who lies about it only hides a file.
        allowance: What may still be unpacked.

    Raises:
        ReadError: The archive unpacks to more than is allowed.
    """
    if size is not None and size > allowance.largest:
        return Member(path, too_large(allowance.largest, size))
    most = min(allowance.largest, max(allowance.size, 0))
    data = file.read(min(most, most if size is None else max(size, 0)) + 1)
    allowance.take(len(data))
    return Member(path, too_large(allowance.largest) if len(data) > allowance.largest else data)


def too_large(limit: int, size: int = 0) -> ReadError:
    """Why a file of more than ``limit`` bytes is not read; ``size`` is 0 where it is not known."""
    what = f"{size / 1e6:,.1f} MB, " if size else ""
    return ReadError(
        f"The file has {what}more than the limit of {limit / 1e6:,.1f} MB.",
        "Raise the limit with --max-file-mb.",
    )
