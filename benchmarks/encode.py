"""How fast passages and queries are encoded, beside other ways to run the same model.

    python benchmarks/encode.py [--passages N] [--rounds N] [--masked]
    python benchmarks/encode.py --quality
    python benchmarks/encode.py --pipeline FOLDER [--copies N]

The first encodes the same passages of mixed length, from the collections in ../shared/data (or
sample_corpus where they are not there), with sentence-transformers as it comes, with Wherein, and
with each other runtime that is installed, all in turn in one process with the same number of
threads, several rounds. It prints the median throughput of each, also by processor time, which
other programs on the machine disturb less, and the cosine to full precision. With --masked,
instructions past AVX2 are kept from the runtimes that can be told so.

--quality measures nDCG@10 by embeddings alone, in full precision and as Wherein encodes, and
--pipeline indexes a folder and says for which part of the time the encoder was at work; with
--copies, so many copies of its texts, each with words of its own in every paragraph.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from gauge import machine
from results import Figure, record
from runtimes import Contestant, contestants

from search.encoders import DEFAULT_MODEL, load_encoder
from search.encoders.cpu import usable_cores
from search.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
DATA = PROJECT.parent / "shared" / "data"
FOLDERS = ("squad-dev", "cranfield", "cisi", "npl", "cf", "liveqa_med")
JUDGED = ("cranfield", "cisi")
#: What keeps newer instructions from oneDNN, torch, MKL and CTranslate2. ONNX Runtime's kernels
#: cannot be told.
MASK = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "CT2_FORCE_CPU_ISA": "AVX2",
}
CACHE = Settings.from_environment().cache
#: Seconds after which no further round is begun.
LONGEST = 120.0
PEER = "sentence-transformers"
OURS = "Wherein"
FULL = "ONNX Runtime float32"


@dataclass(slots=True)
class Times:
    """Seconds that the rounds of one contestant took, by the clock and of the processor."""

    began: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def measure(self, work: Callable[[], Any]) -> Any:
        """Do some work and note how long it took."""
        began, worked = time.perf_counter(), time.process_time()
        made = work()
        self.processor.append(time.process_time() - worked)
        self.began.append(began)
        self.wall.append(time.perf_counter() - began)
        return made


def passages(count: int) -> list[str]:
    """Real passages of mixed length, the same each time."""
    chosen = random.Random(5)
    if not DATA.is_dir():
        texts = [
            " ".join(block.split())
            for path in sorted((PROJECT / "sample_corpus").rglob("*.md"))
            for block in path.read_text("utf-8").split("\n\n")
        ]
        texts = [text for text in texts if len(text) > 60]
        return [chosen.choice(texts) for _ in range(count)]
    found: list[str] = []
    for name in FOLDERS:
        texts = list(documents(DATA / name).values())
        found += chosen.sample(texts, count // len(FOLDERS))
    chosen.shuffle(found)
    return found


def documents(folder: Path) -> dict[str, str]:
    """The texts of a collection in BEIR's layout, by number."""
    lines = (folder / "corpus.jsonl").read_text("utf-8").splitlines()
    items = [json.loads(line) for line in lines]
    return {i["_id"]: f"{i.get('title') or ''}\n{i['text']}".strip() for i in items}


def compare(count: int, rounds: int, threads: int, *, masked: bool) -> dict[str, Any]:
    """Encode the same passages with all that are there, in turn."""
    texts = passages(count)
    all_of_them = list(contestants(CACHE, threads, int8=not masked))
    made = {c.name: c.encode(texts[:12]) for c in all_of_them}  # warms up
    full = next(c for c in all_of_them if c.name == FULL).encode(texts)
    times = {c.name: Times() for c in all_of_them}
    began = time.perf_counter()
    for done in range(rounds):
        if done and time.perf_counter() - began > LONGEST:
            break
        for contestant in all_of_them:
            made[contestant.name] = times[contestant.name].measure(
                lambda contestant=contestant: contestant.encode(texts)  # type: ignore[misc]
            )
    queries = {} if masked else query_times(all_of_them)
    rows = []
    base = times[PEER]
    for name, taken in times.items():
        cosine = (made[name] * full).sum(axis=1)
        rows.append(
            {
                "runtime": name,
                "passages/s": round(count / median(taken.wall), 1),
                "times": round(
                    median(b / t for b, t in zip(base.wall, taken.wall, strict=True)), 2
                ),
                "passages per core and second": round(count / median(taken.processor), 1),
                "times by processor time": round(
                    median(base.processor) / median(taken.processor), 2
                ),
                "mean cosine": round(float(cosine.mean()), 5),
                "least cosine": round(float(cosine.min()), 4),
                "query ms": queries.get(name, ""),
            }
        )
    show(rows)
    return {"passages": count, "rounds": len(base.wall), "threads": threads, "runtimes": rows}


def query_times(all_of_them: Sequence[Contestant], repetitions: int = 40) -> dict[str, float]:
    """The median milliseconds that a query takes, never seen before, by runtime."""
    taken: dict[str, list[float]] = {c.name: [] for c in all_of_them}
    words = ["pressure", "library", "river", "heat", "patient", "signal", "wing", "layer", "wave"]
    chosen = random.Random(7)
    for _ in range(repetitions):
        query = "how does " + " ".join(chosen.choices(words, k=6))
        for contestant in all_of_them:
            began = time.perf_counter()
            contestant.encode([query])
            taken[contestant.name].append(1000 * (time.perf_counter() - began))
    return {name: round(median(times), 2) for name, times in taken.items()}


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print a table."""
    heads = list(rows[0])
    lines = [dict(zip(heads, heads, strict=True)), *rows]
    widths = [max(len(str(line[head])) for line in lines) for head in heads]
    for row in lines:
        print("  ".join(str(row[h]).ljust(w) for h, w in zip(heads, widths, strict=True)))


def quality() -> list[dict[str, Any]]:
    """nDCG@10 of embeddings alone, in full precision and as Wherein encodes."""
    import ir_measures

    rows = []
    those = list(contestants(CACHE, usable_cores(), only=(FULL, OURS)))
    for name in JUDGED:
        texts = documents(DATA / name)
        lines = (DATA / name / "queries.jsonl").read_text("utf-8").splitlines()
        queries = {q["_id"]: q["text"] for q in map(json.loads, lines)}
        judged = (DATA / name / "qrels" / "test.tsv").read_text("utf-8").splitlines()[1:]
        qrels = [ir_measures.Qrel(q, d, int(s)) for q, d, s in map(str.split, judged)]
        row: dict[str, Any] = {"collection": name}
        for contestant in those:
            near = (
                contestant.encode(list(queries.values()))
                @ contestant.encode(list(texts.values())).T
            )
            numbers = list(texts)
            run = [
                ir_measures.ScoredDoc(query, numbers[n], float(scores[n]))
                for query, scores in zip(queries, near, strict=True)
                for n in np.argsort(-scores)[:100]
            ]
            measure = ir_measures.nDCG @ 10
            found = ir_measures.calc_aggregate([measure], qrels, run)[measure]
            row[contestant.name] = round(found, 4)
        row["difference"] = round(row[OURS] - row[FULL], 4)
        rows.append(row)
        print(row, flush=True)
    return rows


def copied(folder: Path, to: Path, copies: int) -> Path:
    """Make copies of the texts in a folder, no two passages alike; give the folder they are in."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".md", ".txt") and path.is_file():
            blocks = path.read_text("utf-8", "replace").split("\n\n")
            for copy in range(copies):
                place = to / f"{copy:03d}" / path.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text("\n\n".join(f"{b}\nCopy {copy}." for b in blocks), "utf-8")
    return to


def pipeline(folder: Path) -> dict[str, Any]:
    """Index a folder and see for which part of the time the encoder was at work."""
    from indexer.opening import open_for_indexing
    from indexer.pipeline import index
    from indexer.progress import Unwatched
    from indexer.worker import Limits
    from search.schema import WalkRules

    encoder = load_encoder(DEFAULT_MODEL, CACHE)
    busy = Times()
    encode = encoder.encode_passages
    encoder.encode_passages = lambda texts: busy.measure(lambda: encode(texts))  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as place:
        settings = Settings.from_environment(home=place)
        writer, _ = open_for_indexing(settings, encoder)
        busy.wall.clear()
        busy.began.clear()
        worked = time.process_time()
        with writer:
            report = index({folder.resolve(): WalkRules()}, writer, encoder, Unwatched(), Limits())
        worked = time.process_time() - worked
    found = {
        "files": report.added,
        "passages": report.embedded,
        "seconds": round(report.seconds, 1),
        "passages/s": round(report.embedded / report.seconds, 1),
        "encoder busy": round(sum(busy.wall) / report.seconds, 3),
        "encoder busy from its first text to its last": round(
            sum(busy.wall) / (busy.began[-1] + busy.wall[-1] - busy.began[0]), 3
        ),
        "processor seconds": round(worked, 1),
        "padding": 0.0,
    }
    print(found)
    return found


def main() -> None:
    """Measure what was asked for, print it and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--passages", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--masked", action="store_true")
    parser.add_argument("--quality", action="store_true")
    parser.add_argument("--pipeline", type=Path, metavar="FOLDER")
    parser.add_argument("--copies", type=int, default=0)
    given = parser.parse_args()
    command = f"python benchmarks/encode.py {' '.join(sys.argv[1:])}".strip()
    print(machine())
    if given.quality:
        figures: dict[str, Any] = {"nDCG@10 by embeddings alone": quality()}
        worst = max(abs(row["difference"]) for row in figures["nDCG@10 by embeddings alone"])
        figures["largest difference"] = Figure(worst, limit="≤ 0.005")
        record("encode-quality", figures, command)
    elif given.pipeline:
        command = f"python benchmarks/encode.py --pipeline {given.pipeline.name}"
        with tempfile.TemporaryDirectory() as place:
            folder = given.pipeline
            if given.copies:
                command += f" --copies {given.copies}"
                folder = copied(folder, Path(place), given.copies)
            found = pipeline(folder)
        figures = {**found, "encoder busy": Figure(found["encoder busy"], limit="≥ 0.9")}
        record("encode-pipeline", figures, command)
    elif given.masked and not os.environ.get("ONEDNN_MAX_CPU_ISA"):
        sys.exit(subprocess.run([sys.executable, *sys.argv], env={**os.environ, **MASK}).returncode)
    else:
        found = compare(given.passages, given.rounds, given.threads, masked=given.masked)
        ours = next(row for row in found["runtimes"] if row["runtime"] == OURS)
        peers = {
            row["runtime"]: row["passages/s"] for row in found["runtimes"] if row["runtime"] != OURS
        }
        figures = {
            "throughput": Figure(ours["passages/s"], "passages/s", peers=peers),
            "times sentence-transformers": Figure(ours["times"], limit="≥ 4.5"),
            "times by processor time": Figure(ours["times by processor time"], limit="≥ 4.5"),
            "mean cosine to full precision": Figure(ours["mean cosine"], limit="≥ 0.995"),
            **found,
        }
        if not given.masked:
            figures["query"] = Figure(ours["query ms"], "ms", "≤ 2")
        record("encode-masked" if given.masked else "encode", figures, command)


if __name__ == "__main__":
    main()
