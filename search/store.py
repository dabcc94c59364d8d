"""SQLite, the system of record: documents, passages, embeddings, files and failures.

One process writes at a time (`search.collection` holds the lock); readers are never blocked. Every
committed write raises the generation by one. Rows that left the collection are kept, marked with
the generation they died in, until the views no longer show them.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from search.encoders.base import Embeddings
from search.errors import CollectionMismatch, StorageError
from search.models import Document, Passage, Section
from search.schema import APPLICATION_ID, FORMAT, TABLES, Manifest
from search.storage import storage_errors

#: How long a statement waits for another process's write, in seconds.
_PATIENCE = 10.0
#: Most parameters given to one statement.
_PARAMETERS = 500

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of one path.

    Attributes:
        path: The path.
        size: Size in bytes when it was last looked at.
        modified: Modification time then, in nanoseconds since 1970.
        content_hash: Digest of its content, or None if it could not be read.
        document: Row of its document's version, or None if it is none.
        failure: Why it is no document, or None.
    """

    path: Path
    size: int
    modified: int
    content_hash: bytes | None
    document: int | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A passage with what is needed to show it as a hit or to index its words.

    ``document`` is the number users see. ``path`` is None once the document's last file is gone.
    """

    id: int
    document: int
    path: Path | None
    title: str
    kind: str
    start: int
    end: int
    page: int | None
    headings: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A version of a document, with the paths it lies at."""

    key: int
    paths: tuple[Path, ...]
    document: Document
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Sizes of a collection at one generation."""

    files: int
    documents: int
    passages: int
    failures: int


class Store:
    """An open database.

    Args:
        path: The database file.
        writable: Open it for writing; otherwise no statement may change it.

    Raises:
        StorageError: It cannot be opened, or is damaged.
        CollectionMismatch: Its format is newer than this program.
    """

    def __init__(self, path: Path, *, writable: bool = False) -> None:
        self.path = path
        self._writable = writable
        self._immutable = False
        self._idle: deque[sqlite3.Connection] = deque()
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        with self._connection() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > FORMAT:
                self.close()
                raise CollectionMismatch(
                    f"The collection at {path.parent} has format {version}; this Wherein reads "
                    f"formats up to {FORMAT}.",
                    "Upgrade with: pip install --upgrade wherein",
                )
            self.manifest = msgspec.json.decode(self._meta(connection, "manifest"), type=Manifest)

    @classmethod
    def create(cls, path: Path, manifest: Manifest) -> Store:
        """Make a new, empty database and open it for writing.

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
            return int(self._meta(connection, "generation"))

    @property
    def published(self) -> int:
        """The generation that the views on disk are known to show."""
        with self._connection() as connection:
            return int(self._meta(connection, "published"))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reading]:
        """One consistent state of the database, whatever is written meanwhile."""
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
                generation = int(self._meta(connection, "generation")) + 1
                writing = Writing(connection, generation)
                yield writing
                connection.execute(
                    "UPDATE meta SET value = ? WHERE name = 'generation'", (generation,)
                )
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def set_published(self, generation: int) -> None:
        """Note that the views show ``generation``, and drop the rows that died by then."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.execute(
                    "UPDATE meta SET value = ? WHERE name = 'published'", (generation,)
                )
                _purge(connection, generation)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

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
            connection.execute("PRAGMA cache_size = -16384")
            if not self._writable:
                connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _meta(connection: sqlite3.Connection, name: str) -> Any:
        row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0]


class Reading:
    """Questions to one consistent state of the store; made by `Store.reading`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def meta(self, name: str) -> int:
        """The number kept under ``name``: "generation" or "published"."""
        return int(Store._meta(self._connection, name))

    def counts(self) -> Counts:
        """How many files, documents, passages and failures there are now."""
        files, failures = self._connection.execute(
            "SELECT count(document), count(failure) FROM files"
        ).fetchone()
        (documents,) = self._connection.execute(
            "SELECT count(*) FROM documents WHERE died IS NULL"
        ).fetchone()
        (passages,) = self._connection.execute(
            "SELECT count(*) FROM passages JOIN documents ON documents.id = passages.document "
            "WHERE died IS NULL"
        ).fetchone()
        return Counts(files, documents, passages, failures)

    def roots(self) -> list[Path]:
        """The folders and files that were asked to be indexed."""
        rows = self._connection.execute("SELECT path FROM roots ORDER BY path")
        return [_path(path) for (path,) in rows]

    def files(self) -> Iterator[FileRecord]:
        """Every path that is known, in order."""
        rows = self._connection.execute(
            "SELECT path, size, modified, content_hash, document, failure FROM files ORDER BY path"
        )
        for path, *rest in rows:
            yield FileRecord(_path(path), *rest)

    def document_with(self, content_hash: bytes) -> int | None:
        """The row of the living document read from exactly this content, or None."""
        row = self._connection.execute(
            "SELECT id FROM documents WHERE content_hash = ? AND died IS NULL", (content_hash,)
        ).fetchone()
        return None if row is None else int(row[0])

    def sole_key(self, version: int) -> int | None:
        """The number that users see of a document at one path, or None if it lies at several."""
        row = self._connection.execute(
            "SELECT key FROM documents WHERE id = ? AND "
            "(SELECT count(*) FROM files WHERE document = documents.id) = 1",
            (version,),
        ).fetchone()
        return None if row is None else int(row[0])

    def embeddings(self, hashes: Sequence[bytes]) -> dict[bytes, int]:
        """Rows of the embeddings that are there already, by the hash of what was embedded."""
        found: dict[bytes, int] = {}
        for part in _parts(list(dict.fromkeys(hashes))):
            marks = ",".join("?" * len(part))
            found.update(
                self._connection.execute(
                    f"SELECT hash, id FROM embeddings WHERE hash IN ({marks})",
                    part,
                )
            )
        return found

    def passages(self, ids: Sequence[int], generation: int) -> dict[int, PassageRow]:
        """The passages with these numbers that belong to ``generation``, by number."""
        found: dict[int, PassageRow] = {}
        for part in _parts(list(ids)):
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"{_PASSAGE_COLUMNS} WHERE p.id IN ({marks}) AND {_ALIVE}",
                (*part, generation, generation),
            )
            found.update((row.id, row) for row in map(_passage_row, rows))
        return found

    def documents_of(self, ids: Sequence[int], generation: int) -> dict[int, int]:
        """The number that users see of each passage's document, by passage; as `passages`."""
        found: dict[int, int] = {}
        for part in _parts(list(ids)):
            marks = ",".join("?" * len(part))
            found.update(
                self._connection.execute(
                    "SELECT p.id, d.key FROM passages p JOIN documents d ON d.id = p.document "
                    f"WHERE p.id IN ({marks}) AND {_ALIVE}",
                    (*part, generation, generation),
                )
            )
        return found

    def passages_between(self, after: int, until: int) -> Iterator[PassageRow]:
        """Passages alive at generation ``until`` that were not there at ``after``, by number."""
        rows = self._connection.execute(
            f"{_PASSAGE_COLUMNS} WHERE d.born > ? AND {_ALIVE} ORDER BY p.id",
            (after, until, until),
        )
        yield from map(_passage_row, rows)

    def vectors_between(
        self, after: int, until: int, dimension: int, chunk: int = 8192
    ) -> Iterator[tuple[Ids, Embeddings]]:
        """Numbers and embeddings of the passages of `passages_between`, in chunks.

        Yields:
            int64 of shape ``(n,)`` and float32 of shape ``(n, dimension)``, n up to ``chunk``.
        """
        cursor = self._connection.execute(
            "SELECT p.id, e.vector FROM passages p JOIN documents d ON d.id = p.document "
            f"JOIN embeddings e ON e.id = p.embedding WHERE d.born > ? AND {_ALIVE} ORDER BY p.id",
            (after, until, until),
        )
        while rows := cursor.fetchmany(chunk):
            ids = np.array([row[0] for row in rows], dtype=np.int64)
            vectors = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f2")
            yield ids, vectors.reshape(len(rows), dimension).astype(np.float32)

    def removed_between(self, after: int, until: int) -> Ids:
        """Numbers of the passages alive at generation ``after`` that are gone at ``until``."""
        rows = self._connection.execute(
            "SELECT p.id FROM documents d JOIN passages p ON p.document = d.id "
            "WHERE d.born <= ? AND d.died > ? AND d.died <= ? ORDER BY p.id",
            (after, after, until),
        ).fetchall()
        return np.array([row[0] for row in rows], dtype=np.int64)

    def document(self, key: int) -> DocumentRow | None:
        """The living version of the document with the number that users see, or None."""
        row = self._connection.execute(
            "SELECT id, title, kind, text, sections, pages, textless_pages FROM documents "
            "WHERE key = ? AND died IS NULL",
            (key,),
        ).fetchone()
        if row is None:
            return None
        version, title, kind, text, sections, pages, textless = row
        paths = self._connection.execute(
            "SELECT path FROM files WHERE document = ? ORDER BY path", (version,)
        )
        passages = self._connection.execute(
            'SELECT start, "end", headings, page FROM passages WHERE document = ? ORDER BY id',
            (version,),
        )
        return DocumentRow(
            key,
            tuple(_path(path) for (path,) in paths),
            Document(
                title,
                kind,
                text,
                msgspec.json.decode(sections, type=tuple[Section, ...]),
                pages,
                textless,
            ),
            tuple(
                Passage(start, end, tuple(msgspec.json.decode(headings)), page)
                for start, end, headings, page in passages
            ),
        )

    def document_keys(self) -> list[int]:
        """The numbers of all living documents, in order."""
        rows = self._connection.execute("SELECT key FROM documents WHERE died IS NULL ORDER BY key")
        return [int(key) for (key,) in rows]

    def content_hash(self, key: int) -> bytes:
        """The digest of the file that the living document was read from."""
        (digest,) = self._connection.execute(
            "SELECT content_hash FROM documents WHERE key = ? AND died IS NULL", (key,)
        ).fetchone()
        return bytes(digest)


class Writing(Reading):
    """One open transaction; made by `Store.writing`."""

    def __init__(self, connection: sqlite3.Connection, generation: int) -> None:
        super().__init__(connection)
        self.generation = generation

    def add_root(self, path: Path) -> None:
        """Remember that ``path`` was asked to be indexed."""
        self._connection.execute("INSERT OR IGNORE INTO roots VALUES (?)", (_blob(path),))

    def remove_root(self, path: Path) -> None:
        """Forget that ``path`` was asked to be indexed."""
        self._connection.execute("DELETE FROM roots WHERE path = ?", (_blob(path),))

    def add_embeddings(self, hashes: Sequence[bytes], vectors: Embeddings) -> dict[bytes, int]:
        """Keep new embeddings.

        Args:
            hashes: What was embedded, one each.
            vectors: float32, shape ``(len(hashes), dimension)``; kept as float16.

        Returns:
            Their rows by hash.
        """
        halves = np.ascontiguousarray(vectors, dtype="<f2")
        self._connection.executemany(
            "INSERT OR IGNORE INTO embeddings (hash, vector) VALUES (?, ?)",
            [(digest, half.tobytes()) for digest, half in zip(hashes, halves, strict=True)],
        )
        return self.embeddings(hashes)

    def add_document(
        self,
        document: Document,
        content_hash: bytes,
        passages: Sequence[Passage],
        embeddings: Sequence[int],
        key: int | None = None,
    ) -> int:
        """Add a document with all of its passages.

        Args:
            document: The document.
            content_hash: Digest of the file it was read from.
            passages: Its passages.
            embeddings: The row of each passage's embedding.
            key: The number that users see, if it replaces an earlier version.

        Returns:
            The row of this version.
        """
        cursor = self._connection.execute(
            "INSERT INTO documents (key, content_hash, title, kind, text, sections, pages, "
            "textless_pages, born) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key or 0,
                content_hash,
                document.title,
                document.kind,
                document.text,
                msgspec.json.encode(document.sections),
                document.pages,
                document.textless_pages,
                self.generation,
            ),
        )
        version = int(cursor.lastrowid or 0)
        if key is None:
            self._connection.execute("UPDATE documents SET key = id WHERE id = ?", (version,))
        self._connection.executemany(
            'INSERT INTO passages (document, start, "end", page, headings, text, embedding) '
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    version,
                    p.start,
                    p.end,
                    p.page,
                    msgspec.json.encode(p.headings).decode(),
                    document.text[p.start : p.end],
                    row,
                )
                for p, row in zip(passages, embeddings, strict=True)
            ],
        )
        return version

    def put_file(self, record: FileRecord) -> None:
        """Keep what is known of a path, in place of what was known before.

        The document it was before dies if no other path holds it.
        """
        path = _blob(record.path)
        before = self._connection.execute(
            "SELECT document FROM files WHERE path = ?", (path,)
        ).fetchone()
        self._connection.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
            (
                path,
                record.size,
                record.modified,
                record.content_hash,
                record.document,
                record.failure,
            ),
        )
        if before and before[0] is not None and before[0] != record.document:
            self._let_die(before[0])

    def remove_file(self, path: Path) -> bool:
        """Forget a path; its document dies if no other path holds it.

        Returns:
            Whether a document died.
        """
        blob = _blob(path)
        row = self._connection.execute(
            "SELECT document FROM files WHERE path = ?", (blob,)
        ).fetchone()
        self._connection.execute("DELETE FROM files WHERE path = ?", (blob,))
        return bool(row and row[0] is not None and self._let_die(row[0]))

    def _let_die(self, version: int) -> bool:
        cursor = self._connection.execute(
            "UPDATE documents SET died = ? WHERE id = ? AND died IS NULL "
            "AND NOT EXISTS (SELECT 1 FROM files WHERE document = documents.id)",
            (self.generation, version),
        )
        return cursor.rowcount > 0


_ALIVE = "d.born <= ? AND (d.died IS NULL OR d.died > ?)"
#: The lowest path stands for a document that lies at several. The path is
#: that of the living version, so a version just replaced still has one, and a removed one has none.
_PASSAGE_COLUMNS = (
    "SELECT p.id, d.key, (SELECT min(f.path) FROM files f JOIN documents v ON v.id = f.document "
    "WHERE v.key = d.key), d.title, d.kind, "
    'p.start, p."end", p.page, p.headings, p.text '
    "FROM passages p JOIN documents d ON d.id = p.document"
)


def _passage_row(row: tuple[Any, ...]) -> PassageRow:
    passage, key, path, title, kind, start, end, page, headings, text = row
    return PassageRow(
        passage,
        key,
        None if path is None else _path(path),
        title,
        kind,
        start,
        end,
        page,
        tuple(msgspec.json.decode(headings)),
        text,
    )


def _purge(connection: sqlite3.Connection, generation: int) -> None:
    dead = "SELECT id FROM documents WHERE died <= ?"
    orphans = connection.execute(
        f"SELECT DISTINCT embedding FROM passages WHERE document IN ({dead})",
        (generation,),
    ).fetchall()
    if not orphans and not connection.execute(dead + " LIMIT 1", (generation,)).fetchone():
        return
    connection.execute(f"DELETE FROM passages WHERE document IN ({dead})", (generation,))
    connection.execute("DELETE FROM documents WHERE died <= ?", (generation,))
    connection.executemany(
        "DELETE FROM embeddings WHERE id = ? "
        "AND NOT EXISTS (SELECT 1 FROM passages WHERE embedding = embeddings.id)",
        orphans,
    )


def _parts(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _PARAMETERS):
        yield items[start : start + _PARAMETERS]


def _blob(path: Path) -> bytes:
    return os.fsencode(path)


def _path(blob: bytes) -> Path:
    return Path(os.fsdecode(blob))
