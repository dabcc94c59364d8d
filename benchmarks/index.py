"""How fast files are read, format by format, and how much memory indexing takes.

    python benchmarks/index.py [--memory MB] [--json FILE] [FOLDER]

Reads the files of FOLDER as the indexer does, in one process apart, and prints for each format how
many files and megabytes a second that gives, next to what a plain call of a library gives in this
one, and the most memory that process held. FOLDER is by default ../shared/hard, or sample_corpus
where that is not there; files are read several times over until there is something to measure.

With --memory it makes so many megabytes of mixed files (mail, tables, archives, pages, texts, and
those of FOLDER many times over) in a temporary folder instead, indexes them with the hashing
encoder, and ends with code 1 if that took more than 1.5 GB of memory.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from gauge import Gauge, machine
from mixed import make_mixed
from plain import DECODING, PLAIN, Plain, extracted

from indexer.isolation import ReaderPool
from indexer.opening import open_for_indexing
from indexer.pipeline import index
from indexer.progress import Unwatched
from indexer.readers import kind_of
from indexer.walk import FoundFile
from indexer.worker import Limits, Message
from search.schema import WalkRules
from search.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
#: Files are repeated until there are so many, or so many bytes of them.
FILES, BYTES = 60, 4_000_000
#: Most memory that indexing may take, in bytes, all processes together.
MOST = 1_500_000_000


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast the files of one format are read.

    Attributes:
        kind: The format.
        files: How many there are, repetitions included.
        megabytes: How large they are together.
        seconds: How long reading them took.
        peak_mb: The most memory that the reading process held.
        plain: The library they are compared with, "" if it is not installed.
        plain_seconds: How long it took.
        plain_failed: How many it could not read.
    """

    kind: str
    files: int
    megabytes: float
    seconds: float
    peak_mb: float
    plain: str
    plain_seconds: float
    plain_failed: int

    def line(self) -> str:
        """As a line of the table."""
        ours = f"{self.files / self.seconds:>10.1f}{self.megabytes / self.seconds:>9.2f}"
        theirs = ""
        if self.plain:
            theirs = (
                f"{self.files / self.plain_seconds:>10.1f}"
                f"{self.megabytes / self.plain_seconds:>9.2f}"
                f"{self.seconds / self.plain_seconds:>8.1f}  {self.plain}"
            )
        corpus = f"{self.kind:<10}{self.files:>6}{self.megabytes:>8.1f}"
        return f"{corpus}{ours}{self.peak_mb:>8.0f}{theirs}"


def by_kind(folder: Path) -> dict[str, list[Path]]:
    """The files of a folder by format, enough of each."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (kind := kind_of(path.read_bytes(), path.name)):
            kinds.setdefault(kind, []).append(path)
    return {kind: list(_enough(paths)) for kind, paths in sorted(kinds.items())}


def _enough(paths: list[Path]) -> Iterator[Path]:
    files = size = 0
    while not files or (files < FILES and size < BYTES):
        for path in paths:
            files += 1
            size += path.stat().st_size
            yield path


def measured(kind: str, paths: list[Path]) -> Speed:
    """Read files in both ways."""
    size = sum(path.stat().st_size for path in paths) / 1e6
    # A process of its own, so that its memory is that of this format alone.
    with ReaderPool(Limits(), lambda _file, _digest: True, workers=1) as pool, Gauge() as gauge:
        list(_messages(pool, paths[:1]))  # starts the process and imports the library
        began = time.perf_counter()
        for _ in _messages(pool, paths):
            pass
        seconds = time.perf_counter() - began
    plain = PLAIN.get(kind, DECODING)
    try:
        extracted(plain, paths[0].read_bytes())
    except ImportError:
        plain = Plain("", plain.extract)
    began = time.perf_counter()
    failed = sum(not extracted(plain, path.read_bytes()) for path in paths) if plain.name else 0
    plain_seconds = time.perf_counter() - began
    return Speed(
        kind, len(paths), size, seconds, gauge.child / 1e6, plain.name, plain_seconds, failed
    )


def _messages(pool: ReaderPool, paths: list[Path]) -> Iterator[Message]:
    for _, messages in pool.read([FoundFile.of(path, path.stat()) for path in paths]):
        yield from messages


def measure_memory(megabytes: int, examples: Path) -> dict[str, object]:
    """Index mixed files of so many megabytes and watch the memory."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name).resolve()
        documents = place / "documents"
        real = sorted({path for paths in by_kind(examples).values() for path in paths})
        made = make_mixed(documents, megabytes * 1_000_000, real)
        print(", ".join(f"{what} {size / 1e6:.0f} MB" for what, size in made.items()), flush=True)
        settings = Settings(home=place / "home", cache=place / "cache", model="hashing")
        writer, encoder = open_for_indexing(settings)
        with writer, Gauge() as gauge:
            report = index({documents: WalkRules()}, writer, encoder, Unwatched(), Limits())
    return {
        "megabytes": round(sum(made.values()) / 1e6),
        "seconds": round(report.seconds),
        "documents": report.added,
        "passages": report.passages,
        "failures": len(report.failures),
        "indexer_mb": round(gauge.own / 1e6),
        "largest_reader_mb": round(gauge.child / 1e6),
        "together_mb": round(gauge.total / 1e6),
    }


def main() -> None:
    """Measure and print."""
    hard = PROJECT.parent / "shared" / "hard"
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--memory", type=int, metavar="MB", help="measure memory instead")
    parser.add_argument("--json", type=Path, default=PROJECT / "artefacts" / "index.json")
    arguments = parser.parse_args()
    folder = arguments.folder or (hard if hard.is_dir() else PROJECT / "sample_corpus")
    found: dict[str, object] = {"machine": machine()}
    print(found["machine"])
    fine = True
    if arguments.memory:
        memory = measure_memory(arguments.memory, folder)
        print(", ".join(f"{name} {value}" for name, value in memory.items()))
        found["memory"] = memory
        fine = int(str(memory["together_mb"])) * 1_000_000 <= MOST
    else:
        print(
            f"{'format':<10}{'files':>6}{'MB':>8}{'files/s':>10}{'MB/s':>9}{'peak MB':>8}"
            f"{'files/s':>10}{'MB/s':>9}{'times':>8}  plain library"
        )
        speeds = []
        for kind, paths in by_kind(folder).items():
            speeds.append(measured(kind, paths))
            print(speeds[-1].line(), flush=True)
        found["formats"] = [asdict(speed) for speed in speeds]
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
