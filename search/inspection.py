"""What must hold of a collection's database, and which rows break it.

Everything is read in one transaction and row by row, so that a collection of any size is gone
through in the memory that its longest document takes.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from search.distrust import damage, fresh_objects, manifest_of, number_of, objects
from search.invariants import Fault, Invariant
from search.models import Section
from search.rows import RELEVANCE_MOST, digest_of
from search.salvage import valid
from search.sameness import fingerprint
from search.schema import APPLICATION_ID, FORMAT, TABLES, WalkRules

#: Bytes of a SHA-256 digest.
DIGEST_BYTES = 32

#: How many embeddings are looked at together.
_CHUNK = 4096
#: How far from 1 the length of a vector may be; rounding to 16 bits changes it by less than 0.001.
_TOLERANCE = 0.01
_TABLES = ("meta", "roots", "documents", "files", "embeddings", "passages", "judgements")


def faults(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Every fault of a database, but for the views made from it.

    Where SQLite itself finds damage, or tables are not what they should be, that is all that is
    said: nothing that is read from it could be relied upon.

    Args:
        connection: As `search.distrust.distrusting` opens it, in a transaction.
    """
    serious = False
    for fault in itertools.chain(_damage(connection), _declared(connection)):
        serious |= fault.invariant in (Invariant.DATABASE, Invariant.TABLES)
        yield fault
    if serious:
        return
    manifest = manifest_of(connection)
    if manifest is None:
        yield Fault(Invariant.TABLES, 0, "the collection's manifest cannot be read")
        return
    yield from _numbers(connection)
    yield from _references(connection)
    yield from _roots_and_files(connection)
    yield from _documents(connection)
    yield from _vectors(connection, manifest.encoder.dimension)
    yield from _judgements(connection)


def _damage(connection: sqlite3.Connection) -> Iterator[Fault]:
    try:
        for line in damage(connection):
            yield Fault(Invariant.DATABASE, 0, " ".join(line.split()))
    except sqlite3.DatabaseError as error:
        yield Fault(Invariant.DATABASE, 0, str(error))


def _declared(connection: sqlite3.Connection) -> Iterator[Fault]:
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    if mark != APPLICATION_ID:
        yield Fault(Invariant.MARK, 0, f"the application id is {mark}")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != FORMAT:
        yield Fault(Invariant.MARK, 0, f"the format's number is {version}")
    fresh, found = fresh_objects(), objects(connection)
    for kind, name in sorted(fresh.keys() ^ found.keys()):
        invariant = Invariant.TABLES if kind == "table" else Invariant.OBJECTS
        state = "is missing" if (kind, name) in fresh else "is foreign"
        yield Fault(invariant, 0, f"the {kind} {name} {state}")
    with contextlib.closing(sqlite3.connect(":memory:")) as new:
        new.executescript(TABLES)
        for table in _TABLES:
            # Tables that were brought up from an older format have the same columns in other words.
            if ("table", table) in found and _shape(connection, table) != _shape(new, table):
                yield Fault(Invariant.TABLES, 0, f"the table {table} has other columns")


def _shape(connection: sqlite3.Connection, table: str) -> list[Any]:
    return connection.execute(
        'SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?)', (table,)
    ).fetchall()


def _numbers(connection: sqlite3.Connection) -> Iterator[Fault]:
    generation = number_of(connection, "generation")
    published = number_of(connection, "published")
    if not 0 <= published <= generation:
        example = f"published is {published}, the last write {generation}"
        yield Fault(Invariant.NUMBERS, 0, example)
    rows = connection.execute(
        "SELECT id, born, died FROM documents "
        "WHERE born < 1 OR born > ?1 OR died > ?1 OR died < born",
        (generation,),
    )
    for row, born, died in rows:
        example = f"version {row} lived from {born} to {'now' if died is None else died}"
        yield Fault(Invariant.NUMBERS, row, example)


def _references(connection: sqlite3.Connection) -> Iterator[Fault]:
    leads = {
        ("files", "documents"): (Invariant.FILE_DOCUMENT, "file"),
        ("passages", "documents"): (Invariant.PASSAGE_DOCUMENT, "passage"),
        ("passages", "embeddings"): (Invariant.PASSAGE_EMBEDDING, "passage"),
    }
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        invariant, noun = leads[table, parent]
        yield Fault(invariant, row, f"{noun} {row}")
    removed = connection.execute(
        "SELECT f.rowid, f.path FROM files f JOIN documents d ON d.id = f.document "
        "WHERE d.died IS NOT NULL"
    )
    for row, path in removed:
        yield Fault(Invariant.FILE_DOCUMENT, row, _shown(path))
    alone = connection.execute(
        "SELECT id, key, title FROM documents d WHERE died IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM files f WHERE f.document = d.id)"
    )
    for row, key, title in alone:
        yield Fault(Invariant.UNREACHABLE, row, f"document {key}, {title!r}")
    several = connection.execute(
        "SELECT id, key FROM documents d WHERE died IS NULL AND EXISTS "
        "(SELECT 1 FROM documents o WHERE o.key = d.key AND o.died IS NULL AND o.id < d.id)"
    )
    for row, key in several:
        yield Fault(Invariant.VERSIONS, row, f"document {key}")
    unused = connection.execute(
        "SELECT id FROM embeddings e "
        "WHERE NOT EXISTS (SELECT 1 FROM passages p WHERE p.embedding = e.id)"
    )
    for (row,) in unused:
        yield Fault(Invariant.UNUSED, row, f"embedding {row}")


def _roots_and_files(connection: sqlite3.Connection) -> Iterator[Fault]:
    for path, rules in connection.execute("SELECT path, rules FROM roots"):
        if not rules_readable(rules):
            yield Fault(Invariant.ROOT, 0, _shown(path))
    rows = connection.execute(
        "SELECT rowid, path FROM files WHERE length(content_hash) != ?", (DIGEST_BYTES,)
    )
    for row, path in rows:
        yield Fault(Invariant.FILE_HASH, row, _shown(path))
    rows = connection.execute(
        "SELECT rowid, path FROM files f WHERE instr(path, x'00') AND NOT EXISTS "
        "(SELECT 1 FROM files o WHERE o.path = substr(f.path, 1, instr(f.path, x'00') - 1))"
    )
    for row, path in rows:
        yield Fault(Invariant.CONTAINER, row, _shown(path))


def _documents(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Faults of documents and of their passages, which are read beside them in the same order."""
    passages = itertools.groupby(
        connection.execute(
            'SELECT document, id, start, "end", headings, text, fingerprint FROM passages '
            "ORDER BY document, id"
        ),
        key=lambda row: row[0],
    )
    at, rows = next(passages, (None, iter(())))
    documents = connection.execute(
        "SELECT id, key, content_hash, title, text, sections FROM documents ORDER BY id"
    )
    for version, key, content_hash, title, text, sections in documents:
        example = f"document {key}"
        if len(content_hash) != DIGEST_BYTES:
            yield Fault(Invariant.DOCUMENT_HASH, version, example)
        if not (_encodable(text) and _encodable(title)):
            yield Fault(Invariant.DOCUMENT_TEXT, version, example)
        if not _in_order(sections, len(text)):
            yield Fault(Invariant.SECTIONS, version, example)
        while at is not None and at < version:  # passages of documents that are missing
            at, rows = next(passages, (None, iter(())))
        if at == version:
            for row in rows:
                yield from _passage(text, example, *row[1:])


def _passage(
    whole: str, where: str, row: int, start: int, end: int, headings: str, text: str, mark: Any
) -> Iterator[Fault]:
    example = f"passage {row} of {where}"
    if not 0 <= start < end <= len(whole):
        yield Fault(Invariant.SPAN, row, example)
    elif text != whole[start:end]:
        yield Fault(Invariant.PASSAGE_TEXT, row, example)
    elif mark is not None and mark != fingerprint(text):
        yield Fault(Invariant.FINGERPRINT, row, example)
    try:
        msgspec.json.decode(headings, type=tuple[str, ...])
    except (msgspec.MsgspecError, UnicodeError):
        yield Fault(Invariant.HEADINGS, row, example)


def _vectors(connection: sqlite3.Connection, dimension: int) -> Iterator[Fault]:
    cursor = connection.execute("SELECT id, vector FROM embeddings ORDER BY id")
    while rows := cursor.fetchmany(_CHUNK):
        bad = {row for row, vector in rows if len(vector) != 2 * dimension}
        ids = [row for row, _ in rows if row not in bad]
        halves = b"".join(vector for row, vector in rows if row not in bad)
        with np.errstate(invalid="ignore", over="ignore"):
            vectors = np.frombuffer(halves, dtype="<f2").reshape(len(ids), dimension)
            lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
        # The comparison is false for what is not a number, too.
        bad.update(np.array(ids, np.int64)[~(np.abs(lengths - 1.0) <= _TOLERANCE)].tolist())
        for row in sorted(bad):
            yield Fault(Invariant.VECTOR, row, f"embedding {row}")


def rules_readable(blob: bytes) -> bool:
    """Whether the rules of a root can be read."""
    try:
        msgspec.json.decode(blob, type=WalkRules)
    except (msgspec.MsgspecError, UnicodeError):
        return False
    return True


def _in_order(blob: bytes, length: int) -> bool:
    """Whether sections can be read, and lie one after the other within a text of ``length``."""
    try:
        sections = msgspec.json.decode(blob, type=tuple[Section, ...])
    except (msgspec.MsgspecError, UnicodeError):
        return False
    end = 0
    for section in sections:
        if not end <= section.start <= section.body <= section.end <= length:
            return False
        end = section.end
    return True


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: bytes) -> str:
    return path.replace(b"\0", b"/").decode("utf-8", "replace")


def _judgements(connection: sqlite3.Connection) -> Iterator[Fault]:
    rows = connection.execute(
        'SELECT id, query, passage, text, start, "end", relevance FROM judgements'
    )
    for row, query, passage, text, start, end, relevance in rows:
        sound = (
            query == valid(query)
            and text == valid(text)
            and passage == digest_of(text)
            and 0 <= start < end
            and 0 <= relevance <= RELEVANCE_MOST
        )
        if not sound:
            yield Fault(Invariant.JUDGEMENT, row, f"judgement {row}")
