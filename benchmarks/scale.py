"""What grows with the collection: queries, memory, disk, building, updating.

    python benchmarks/scale.py --data FOLDER --to FOLDER [--counts 10000 30000 …] [--engine NAME]

FOLDER with the data holds BEIR collections; in the other the collections that were made are kept,
so that another run goes on with them, and each size can be made and measured by itself: `--only
build` stops after making them, `--only views` makes those that are there searchable anew, by
changed code, and `--only measure` asks them. Every size is built and measured in a process of its
own. Results go into results/scale-ENGINE.json; `--only report` writes them once more from what is
kept. What was stored for one engine is copied for another.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs
from gauge import Gauge
from growth import exponent
from results import Figure, record
from scale_measures import DIMENSION, NONE, Place, measure
from synthesis import real_passages, synthesise

from search import keywords, vectors
from search.collection_writer import CollectionWriter
from search.encoders import DEFAULT_MODEL, load_encoder

COUNTS = (10_000, 20_000, 30_000, 100_000, 150_000, 300_000, 1_000_000)
#: Most milliseconds that half of the queries and 95 of 100 may take, by engine and passages.
QUERY_LIMITS: Mapping[tuple[str, int], tuple[float | None, float]] = {
    ("whoosh", 20_000): (8, 20),
    ("whoosh", 150_000): (None, 40),
    ("tantivy", 150_000): (5, 12),
    ("tantivy", 1_000_000): (8, 20),
}
#: Least share of the ten nearest that must be found at any size.
LEAST_RECALL = 0.985
#: Most megabytes that the process which answers may hold at a million passages.
MOST_MEMORY = 1_200
_FIGURES = "figures.json"


def main() -> int:
    """Build, measure and print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--engine", choices=(*keywords.ENGINES, NONE), default="whoosh")
    parser.add_argument("--only", choices=("build", "views", "measure", "report"))
    given = parser.parse_args()
    place = Place(given.data, given.to, given.engine)
    for count in given.counts if given.only != "report" else ():
        built = _kept(place, count).get("built")
        if given.only == "views" and built:
            _keep(place, count, "built", built | _apart(views, place, count))
        elif given.only != "measure" and not built:
            _keep(place, count, "built", _apart(build, place, count))
        if given.only in (None, "measure"):
            _keep(place, count, "measured", _apart(measure, place, count))
    rows = [_kept(place, count) for count in COUNTS if (place.folder(count) / _FIGURES).exists()]
    rows = [row for row in rows if "measured" in row and "built" in row]
    if rows:
        _report(place, rows)
    return 0


def build(place: Place, count: int) -> dict[str, Any]:
    """Make the collection of a size; how long each part of it took."""
    folder = place.folder(count)
    began = time.perf_counter()
    with Gauge() as gauge:
        if (other := _another(place, count)) is not None:
            before: dict[str, Any] = _kept(other, count)["built"]
            shutil.rmtree(folder, ignore_errors=True)
            words_left_out = shutil.ignore_patterns(_FIGURES, keywords.KEYWORDS)
            shutil.copytree(other.folder(count), folder, ignore=words_left_out)
            return before | _keywords(place, count)
        cache = platformdirs.user_cache_path("wherein", appauthor=False)
        encoder = load_encoder(DEFAULT_MODEL, cache)
        real = real_passages(place.data, place.to, encoder)
        with synthesise(folder, count, real, encoder) as writer:
            (folder / "CURRENT").write_text(writer.build.name, "ascii")
        taken = {"passages": count, "store s": time.perf_counter() - began}
        taken |= views(place, count)
    taken["memory MB"] = gauge.own / 1e6
    return taken


def views(place: Place, count: int) -> dict[str, Any]:
    """Make the views of a size anew; how long each took."""
    with CollectionWriter.open(place.folder(count)) as writer:
        shutil.rmtree(writer.build / vectors.VECTORS, ignore_errors=True)
        began = time.perf_counter()
        with writer.store.reading() as reading:
            vectors.publish_vectors(writer.build, reading, 0, writer.store.generation, DIMENSION)
        taken = {"vectors s": time.perf_counter() - began}
    return taken | _keywords(place, count)


def _keywords(place: Place, count: int) -> dict[str, Any]:
    """Make the keyword view of a size anew, if there is to be one."""
    if place.engine == NONE:
        return {}
    with CollectionWriter.open(place.folder(count)) as writer:
        shutil.rmtree(writer.build / keywords.KEYWORDS, ignore_errors=True)
        writer.use_keyword_engine(place.engine)
        began = time.perf_counter()
        writer.publish()
        return {"keywords s": time.perf_counter() - began}


def _another(place: Place, count: int) -> Place | None:
    """Where the same passages are in a collection that another engine was used for."""
    others = (Place(place.data, place.to, engine) for engine in (*keywords.ENGINES, NONE))
    made = (other for other in others if "built" in _kept(other, count))
    return next((other for other in made if other != place), None)


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
        line["grows like N^"] = exponent([row["passages"] for row in flat], values)
        table.append(line)
    width = max(len(name) for name in names)
    for line in table:
        print(line["figure"].ljust(width), *(str(v).rjust(12) for v in list(line.values())[1:]))
    record(
        "scale-vectors" if place.engine == NONE else f"scale-{place.engine}",
        {**dict(_limited(place.engine, flat)), "sizes": table},
        f'make bench-scale DATA=DIR TO=DIR ARGS="--engine {place.engine}"',
    )


def _limited(engine: str, rows: list[dict[str, Any]]) -> Iterator[tuple[str, Figure]]:
    """What is held against a limit."""
    for row in rows:
        count = row["passages"]
        for share, limit in zip(
            ("p50", "p95"), QUERY_LIMITS.get((engine, count), ()), strict=False
        ):
            if limit is not None and f"query {share} ms" in row:
                value = row[f"query {share} ms"]
                yield f"query at {count:,}, {share}", Figure(value, "ms", f"≤ {limit}")
        if count == COUNTS[-1] and "resident MB" in row:
            yield f"memory at {count:,}", Figure(row["resident MB"], "MB", f"≤ {MOST_MEMORY}")
    recalls = [v for row in rows for n, v in row.items() if n.startswith("recall@10 of questions")]
    yield "least recall@10 of questions", Figure(min(recalls), limit=f"≥ {LEAST_RECALL}")


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
