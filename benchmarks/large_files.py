"""Files too large for the tests, each indexed in bounded time and memory or refused with a reason.

    python benchmarks/large_files.py [NAME…]

Makes them in a temporary folder (which needs 2.5 GB unless it knows sparse files), indexes each
into a collection of its own with the hashing encoder, and prints time, memory and what came of it.
Ends with code 1 if a process took more memory than it may, or an outcome is not the one expected.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gauge import Gauge
from reportlab.pdfgen.canvas import Canvas

from indexer.opening import open_for_indexing
from indexer.pipeline import Report, index
from indexer.progress import Unwatched
from indexer.worker import Limits
from search.schema import WalkRules
from search.settings import Settings

WORDS = ("heron", "stork", "egret", "bittern", "crane", "ibis", "spoonbill", "rail", "coot")
#: Most bytes that the indexer itself may hold.
OWN = 1_500_000_000
#: What a reader may hold beside the file's limit: Python and the libraries.
SLACK = 300_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """A large file.

    Attributes:
        name: Its name.
        make: Writes it.
        limits: What reading it may take.
        refused: Part of the reason it is refused with; "" if it must be indexed.
    """

    name: str
    make: Callable[[Path], None]
    limits: Limits = field(default_factory=Limits)
    refused: str = ""


def sparse_text(path: Path) -> None:
    """2 GB that begin like text."""
    with path.open("wb") as stream:
        stream.write(b"heron " * 1000)
        stream.truncate(2_000_000_000)


def real_text(path: Path) -> None:
    """2 GB of text."""
    block = "".join(f"{sentence()}\n\n" for _ in range(10_000)).encode()
    with path.open("wb") as stream:
        while stream.tell() < 2_000_000_000:
            stream.write(block)


def one_line(path: Path) -> None:
    """50 MB without a line end."""
    with path.open("w") as stream:
        for _ in range(500):
            stream.write(" ".join(random.choices(WORDS, k=17_000)) + " ")


def many_pages(path: Path) -> None:
    """10,000 pages."""
    canvas = Canvas(str(path))
    for number in range(1, 10_001):
        for line in range(5):
            canvas.drawString(72, 760 - 14 * line, f"{sentence()} Page {number}.")
        canvas.showPage()
    canvas.save()


def many_rows(path: Path) -> None:
    """A million rows."""
    with path.open("w") as stream:
        stream.write("number,bird,place,weight\n")
        for number in range(1_000_000):
            stream.write(f"{number},{random.choice(WORDS)},pond {number % 97},{number * 0.25}\n")


def sentence() -> str:
    """Some words."""
    return " ".join(random.choices(WORDS, k=12)).capitalize() + "."


CASES = (
    Case("sparse-2gb.txt", sparse_text, refused="more than the limit"),
    Case("real-2gb.txt", real_text, refused="more than the limit"),
    Case("raised-2gb.txt", real_text, Limits(file_size=3_000_000_000), refused="memory"),
    Case("line-50mb.txt", one_line),
    Case("pages-10000.pdf", many_pages),
    Case("rows-1000000.csv", many_rows),
)


def indexed(case: Case, place: Path) -> tuple[Report, Gauge, int]:
    """Make a file and index it; also its size."""
    folder = place / "documents"
    folder.mkdir()
    path = folder / case.name
    case.make(path)
    size = path.stat().st_size
    settings = Settings(home=place / "home", cache=place / "cache", model="hashing")
    writer, encoder = open_for_indexing(settings)
    with writer, Gauge() as gauge:
        report = index({folder: WalkRules()}, writer, encoder, Unwatched(), case.limits)
    return report, gauge, size


def faults(case: Case, report: Report, gauge: Gauge) -> list[str]:
    """What is not as it must be."""
    reason = " ".join(report.failures.values())
    found = []
    if case.refused not in reason or bool(reason) != bool(case.refused):
        found.append(f"expected {case.refused or 'a document'!r}, got {reason!r}")
    if gauge.own > OWN:
        found.append("the indexer took too much memory")
    if gauge.child > case.limits.memory + SLACK:
        found.append("a reader took too much memory")
    return found


def main() -> None:
    """Index them, one after the other."""
    wanted = sys.argv[1:]
    wrong = False
    print(f"{'file':<20}{'MB':>7}{'s':>8}{'indexer MB':>12}{'reader MB':>11}  outcome")
    for case in CASES:
        if wanted and case.name not in wanted:
            continue
        random.seed(case.name)
        with tempfile.TemporaryDirectory() as name:
            began = time.monotonic()
            report, gauge, size = indexed(case, Path(name).resolve())
        said = " ".join(report.failures.values()) or f"{report.passages} passages"
        print(
            f"{case.name:<20}{size / 1e6:>7.0f}{report.seconds:>8.1f}{gauge.own / 1e6:>12.0f}"
            f"{gauge.child / 1e6:>11.0f}  {said}",
            flush=True,
        )
        print(f"{'':<20}made and indexed in {time.monotonic() - began:.0f} s", flush=True)
        for fault in faults(case, report, gauge):
            wrong = True
            print(f"{'':<20}FAULT: {fault}", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
