"""What grows with the collection: queries, memory, disk, building, updating.

    python benchmarks/scale.py --data FOLDER --to FOLDER [--counts 10000 30000 …] [--engine NAME]

FOLDER with the data holds BEIR collections; in the other the collections that were made are kept,
so that another run goes on with them, and each size can be made and measured by itself. Every size
is built and measured in a process of its own. Results go into results/scale.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import platformdirs
import psutil
from gauge import Gauge
from results import record
from synthesis import PASSAGES, questions, real_passages, synthesise

from search import keywords, vectors
from search.collection import STORE, CollectionWriter, current_build
from search.encoders import DEFAULT_MODEL, load_encoder
from search.encoders.base import Embeddings
from search.engine import Engine
from search.models import Document, Passage, Section
from search.queries import parse
from search.ranking import CANDIDATES
from search.rows import FileRecord
from search.writing import Writing

COUNTS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
#: How many queries each size is asked, after so many that only warm it up.
QUERIES = 200
WARMING = 30
#: How often a document is added and taken away again.
UPDATES = 5
#: The largest size that the peer, which keeps all vectors in memory, is measured at.
PEER_MOST = 1_000_000
#: Of the built-in encoder.
DIMENSION = 384
_FIGURES = "figures.json"
#: In place of an engine: neither words nor whole queries are measured.
_NONE = "none"


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


def main() -> int:
    """Build, measure and print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--engine", choices=(*keywords.ENGINES, _NONE), default="whoosh")
    parser.add_argument("--only", choices=("build", "measure"))
    given = parser.parse_args()
    place = Place(given.data, given.to, given.engine)
    for count in given.counts:
        if given.only != "measure" and "built" not in _kept(place, count):
            _keep(place, count, "built", _apart(build, place, count))
        if given.only != "build":
            _keep(place, count, "measured", _apart(measure, place, count))
    rows = [_kept(place, count) for count in COUNTS if (place.folder(count) / _FIGURES).exists()]
    rows = [row for row in rows if "measured" in row and "built" in row]
    if rows:
        _report(place, rows)
    return 0


def build(place: Place, count: int) -> dict[str, Any]:
    """Make the collection of a size; how long each part of it took."""
    encoder = load_encoder(DEFAULT_MODEL, platformdirs.user_cache_path("wherein", appauthor=False))
    real = real_passages(place.data, place.to, encoder)
    taken: dict[str, Any] = {"passages": count}
    began = time.perf_counter()

    def note(name: str) -> None:
        taken[name] = time.perf_counter() - began - sum(list(taken.values())[1:])

    with Gauge() as gauge, synthesise(place.folder(count), count, real, encoder) as writer:
        note("store s")
        with writer.store.reading() as reading:
            vectors.publish_vectors(writer.build, reading, 0, 1, DIMENSION)
        note("vectors s")
        if place.engine == _NONE:
            (place.folder(count) / "CURRENT").write_text(writer.build.name, "ascii")
        else:
            writer.use_keyword_engine(place.engine)
            writer.activate()
            note("keywords s")
    taken["memory MB"] = gauge.own / 1e6
    return taken


def measure(place: Place, count: int) -> dict[str, Any]:
    """Ask the collection of a size, and change it a little."""
    folder = place.folder(count)
    cache = platformdirs.user_cache_path("wherein", appauthor=False)
    asked = questions(place.data, QUERIES + WARMING)
    found: dict[str, Any] = {"passages": count}
    encoder = load_encoder(DEFAULT_MODEL, cache)
    embedded = [encoder.encode_query(text) for text in asked]
    if place.engine != _NONE:
        found |= _queries(folder, cache, asked)
    index = vectors.VectorIndex.open(current_build(folder) / vectors.VECTORS, DIMENSION)
    if index is None:
        raise SystemExit(f"There is no vector view in {folder}; build it anew.")
    found |= _vector_leg(index, embedded)
    found |= _sizes(folder, count)
    found |= _updates(folder, place.engine)
    return found


def _queries(folder: Path, cache: Path, asked: list[str]) -> dict[str, Any]:
    """How long whole queries take, where the time goes, and what they leave in memory."""
    began = time.perf_counter()
    with Engine(folder, cache) as engine:
        engine.search(parse(asked[0]))
        found: dict[str, Any] = {"first answer s": time.perf_counter() - began}
        for text in asked[:WARMING]:
            engine.search(parse(text))
        found |= _timed("query", engine.search, ((parse(text),) for text in asked[WARMING:]))
        found |= {f"{name} MB": size for name, size in _memory().items()}
        found["stages, mean ms"] = _stages(engine, asked[WARMING:])
    return found


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
    truly = [index.exact(vector, 10)[0] for vector in embedded[:100]]
    for limit in (10, CANDIDATES):
        same = [
            len(np.intersect1d(index.search(vector, limit)[0][:10], true))
            for vector, true in zip(embedded[:100], truly, strict=True)
        ]
        found[f"recall@10 of questions, {limit} asked for"] = float(np.mean(same)) / 10
    found["recall@10 at build"] = 1.0 if index.stamp.graph is None else index.stamp.graph.recall
    if len(index) <= PEER_MOST:
        flat = faiss.IndexFlatIP(index.stamp.dimension)
        faiss.omp_set_num_threads(1)
        for at in range(0, len(ids), 50_000):
            flat.add(index.vectors(ids[at : at + 50_000]))
        calls = ((v[np.newaxis], CANDIDATES) for v in warm[:50])
        found |= _timed("float32 flat", flat.search, calls)
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
        if engine != _NONE:
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
    """Milliseconds by stage, the mean over queries."""
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
    (build_,) = [path for path in folder.iterdir() if path.is_dir()]
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


def _apart(
    what: Callable[[Place, int], dict[str, Any]], place: Place, count: int
) -> dict[str, Any]:
    """A call in a process of its own, which begins with nothing in memory."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(what, (place, count))


def _kept(place: Place, count: int) -> dict[str, Any]:
    path = place.folder(count) / _FIGURES
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def _keep(place: Place, count: int, name: str, figures: dict[str, Any]) -> None:
    path = place.folder(count) / _FIGURES
    path.write_text(json.dumps({**_kept(place, count), name: figures}, indent=1), "utf-8")
    print(json.dumps(figures, indent=1))


def _flat(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in {**row["built"], **row["measured"]}.items():
        if isinstance(value, dict):
            yield from ((f"{name}, {inner}", number) for inner, number in value.items())
        else:
            yield name, value


def _report(place: Place, rows: list[dict[str, Any]]) -> None:
    """Print what is known of all sizes, with what each figure grows like, and write it down."""
    flat = [dict(_flat(row)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    table = []
    for name in names:
        values = [row.get(name) for row in flat]
        line: dict[str, Any] = {"figure": name}
        for row, value in zip(flat, values, strict=True):
            line[f"{row['passages']:,}"] = round(value, 4) if isinstance(value, float) else value
        line["grows like N^"] = _exponent([row["passages"] for row in flat], values)
        table.append(line)
    width = max(len(name) for name in names)
    for line in table:
        print(line["figure"].ljust(width), *(str(v).rjust(12) for v in list(line.values())[1:]))
    record(
        "scale-vectors" if place.engine == _NONE else f"scale-{place.engine}",
        {"sizes": table},
        f"python benchmarks/scale.py --data DATA --to FOLDER --engine {place.engine}",
    )


def _exponent(sizes: list[int], values: list[Any]) -> float | str:
    """The slope of a figure over the size, both as logarithms: the least squares' line."""
    known = [
        (size, value)
        for size, value in zip(sizes, values, strict=True)
        if isinstance(value, int | float) and value > 0
    ]
    if len(known) < 2:
        return ""
    slope = np.polyfit(*np.log(np.array(known, dtype=float)).T, 1)[0]
    return round(float(slope), 2)


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
