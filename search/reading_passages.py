"""Questions to the store about passages and their embeddings."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from search.encoders.base import Embeddings
from search.questions import ALIVE, Ids, Questions, parts
from search.rows import PassageRow
from search.stored_paths import path_of

#: The lowest path stands for a document that lies at several. The path is that of the living
#: version, so a version just replaced still has one, and a removed one has none.
_PASSAGE_COLUMNS = (
    "SELECT p.id, d.key, (SELECT min(f.path) FROM files f JOIN documents v ON v.id = f.document "
    "WHERE v.key = d.key), d.title, d.kind, "
    'p.start, p."end", p.page, p.headings, p.text, p.place, d.author, d.date, d.language, '
    "p.fingerprint "
    "FROM passages p JOIN documents d ON d.id = p.document"
)


class PassageQuestions(Questions):
    """What is known of passages."""

    def passages(self, ids: Sequence[int], generation: int) -> dict[int, PassageRow]:
        """The passages with these numbers, by number.

        Args:
            ids: Numbers of passages; those of others are passed over.
            generation: The generation that they must belong to.
        """
        found: dict[int, PassageRow] = {}
        for part in parts(list(ids)):
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"{_PASSAGE_COLUMNS} WHERE p.id IN ({marks}) AND {ALIVE}",
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
        for part in parts(list(ids)):
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                "SELECT p.id, d.key, p.fingerprint "
                "FROM passages p JOIN documents d ON d.id = p.document "
                f"WHERE p.id IN ({marks}) AND {ALIVE}",
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
        for part in parts(list(keys)):
            marks = ",".join("?" * len(part))
            found += self._connection.execute(
                "SELECT (SELECT min(p.id) FROM passages p WHERE p.document = d.id) AS first, "
                "(SELECT max(p.id) FROM passages p WHERE p.document = d.id) "
                f"FROM documents d WHERE d.key IN ({marks}) AND {ALIVE} AND first IS NOT NULL",
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
        for part in parts(list(dict.fromkeys(fingerprints))):
            marks = ",".join("?" * len(part))
            found.update(
                self._connection.execute(
                    "SELECT p.fingerprint, count(DISTINCT d.key) "
                    "FROM passages p JOIN documents d ON d.id = p.document "
                    f"WHERE p.fingerprint IN ({marks}) AND {ALIVE} GROUP BY p.fingerprint",
                    (*part, generation, generation),
                )
            )
        return found

    def passages_between(self, after: int, until: int) -> Iterator[PassageRow]:
        """Passages alive at generation ``until`` that were not there at ``after``, by number."""
        rows = self._connection.execute(
            f"{_PASSAGE_COLUMNS} WHERE d.born > ? AND {ALIVE} ORDER BY p.id",
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
            f"JOIN embeddings e ON e.id = p.embedding WHERE d.born > ? AND {ALIVE} ORDER BY p.id",
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

    def passages_of(self, versions: Sequence[int]) -> tuple[Ids, Ids]:
        """The passages of these versions of documents, in no order.

        Returns:
            Version and number of each passage, int64, of the same length.
        """
        found = array("q")
        for part in parts(list(versions)):
            marks = ",".join("?" * len(part))
            for pair in self._connection.execute(
                f"SELECT document, id FROM passages WHERE document IN ({marks})", part
            ):
                found.extend(pair)
        pairs = np.frombuffer(found, dtype=np.int64).reshape(-1, 2)
        return pairs[:, 0].copy(), pairs[:, 1].copy()

    def passages_on(self, ids: Ids, first: int, last: int) -> Ids:
        """Those of the passages ``ids`` that begin on one of these pages, int64, in order.

        Args:
            ids: Numbers of passages, int64, ascending.
            first: The first page, counted from 1.
            last: The last page, included.
        """
        found: list[int] = []
        for part in parts(ids.tolist()):
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
        for part in parts(ids.tolist()):
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
        for part in parts(ids.tolist()):
            marks = ",".join("?" * len(part))
            yield from self._connection.execute(
                f"SELECT id, text FROM passages WHERE id IN ({marks}) ORDER BY id", part
            )

    def embeddings(self, hashes: Sequence[bytes]) -> dict[bytes, int]:
        """Rows of the embeddings that are there already, by the hash of what was embedded."""
        found: dict[bytes, int] = {}
        for part in parts(list(dict.fromkeys(hashes))):
            marks = ",".join("?" * len(part))
            found.update(
                self._connection.execute(
                    f"SELECT hash, id FROM embeddings WHERE hash IN ({marks})",
                    part,
                )
            )
        return found


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
