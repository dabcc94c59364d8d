"""The file a document was read from, handed out only if it still is that very file."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from search.engine import Engine
from search.rows import DocumentRow

#: How many files' digests are remembered, so that a viewer's range requests do not read it all.
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Original:
    """An opened original.

    Attributes:
        path: Where it lies.
        stream: Its content; whoever asked for it closes it.
        size: Its size in bytes.
        modified: When it was modified, in seconds since 1970.
        digest: SHA-256 of its content, in hex.
    """

    path: Path
    stream: BufferedReader
    size: int
    modified: float
    digest: str


class _Digests:
    """Digests of files by what tells that they did not change."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, ...], bytes] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, stream: BufferedReader, status: os.stat_result) -> bytes:
        key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        with self._guard:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        digest = hashlib.file_digest(stream, "sha256").digest()
        stream.seek(0)
        with self._guard:
            self._known[key] = digest
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return digest


_digests = _Digests()


def find(row: DocumentRow, engine: Engine) -> Path | None:
    """The first of a document's paths that still leads to a regular file in an indexed folder."""
    with engine.collection.store.reading() as reading:
        roots = _real(reading.roots())
    return next((path for path in row.paths if _may_be_read(path, roots)), None)


def open_original(number: int, engine: Engine) -> tuple[DocumentRow, Original | None]:
    """A document and its file, opened; None for a file that is gone, out of bounds or changed.

    Raises:
        DocumentMissing: The collection has none of that number.
    """
    row = engine.document(number)
    with engine.collection.store.reading() as reading:
        roots = _real(reading.roots())
    for path in row.paths:
        if _may_be_read(path, roots) and (original := _open(path, row.content_hash)):
            return row, original
    return row, None


def _real(roots: Sequence[Path]) -> list[Path]:
    return [Path(os.path.realpath(root)) for root in roots]


def _may_be_read(path: Path, roots: Sequence[Path]) -> bool:
    """Whether ``path`` is a regular file beneath one of ``roots``, reached without any link."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        real = Path(os.path.realpath(path, strict=True))
    except (OSError, ValueError):
        return False
    return real == path and any(real == root or root in real.parents for root in roots)


def _open(path: Path, digest: bytes) -> Original | None:
    """Open a file if its content has that digest.

    What is checked and what is sent is one opened file, so that nobody can put another in between.
    """
    flags = os.O_RDONLY
    for name in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, name, 0)
    try:
        stream = os.fdopen(os.open(path, flags), "rb")
    except OSError:
        return None
    try:
        status = os.fstat(stream.fileno())
        if stat.S_ISREG(status.st_mode) and _digests.of(stream, status) == digest:
            return Original(path, stream, status.st_size, status.st_mtime, digest.hex())
    except OSError:
        pass  # a disk that fails has no original to show
    except BaseException:
        stream.close()
        raise
    stream.close()
    return None
