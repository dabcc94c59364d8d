"""Putting the rows of a database in order again; see `search.mending`."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from search.distrust import fresh_objects, number_of, objects
from search.inspection import DIGEST_BYTES, rules_readable
from search.invariants import Fault, Invariant
from search.models import Section
from search.salvage import valid
from search.sameness import fingerprint
from search.schema import APPLICATION_ID, FORMAT

#: What is done about each invariant that rows can break.
_DONE = {
    Invariant.MARK: "set",
    Invariant.OBJECTS: "made anew, or dropped",
    Invariant.NUMBERS: "set to the latest that any row names",
    Invariant.ROOT: "set to the usual rules",
    Invariant.DOCUMENT_HASH: "to be read again",
    Invariant.DOCUMENT_TEXT: "unreadable bytes replaced, to be read again",
    Invariant.SECTIONS: "taken as one section, to be read again",
    Invariant.VERSIONS: "kept as documents of their own",
    Invariant.UNREACHABLE: "dropped",
    Invariant.FILE_DOCUMENT: "document taken up again if it is still there, else file forgotten",
    Invariant.FILE_HASH: "to be read again",
    Invariant.CONTAINER: "the file around them noted, to be read again",
    Invariant.PASSAGE_DOCUMENT: "dropped",
    Invariant.SPAN: "dropped, their documents to be read again",
    Invariant.PASSAGE_TEXT: "copied anew from the document",
    Invariant.HEADINGS: "left without, their documents to be read again",
    Invariant.FINGERPRINT: "reckoned anew",
    Invariant.PASSAGE_EMBEDDING: "dropped, their documents to be read again",
    Invariant.VECTOR: "dropped with their passages, the documents to be read again",
    Invariant.UNUSED: "dropped",
    Invariant.JUDGEMENT: "dropped",
}
#: The digest of no file, so that the file's content is not taken for known.
_NO_DIGEST = bytes(DIGEST_BYTES)

_Rows = dict[Invariant, list[int]]


def mend_rows(connection: sqlite3.Connection, found: Iterable[Fault]) -> list[str]:
    """Mend the faults ``found``, in the connection's open transaction.

    The generation rises by one if anything was wrong. What is to be read again is marked.

    Args:
        connection: As `distrusting` opens it for writing.
        found: As `search.inspection.faults` gives them; those of views are left alone.

    Returns:
        What was done, sentences.
    """
    rows: _Rows = defaultdict(list)
    for fault in found:
        if fault.invariant in _DONE:
            rows[fault.invariant].append(fault.row)
    if not rows:
        return []
    connection.execute("PRAGMA defer_foreign_keys = ON")
    if Invariant.OBJECTS in rows:
        _declare_anew(connection)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    incomplete = _incomplete(connection, rows)
    if Invariant.ROOT in rows:
        _mend_rules(connection)
    _mend_documents(connection, rows)
    _mend_passages(connection, rows)
    _mend_files(connection, rows)
    _mark(connection, incomplete)
    _drop_orphans(connection, rows)
    _mend_numbers(connection)
    done = [
        f"{kind.what.capitalize()}: {len(rows[kind]):,}, {_DONE[kind]}."
        for kind in Invariant
        if rows.get(kind)
    ]
    return done + _to_be_read(connection, incomplete)


def _declare_anew(connection: sqlite3.Connection) -> None:
    fresh, found = fresh_objects(), objects(connection)
    for kind, name in found.keys() - fresh.keys():
        quoted = name.replace('"', '""')
        connection.execute(f'DROP {kind} IF EXISTS "{quoted}"')
    for kind, name in fresh.keys() - found.keys():
        connection.execute(fresh[kind, name])


def _incomplete(connection: sqlite3.Connection, rows: _Rows) -> set[int]:
    """Versions of documents of which something is lost."""
    found = {
        row
        for kind in (Invariant.DOCUMENT_HASH, Invariant.DOCUMENT_TEXT, Invariant.SECTIONS)
        for row in rows[kind]
    }
    for kind in (Invariant.SPAN, Invariant.HEADINGS, Invariant.PASSAGE_EMBEDDING):
        for row in rows[kind]:
            found.update(
                _first_column(connection, "SELECT document FROM passages WHERE id = ?", row)
            )
    for row in rows[Invariant.VECTOR]:
        statement = "SELECT document FROM passages WHERE embedding = ?"
        found.update(_first_column(connection, statement, row))
    return found


def _mend_rules(connection: sqlite3.Connection) -> None:
    for path, rules in connection.execute("SELECT path, rules FROM roots").fetchall():
        if not rules_readable(rules):
            connection.execute("UPDATE roots SET rules = x'7b7d' WHERE path = ?", (path,))


def _mend_documents(connection: sqlite3.Connection, rows: _Rows) -> None:
    for row in rows[Invariant.DOCUMENT_TEXT]:
        text, title = connection.execute(
            "SELECT text, title FROM documents WHERE id = ?", (row,)
        ).fetchone()
        connection.execute(
            "UPDATE documents SET text = ?, title = ? WHERE id = ?",
            (valid(text), valid(title), row),
        )
        rows[Invariant.PASSAGE_TEXT] += _first_column(
            connection, "SELECT id FROM passages WHERE document = ?", row
        )
    for row in rows[Invariant.SECTIONS]:
        (text,) = connection.execute("SELECT text FROM documents WHERE id = ?", (row,)).fetchone()
        whole = msgspec.json.encode((Section(0, 0, len(text)),))
        connection.execute("UPDATE documents SET sections = ? WHERE id = ?", (whole, row))
    connection.executemany(
        "UPDATE documents SET key = id WHERE id = ?", [(row,) for row in rows[Invariant.VERSIONS]]
    )


def _mend_passages(connection: sqlite3.Connection, rows: _Rows) -> None:
    gone = [
        (row,)
        for kind in (Invariant.PASSAGE_DOCUMENT, Invariant.SPAN, Invariant.PASSAGE_EMBEDDING)
        for row in rows[kind]
    ]
    connection.executemany("DELETE FROM passages WHERE id = ?", gone)
    bad = [(row,) for row in rows[Invariant.VECTOR]]
    connection.executemany("DELETE FROM passages WHERE embedding = ?", bad)
    connection.executemany("DELETE FROM embeddings WHERE id = ?", bad)
    connection.executemany(
        "UPDATE passages SET headings = '[]' WHERE id = ?",
        [(row,) for row in rows[Invariant.HEADINGS]],
    )
    _copy_text(connection, [*rows[Invariant.PASSAGE_TEXT], *rows[Invariant.FINGERPRINT]])


def _copy_text(connection: sqlite3.Connection, passages: list[int]) -> None:
    """Copy the text of some passages anew from their documents, each of which is fetched once."""
    spans: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for row in passages:
        found = connection.execute(
            'SELECT document, start, "end" FROM passages WHERE id = ?', (row,)
        ).fetchone()
        if found is not None:  # dropped meanwhile, for another fault
            spans[found[0]].append((row, *found[1:]))
    for version, places in spans.items():
        (text,) = _first_column(connection, "SELECT text FROM documents WHERE id = ?", version)
        connection.executemany(
            "UPDATE passages SET text = ?, fingerprint = ? WHERE id = ?",
            [(text[start:end], fingerprint(text[start:end]), row) for row, start, end in places],
        )


def _mend_files(connection: sqlite3.Connection, rows: _Rows) -> None:
    if rows[Invariant.FILE_DOCUMENT]:
        connection.execute(
            "UPDATE documents SET died = NULL WHERE died IS NOT NULL "
            "AND id IN (SELECT document FROM files) AND NOT EXISTS "
            "(SELECT 1 FROM documents o WHERE o.key = documents.key AND o.died IS NULL)"
        )
        connection.execute(
            "DELETE FROM files WHERE document IS NOT NULL "
            "AND document NOT IN (SELECT id FROM documents WHERE died IS NULL)"
        )
    connection.executemany(
        "UPDATE files SET size = -1, modified = -1, content_hash = NULL WHERE rowid = ?",
        [(row,) for row in rows[Invariant.FILE_HASH]],
    )
    around = set()
    for row in rows[Invariant.CONTAINER]:
        for path in _first_column(connection, "SELECT path FROM files WHERE rowid = ?", row):
            around.add(path.partition(b"\0")[0])
    connection.executemany(
        "INSERT OR IGNORE INTO files (path, size, modified) VALUES (?, -1, -1)",
        [(path,) for path in around],
    )


def _mark(connection: sqlite3.Connection, versions: Collection[int]) -> None:
    """Make the files of some documents look changed, and those that they lie in."""
    for version in versions:
        connection.execute(
            "UPDATE documents SET content_hash = ? WHERE id = ?", (_NO_DIGEST, version)
        )
        paths = _paths(connection, version)
        for path in {*paths, *(path.partition(b"\0")[0] for path in paths)}:
            connection.execute(
                "UPDATE files SET size = -1, modified = -1, content_hash = NULL WHERE path = ?",
                (path,),
            )


def _drop_orphans(connection: sqlite3.Connection, rows: _Rows) -> None:
    connection.executemany(
        "DELETE FROM judgements WHERE id = ?", [(row,) for row in rows[Invariant.JUDGEMENT]]
    )
    if rows[Invariant.UNREACHABLE]:
        # Those that a file taken up again leads to are no longer alone.
        connection.executemany(
            "UPDATE documents SET died = born WHERE id = ? "
            "AND NOT EXISTS (SELECT 1 FROM files WHERE document = documents.id)",
            [(row,) for row in rows[Invariant.UNREACHABLE]],
        )
        connection.execute(
            "DELETE FROM passages WHERE document IN (SELECT id FROM documents WHERE died <= born)"
        )
        connection.execute("DELETE FROM documents WHERE died <= born")
    connection.execute(
        "DELETE FROM embeddings WHERE NOT EXISTS "
        "(SELECT 1 FROM passages WHERE embedding = embeddings.id)"
    )


def _mend_numbers(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE documents SET born = 1 WHERE born < 1")
    connection.execute("UPDATE documents SET died = born WHERE died < born")
    (latest,) = connection.execute(
        "SELECT coalesce(max(max(born, coalesce(died, 0))), 0) FROM documents"
    ).fetchone()
    generation = max(latest, number_of(connection, "generation"), 0)
    published = min(max(number_of(connection, "published"), 0), generation)
    connection.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        [("generation", generation + 1), ("published", published)],
    )


def _to_be_read(connection: sqlite3.Connection, versions: Collection[int]) -> list[str]:
    """What becomes of incomplete documents, sentences."""
    if not versions:
        return []
    said = [
        f"Run `wherein index` to have the files of {len(versions):,} incomplete "
        f"{'document' if len(versions) == 1 else 'documents'} read again."
    ]
    gone = [
        path
        for version in sorted(versions)
        for path in _paths(connection, version)
        if not os.path.lexists(path.partition(b"\0")[0])
    ]
    if gone:
        example = gone[0].replace(b"\0", b"/").decode("utf-8", "replace")
        said.append(
            f"{len(gone):,} of these files are no longer there, such as {example}; `wherein index` "
            "would take their documents out. To keep what is stored of them, run `wherein reindex` "
            "and nothing else: it splits and embeds the stored text anew."
        )
    return said


def _paths(connection: sqlite3.Connection, version: int) -> list[bytes]:
    return _first_column(connection, "SELECT path FROM files WHERE document = ?", version)


def _first_column(connection: sqlite3.Connection, statement: str, value: object) -> list[Any]:
    return [first for (first,) in connection.execute(statement, (value,))]
