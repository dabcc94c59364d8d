"""Questions to the store about documents."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import msgspec

from search.models import Document, Passage, Section, scanned
from search.questions import ALIVE, Questions
from search.requirements import DocumentFacts
from search.rows import DocumentRow
from search.stored_paths import path_of, slashed


class DocumentQuestions(Questions):
    """What is known of documents."""

    def document(self, key: int) -> DocumentRow | None:
        """The living version of the document with the number that users see, or None."""
        row = self._connection.execute(
            "SELECT id, content_hash, title, kind, text, sections, pages, textless_pages, author, "
            "date, language FROM documents "
            "WHERE key = ? AND died IS NULL",
            (key,),
        ).fetchone()
        if row is None:
            return None
        version, content_hash, title, kind, text, sections, *rest = row
        paths = self._connection.execute(
            "SELECT path FROM files WHERE document = ? ORDER BY path", (version,)
        )
        passages = self._connection.execute(
            'SELECT start, "end", headings, page, place FROM passages WHERE document = ? '
            "ORDER BY id",
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
                *rest,
            ),
            tuple(
                Passage(start, end, tuple(msgspec.json.decode(headings)), page, place)
                for start, end, headings, page, place in passages
            ),
        )

    def sole_key(self, version: int) -> int | None:
        """The number that users see of a document at one path, or None if it lies at several."""
        row = self._connection.execute(
            "SELECT key FROM documents WHERE id = ? AND "
            "(SELECT count(*) FROM files WHERE document = documents.id) = 1",
            (version,),
        ).fetchone()
        return None if row is None else int(row[0])

    def document_keys(self) -> list[int]:
        """The numbers of all living documents, in order."""
        rows = self._connection.execute("SELECT key FROM documents WHERE died IS NULL ORDER BY key")
        return [int(key) for (key,) in rows]

    def scanned(self) -> Iterator[tuple[Path, str]]:
        """The living documents most of whose pages hold no text: where each lies, and what to tell.

        A document that lies at several places is named at each; what to tell is as
        `Document.scanned` has it.
        """
        rows = self._connection.execute(
            "SELECT f.path, d.pages, d.textless_pages FROM files f "
            "JOIN documents d ON d.id = f.document "
            "WHERE d.textless_pages > 0 AND d.died IS NULL ORDER BY f.path"
        )
        for path, pages, textless in rows:
            if told := scanned(pages or 0, textless):
                yield path_of(path), told

    def kinds(self) -> dict[str, int]:
        """How many living documents there are of each format, the most frequent first."""
        return self._tally("SELECT kind FROM documents WHERE died IS NULL")

    def languages(self, most: int = -1) -> dict[str, int]:
        """How many living documents there are in each language, the most frequent first.

        Args:
            most: Look at so many documents only, the first ones; all of them if below 0.

        Returns:
            By ISO 639-1 code; by "" those whose language is not known.
        """
        return self._tally(f"SELECT language FROM documents WHERE died IS NULL LIMIT {most:d}")

    def _tally(self, values: str) -> dict[str, int]:
        """How often each value comes in what a statement of one column gives."""
        return dict(
            self._connection.execute(
                f"SELECT *, count(*) FROM ({values}) GROUP BY 1 ORDER BY 2 DESC, 1"
            )
        )

    def facts(self, generation: int) -> Iterator[DocumentFacts]:
        """What filters go by, of every document of ``generation`` that lies somewhere."""
        rows = self._connection.execute(
            "SELECT d.id, d.key, d.title, d.kind, d.author, d.date, d.language, f.path, f.modified "
            "FROM documents d JOIN documents v ON v.key = d.key JOIN files f ON f.document = v.id "
            f"WHERE {ALIVE} ORDER BY d.id, f.path",
            (generation, generation),
        )
        for _, group in groupby(rows, itemgetter(0)):
            files = list(group)
            paths = tuple(slashed(path) for *_, path, _ in files)
            newest = max(modified for *_, modified in files)
            version, key, title, kind, author, date, language, *_ = files[0]
            yield DocumentFacts(version, key, title, kind, author, date, language, paths, newest)

    def listed(self, after: int, most: int, generation: int) -> list[DocumentFacts]:
        """Documents of a generation that lie somewhere, by number.

        Args:
            after: Only those with a greater number.
            most: How many at the most.
            generation: The generation that they must belong to.
        """
        rows = self._connection.execute(
            "SELECT d.id, d.key, d.title, d.kind, d.author, d.date, d.language FROM documents d "
            f"WHERE d.key > ? AND {ALIVE} AND EXISTS (SELECT 1 FROM files f "
            "JOIN documents v ON v.id = f.document WHERE v.key = d.key) ORDER BY d.key LIMIT ?",
            (after, generation, generation, most),
        ).fetchall()
        found = []
        for version, key, title, kind, author, date, language in rows:
            files = self._connection.execute(
                "SELECT f.path, f.modified FROM files f JOIN documents v ON v.id = f.document "
                "WHERE v.key = ? ORDER BY f.path",
                (key,),
            ).fetchall()
            paths = tuple(slashed(path) for path, _ in files)
            newest = max(modified for _, modified in files)
            found.append(
                DocumentFacts(version, key, title, kind, author, date, language, paths, newest)
            )
        return found
