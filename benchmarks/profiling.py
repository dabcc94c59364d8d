"""Where the time of a query, or of indexing, goes: functions with their shares, by py-spy.

    python benchmarks/profiling.py query --data FOLDER --collection FOLDER [--seconds 20]
    python benchmarks/profiling.py indexing FOLDER

The first asks a collection questions that were never asked before, with one thread, and the second
indexes a folder into a collection that is thrown away. py-spy looks 200 times a second at what uses
a processor in this process, not in those that read files. Of the time of queries, or of the whole
run, it prints for each function the share in which it ran itself, and that in which it or what it
called did.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from search.engine import Engine
from search.queries import parse
from search.settings import Settings

_RATE, _SHOWN = 200, 25


def main() -> None:
    """Profile what was asked for, or do it, to be profiled."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("query", "indexing"))
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--collection", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    if os.environ.get("PROFILED"):
        if given.what == "query":
            ask(given.data, given.collection, given.seconds)
        else:
            index(given.folder)
        return
    with tempfile.TemporaryDirectory() as place:
        stacks = Path(place) / "stacks.txt"
        watched = [sys.executable, __file__, *sys.argv[1:]]
        py_spy = [str(Path(sys.executable).with_name("py-spy")), "record", "--format", "raw"]
        subprocess.run(
            [*py_spy, "--rate", str(_RATE), "--output", str(stacks), "--", *watched],
            env={**os.environ, "PROFILED": "1"},
            check=True,
            stderr=subprocess.DEVNULL,
        )
        within = "search (search/engine.py" if given.what == "query" else ""
        seen = [line for line in stacks.read_text("utf-8").splitlines() if within in line]
        for line in table(seen):
            print(line)


def ask(data: Path, collection: Path, seconds: float) -> None:
    """Ask questions for so long, after the collection was opened."""
    from synthesis import fresh_questions

    questions = fresh_questions(data)
    asked = 0
    with Engine(collection, Settings.from_environment().cache, threads=1) as engine:
        engine.warm_up()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            engine.search(parse(next(questions), literal=True))
            asked += 1
    print(f"{asked} queries in {seconds:.0f} s")


def index(folder: Path) -> None:
    """Index a folder into a collection that is thrown away."""
    from indexer.opening import open_for_indexing
    from indexer.pipeline import index as run
    from indexer.progress import Unwatched
    from indexer.worker import Limits
    from search.schema import WalkRules

    with tempfile.TemporaryDirectory() as home:
        writer, encoder = open_for_indexing(Settings.from_environment(home=home))
        with writer:
            report = run({folder.resolve(): WalkRules()}, writer, encoder, Unwatched(), Limits())
    print(f"{report.added} files, {report.embedded} passages in {report.seconds:.1f} s")


def table(stacks: Iterable[str]) -> list[str]:
    """The functions that took longest, as lines of a Markdown table.

    Args:
        stacks: Lines as ``py-spy record --format raw`` writes them: frames from the outermost on,
            parted by semicolons, and how often they were seen.
    """
    itself: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for line in stacks:
        trail, _, count = line.rpartition(" ")
        frames = [_function(frame) for frame in trail.split(";")]
        itself[frames[-1]] += int(count)
        for frame in set(frames):
            within[frame] += int(count)
    total = max(1, itself.total())
    lines = ["| function | itself | with what it calls |", "|---|---|---|"]
    chosen = {f for f, _ in itself.most_common(_SHOWN)} | {f for f, _ in within.most_common(_SHOWN)}
    for frame in sorted(chosen, key=lambda frame: (-within[frame], frame)):
        shares = (100 * itself[frame] / total, 100 * within[frame] / total)
        lines.append(f"| `{frame}` | {shares[0]:.1f} % | {shares[1]:.1f} % |")
    return lines


def _function(frame: str) -> str:
    """A frame's function and module, without the line it was at or the folders above."""
    name, _, place = frame.rstrip(")").rpartition(" (")
    path = place.rpartition(":")[0].split("site-packages/")[-1]
    for package in ("search/", "indexer/", "benchmarks/", "lib/python3"):
        if package in path:
            path = path[path.index(package) :]
            break
    return f"{name} ({path})" if name else frame


if __name__ == "__main__":
    main()
