"""Files that people send, put into the one folder that is named for it.

A file is written under a name that no run of the indexer looks at, and gets its own once all of it
is on the disk: so nobody ever sees half of it. No file takes the place of another, and no link is
followed to one.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flask import Flask

from search.errors import SettingError, WhereinError
from search.settings import Settings
from web import access, guard, names, readable
from web.links import API
from web.problems import RequestError

#: Where files are sent: by the page's form, and by programs.
FORM, ADDRESS = "/collection/files", f"{API}/files"

_KEY = "wherein.uploads"
#: What a form has in its body beside the file.
_SLACK = 100_000
_MEGABYTE = 1_000_000
_CHUNK = 1 << 20
#: What drafts are called, and for how many seconds one may lie there that nobody writes any more.
_DRAFT = ".wherein-{}.part"
_FORGOTTEN = 24 * 3600.0
#: How a disk says that it has no room left.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was sent.

    Attributes:
        name: What it is called in the folder.
        size: Its size in bytes.
        new: Whether it was put there; False if the very same one was there already.
    """

    name: str
    size: int
    new: bool


class Uploads:
    """Puts files into a folder; safe to use from several threads.

    Args:
        folder: The folder, or None if none are taken.
        each: Most bytes of one file.
        together: Most bytes of all files in the folder.
    """

    def __init__(self, folder: Path | None, each: int, together: int) -> None:
        self.folder = folder
        self.each = each
        self._together = together
        self._guard = threading.Lock()

    def keep(self, given: str, content: IO[bytes], size: int | None = None) -> Kept:
        """Put a file into the folder.

        Where another file has its name already, a number is put behind it; where the very same file
        has it, nothing is done.

        Args:
            given: The name that was sent along.
            content: The file.
            size: How many bytes it is said to have, if that is known.

        Raises:
            RequestError: No files are taken, its name or size is refused, or it cannot be written.
        """
        folder = self._folder()
        name = names.checked(given, readable.suffixes())
        self._require_room(folder, size or 0)
        draft = folder / _DRAFT.format(secrets.token_hex(8))
        with _disk_errors():
            try:
                written, digest = self._write(draft, content)
                with self._guard:
                    self._require_room(folder, 0)
                    return _placed(draft, folder, name, written, digest)
            finally:
                draft.unlink(missing_ok=True)

    def off(self) -> RequestError:
        """What is said where no files are taken."""
        return RequestError(
            "uploads-off",
            "This server takes no files.",
            "Start it with --upload-folder and the folder that they are to be put into.",
        )

    def _folder(self) -> Path:
        if self.folder is None:
            raise self.off()
        if not self.folder.is_dir() or os.path.realpath(self.folder) != str(self.folder):
            raise _not_stored("The folder for uploads is gone.", "Make it again.")
        return self.folder

    def _require_room(self, folder: Path, size: int) -> None:
        """Refuse a file that is too large, or for which the folder is too full."""
        if size > self.each:
            raise self._too_large()
        there = 0
        with _disk_errors(), os.scandir(folder) as entries:
            for entry in entries:
                # Another request takes its draft away, or somebody a file, at any moment.
                with suppress(FileNotFoundError):
                    there += _size_of(entry)
        if there + size > self._together:
            raise _not_stored(
                f"The folder for uploads may hold {self._together // _MEGABYTE:,} MB.",
                "Take files out of it, or start the server with a larger --upload-mb.",
            )

    def _write(self, draft: Path, content: IO[bytes]) -> tuple[int, bytes]:
        """Write the draft of a file; its size and digest."""
        size, digest = 0, hashlib.sha256()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        for flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW"):
            flags |= getattr(os, flag, 0)
        with os.fdopen(os.open(draft, flags, 0o644), "wb") as target:
            while chunk := content.read(_CHUNK):
                size += len(chunk)
                if size > self.each:
                    raise self._too_large()
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        return size, digest.digest()

    def _too_large(self) -> RequestError:
        return RequestError(
            "body-too-large",
            f"The file is larger than {self.each // _MEGABYTE:,} MB, and would not be read.",
            "Send smaller ones, or start the server with a larger --max-file-mb.",
        )


def install(app: Flask, settings: Settings) -> None:
    """Let ``app`` take files, if the settings name a folder for them.

    Raises:
        SettingError: The folder is none, or one of the collections' own.
    """
    folder = None if settings.upload_folder is None else _checked(settings.upload_folder, settings)
    app.extensions[_KEY] = Uploads(
        folder, settings.max_file_mb * _MEGABYTE, settings.upload_mb * _MEGABYTE
    )


def uploads_of(app: Flask) -> Uploads:
    """What puts the files away that ``app`` is sent."""
    found: Uploads = app.extensions[_KEY]
    return found


def body_limit(app: Flask, usual: int) -> Callable[[str, Mapping[str, str]], int]:
    """What tells how many bytes the body of a request may have.

    Args:
        app: The application that the requests are for.
        usual: How many any may have.

    Returns:
        A function that takes the path of a request, and its headers by their names in capitals.
    """
    uploads: Uploads | None = app.extensions.get(_KEY)

    def limit(path: str, headers: Mapping[str, str]) -> int:
        if uploads is None or uploads.folder is None or path not in (FORM, ADDRESS):
            return usual
        # Any web site may have a browser send a form, but not the other address.
        if path == FORM and guard.is_foreign(headers):
            return usual
        try:
            return uploads.each + _SLACK if access.may_write(app, headers) else usual
        except WhereinError:
            return usual  # the application says what is the matter

    return limit


def _checked(folder: Path, settings: Settings) -> Path:
    real = Path(os.path.realpath(folder))
    if not real.is_dir():
        raise SettingError(
            f"The folder for uploads, {str(folder)!r}, is not there.",
            "Make it first, or name another with --upload-folder.",
        )
    collections = Path(os.path.realpath(settings.collections))
    if real.is_relative_to(collections):
        raise SettingError(
            f"The folder for uploads, {str(folder)!r}, lies where the collections do.",
            "Name another with --upload-folder.",
        )
    return real


def _placed(draft: Path, folder: Path, name: str, size: int, digest: bytes) -> Kept:
    """Give a draft its name, or the first numbered one that is free."""
    for candidate in names.numbered(name):
        target = folder / candidate
        try:
            _rename(draft, target)
        except FileExistsError:
            if _is_same(target, size, digest):
                return Kept(candidate, size, new=False)
            continue
        return Kept(candidate, size, new=True)
    raise RequestError(
        "file-refused",
        f"There are {names.NUMBERED} files called {name!r} already.",
        "Give it another name.",
        "name",
    )


def _rename(draft: Path, target: Path) -> None:
    """Give a file another name, which none must have.

    Raises:
        FileExistsError: One has it, or a link or folder does.
    """
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:
        # Not every disk has links. Then the name is taken with an empty file first.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        try:
            draft.replace(target)
        except OSError:
            target.unlink(missing_ok=True)
            raise


def _is_same(path: Path, size: int, digest: bytes) -> bool:
    """Whether a regular file has this very content."""
    flags = os.O_RDONLY
    for flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, flag, 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size != size:
                return False
            return hashlib.file_digest(stream, "sha256").digest() == digest
    except OSError:
        return False


def _size_of(entry: os.DirEntry[str]) -> int:
    """How many bytes a file takes; a draft that was forgotten is taken away."""
    if not entry.is_file(follow_symlinks=False):
        return 0
    status = entry.stat(follow_symlinks=False)
    if not _is_forgotten(entry.name, status):
        return status.st_size
    Path(entry.path).unlink()
    return 0


def _is_forgotten(name: str, status: os.stat_result) -> bool:
    """Whether a file is a draft that was left behind by a server that was killed."""
    start, _, end = _DRAFT.partition("{}")
    is_draft = name.startswith(start) and name.endswith(end)
    return is_draft and time.time() - status.st_mtime > _FORGOTTEN


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise _not_stored("The disk is full.", "Make room on it.") from error
        raise _not_stored(
            f"The file cannot be written ({error.strerror or 'no reason given'}).",
            "Check that the server may write to the folder for uploads.",
        ) from error


def _not_stored(detail: str, remedy: str) -> RequestError:
    return RequestError("not-stored", detail, remedy)
