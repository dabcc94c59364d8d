"""A collection's database opened as it lies, trusting nothing that it holds.

`search.store` opens databases that are in order; this is for those that may be damaged, or come
from somebody else.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from search.schema import TABLES, Manifest
from search.storage import storage_errors

#: How long a statement waits for another process's write, in seconds.
_PATIENCE = 10.0


@contextlib.contextmanager
def distrusting(path: Path, *, writable: bool = False) -> Iterator[sqlite3.Connection]:
    """Open a database without trusting what it holds, and without enforcing references.

    Text that is not valid UTF-8 arrives with surrogates in place of the bytes at fault.

    Args:
        path: The database file.
        writable: Open it for writing; otherwise no statement may change it.

    Yields:
        The connection, which begins no transaction by itself; closed when the block ends.

    Raises:
        StorageError: It cannot be opened, or turns out too damaged for what is asked of it.
        CollectionLocked: Another process holds it.
    """
    with storage_errors(path), contextlib.closing(_connect(path, writable)) as connection:
        yield connection


def read_only_address(path: Path) -> str:
    """The URI under which SQLite opens ``path`` for reading, wherever it lies.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    log = path.with_name(path.name + "-wal")
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # A folder that cannot be written to has no room for the log's index; see `search.store`.
        if log.is_file() and log.stat().st_size:
            raise
        return f"{uri}&immutable=1"
    return uri


def _connect(path: Path, writable: bool) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw" if writable else read_only_address(path)
    connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
    connection.text_factory = _lenient
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    if not writable:
        connection.execute("PRAGMA query_only = ON")
    return connection


def _lenient(blob: bytes) -> str:
    return blob.decode("utf-8", "surrogateescape")


def columns_of(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """Names of the columns of one of our tables, in order."""
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return tuple(name for (name,) in rows)


def objects(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """What the database declares, but for what SQLite itself adds: SQL by type and name."""
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    return {(kind, name): sql or "" for kind, name, sql in rows}


def fresh_objects() -> dict[tuple[str, str], str]:
    """What a new database of this format declares, as `objects`."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(TABLES)
        return objects(connection)


def manifest_of(connection: sqlite3.Connection) -> Manifest | None:
    """What the collection was made with, or None if that cannot be read."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'manifest'").fetchone()
    try:
        return msgspec.json.decode(row[0], type=Manifest) if row else None
    except (msgspec.MsgspecError, TypeError, UnicodeError):
        return None


def number_of(connection: sqlite3.Connection, name: str) -> int:
    """The number called ``name`` in the table ``meta``, or -1 if it is missing or none."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return row[0] if row and isinstance(row[0], int) else -1


def damage(connection: sqlite3.Connection) -> list[str]:
    """What SQLite's own check complains of."""
    rows = connection.execute("PRAGMA integrity_check").fetchall()
    return [line for (line,) in rows if line != "ok"]
