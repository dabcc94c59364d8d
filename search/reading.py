"""Questions to the store: every statement that reads stands here."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from search.encoders.base import Embeddings
from search.models import Document, Passage, Section
from search.rows import Counts, DocumentRow, FileRecord, PassageRow

Ids = npt.NDArray[np.int64]

#: Most parameters given to one statement.
_PARAMETERS = 500

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
        None if path is None else path_of(path),
        title,
        kind,
        start,
        end,
        page,
        tuple(msgspec.json.decode(headings)),
        text,
    )


class Reading:
    """Questions to one consistent state of the store; made by `Store.reading`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def meta(self, name: str) -> int:
        """The number kept under ``name``: "generation" or "published"."""
        return int(meta(self._connection, name))

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
        return [path_of(path) for (path,) in rows]

    def files(self) -> Iterator[FileRecord]:
        """Every path that is known, in order."""
        rows = self._connection.execute(
            "SELECT path, size, modified, content_hash, document, failure FROM files ORDER BY path"
        )
        for path, *rest in rows:
            yield FileRecord(path_of(path), *rest)

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
            "SELECT id, content_hash, title, kind, text, sections, pages, textless_pages "
            "FROM documents "
            "WHERE key = ? AND died IS NULL",
            (key,),
        ).fetchone()
        if row is None:
            return None
        version, content_hash, title, kind, text, sections, pages, textless = row
        paths = self._connection.execute(
            "SELECT path FROM files WHERE document = ? ORDER BY path", (version,)
        )
        passages = self._connection.execute(
            'SELECT start, "end", headings, page FROM passages WHERE document = ? ORDER BY id',
            (version,),
        )
        return DocumentRow(
            key,
            tuple(path_of(path) for (path,) in paths),
            content_hash,
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


def meta(connection: sqlite3.Connection, name: str) -> Any:
    """What the store keeps under ``name``: "generation", "published" or "manifest"."""
    return connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]


def path_of(blob: bytes) -> Path:
    """A path from the bytes it is kept as; the system's own, so that any name survives."""
    return Path(os.fsdecode(blob))


def _parts(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _PARAMETERS):
        yield items[start : start + _PARAMETERS]
