"""The boundary to the disk: other people's I/O errors in, `StorageError` sentences out."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from search.errors import CollectionLocked, StorageError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
#: Linux reads no more ahead for one hint than its read-ahead setting says, which is this at least.
_AHEAD = 128 << 10


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the operating system at ``path`` into `StorageError`.

    Raises:
        StorageError: The disk is full, read-only or damaged.
        CollectionLocked: Another process holds the database.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise  # a mistake of ours, not the disk's
    except sqlite3.Error as error:
        raise _from_sqlite(error, path) from error
    except OSError as error:
        raise _from_system(error, path) from error


def flush(path: Path) -> None:
    """Have the system write a file's contents to the disk itself (on Windows: its caches).

    Raises:
        OSError: The file cannot be opened, or the disk failed; see `storage_errors`.
    """
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def flush_folder(path: Path) -> None:
    """Have the system write down a folder's entries; only POSIX systems need and allow that.

    Raises:
        OSError: The disk failed; see `storage_errors`.
    """
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_ahead(paths: Iterable[Path]) -> None:
    """Have the system read files into its cache, front to back, for what will jump about there.

    That takes a small part of the time that reading them page after page would. Files that would
    fill half of the memory are left alone, as are those that are gone and systems without such a
    hint.

    Args:
        paths: The files.
    """
    if not hasattr(os, "posix_fadvise"):  # macOS and Windows
        return
    with contextlib.ExitStack() as stack:
        files = []
        for path in paths:
            with contextlib.suppress(OSError):
                files.append(stack.enter_context(path.open("rb")))
        sizes = [os.fstat(file.fileno()).st_size for file in files]
        if 2 * sum(sizes) > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
            return
        for file, size in zip(files, sizes, strict=True):
            for begin in range(0, size, _AHEAD):
                os.posix_fadvise(file.fileno(), begin, _AHEAD, os.POSIX_FADV_WILLNEED)


def _from_sqlite(error: sqlite3.Error, path: Path) -> StorageError | CollectionLocked:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return _full(path)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return _forbidden(path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return CollectionLocked(
            f"Another program is using {path}.", "Wait until it is done and try again."
        )
    if code == sqlite3.SQLITE_IOERR:
        return StorageError(
            f"The disk failed while {path} was being read or written.",
            "Check that it has room and is in order; nothing indexed before is lost.",
        )
    return StorageError(
        f"The collection at {path} is damaged ({error}).",
        "Restore it from a backup, or delete that folder and index again.",
    )


def _from_system(error: OSError, path: Path) -> StorageError:
    if error.errno in _FULL:
        return _full(path)
    if error.errno in _FORBIDDEN:
        return _forbidden(path)
    return StorageError(f"{path} cannot be read or written: {error.strerror or error}.")


def _full(path: Path) -> StorageError:
    return StorageError(
        f"The disk is full at {path}.",
        "Make room and run the same command again; what was indexed so far is kept.",
    )


def _forbidden(path: Path) -> StorageError:
    return StorageError(
        f"{path} cannot be written to.",
        "Allow writing there, or keep collections elsewhere with --home or WHEREIN_HOME.",
    )
