"""Ranking quality on collections in BEIR's layout, through the product's own pipeline.

    python benchmarks/quality.py FOLDER [FOLDER…]

Each folder holds corpus.jsonl, queries.jsonl and qrels/test.tsv. Prints nDCG@10 for each mode. A
document's score is that of its best passage.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from indexer.batch import Batch
from indexer.pipeline import manifest_for
from indexer.progress import Unwatched
from search.collection import CollectionWriter
from search.encoders import DEFAULT_MODEL, load_encoder
from search.engine import Engine
from search.evaluation import ndcg
from search.models import Document, Mode, Query, Section
from search.rows import FileRecord
from search.settings import Settings


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The objects of a JSON Lines file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def build(folder: Path, home: Path) -> tuple[Engine, dict[int, str]]:
    """Index a corpus; gives the engine and the corpus's id of each document number."""
    settings = Settings.from_environment()
    encoder = load_encoder(DEFAULT_MODEL, settings.cache)
    manifest = manifest_for(encoder, None)
    names = {}
    with CollectionWriter.create(home, manifest) as writer:
        batch = Batch(writer.store, encoder, manifest.splitter.pieces, Unwatched())
        for row in rows(folder / "corpus.jsonl"):
            text = row["text"].strip() or row.get("title", "")
            if not text:
                continue
            document = Document(row.get("title", ""), "text", text, (Section(0, 0, len(text)),))
            identity = row["_id"].encode()
            batch.add_document(
                document, identity, [FileRecord(Path("/") / row["_id"], 0, 0, identity, None, None)]
            )
        batch.commit()
        writer.activate()
        with writer.store.reading() as reading:
            rows_ = (reading.document(key) for key in reading.document_keys())
            names = {row.key: row.content_hash.decode() for row in rows_ if row is not None}
    return Engine(home, settings.cache, encoder), names


def score(engine: Engine, names: dict[int, str], folder: Path) -> dict[str, float]:
    """Mean nDCG@10 over all judged queries, by mode."""
    qrels: dict[str, dict[str, float]] = {}
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            qrels.setdefault(row["query-id"], {})[row["corpus-id"]] = float(row["score"])
    sums = dict.fromkeys(Mode, 0.0)
    count = 0
    for query in rows(folder / "queries.jsonl"):
        judged = {k: v for k, v in qrels.get(query["_id"], {}).items() if v > 0}
        if not judged:
            continue
        count += 1
        for mode in Mode:
            answer = engine.search(Query(query["text"], mode, limit=10, per_document=1))
            gains = [judged.get(names[hit.document_id], 0.0) for hit in answer.hits]
            sums[mode] += ndcg(gains, list(judged.values()))
    return {str(mode): total / count for mode, total in sums.items()}


def main() -> None:
    """Measure every folder named on the command line."""
    print(f"{'collection':<14}" + "".join(f"{mode:>10}" for mode in Mode))
    for name in sys.argv[1:]:
        folder = Path(name)
        with tempfile.TemporaryDirectory() as home:
            engine, names = build(folder, Path(home) / "collection")
            with engine:
                found = score(engine, names, folder)
        print(f"{folder.name:<14}" + "".join(f"{value:>10.4f}" for value in found.values()))


if __name__ == "__main__":
    main()
