"""What is measured of a collection of a size: whole queries, vectors, disk, small changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import platformdirs
import psutil
from synthesis import PASSAGES, questions

from search import keywords, vectors
from search.builds import STORE, current_build
from search.collection_writer import CollectionWriter
from search.encoders import DEFAULT_MODEL, Encoder, load_encoder
from search.encoders.base import Embeddings
from search.engine import Engine
from search.models import Document, Passage, Section
from search.queries import parse
from search.ranking import CANDIDATES
from search.rows import FileRecord
from search.writing import Writing

#: How many queries each size is asked, after so many that only warm it up.
QUERIES = 200
WARMING = 30
#: How many further ones the time of each stage is taken from.
STAGED = 100
#: How often a document is added and taken away again.
UPDATES = 5
#: Of the built-in encoder.
DIMENSION = 384
#: In place of an engine: neither words nor whole queries are measured.
NONE = "none"


@dataclass(frozen=True, slots=True)
class Place:
    """What a size is built and measured with.

    Attributes:
        data: The folder with the BEIR collections.
        to: The folder that the collections are kept in.
        engine: The keyword engine.
    """

    data: Path
    to: Path
    engine: str

    def folder(self, count: int) -> Path:
        """The collection of a size."""
        return self.to / f"{self.engine}-{count}"


def measure(place: Place, count: int) -> dict[str, Any]:
    """Ask the collection of a size, and change it a little."""
    folder = place.folder(count)
    cache = platformdirs.user_cache_path("wherein", appauthor=False)
    asked = questions(place.data, WARMING + QUERIES + STAGED)
    found: dict[str, Any] = {"passages": count}
    encoder = load_encoder(DEFAULT_MODEL, cache, threads=1)
    if place.engine != NONE:
        found |= _queries(folder, cache, encoder, asked)
    embedded = [encoder.encode_query(text) for text in asked[: WARMING + QUERIES]]
    index = vectors.VectorIndex.open(current_build(folder) / vectors.VECTORS, DIMENSION)
    if index is None:
        raise SystemExit(f"There is no vector view in {folder}; build it anew.")
    found |= _vector_leg(index, embedded)
    found |= _sizes(folder, count)
    found |= _updates(folder, place.engine)
    return found


def _queries(folder: Path, cache: Path, encoder: Encoder, asked: list[str]) -> dict[str, Any]:
    """How long whole queries take, where the time goes, and what they leave in memory."""
    began = time.perf_counter()
    with Engine(folder, cache, encoder) as engine:
        engine.search(parse(asked[0]))
        found: dict[str, Any] = {"first answer s": time.perf_counter() - began}
        engine.warm_up()
        _read_views(folder)
        for text in asked[:WARMING]:
            engine.search(parse(text))
        found |= _timed("query", engine.search, ((parse(text),) for text in asked[WARMING:-STAGED]))
        found |= {f"{name} MB": size for name, size in _memory().items()}
        found["stages, mean ms"] = _stages(engine, asked[-STAGED:])
    return found


def _read_views(folder: Path) -> None:
    """Read what a server goes on reading once it has begun, so that nothing waits for the disk."""
    build_ = current_build(folder)
    for view in (vectors.VECTORS, keywords.KEYWORDS):
        for path in (build_ / view).glob("*"):
            with path.open("rb") as file:
                while file.read(1 << 20):
                    pass


def _vector_leg(index: vectors.VectorIndex, embedded: list[Embeddings]) -> dict[str, Any]:
    """How long the nearest take, and how many of the true ones are among them."""
    found: dict[str, Any] = {"kind": "exact" if index.stamp.graph is None else "hnsw"}
    ids = index.ids()
    warm = embedded[WARMING:]
    for vector in embedded[:WARMING]:
        index.search(vector, CANDIDATES)
    found |= _timed("vectors", index.search, ((v, CANDIDATES) for v in warm))
    found |= {f"vectors: {name} MB": size for name, size in _memory().items()}
    for share in (1000, 100, 10, 2):
        some = np.sort(np.random.default_rng(1).choice(ids, len(ids) // share, replace=False))
        calls = ((v, CANDIDATES, some) for v in warm[:50])
        found |= _timed(f"vectors, 1 in {share} allowed", index.search, calls)
    found |= _timed("vectors, all compared", index.exact, ((v, CANDIDATES) for v in warm[:30]))
    truly = [index.exact(vector, 10)[0] for vector in warm]
    for limit in (10, CANDIDATES):
        same = [
            len(np.intersect1d(index.search(vector, limit)[0][:10], true))
            for vector, true in zip(warm, truly, strict=True)
        ]
        found[f"recall@10 of questions, {limit} asked for"] = float(np.mean(same)) / 10
    found["recall@10 at build"] = 1.0 if index.stamp.graph is None else index.stamp.graph.recall
    flat = faiss.IndexFlatIP(index.stamp.dimension)
    faiss.omp_set_num_threads(1)
    for at in range(0, len(ids), 50_000):
        flat.add(index.vectors(ids[at : at + 50_000]))
    calls = ((v[np.newaxis], CANDIDATES) for v in warm[:50])
    found |= _timed("FAISS IndexFlatIP, float32", flat.search, calls)
    return found


def _updates(folder: Path, engine: str) -> dict[str, Any]:
    """How long it takes to show a document of ten passages more, and one less."""
    taken: dict[str, list[float]] = {}
    with CollectionWriter.open(folder) as writer:
        for number in range(UPDATES):
            path = Path(f"/added/{writer.store.generation}-{number}.txt")
            for step in ("added", "removed"):
                began = time.perf_counter()
                with writer.store.writing() as writing:
                    if step == "added":
                        _put(writing, path)
                    else:
                        writing.remove_file(path)
                stored = (time.perf_counter() - began) * 1000
                taken.setdefault(f"{step}: stored ms", []).append(stored)
                _publish(writer, engine, step, taken)
    return {"update": {name: float(np.median(each)) for name, each in taken.items()}}


def _publish(
    writer: CollectionWriter, engine: str, step: str, taken: dict[str, list[float]]
) -> None:
    """Publish as `CollectionWriter.publish` does, a view at a time, and open the vectors anew."""
    published, generation = writer.store.published, writer.store.generation
    build_ = writer.build

    def note(what: str) -> None:
        now = time.perf_counter()
        taken.setdefault(f"{step}: {what} ms", []).append((now - began[-1]) * 1000)
        began.append(now)

    with writer.store.reading() as reading:
        began = [time.perf_counter()]
        vectors.publish_vectors(build_, reading, published, generation, DIMENSION)
        note("vectors")
        if engine != NONE:
            keywords.publish_keywords(build_, engine, reading, published, generation)
            note("keywords")
    began.append(time.perf_counter())
    writer.store.set_published(generation)
    note("purged")
    vectors.VectorIndex.open(build_ / vectors.VECTORS, DIMENSION)
    note("vectors opened")


def _put(writing: Writing, path: Path) -> None:
    """Add a document with embeddings of no meaning."""
    chance = np.random.default_rng(writing.generation)
    rows = chance.standard_normal((PASSAGES, DIMENSION), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    texts = [f"Update {writing.generation} in its part {part} of ten" for part in range(PASSAGES)]
    hashes = [f"{path} {part}".encode() for part in range(PASSAGES)]
    embeddings = writing.add_embeddings(hashes, rows)
    text = "\n\n".join(texts)
    starts = [text.index(part) for part in texts]
    spans = [Passage(s, s + len(t), (), None) for s, t in zip(starts, texts, strict=True)]
    document = Document("Update", "text", text, (Section(0, 0, len(text), ()),))
    digest = bytes(path)
    version = writing.add_document(document, digest, spans, [embeddings[one] for one in hashes])
    writing.put_file(FileRecord(path, 10, 7, digest, version, None))


def _stages(engine: Engine, asked: list[str]) -> dict[str, float]:
    """Milliseconds by stage, the mean over queries that were not asked before."""
    total: dict[str, float] = {}
    for text in asked:
        stages: Mapping[str, float] = engine.search(parse(text, explain=True)).stages or {}
        for name, taken in stages.items():
            total[name] = total.get(name, 0.0) + taken
    return {name: taken / len(asked) for name, taken in total.items()}


def _memory() -> dict[str, float]:
    """What this process holds: all, of its own, and of files."""
    found = {"resident": psutil.Process().memory_info().rss / 1e6}
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            name, _, value = line.partition(":")
            if name in ("RssAnon", "RssFile"):
                found[{"RssAnon": "own", "RssFile": "of files"}[name]] = int(value.split()[0]) / 1e3
    return found


def _sizes(folder: Path, count: int) -> dict[str, float]:
    """Bytes a passage on the disk."""
    build_ = current_build(folder)
    sizes: dict[str, int] = {}
    for path in build_.rglob("*"):
        if path.is_file():
            part = path.relative_to(build_).parts[0]
            part = "store" if part.startswith(STORE) else part
            sizes[part] = sizes.get(part, 0) + path.stat().st_size
    return {f"{part} bytes a passage": size / count for part, size in sorted(sizes.items())}


def _timed(name: str, what: Callable[..., Any], asked: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """Milliseconds that calls take; those of the processor tell more where others use it too."""
    taken, worked = [], []
    for arguments in asked:
        began, work = time.perf_counter(), time.process_time()
        what(*arguments)
        taken.append((time.perf_counter() - began) * 1000.0)
        worked.append((time.process_time() - work) * 1000.0)
    return {
        f"{name} p50 ms": float(np.percentile(taken, 50)),
        f"{name} p95 ms": float(np.percentile(taken, 95)),
        f"{name} p50 ms of processor": float(np.percentile(worked, 50)),
    }
