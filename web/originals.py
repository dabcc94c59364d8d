"""The file a document was read from, handed out only if it still is that very file.

What lies in an archive, or is attached to a message, is not taken out of it again: the archive or
message itself is handed out.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from search.engine import Engine
from search.reading import Reading
from search.rows import DocumentRow
from search.schema import WalkRules

#: How many files' digests are remembered, so that a viewer's range requests do not read it all.
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Source:
    """A file on disk that holds a document.

    Attributes:
        path: Where it lies.
        member: Where in it the document lies; "" if the file is the document.
        digest: SHA-256 of the file when it was indexed.
        real: Where it lies without links.
    """

    path: Path
    member: str
    digest: bytes
    real: Path


@dataclass(frozen=True, slots=True)
class Original:
    """An opened original.

    Attributes:
        source: The file, as it was indexed.
        stream: Its content; whoever asked for it closes it.
        size: Its size in bytes.
        modified: When it was modified, in seconds since 1970.
        digest: SHA-256 of its content, in hex.
    """

    source: Source
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


def find(number: int, engine: Engine) -> Source | None:
    """The first of a document's files that may still be read, whatever it holds by now.

    Args:
        number: The document's number.
        engine: The engine of its collection.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    return next(iter(_readable(number, engine)), None)


def open_original(number: int, engine: Engine) -> tuple[DocumentRow, Original | None]:
    """A document and its file, opened, if it is the one that was indexed.

    Args:
        number: The document's number.
        engine: The engine of its collection.

    Returns:
        The document, and its file unless that is gone, out of bounds or changed.

    Raises:
        DocumentMissing: The collection has none of that number.
        CollectionError: The collection cannot be read, or was deleted.
    """
    row = engine.document(number)
    for source in _readable(number, engine):
        if original := _open(source):
            return row, original
    return row, None


def is_a_file(number: int, reading: Reading) -> bool:
    """Whether the document ``number`` is a file of its own, rather than in another file only."""
    return any(not record.member for record in reading.files_of(number))


def _readable(number: int, engine: Engine) -> list[Source]:
    """The files that hold a document and may be read, those first that are nothing else."""
    with engine.collection.store.reading() as reading:
        roots = reading.roots()
        sources = []
        for record in sorted(reading.files_of(number), key=lambda record: bool(record.member)):
            holder = reading.file(record.path) if record.member else record
            real = _real(record.path, roots)
            if real is not None and holder is not None and holder.content_hash:
                sources.append(Source(record.path, record.member, holder.content_hash, real))
    return sources


def _real(path: Path, roots: Mapping[Path, WalkRules]) -> Path | None:
    """Where a file that the store knows lies, or None if it may not be read.

    It must be a regular file in an indexed folder. Nothing is reached by a link unless the folder
    was indexed with its links followed; the nearest folder decides.
    """
    try:
        real = Path(os.path.realpath(path, strict=True))
        if not stat.S_ISREG(real.lstat().st_mode):
            return None
    except (OSError, ValueError):
        return None
    if real == path:
        allowed = any(_holds(Path(os.path.realpath(root)), path) for root in roots)
    else:
        nearest = max((root for root in roots if _holds(root, path)), key=_depth, default=None)
        allowed = nearest is not None and roots[nearest].follow
    return real if allowed else None


def _holds(root: Path, path: Path) -> bool:
    return path == root or root in path.parents


def _depth(path: Path) -> int:
    return len(path.parts)


def _open(source: Source) -> Original | None:
    """Open a file if its content is what was indexed.

    What is checked and what is sent is one opened file, so that nobody can put another in between.
    """
    flags = os.O_RDONLY
    for name in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, name, 0)
    try:
        stream = os.fdopen(os.open(source.real, flags), "rb")
    except OSError:
        return None
    try:
        status = os.fstat(stream.fileno())
        if stat.S_ISREG(status.st_mode) and _digests.of(stream, status) == source.digest:
            return Original(source, stream, status.st_size, status.st_mtime, source.digest.hex())
    except OSError:
        pass  # a disk that fails has no original to show
    except BaseException:
        stream.close()
        raise
    stream.close()
    return None
