"""Reading what can be read of a database that SQLite finds damaged."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

from search.distrust import columns_of, number_of

#: So many rows in a row that cannot be read, and the rest of a table is given up.
_GIVE_UP = 100_000
#: In the order in which they refer to one another.
_TABLES = ("embeddings", "documents", "passages", "files", "judgements")


def copy_readable(
    damaged: sqlite3.Connection, target: sqlite3.Connection
) -> dict[str, tuple[int, int]]:
    """Copy all living rows that can be read from a damaged database into a new one.

    What refers to rows that could not be read is copied too; see `search.row_mending`.

    Args:
        damaged: As `search.distrust.distrusting` opens it.
        target: A new database of the same format, in a transaction.

    Returns:
        How many rows of each table were copied, and in how many places some could not be.
    """
    counts = {}
    for table in _TABLES:
        columns = ",".join(f'"{name}"' for name in columns_of(target, table))
        marks = ",".join("?" * len(columns_of(target, table)))
        put = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608  # our own names
        copied = lost = 0
        for row in _rows(damaged, table, columns):
            try:
                if row is not None:
                    target.execute(put, [valid(value) for value in row])
                copied, lost = copied + (row is not None), lost + (row is None)
            except sqlite3.IntegrityError:  # of another type, or not unique where it must be
                lost += 1
        counts[table] = copied, lost
    for table in ("roots", "sqlite_sequence"):
        _copy_small(damaged, target, table)
    generations = [0, _number(damaged, "generation"), _number(damaged, "published")]
    rows = target.execute("SELECT max(born), max(died) FROM documents").fetchone()
    latest = max(generations + [number for number in rows if number is not None])
    target.execute("UPDATE meta SET value = ? WHERE name = 'generation'", (latest,))
    return counts


def valid(value: Any) -> Any:
    """``value``; if text, with a replacement character for each byte that was not UTF-8."""
    if not isinstance(value, str) or value.isascii():
        return value
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in value)


def _rows(connection: sqlite3.Connection, table: str, columns: str) -> Iterator[Any]:
    """Rows of a table by number, each read for itself; None once a stretch that cannot be read."""
    statement = (
        f"SELECT rowid, {columns} FROM {table} "  # noqa: S608  # our own names
        "WHERE rowid > ? ORDER BY rowid LIMIT 1"
    )
    last, failures = 0, 0
    while failures < _GIVE_UP:
        try:
            row = connection.execute(statement, (last,)).fetchone()
            if row is None:
                return
        except sqlite3.DatabaseError:
            row = None
        if row is None or row[0] <= last:
            if not failures:
                yield None
            failures, last = failures + 1, last + 1
        else:
            failures, last = 0, row[0]
            yield row[1:]


def _copy_small(damaged: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    """Copy a table of a few rows, or what can be read of it."""
    put = f"INSERT OR REPLACE INTO {table} VALUES (?, ?)"  # noqa: S608  # our own names
    with contextlib.suppress(sqlite3.DatabaseError):
        if table == "sqlite_sequence":
            target.execute("DELETE FROM sqlite_sequence")
        for row in damaged.execute(f"SELECT * FROM {table}"):  # noqa: S608  # our own names
            target.execute(put, row)


def _number(connection: sqlite3.Connection, name: str) -> int:
    try:
        return number_of(connection, name)
    except sqlite3.DatabaseError:
        return 0
