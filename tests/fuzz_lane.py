"""Many spoilt files: `python tests/fuzz_lane.py [--cases 2000] [--seed N] [--keep FOLDER]`.

Spoils real files of every format (see `fuzzing.py`) and reads them as the indexer does. Prints the
seed, with which the same is done again, and what came of each format. Whatever must not happen, or
brought a reading process down, is kept in FOLDER with a line about it; ends with code 1 if anything
happened that must not.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import hypothesis
from fuzzing import LOSSES, Spoilt, complaints, outcome, reasons, spoilt_files
from hypothesis import HealthCheck, Phase

from indexer.isolation import ReaderPool
from indexer.worker import Limits, Read


class Log:
    """What came of the files so far."""

    def __init__(self, keep: Path) -> None:
        self.cases: Counter[str] = Counter()
        self.read: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.slowest = (0.0, "")
        self._keep = keep

    def note(self, spoilt: Spoilt, pool: ReaderPool, folder: Path) -> None:
        began = time.perf_counter()
        messages = outcome(pool, folder, spoilt)
        self.slowest = max(self.slowest, (time.perf_counter() - began, repr(spoilt)))
        kind = spoilt.kind
        self.cases[kind] += 1
        self.read[kind] += any(isinstance(m, Read) and m.document for m in messages)
        losses = [r for r in reasons(messages) if any(word in r for word in LOSSES)]
        faults = list(complaints(messages))
        self.lost[kind] += bool(losses)
        self.faults[kind] += bool(faults)
        for said in [*faults, *losses]:
            number = self.lost.total() + self.faults.total()
            self._keep.mkdir(parents=True, exist_ok=True)
            (self._keep / f"{number:04d}-{spoilt.name}").write_bytes(spoilt.data)
            print(f"{number:04d} {spoilt!r}: {said}", flush=True)

    def table(self) -> str:
        lines = [f"{'format':<12}{'cases':>7}{'read':>7}{'refused':>9}{'lost':>6}{'faults':>8}"]
        for kind in [*sorted(self.cases), ""]:
            of = [
                count[kind] if kind else count.total()
                for count in (self.cases, self.read, self.lost, self.faults)
            ]
            lines.append(
                f"{kind or 'all':<12}{of[0]:>7}{of[1]:>7}{of[0] - of[1]:>9}{of[2]:>6}{of[3]:>8}"
            )
        return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--keep", type=Path, default=Path("artefacts/fuzz"))
    parser.add_argument("--seconds", type=float, default=20.0, help="that one file may take")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    log, began = Log(arguments.keep), time.monotonic()
    limits = Limits(seconds=arguments.seconds)
    with (
        tempfile.TemporaryDirectory() as folder,
        ReaderPool(limits, lambda _file, _digest: True, workers=1) as pool,
    ):

        @hypothesis.seed(arguments.seed)
        @hypothesis.settings(
            max_examples=arguments.cases,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(spoilt=spoilt_files())
        def spoil(spoilt: Spoilt) -> None:
            log.note(spoilt, pool, Path(folder))

        spoil()
    print(log.table())
    print(f"{time.monotonic() - began:.0f} s; slowest: {log.slowest[0]:.1f} s, {log.slowest[1]}")
    sys.exit(1 if log.faults.total() else 0)


if __name__ == "__main__":
    main()
