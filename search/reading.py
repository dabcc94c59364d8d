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
from search.models import Document, Passage, Section, scanned
from search.requirements import DocumentFacts
from search.rows import Counts, DocumentRow, FileRecord, Judgement, PassageRow
from search.schema import WalkRules

Ids = npt.NDArray[np.int64]

#: Most parameters given to one statement.
_PARAMETERS = 500

_ALIVE = "d.born <= ? AND (d.died IS NULL OR d.died > ?)"
#: The same told from indexes: a document's generations stand behind its text, however long that is.
_NOT_DEAD = (
    "p.document NOT IN (SELECT id FROM documents WHERE born > ?) "
    "AND p.document NOT IN (SELECT id FROM documents WHERE died <= ?)"
)
#: The lowest path stands for a document that lies at several. The path is
#: that of the living version, so a version just replaced still has one, and a removed one has none.
_PASSAGE_COLUMNS = (
    "SELECT p.id, d.key, (SELECT min(f.path) FROM files f JOIN documents v ON v.id = f.document "
    "WHERE v.key = d.key), d.title, d.kind, "
    'p.start, p."end", p.page, p.headings, p.text, p.place, d.author, d.date, d.language, '
    "p.fingerprint "
    "FROM passages p JOIN documents d ON d.id = p.document"
)


def _passage_row(row: tuple[Any, ...]) -> PassageRow:
    passage, key, path, title, kind, start, end, page, headings, *rest = row
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
        *rest,
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

    def roots(self) -> dict[Path, WalkRules]:
        """The folders and files that were asked to be indexed, in order, with their rules."""
        rows = self._connection.execute("SELECT path, rules FROM roots ORDER BY path")
        return {path_of(path): msgspec.json.decode(rules, type=WalkRules) for path, rules in rows}

    def files(self) -> Iterator[FileRecord]:
        """Every path that is known, in order."""
        return self._files("TRUE", ())

    def _files(self, condition: str, parameters: tuple[bytes | int, ...]) -> Iterator[FileRecord]:
        rows = self._connection.execute(
            "SELECT path, size, modified, content_hash, document, failure FROM files "
            f"WHERE {condition} ORDER BY path",
            parameters,
        )
        for blob, size, modified, content_hash, document, failure in rows:
            path, _, member = blob.partition(b"\0")
            yield FileRecord(
                path_of(path),
                size,
                modified,
                content_hash,
                document,
                failure,
                os.fsdecode(member),
            )

    def file(self, path: Path, member: str = "") -> FileRecord | None:
        """What is known of the file ``path``, or of the file ``member`` inside it; or None."""
        return next(self._files("path = ?", (key_of(path, member),)), None)

    def inside(self, record: FileRecord) -> list[FileRecord]:
        """What is known of the files inside a file, in order."""
        key = key_of(record.path, record.member)
        least, most = (b"/", b"0") if record.member else (b"\0", b"\1")
        return list(self._files("path > ? AND path < ?", (key + least, key + most)))

    def file_with(self, content_hash: bytes) -> FileRecord | None:
        """A file with exactly this content that could be read, or None."""
        return next(self._files("content_hash = ? AND failure IS NULL", (content_hash,)), None)

    def failures(self) -> Iterator[FileRecord]:
        """What could not be read, in order."""
        return self._files("failure IS NOT NULL", ())

    def files_of(self, key: int) -> list[FileRecord]:
        """The files of a living document, by the number that users see, in order."""
        versions = "SELECT id FROM documents WHERE key = ? AND died IS NULL"
        return list(self._files(f"document IN ({versions})", (key,)))

    def textless_files(self) -> set[Path]:
        """The files on disk that hold documents with pages without text."""
        rows = self._connection.execute(
            "SELECT f.path FROM files f JOIN documents d ON d.id = f.document "
            "WHERE d.textless_pages > 0"
        )
        return {path_of(path.partition(b"\0")[0]) for (path,) in rows}

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
        """The passages with these numbers, by number.

        Args:
            ids: Numbers of passages; those of others are passed over.
            generation: The generation that they must belong to.
        """
        found: dict[int, PassageRow] = {}
        for part in _parts(list(ids)):
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"{_PASSAGE_COLUMNS} WHERE p.id IN ({marks}) AND {_ALIVE}",
                (*part, generation, generation),
            )
            found.update((row.id, row) for row in map(_passage_row, rows))
        return found

    def documents_of(
        self, ids: Sequence[int], generation: int
    ) -> dict[int, tuple[int, int | None]]:
        """Each passage's document, by the number that users see, and its fingerprint.

        Args:
            ids: As `passages` takes them.
            generation: As `passages` takes it.

        Returns:
            Both by the number of the passage; the fingerprint is None for a short one.
        """
        found: dict[int, tuple[int, int | None]] = {}
        for part in _parts(list(ids)):
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                "SELECT p.id, d.key, p.fingerprint "
                "FROM passages p JOIN documents d ON d.id = p.document "
                f"WHERE p.id IN ({marks}) AND {_NOT_DEAD}",
                (*part, generation, generation),
            )
            found.update((passage, (key, same)) for passage, key, same in rows)
        return found

    def passage_spans(self, keys: Sequence[int], generation: int) -> list[tuple[int, int]]:
        """The lowest and the highest number of the passages of each of some documents.

        Args:
            keys: Documents, by the number that users see.
            generation: The generation that is asked about.

        Returns:
            In no order; nothing for a document without passages. Passages of others may have
            numbers between the two.
        """
        found: list[tuple[int, int]] = []
        for part in _parts(list(keys)):
            marks = ",".join("?" * len(part))
            found += self._connection.execute(
                "SELECT (SELECT min(p.id) FROM passages p WHERE p.document = d.id) AS first, "
                "(SELECT max(p.id) FROM passages p WHERE p.document = d.id) "
                f"FROM documents d WHERE d.key IN ({marks}) AND {_ALIVE} AND first IS NOT NULL",
                (*part, generation, generation),
            )
        return found

    def documents_with(self, fingerprints: Sequence[int], generation: int) -> dict[int, int]:
        """How many documents have a passage that says the same, by the passages' fingerprint.

        Args:
            fingerprints: As `search.sameness.fingerprint` gives them.
            generation: The generation that is asked about.
        """
        found: dict[int, int] = {}
        for part in _parts(list(dict.fromkeys(fingerprints))):
            marks = ",".join("?" * len(part))
            found.update(
                self._connection.execute(
                    "SELECT p.fingerprint, count(DISTINCT d.key) "
                    "FROM passages p JOIN documents d ON d.id = p.document "
                    f"WHERE p.fingerprint IN ({marks}) AND {_ALIVE} GROUP BY p.fingerprint",
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

        Args:
            after: As `passages_between` takes it.
            until: As `passages_between` takes it.
            dimension: Length of the vectors.
            chunk: How many passages to give at once.

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
        """Numbers (int64) of passages alive at generation ``after`` that are gone at ``until``."""
        rows = self._connection.execute(
            "SELECT p.id FROM documents d JOIN passages p ON p.document = d.id "
            "WHERE d.born <= ? AND d.died > ? AND d.died <= ? ORDER BY p.id",
            (after, after, until),
        ).fetchall()
        return np.array([row[0] for row in rows], dtype=np.int64)

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
        places: dict[int, tuple[list[str], int]] = {}
        for key, path, modified in self._connection.execute(
            "SELECT v.key, f.path, f.modified FROM files f JOIN documents v ON v.id = f.document "
            "ORDER BY f.path"
        ):
            paths, newest = places.get(key, ([], 0))
            paths.append(_slashed(path))
            places[key] = paths, max(newest, modified)
        rows = self._connection.execute(
            "SELECT d.id, d.key, d.title, d.kind, d.author, d.date, d.language FROM documents d "
            f"WHERE {_ALIVE} ORDER BY d.id",
            (generation, generation),
        )
        for version, key, title, kind, author, date, language in rows:
            if key in places:
                paths, modified = places[key]
                yield DocumentFacts(
                    version, key, title, kind, author, date, language, tuple(paths), modified
                )

    def listed(self, after: int, most: int, generation: int) -> list[DocumentFacts]:
        """Documents of a generation that lie somewhere, by number.

        Args:
            after: Only those with a greater number.
            most: How many at the most.
            generation: The generation that they must belong to.
        """
        rows = self._connection.execute(
            "SELECT d.id, d.key, d.title, d.kind, d.author, d.date, d.language FROM documents d "
            f"WHERE d.key > ? AND {_ALIVE} AND EXISTS (SELECT 1 FROM files f "
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
            paths = tuple(_slashed(path) for path, _ in files)
            newest = max(modified for _, modified in files)
            found.append(
                DocumentFacts(version, key, title, kind, author, date, language, paths, newest)
            )
        return found

    def passages_of(self, versions: Sequence[int]) -> tuple[Ids, Ids]:
        """The passages of these versions of documents, in no order.

        Returns:
            Version and number of each passage, int64, of the same length.
        """
        found: list[tuple[int, int]] = []
        for part in _parts(list(versions)):
            marks = ",".join("?" * len(part))
            found += self._connection.execute(
                f"SELECT document, id FROM passages WHERE document IN ({marks})", part
            )
        pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def passages_on(self, ids: Ids, first: int, last: int) -> Ids:
        """Those of the passages ``ids`` that begin on one of these pages, int64, in order.

        Args:
            ids: Numbers of passages, int64, ascending.
            first: The first page, counted from 1.
            last: The last page, included.
        """
        found: list[int] = []
        for part in _parts(ids.tolist()):
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT id FROM passages WHERE id IN ({marks}) AND page BETWEEN ? AND ? "
                "ORDER BY id",
                (*part, first, last),
            )
            found.extend(passage for (passage,) in rows)
        return np.array(found, dtype=np.int64)

    def headings(self, ids: Ids) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Number and heading trail of each of the passages ``ids`` (int64, ascending), in order."""
        known: dict[str, tuple[str, ...]] = {}
        for part in _parts(ids.tolist()):
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT id, headings FROM passages WHERE id IN ({marks}) ORDER BY id", part
            )
            for passage, stored in rows:
                if stored not in known:
                    known[stored] = tuple(msgspec.json.decode(stored))
                yield passage, known[stored]

    def texts(self, ids: Ids) -> Iterator[tuple[int, str]]:
        """Number and text of each of the passages ``ids`` (int64, ascending), in order."""
        for part in _parts(ids.tolist()):
            marks = ",".join("?" * len(part))
            yield from self._connection.execute(
                f"SELECT id, text FROM passages WHERE id IN ({marks}) ORDER BY id", part
            )

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

    def document_keys(self) -> list[int]:
        """The numbers of all living documents, in order."""
        rows = self._connection.execute("SELECT key FROM documents WHERE died IS NULL ORDER BY key")
        return [int(key) for (key,) in rows]


def meta(connection: sqlite3.Connection, name: str) -> Any:
    """What the store keeps under ``name``: "generation", "published" or "manifest"."""
    return connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]


def key_of(path: Path, member: str = "") -> bytes:
    """A path as the key it is kept under; no path holds a NUL, so that it can part the two.

    Args:
        path: The path of a file on disk.
        member: The path inside that file, or "".
    """
    return os.fsencode(path) + (b"\0" + os.fsencode(member) if member else b"")


def path_of(blob: bytes) -> Path:
    """A path from the bytes it is kept as; the system's own, so that any name survives.

    What lies inside a file has that file's path, then its own (see `FileRecord.location`).
    """
    path, _, member = blob.partition(b"\0")
    return Path(os.fsdecode(path), os.fsdecode(member)) if member else Path(os.fsdecode(path))


def _slashed(blob: bytes) -> str:
    """A path as `path_of`, as text fit to be shown, with slashes on every system."""
    text = blob.replace(b"\0", b"/").decode("utf-8", "replace")
    return text if os.sep == "/" else text.replace(os.sep, "/")


def _parts(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _PARAMETERS):
        yield items[start : start + _PARAMETERS]
