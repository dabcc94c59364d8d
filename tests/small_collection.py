"""A collection of two small documents, made to be spoilt, exported and mended."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from search.checking import Finding, check
from search.collection import Collection
from search.collection_writer import CollectionWriter
from search.encoders import HashingEncoder
from search.models import Document, Passage, Section
from search.rows import FileRecord
from search.schema import Manifest, SplitterSpec

ENCODER = HashingEncoder(8)
MANIFEST = Manifest(ENCODER.spec, SplitterSpec(1, 200), 0.1)
TEXTS = (
    "Bees dance on the comb to tell the others the way.",
    "Boats lie in the harbour from autumn to the first warm day of spring.",
    "Grüße aus Köln.",
)


def add(place: Path, *paths: Path, create: bool = False, member: str = "") -> None:
    """Index files of which each holds all of `TEXTS`, in order, and its own name."""
    opened = CollectionWriter.create(place, MANIFEST) if create else CollectionWriter.open(place)
    with opened as writer:
        with writer.store.writing() as writing:
            for path in paths:
                parts = [*TEXTS, f"{path.stem}{member} alone"]
                text = "\n\n".join(parts)
                starts = [text.index(part) for part in parts]
                spans = [
                    (start, start + len(part)) for start, part in zip(starts, parts, strict=True)
                ]
                digest = hashlib.sha256(text.encode()).digest()
                hashes = [hashlib.sha256(part.encode()).digest()[:16] for part in parts]
                rows = writing.add_embeddings(hashes, ENCODER.encode_passages(parts))
                version = writing.add_document(
                    Document(path.stem, "text", text, (Section(0, 0, len(text), ("H",), 1),), 1),
                    digest,
                    [Passage(start, end, ("H",), 1) for start, end in spans],
                    [rows[one] for one in hashes],
                )
                writing.put_file(FileRecord(path, 10, 7, digest, version, None, member))
        writer.activate()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A collection of two documents; the file of the first is there, that of the second gone."""
    there = tmp_path / "there.txt"
    there.write_text("x")
    folder = tmp_path / "mine"
    add(folder, there, tmp_path / "gone.txt", create=True)
    return folder


def build(place: Path) -> Path:
    return place / (place / "CURRENT").read_text().strip()


@contextlib.contextmanager
def rows_of(place: Path) -> Iterator[sqlite3.Connection]:
    """The database, opened to be spoilt."""
    path = build(place) / "store.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def spoil(place: Path, *statements: str | tuple[str, Sequence[object]]) -> None:
    with rows_of(place) as connection:
        for statement in statements:
            sql, values = (statement, ()) if isinstance(statement, str) else statement
            assert connection.execute(sql, values).rowcount != 0


def ask(place: Path, statement: str) -> list[tuple[object, ...]]:
    with rows_of(place) as connection:
        found: list[tuple[object, ...]] = connection.execute(statement).fetchall()
        return found


def findings(place: Path) -> dict[str, Finding]:
    return {finding.code: finding for finding in check(place).findings}


def found_words(place: Path, word: str) -> list[str]:
    with Collection(place) as opened, opened.snapshot() as snapshot:
        ids, _ = snapshot.keywords.search([word], 10)
        assert (snapshot.vectors.cosines(ENCODER.encode_query(word), ids) > -1.0).all()
        rows = snapshot.reading.passages(ids.tolist(), snapshot.generation)
        return [row.text for row in rows.values()]
