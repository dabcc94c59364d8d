"""Changes to the store: every statement that writes stands here."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec
import numpy as np

from search.encoders.base import Embeddings
from search.models import Document, Passage
from search.reading import Reading, key_of, path_of
from search.rows import FileRecord, Judgement
from search.sameness import fingerprint
from search.schema import WalkRules


class Writing(Reading):
    """One open transaction; made by `Store.writing`."""

    def __init__(self, connection: sqlite3.Connection, generation: int) -> None:
        super().__init__(connection)
        self.generation = generation
        # Documents that a path no longer holds; another one may by the end.
        self._left: set[int] = set()
        # What the files of the documents that were touched were called before.
        self._named: dict[int, set[str]] = {}

    def put_root(self, path: Path, rules: WalkRules) -> None:
        """Remember that ``path`` was asked to be indexed, and by what rules."""
        self._connection.execute(
            "INSERT OR REPLACE INTO roots VALUES (?, ?)", (key_of(path), msgspec.json.encode(rules))
        )

    def remove_root(self, path: Path) -> None:
        """Forget that ``path`` was asked to be indexed."""
        self._connection.execute("DELETE FROM roots WHERE path = ?", (key_of(path),))

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
            "textless_pages, born, author, date, language) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                document.author,
                document.date,
                document.language,
            ),
        )
        version = int(cursor.lastrowid or 0)
        if key is None:
            self._connection.execute("UPDATE documents SET key = id WHERE id = ?", (version,))
        self._connection.executemany(
            'INSERT INTO passages (document, start, "end", page, headings, text, embedding, '
            "place, fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    version,
                    p.start,
                    p.end,
                    p.page,
                    msgspec.json.encode(p.headings).decode(),
                    document.text[p.start : p.end],
                    row,
                    p.place,
                    fingerprint(document.text[p.start : p.end]),
                )
                for p, row in zip(passages, embeddings, strict=True)
            ],
        )
        return version

    def put_file(self, record: FileRecord) -> None:
        """Keep what is known of a path, in place of what was known before.

        The document it was before dies if no path holds it once all is written.
        """
        path = key_of(record.path, record.member)
        before = self._connection.execute(
            "SELECT document FROM files WHERE path = ?", (path,)
        ).fetchone()
        self._note_names(before[0] if before else None)
        self._note_names(record.document)
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
            self._left.add(before[0])

    def put_judgement(self, judgement: Judgement) -> None:
        """Keep a judgement, in place of an earlier one of the same query and passage."""
        j = judgement
        self._connection.execute(
            'INSERT OR REPLACE INTO judgements (query, document, passage, text, start, "end", '
            "relevance, judged) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (j.query, j.document, j.passage, j.text, j.start, j.end, j.relevance, j.judged),
        )

    def remove_judgement(self, query: str, document: int, passage: bytes) -> None:
        """Forget a judgement, if there is one.

        Args:
            query: The query it is about.
            document: Number of the document that users see.
            passage: Digest of the passage's text.
        """
        self._connection.execute(
            "DELETE FROM judgements WHERE query = ? AND document = ? AND passage = ?",
            (query, document, passage),
        )

    def settle(self) -> None:
        """Let documents die that no path holds, and be born anew where names changed.

        To be called last.
        """
        for version in self._left:
            self._let_die(version)
        for version, before in self._named.items():
            if self._names(version) not in (before, set()):
                self._renew(version)

    def remove_file(self, path: Path) -> int:
        """Forget a file and all that lies in it; documents die that no other path holds.

        Returns:
            How many documents died.
        """
        key = key_of(path)
        died = self._forget(key)
        return died + sum(self._forget(inner) for inner in self._inside(key))

    def keep_members(self, path: Path, members: Collection[str]) -> int:
        """Forget what lay in the file ``path``, all but ``members``.

        Returns:
            How many documents died.
        """
        key = key_of(path)
        kept = {key_of(path, member) for member in members}
        return sum(self._forget(inner) for inner in self._inside(key) if inner not in kept)

    def _inside(self, key: bytes) -> list[bytes]:
        rows = self._connection.execute(
            "SELECT path FROM files WHERE path > ? AND path < ?", (key + b"\0", key + b"\1")
        )
        return [inner for (inner,) in rows.fetchall()]

    def _forget(self, key: bytes) -> bool:
        row = self._connection.execute(
            "SELECT document FROM files WHERE path = ?", (key,)
        ).fetchone()
        self._note_names(row[0] if row else None)
        self._connection.execute("DELETE FROM files WHERE path = ?", (key,))
        return bool(row and row[0] is not None and self._let_die(row[0]))

    def _let_die(self, version: int) -> bool:
        cursor = self._connection.execute(
            "UPDATE documents SET died = ? WHERE id = ? AND died IS NULL "
            "AND NOT EXISTS (SELECT 1 FROM files WHERE document = documents.id)",
            (self.generation, version),
        )
        return cursor.rowcount > 0

    def _note_names(self, version: int | None) -> None:
        """Remember what the files of a document are called before one of them is touched."""
        if version is not None and version not in self._named:
            self._named[version] = self._names(version)

    def _names(self, version: int) -> set[str]:
        rows = self._connection.execute("SELECT path FROM files WHERE document = ?", (version,))
        return {path_of(path).name for (path,) in rows}

    def _renew(self, version: int) -> None:
        """Have a document's passages come anew, so that the views take up its files' new names.

        What there was before moves aside into a version that dies now: the row of the living one
        stays the same for whoever has it in hand.
        """
        columns = (
            "content_hash, title, kind, text, sections, pages, textless_pages, born, author, date, "
            "language"
        )
        aside = self._connection.execute(
            f"INSERT INTO documents (key, died, {columns}) SELECT key, ?, {columns} "
            "FROM documents WHERE id = ? AND died IS NULL AND born < ?",
            (self.generation, version, self.generation),
        )
        if aside.rowcount <= 0:
            return
        self._connection.execute(
            "UPDATE passages SET document = ? WHERE document = ?", (aside.lastrowid, version)
        )
        columns = 'start, "end", page, headings, text, embedding, place, fingerprint'
        self._connection.execute(
            f"INSERT INTO passages (document, {columns}) SELECT ?, {columns} "
            "FROM passages WHERE document = ? ORDER BY id",
            (version, aside.lastrowid),
        )
        self._connection.execute(
            "UPDATE documents SET born = ? WHERE id = ?", (self.generation, version)
        )


def purge(connection: sqlite3.Connection, generation: int) -> None:
    """Drop the documents that died by ``generation``, and embeddings nothing else shares.

    Args:
        connection: The database, in a transaction for writing.
        generation: What the views show; nobody asks for what was gone by then.
    """
    dead = "SELECT id FROM documents WHERE died <= ?"
    orphans = connection.execute(
        f"SELECT DISTINCT embedding FROM passages WHERE document IN ({dead})",
        (generation,),
    ).fetchall()
    if not orphans and not connection.execute(dead + " LIMIT 1", (generation,)).fetchone():
        return
    connection.execute(f"DELETE FROM passages WHERE document IN ({dead})", (generation,))
    connection.execute("DELETE FROM documents WHERE died <= ?", (generation,))
    # They quote what was taken out of the collection.
    connection.execute("DELETE FROM judgements WHERE document NOT IN (SELECT key FROM documents)")
    connection.executemany(
        "DELETE FROM embeddings WHERE id = ? "
        "AND NOT EXISTS (SELECT 1 FROM passages WHERE embedding = embeddings.id)",
        orphans,
    )
