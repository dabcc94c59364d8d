"""Questions to the store, in one place; the statements stand by what they read.

`search.reading_files` asks about files, `search.reading_documents` about documents,
`search.reading_passages` about passages and embeddings.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from search.questions import Ids
from search.reading_documents import DocumentQuestions
from search.reading_files import FileQuestions
from search.reading_passages import PassageQuestions
from search.rows import Counts, Judgement
from search.schema import WalkRules
from search.stored_paths import key_of, path_of

__all__ = ["Ids", "Reading", "key_of", "meta", "path_of"]


class Reading(FileQuestions, DocumentQuestions, PassageQuestions):
    """Questions to one consistent state of the store; made by `Store.reading`."""

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

    def roots(self) -> dict[Path, WalkRules]:
        """The folders and files that were asked to be indexed, in order, with their rules."""
        rows = self._connection.execute("SELECT path, rules FROM roots ORDER BY path")
        return {path_of(path): msgspec.json.decode(rules, type=WalkRules) for path, rules in rows}

    def judgement_count(self) -> int:
        """How many judgements there are."""
        return int(self._connection.execute("SELECT count(*) FROM judgements").fetchone()[0])

    def judgements(self) -> list[Judgement]:
        """Everything that was judged, by query and document."""
        rows = self._connection.execute(
            'SELECT query, document, passage, text, start, "end", relevance, judged '
            "FROM judgements ORDER BY query, document, start, id"
        )
        return [Judgement(*row) for row in rows]


def meta(connection: sqlite3.Connection, name: str) -> Any:
    """What the store keeps under ``name``: "generation", "published" or "manifest"."""
    return connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]
