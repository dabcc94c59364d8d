"""SQLite, the system of record: documents, passages, embeddings, files and failures.

One process writes at a time (`search.collection_writer` holds the lock); readers are never blocked.
Every committed write raises the generation by one. Rows that left the collection are kept, marked
with the generation they died in, until the views no longer show them.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec

from search.errors import CollectionMismatch, FormatOutdated, StorageError
from search.reading import Reading, meta
from search.schema import APPLICATION_ID, FORMAT, TABLES, UPGRADES, Manifest
from search.storage import storage_errors
from search.writing import Writing, purge

#: How long a statement waits for another process's write, in seconds.
_PATIENCE = 10.0
#: KiB of pages that a connection keeps, of which a server has one a thread; what is read again and
#: again are the upper pages of the trees, and the system keeps the others.
_CACHE, _CACHE_WRITING = 2_048, 16_384
#: Room in the file that nothing uses is given back when it is so large a part of it, and so many
#: bytes; bringing a store up from format 3 leaves about a fifth.
_SPARE, _SPARE_BYTES = 1 / 8, 1 << 20
#: How many calls of SQLite's own machine there are between two looks for ctrl-C.
_STEPS = 100_000


class Store:
    """An open database.

    Args:
        path: The database file.
        writable: Open it for writing; otherwise no statement may change it.

    Raises:
        StorageError: It cannot be opened, or is damaged.
        CollectionMismatch: Its format is newer than this program.
        FormatOutdated: Its format is older, and it was not opened for writing.
    """

    def __init__(self, path: Path, *, writable: bool = False) -> None:
        self.path = path
        self._writable = writable
        self._immutable = False
        self._idle: deque[sqlite3.Connection] = deque()
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        try:
            with self._connection() as connection:
                self._upgrade(connection, self._check_format(connection))
                manifest = meta(connection, "manifest")
            self.manifest = msgspec.json.decode(manifest, type=Manifest)
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, path: Path, manifest: Manifest) -> Store:
        """Make a new, empty database and open it for writing.

        Args:
            path: The file; there must be none.
            manifest: What the passages and embeddings in it will depend on.

        Raises:
            StorageError: The file cannot be made.
        """
        with storage_errors(path), contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in TABLES.split(";"):
                connection.execute(statement)
            connection.executemany(
                "INSERT INTO meta VALUES (?, ?)",
                [
                    ("generation", 0),
                    ("published", 0),
                    ("manifest", msgspec.json.encode(manifest)),
                ],
            )
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.commit()
        return cls(path, writable=True)

    def _check_format(self, connection: sqlite3.Connection) -> int:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if not version:
            raise StorageError(
                f"The collection at {self.path} is damaged: its database is empty.",
                "Restore it from a backup, or delete that folder and index again.",
            )
        if version > FORMAT:
            raise CollectionMismatch(
                f"The collection at {self.path.parent} has format {version}; this Wherein reads "
                f"formats up to {FORMAT}.",
                "Upgrade with: pip install --upgrade wherein",
            )
        return int(version)

    def _upgrade(self, connection: sqlite3.Connection, version: int) -> None:
        """Bring the tables of an older format up to this one; all of them or none."""
        if version == FORMAT:
            return
        if not self._writable:
            raise FormatOutdated(
                f"The collection at {self.path.parent} has the older format {version}.",
                "Bring it up to date with: wherein index",
            )
        connection.execute("PRAGMA foreign_keys = OFF")  # a table that is made anew is dropped
        connection.execute("BEGIN IMMEDIATE")
        try:
            for step in range(version, FORMAT):
                for statement in UPGRADES[step].split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.execute("PRAGMA foreign_keys = ON")

    def close(self) -> None:
        """Close every connection; the store cannot be used afterwards."""
        with self._guard:
            for connection in self._all:
                connection.close()
            self._all.clear()
            self._idle.clear()

    @property
    def generation(self) -> int:
        """The number of the last committed write."""
        with self._connection() as connection:
            return int(meta(connection, "generation"))

    @property
    def published(self) -> int:
        """The generation that the views on disk are known to show."""
        with self._connection() as connection:
            return int(meta(connection, "published"))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reading]:
        """One consistent state of the database, whatever is written meanwhile.

        Raises:
            StorageError: The database is damaged or cannot be read.
        """
        with self._connection() as connection:
            connection.execute("BEGIN")
            try:
                yield Reading(connection)
            finally:
                connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction: all that is written in it is kept, or nothing; the generation rises.

        Raises:
            StorageError: The disk is full, read-only or damaged; nothing was changed.
        """
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                generation = int(meta(connection, "generation")) + 1
                writing = Writing(connection, generation)
                yield writing
                writing.settle()
                connection.execute(
                    "UPDATE meta SET value = ? WHERE name = 'generation'", (generation,)
                )
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def judging(self) -> Iterator[Writing]:
        """One transaction for judgements alone, which are of no generation.

        It needs no lock beside SQLite's own, so that judging need not wait for an indexing run.

        Raises:
            StorageError: The disk is full, read-only or damaged; nothing was changed.
            CollectionLocked: Another process is in the middle of a long write.
        """
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Writing(connection, int(meta(connection, "generation")))
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def set_published(self, generation: int) -> None:
        """Note that the views show ``generation``, and drop the rows that died by then.

        Raises:
            StorageError: The disk is full, read-only or damaged; nothing was changed.
        """
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.execute(
                    "UPDATE meta SET value = ? WHERE name = 'published'", (generation,)
                )
                purge(connection, generation)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def give_back(self) -> None:
        """Give room that the database's files take and do not use back to the disk, if it is much.

        What is kept is written to the log, in one transaction, and from there to the file, so that
        readers go on meanwhile and nothing is lost whenever it ends. Whoever judges waits for it.

        Raises:
            StorageError: The disk has not the room that this takes for a while; nothing was
                changed.
            CollectionLocked: Another process is in the middle of a long write.
            KeyboardInterrupt: Ctrl-C came; what is kept is whole all the same.
        """
        with self._connection() as connection:
            names = ("page_count", "freelist_count", "page_size")
            pages, spare, size = (
                int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in names
            )
            if spare >= pages * _SPARE and spare * size >= _SPARE_BYTES:
                self._compact(connection, (pages - spare) * size)
            log = self.path.with_name(self.path.name + "-wal")
            if log.is_file() and log.stat().st_size >= _SPARE_BYTES:
                # Whoever still reads an older state keeps the log as it is until the next time.
                connection.execute("PRAGMA busy_timeout = 0")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                connection.execute(f"PRAGMA busy_timeout = {round(_PATIENCE * 1000)}")

    def _compact(self, connection: sqlite3.Connection, kept: int) -> None:
        """Have SQLite write the ``kept`` bytes anew: to a temporary file and then to the log."""
        if shutil.disk_usage(self.path.parent).free < 2 * kept:
            raise StorageError(f"The disk has too little room to make {self.path} smaller.")
        connection.set_progress_handler(lambda: 0, _STEPS)  # Python looks for ctrl-C when called
        try:
            connection.execute("VACUUM")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise KeyboardInterrupt from error
            raise
        finally:
            connection.set_progress_handler(None, 0)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with storage_errors(self.path):
            with self._guard:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                connection = self._connect()
            try:
                yield connection
            finally:
                with self._guard:
                    self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        if not self.path.is_file():
            raise StorageError(f"There is no database at {self.path}.", "Index a folder first.")
        try:
            connection = self._try_connect(immutable=self._immutable)
        except sqlite3.OperationalError:
            # A folder that cannot be written to has no room for the write-ahead log's index. With
            # no log left behind the file alone is the whole truth, and can be read as it lies.
            log = self.path.with_name(self.path.name + "-wal")
            if self._writable or (log.is_file() and log.stat().st_size):
                raise
            connection = self._try_connect(immutable=True)
            self._immutable = True
        with self._guard:
            self._all.append(connection)
        return connection

    def _try_connect(self, *, immutable: bool) -> sqlite3.Connection:
        uri = self.path.absolute().as_uri() + ("?mode=ro&immutable=1" if immutable else "?mode=rw")
        connection = sqlite3.connect(
            uri, uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(
                f"PRAGMA cache_size = -{_CACHE_WRITING if self._writable else _CACHE}"
            )
            if not self._writable:
                connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection
