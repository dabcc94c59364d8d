"""What contestants are given: passages with their embeddings, and judged questions to some."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from synthesis import Real, mixed_passages

from search.calibration import nearness_threshold
from search.collection_writer import CollectionWriter
from search.encoders import Encoder
from search.models import Document, Passage, Section
from search.rows import FileRecord
from search.schema import Manifest, SplitterSpec
from search.writing import Writing

Rows = npt.NDArray[np.float32]
_TEXTS, _FULL, _OWN = "texts.json", "full.npy", "own.npy"
#: How many documents are written in one transaction.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Passages, which are known by their places.

    Attributes:
        texts: Their texts.
        full: Their embeddings in full precision, float32, of length 1.
        own: Their embeddings as Wherein makes them, likewise.
        together: How many of them Wherein has as one document.
    """

    texts: Sequence[str]
    full: Rows
    own: Rows
    together: int = 1

    def save(self, folder: Path) -> None:
        """Put it where other processes can get at it."""
        folder.mkdir(parents=True, exist_ok=True)
        given = {"texts": list(self.texts), "together": self.together}
        (folder / _TEXTS).write_text(json.dumps(given), "utf-8")
        np.save(folder / _FULL, self.full)
        np.save(folder / _OWN, self.own)

    @classmethod
    def load(cls, folder: Path) -> Material:
        """What was saved in a folder."""
        given = json.loads((folder / _TEXTS).read_text("utf-8"))
        full, own = np.load(folder / _FULL), np.load(folder / _OWN)
        return cls(given["texts"], full, own, given["together"])


@dataclass(frozen=True, slots=True)
class Judged:
    """A judged collection in BEIR's layout.

    Attributes:
        documents: Their texts by identifier.
        questions: Likewise.
        relevance: How relevant documents are, by question.
    """

    documents: Mapping[str, str]
    questions: Mapping[str, str]
    relevance: Mapping[str, Mapping[str, int]]


def judged(folder: Path) -> Judged:
    """Read a judged collection; questions without a relevant document are left out."""
    relevance: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text("utf-8").splitlines()[1:]:
        question, document, grade = line.split()
        relevance.setdefault(question, {})[document] = int(grade)
    items, asked = _items(folder / "corpus.jsonl"), _items(folder / "queries.jsonl")
    return Judged(
        {i["_id"]: f"{i.get('title') or ''}\n{i['text']}".strip() for i in items},
        {q["_id"]: q["text"] for q in asked if any(relevance.get(q["_id"], {}).values())},
        relevance,
    )


def _items(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def grown(real: Real, count: int) -> Material:
    """So many passages mixed of real ones, ten of them a document."""
    texts, halves = mixed_passages(range(count), real)
    vectors = halves.astype(np.float32)
    return Material(texts, vectors, vectors, 10)


def put_into_collection(folder: Path, material: Material, encoder: Encoder, engine: str) -> None:
    """Make a collection of what is given, as `wherein index` would have; numbers are places and 1.

    Args:
        folder: The collection's.
        material: The passages.
        encoder: What made their embeddings.
        engine: The keyword engine.
    """
    manifest = Manifest(encoder.spec, SplitterSpec(1, 200), nearness_threshold(encoder))
    count, step = len(material.texts), material.together
    with CollectionWriter.create(folder, manifest) as writer:
        for begin in range(0, count, _AT_ONCE * step):
            with writer.store.writing() as writing:
                for at in range(begin, min(count, begin + _AT_ONCE * step), step):
                    _put(writing, at, material.texts[at : at + step], material.own[at : at + step])
        writer.use_keyword_engine(engine)
        writer.activate()


def _put(writing: Writing, at: int, texts: Sequence[str], vectors: Rows) -> None:
    """Add passages as one document."""
    spans, start = [], 0
    for text in texts:
        spans.append(Passage(start, start + len(text), (), None))
        start += len(text) + 2
    whole = "\n\n".join(texts)
    hashes = [f"{at + n}".encode() for n in range(len(texts))]
    rows = writing.add_embeddings(hashes, vectors)
    document = Document("", "text", whole, (Section(0, 0, len(whole), ()),), language="en")
    digest = at.to_bytes(32, "little")
    version = writing.add_document(document, digest, spans, [rows[one] for one in hashes])
    writing.put_file(FileRecord(Path(f"/given/{at}.txt"), 10, 7, digest, version, None))
