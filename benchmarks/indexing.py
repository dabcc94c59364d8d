"""A folder of documents indexed from start to end, by Wherein and by others: `make bench-indexing`.

    python benchmarks/indexing.py --data FOLDER [--judged cranfield] [--documents 400] [--rounds 3]

Puts documents of a judged collection into a folder, a text file each, and has it indexed by
`wherein index` and by scripts that use others as their documentation shows, with the same model.
Each is a process that begins with nothing; its time is that from its start to its end, its memory
the most that it and what it started held at one time. All may use all cores. They do so in turn,
several times, and who begins changes, so that what else the machine does is shared; of the figures
the medians count.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from gauge import Gauge
from material import judged
from peers import SILENT
from results import Figure, record

from search.encoders import DEFAULT_MODEL
from search.encoders.locate import locate
from search.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
#: How often everybody indexes, from nothing each time.
ROUNDS = 3


def _txtai(texts: list[str], folder: Path) -> None:
    from txtai import Embeddings

    embeddings = Embeddings(path=_model(), gpu=False, content=True, hybrid=True)
    embeddings.index(texts)
    embeddings.save(str(folder))


def _chroma(texts: list[str], folder: Path) -> None:
    import chromadb
    from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

    client = chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))
    encoder = SentenceTransformerEmbeddingFunction(_model())
    kept = client.create_collection("passages", embedding_function=encoder)
    kept.add(ids=[str(number) for number in range(len(texts))], documents=texts)


def _lancedb(texts: list[str], folder: Path) -> None:
    import lancedb
    from sentence_transformers import SentenceTransformer

    vectors = SentenceTransformer(_model(), device="cpu").encode(texts, show_progress_bar=False)
    rows = [{"text": t, "vector": v} for t, v in zip(texts, vectors, strict=True)]
    lancedb.connect(str(folder)).create_table("passages", rows).create_fts_index("text")


@dataclass(frozen=True, slots=True)
class _Taken:
    """What indexing took: seconds, and bytes of memory."""

    seconds: float
    memory: int


PEERS: Mapping[str, Callable[[list[str], Path], None]] = {
    "txtai, hybrid": _txtai,
    "Chroma": _chroma,
    "LanceDB, hybrid": _lancedb,
}


def main() -> None:
    """Index with all, and write down how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--judged", default="cranfield")
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--peer", nargs=3, metavar=("NAME", "FOLDER", "TO"), help="index as NAME")
    given = parser.parse_args()
    if given.peer:
        name, folder, to = given.peer
        PEERS[name]([p.read_text("utf-8") for p in sorted(Path(folder).iterdir())], Path(to))
        return
    if given.data is None:
        parser.error("--data is missing")
    texts = list(judged(given.data / given.judged).documents.values())[: given.documents]
    with tempfile.TemporaryDirectory(prefix="indexing-") as name:
        place = Path(name).resolve()
        (place / "documents").mkdir()
        for number, text in enumerate(texts):
            (place / "documents" / f"{number:05d}.txt").write_text(text, "utf-8")
        rows = _all(place, given.rounds)
    for row in rows:
        row["documents/s"] = round(len(texts) / row["seconds"], 1)
        row["times"] = round(row["seconds"] / rows[0]["seconds"], 2)
        print("  ".join(f"{head}: {value}" for head, value in row.items()))
    others = {row["contestant"]: row["documents/s"] for row in rows[1:]}
    figures = {
        "documents": len(texts),
        "rounds": given.rounds,
        "indexed": Figure(rows[0]["documents/s"], "documents/s", peers=others),
        "from start to end": rows,
    }
    record("indexing", figures, "make bench-indexing DATA=DIR")


def _all(place: Path, rounds: int) -> list[dict[str, Any]]:
    """Median seconds and memory of everybody that is installed, Wherein first."""
    documents = str(place / "documents")
    wherein = [sys.executable, "-P", "-m", "indexer.cli", "index", "--home", str(place / "index")]
    commands = {"wherein index": [*wherein, documents]} | {
        name: [sys.executable, __file__, "--peer", name, documents, str(place / "index")]
        for name in PEERS
    }
    taken: dict[str, list[_Taken]] = {name: [] for name in commands}
    order = list(commands)
    for _ in range(rounds):
        for name in tuple(order):
            shutil.rmtree(place / "index", ignore_errors=True)
            found = _once(commands[name])
            if isinstance(found, _Taken):
                taken[name].append(found)
                continue
            if name == "wherein index":
                sys.exit(found)
            print(f"{name} is left out: {found.splitlines()[-1]}", flush=True)
            del taken[name]
            order.remove(name)
        order.append(order.pop(0))
    return [
        {
            "contestant": name,
            "seconds": round(median(one.seconds for one in found), 2),
            "memory MB": round(median(one.memory for one in found) / 1e6),
        }
        for name, found in taken.items()
    ]


def _once(command: Sequence[str]) -> _Taken | str:
    """Run a command; what it said if it failed."""
    paths = os.pathsep.join([str(PROJECT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    environment = os.environ | SILENT | {"PYTHONPATH": paths}
    # What is made once on a machine is made before.
    environment["WHEREIN_CACHE"] = str(Settings.from_environment().cache)
    began = time.perf_counter()
    with Gauge() as gauge:
        ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ended.returncode:
        return ended.stderr.strip() or f"exit code {ended.returncode}"
    return _Taken(time.perf_counter() - began, gauge.total - gauge.own)


def _model() -> str:
    return str(locate(DEFAULT_MODEL).folder)


if __name__ == "__main__":
    main()
