"""Collections of any size, made of real passages: to see what grows with what is indexed.

A passage is made of two real ones that are near each other in meaning: the first half of the one's
words and the second of the other's, and a mixture of their embeddings, with some noise. Ten of them
are a document. All goes into the store as `wherein index` would have put it there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from search.builds import STORE
from search.collection_writer import CollectionWriter
from search.encoders import Encoder
from search.encoders.base import Embeddings
from search.schema import Manifest, SplitterSpec

#: How many real passages are encoded, and of how many words each is.
REAL = 8_000
WORDS = 110
#: Passages of a document.
PASSAGES = 10
#: Length of the noise added to a mixture of length 1, and how many neighbours are mixed with.
_NOISE = 0.25
_NEIGHBOURS = 10
_CHUNK = 20_000
Halves = npt.NDArray[np.float16]
_COLLECTIONS = ("squad-dev", "liveqa_med", "cranfield", "cisi", "cf", "npl")


@dataclass(frozen=True, slots=True, eq=False)
class Real:
    """Passages of real documents.

    Attributes:
        texts: Their texts.
        embeddings: float32, unit rows.
        neighbours: Of each, the places of those nearest to it.
    """

    texts: list[str]
    embeddings: Embeddings
    neighbours: np.ndarray[Any, np.dtype[np.int64]]

    @classmethod
    def of(cls, texts: list[str], embeddings: Embeddings) -> Real:
        """Passages with these embeddings."""
        near = np.argpartition(-(embeddings @ embeddings.T), _NEIGHBOURS, axis=1)
        return cls(texts, embeddings, near[:, : _NEIGHBOURS + 1])


def real_passages(data: Path, kept: Path, encoder: Encoder) -> Real:
    """Passages of BEIR collections with their embeddings, encoded once and kept.

    Args:
        data: The folder with the collections.
        kept: The folder to keep the embeddings in.
        encoder: What embeds them.
    """
    texts: list[str] = []
    for name in _COLLECTIONS:
        with (data / name / "corpus.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                words = json.loads(line)["text"].split()
                parts = (words[at : at + WORDS] for at in range(0, len(words), WORDS))
                texts += [" ".join(part) for part in parts if len(part) >= 20]
    random.Random(7).shuffle(texts)
    del texts[REAL:]
    whole = xxhash.xxh3_64_hexdigest("\n".join(texts).encode("utf-8"))
    path = kept / f"real-{encoder.spec.digest[:12]}-{whole}.npy"
    if not path.exists():
        kept.mkdir(parents=True, exist_ok=True)
        np.save(path, encoder.encode_passages(texts).astype(np.float16))
    embeddings = np.load(path).astype(np.float32)
    return Real.of(texts, embeddings)


def questions(data: Path, count: int) -> list[str]:
    """Real questions to the same collections, the same each time."""
    found = []
    for name in _COLLECTIONS:
        with (data / name / "queries.jsonl").open(encoding="utf-8") as lines:
            own = [json.loads(line)["text"] for line in lines]
        found += random.Random(8).sample(own, min(len(own), 90))
    random.Random(9).shuffle(found)
    return found[:count]


def fresh_questions(data: Path) -> Iterator[str]:
    """Questions of real words, no two alike: the first half of one and the second of another."""
    asked = []
    for name in _COLLECTIONS:
        with (data / name / "queries.jsonl").open(encoding="utf-8") as lines:
            asked += [json.loads(line)["text"] for line in lines]
    chance, before = random.Random(10), set()
    while True:
        question = _mixed(*chance.sample(asked, 2))
        if question not in before:
            before.add(question)
            yield question


def synthesise(folder: Path, count: int, real: Real, encoder: Encoder) -> CollectionWriter:
    """Make a collection of ``count`` passages, its views still to be made.

    Args:
        folder: The collection's folder.
        count: How many passages; a multiple of `PASSAGES`.
        real: What to make them of.
        encoder: What made the embeddings of those.

    Returns:
        The collection, opened for writing.
    """
    near = 0.3  # of no matter here: what this encoder gives for unrelated texts lies below
    manifest = Manifest(encoder.spec, SplitterSpec(1, 200), near)
    writer = CollectionWriter.create(folder, manifest)
    path = writer.build / STORE
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        connection.execute("BEGIN")
        for begin in range(0, count, _CHUNK):
            add_passages(connection, range(begin, min(begin + _CHUNK, count)), real, 1)
        connection.execute("UPDATE meta SET value = 1 WHERE name = 'generation'")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return writer


def add_passages(connection: sqlite3.Connection, numbers: range, real: Real, born: int) -> None:
    """Put synthetic passages into a store, as documents of `PASSAGES` each.

    Args:
        connection: The store's database, in a transaction.
        numbers: Numbers of the passages less 1, from a multiple of `PASSAGES` to one.
        real: What to make them of.
        born: The generation.
    """
    texts, halves = mixed_passages(numbers, real)
    connection.executemany(
        "INSERT INTO embeddings (id, hash, vector) VALUES (?, ?, ?)",
        (
            (number + 1, number.to_bytes(16, "little"), half.tobytes())
            for number, half in zip(numbers, halves, strict=True)
        ),
    )
    rows = list(_documents(numbers, texts, born))
    connection.executemany(
        "INSERT INTO documents (id, key, content_hash, title, kind, text, sections, textless_pages,"
        " born, language) VALUES (?, ?, ?, ?, 'text', ?, x'5b5d', 0, ?, 'en')",
        (document for document, _, _ in rows),
    )
    connection.executemany(
        "INSERT INTO files VALUES (?, 10, 7, ?, ?, NULL)", (file for _, file, _ in rows)
    )
    prints = np.random.default_rng(numbers.stop).integers(2**62, size=len(numbers)).tolist()
    connection.executemany(
        'INSERT INTO passages (id, document, start, "end", headings, text, embedding, fingerprint) '
        "VALUES (?, ?, ?, ?, '[]', ?, ?, ?)",
        (
            (*passage, said)
            for passage, said in zip((p for _, _, own in rows for p in own), prints, strict=True)
        ),
    )


def mixed_passages(numbers: range, real: Real) -> tuple[list[str], Halves]:
    """Passages made of two real ones each.

    Args:
        numbers: Which; the same are made of the same range each time.
        real: What to make them of.

    Returns:
        Their texts and their embeddings, float16.
    """
    chance = np.random.default_rng(numbers.start)
    first = chance.integers(len(real.texts), size=len(numbers))
    second = real.neighbours[first, chance.integers(_NEIGHBOURS + 1, size=len(numbers))]
    share = chance.uniform(0.2, 0.8, size=(len(numbers), 1)).astype(np.float32)
    mixed = share * real.embeddings[first] + (1 - share) * real.embeddings[second]
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    noise = chance.standard_normal(mixed.shape, dtype=np.float32)
    mixed += _NOISE * noise / np.sqrt(mixed.shape[1])
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    texts = [_mixed(real.texts[a], real.texts[b]) for a, b in zip(first, second, strict=True)]
    return texts, mixed.astype("<f2")


def _documents(numbers: range, texts: list[str], born: int) -> Iterator[tuple[Any, Any, list[Any]]]:
    """Rows of documents, of their files and of their passages."""
    for at in range(0, len(numbers), PASSAGES):
        own = texts[at : at + PASSAGES]
        number = numbers[at] // PASSAGES + 1
        digest = hashlib.sha256(number.to_bytes(8, "little")).digest()
        title = " ".join(own[0].split()[:6])
        passages, start = [], 0
        for row, text in enumerate(own, numbers[at] + 1):
            passages.append((row, number, start, start + len(text), text, row))
            start += len(text) + 2
        path = f"/synthetic/{number % 1000:03d}/{number}.txt".encode()
        document = (number, number, digest, title, "\n\n".join(own), born)
        yield document, (path, digest, number), passages


def _mixed(one: str, other: str) -> str:
    first, second = one.split(), other.split()
    return " ".join(first[: len(first) // 2] + second[len(second) // 2 :])
