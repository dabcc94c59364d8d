"""Ask the API whatever its own description allows and does not: ``make fuzz-api``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from api_fuzzing import fuzz

PHASES = "examples,coverage,fuzzing,stateful"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="requests for each address")
    parser.add_argument("--seed", type=int, default=1, help="where chance begins")
    parser.add_argument("--phases", default=PHASES, help="what to try")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        done = fuzz(Path(name), chosen.examples, chosen.phases, chosen.seed)
    print(done.stdout[-20_000:])
    print(done.stderr[-4_000:], file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
