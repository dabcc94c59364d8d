"""Whether the files of a keyword view are as they were written.

No engine reads its files through when it opens them, so a flipped bit shows only in an answer. The
files of a view are written once and not changed; their digests are taken then, and held against
them by ``wherein check``. Digests that are missing or behind, after a power cut, do no harm.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import xxhash

_FILE = "digests.json"
#: Files that change, or are empty and only locked.
_CHANGING = (_FILE, "meta.json", ".managed.json")
_CHUNK = 1 << 20


def new_files(folder: Path) -> list[Path]:
    """The files in ``folder`` that have no digest yet, or never have one.

    Raises:
        OSError: The folder cannot be read.
    """
    known = _read(folder)
    return [
        path
        for path in sorted(folder.iterdir())
        if path.name not in known and path.is_file() and path.suffix != ".lock"
    ]


def take_digests(folder: Path) -> None:
    """Take the digests of the files in ``folder`` that have none yet.

    Raises:
        OSError: The disk is full or read-only.
    """
    known = _read(folder)
    found = {
        path.name: known.get(path.name) or _digest(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name not in _CHANGING and path.suffix != ".lock"
    }
    (folder / _FILE).write_bytes(msgspec.json.encode(found))


def damaged_files(folder: Path) -> list[str]:
    """The names of the files in ``folder`` that are not as they were written; all are read.

    Raises:
        OSError: One cannot be read.
    """
    return [
        name
        for name, digest in sorted(_read(folder).items())
        if (folder / name).is_file() and _digest(folder / name) != digest
    ]


def _read(folder: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError):
        return {}


def _digest(path: Path) -> str:
    digest = xxhash.xxh3_64()
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            digest.update(part)
    return digest.hexdigest()
