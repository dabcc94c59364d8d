"""API keys: who may ask a server that others can reach.

They lie in ``keys.json`` in the home folder, readable by its owner only, and hashed: a key holds
256 random bits, so that one salted BLAKE2 is as good as a slow hash and costs a request nothing.
The file also holds the secret that signs a browser's session.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from search.errors import StorageError, UsageError
from search.storage import storage_errors

FILE = "keys.json"
#: What every key begins with, so that one that leaked can be found by searching for it.
MARK = "wherein"
#: How long a browser's session lasts, in seconds.
SESSION = 30 * 24 * 3600

_LONGEST_NAME = 64
_MOST_KEYS = 1000
_PATIENCE = 10.0


class Scope(StrEnum):
    """What a key is good for."""

    READ = "read"
    WRITE = "write"


class Key(msgspec.Struct, frozen=True):
    """What is kept of a key; the key itself is not.

    Attributes:
        id: Its number in hex, the part of it that is no secret.
        name: What its owner calls it.
        scopes: What it is good for.
        made: When it was made, in seconds since 1970.
        salt: What it was hashed with.
        digest: What that gave.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    made: int
    salt: bytes
    digest: bytes


class _File(msgspec.Struct, frozen=True):
    secret: bytes
    keys: tuple[Key, ...] = ()


class Keys:
    """The keys of a home folder; what another process changes is seen at once.

    Args:
        home: The folder.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._guard = threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._file = _File(b"")

    def all(self) -> tuple[Key, ...]:
        """Every key, the oldest first.

        Raises:
            StorageError: The file cannot be read, or others may read it.
        """
        return self._read().keys

    def add(self, name: str, scopes: tuple[Scope, ...]) -> tuple[Key, str]:
        """Make a key.

        Args:
            name: What to call it.
            scopes: What it is to be good for.

        Returns:
            What is kept of it, and the key itself, which cannot be had again.

        Raises:
            UsageError: The name is empty, too long or taken, or there are too many keys.
            StorageError: The file cannot be read or written.
        """
        name = name.strip()
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise UsageError(
                "A key needs a name that can be shown.", f"Use up to {_LONGEST_NAME} characters."
            )
        secret = secrets.token_urlsafe(32)
        salt = secrets.token_bytes(16)
        key = Key(secrets.token_hex(4), name, scopes, int(time.time()), salt, _digest(secret, salt))
        with self._changing() as file:
            if any(other.name == name for other in file.keys):
                raise UsageError(f"There is a key {name!r} already.", "Give it another name.")
            if len(file.keys) >= _MOST_KEYS:
                raise UsageError("There are too many keys.", "Revoke some that nobody uses.")
            self._write(_File(file.secret or secrets.token_bytes(32), (*file.keys, key)))
        return key, f"{MARK}_{key.id}_{secret}"

    def revoke(self, name: str) -> Key:
        """Take a key back; its sessions end with it.

        Args:
            name: Its name or its id.

        Returns:
            What was kept of it.

        Raises:
            UsageError: There is none.
            StorageError: The file cannot be read or written.
        """
        with self._changing() as file:
            found = next((key for key in file.keys if name in (key.name, key.id)), None)
            if found is None:
                raise UsageError(f"There is no key {name!r}.", "See: wherein keys list")
            rest = tuple(key for key in file.keys if key != found)
            self._write(_File(file.secret, rest))
        return found

    def find(self, text: str) -> Key | None:
        """The key that somebody presents, or None if it is none.

        Raises:
            StorageError: The file cannot be read, or others may read it.
        """
        mark, _, rest = text.partition("_")
        name, _, secret = rest.partition("_")
        found = self._named(name)
        if mark != MARK or found is None:
            return None
        return found if hmac.compare_digest(_digest(secret, found.salt), found.digest) else None

    def session(self, key: Key) -> str:
        """What a browser presents in place of a key, for a month.

        Raises:
            StorageError: The file cannot be read, or others may read it.
        """
        until = int(time.time()) + SESSION
        return f"{key.id}.{until}.{self._signed(key, until)}"

    def find_session(self, text: str) -> Key | None:
        """The key that a session was begun with, or None if it is over or was never begun.

        Raises:
            StorageError: The file cannot be read, or others may read it.
        """
        name, _, rest = text.partition(".")
        until, _, signed = rest.partition(".")
        found = self._named(name)
        if found is None or not (until.isascii() and until.isdigit() and len(until) < 15):
            return None
        genuine = hmac.compare_digest(self._signed(found, int(until)).encode(), _bytes(signed))
        return found if genuine and int(until) > time.time() else None

    def _named(self, name: str) -> Key | None:
        return next((key for key in self._read().keys if key.id == name), None)

    def _signed(self, key: Key, until: int) -> str:
        said = f"{key.id}.{until}.".encode() + key.digest
        return hashlib.blake2b(said, key=self._read().secret, digest_size=32).hexdigest()

    def _read(self) -> _File:
        with self._guard, storage_errors(self._path):
            try:
                status = self._path.stat()
            except FileNotFoundError:
                self._seen, self._file = None, _File(b"")
                return self._file
            seen = (status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode)
            if seen != self._seen:
                if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
                    raise StorageError(
                        f"Others may read the keys in {self._path}.",
                        f"Keep them out with: chmod 600 {self._path}",
                    )
                try:
                    self._file = msgspec.json.decode(self._path.read_bytes(), type=_File)
                except msgspec.MsgspecError as error:
                    raise StorageError(
                        f"The keys in {self._path} cannot be read.",
                        "Delete the file and make new keys with: wherein keys add",
                    ) from error
                self._seen = seen
            return self._file

    @contextmanager
    def _changing(self) -> Iterator[_File]:
        """The file as it is, while no other process changes it."""
        with storage_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._path.with_suffix(".lock"), timeout=_PATIENCE)
            try:
                lock.acquire()
            except Timeout:
                raise StorageError(
                    f"Another process is changing {self._path}.", "Try again."
                ) from None
            try:
                yield self._read()
            finally:
                lock.release()

    def _write(self, file: _File) -> None:
        draft = self._path.with_suffix(".draft")
        with storage_errors(self._path):
            draft.unlink(missing_ok=True)
            # Nobody else may read it at any moment, so it is made that way.
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as out:
                out.write(msgspec.json.encode(file))
                out.flush()
                os.fsync(out.fileno())
            draft.replace(self._path)


def _digest(secret: str, salt: bytes) -> bytes:
    return hashlib.blake2b(
        _bytes(secret), salt=salt, digest_size=32, person=b"wherein key"
    ).digest()


def _bytes(text: str) -> bytes:
    """Text that came from outside, which need not be valid."""
    return text.encode("utf-8", "surrogateescape")
