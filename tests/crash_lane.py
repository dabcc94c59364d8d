"""Many kills: `python tests/crash_lane.py [--kills 500] [--seed N]`.

The folder is changed and the indexer killed so many times; see `killing.py`. Prints the seed, with
which the same is done again, and where the indexer was killed. WHEREIN_KEYWORD_ENGINE=tantivy has
that engine killed.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from killing import Trial


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        trial = Trial.begin(Path(place).resolve(), arguments.seed)
        done = 0
        while done < arguments.kills:
            done = min(done + 10, arguments.kills)
            trial.run(done)
            print(f"{done} kills, {time.monotonic() - began:.0f} s", flush=True)
    print(f"where: {dict(trial.kills)}; {trial.missed} runs came to their end first")
    print(f"found before the collection was opened again: {dict(trial.findings)}")


if __name__ == "__main__":
    main()
