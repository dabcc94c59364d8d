"""Ranking quality on collections in BEIR's layout, against what was reached before.

    python benchmarks/quality.py [--rebuild] [--every N] FOLDER [FOLDER…]

What `wherein eval` finds for each folder, in short: nDCG@10 of each mode, that of hybrid search
with its 95 % interval; what hybrid search gains on either leg, query by query, how many queries
gain and lose, and how often chance alone would give as much; and how it stands to the goal and the
floor that baseline.json names for a folder of that name. Ends with code 1 if hybrid search is below
a floor. `wherein eval FOLDER` says more.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from indexer.commands.progress import Watch
from indexer.evaluating import Selection, evaluate, folder_setup
from search.evaluation.bootstrap import Difference, differences
from search.evaluation.measures import MEASURES
from search.evaluation.results import ModeResult
from search.models import Mode
from search.settings import Settings

BASELINE = Path(__file__).with_name("baseline.json")
MEASURE = "nDCG@10"
#: Goal and floor are written with three decimals, and so is what is held against them.
DECIMALS = 3


_COLUMN = MEASURES.index(MEASURE)


def measured(folder: Path, every: int, rebuild: bool) -> dict[Mode, ModeResult]:
    """What each mode found in one folder."""
    settings = Settings.from_environment()
    with (
        Watch() as watch,
        folder_setup(
            folder, None, None, settings, Selection(every), watch, rebuild=rebuild
        ) as setup,
    ):
        found = evaluate(setup, list(Mode))
    return {result.mode: result for result in found.results}


def gained(result: ModeResult, leg: ModeResult) -> str:
    """What a mode gains on another over the same queries, in short."""
    difference: Difference = differences(result.values, leg.values)[_COLUMN]
    return (
        f"{difference.interval.mean:+.4f} +{difference.better} -{difference.worse} "
        f"p {difference.p:.3f}"
    )


def verdict(value: float, baseline: dict[str, float] | None) -> str:
    """How a mean stands to its goal and its floor."""
    if baseline is None:
        return ""
    goal, floor = baseline["goal"], baseline["floor"]
    value = round(value, DECIMALS)
    if value < floor:
        return f"BELOW THE FLOOR of {floor:.3f}"
    return f"reaches {goal:.3f}" if value >= goal else f"below {goal:.3f}, above {floor:.3f}"


def main() -> None:
    """Measure every folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--rebuild", action="store_true", help="index anew what is kept")
    parser.add_argument("--every", type=int, default=1, help="ask one of so many questions")
    arguments = parser.parse_args()
    baselines = json.loads(BASELINE.read_text("utf-8"))
    print(
        f"{'nDCG@10':<14}{'hybrid':<24}{'semantic':<10}{'keyword':<10}"
        f"{'hybrid on semantic':<28}{'hybrid on keyword':<28}"
    )
    below = False
    for folder in arguments.folders:
        found = measured(folder, arguments.every, arguments.rebuild)
        means = {mode: result.means[_COLUMN] for mode, result in found.items()}
        hybrid = means[Mode.HYBRID]
        said = verdict(hybrid.mean, baselines.get(folder.resolve().name))
        below = below or said.startswith("BELOW")
        cell = f"{hybrid.mean:.4f} [{hybrid.low:.3f}, {hybrid.high:.3f}]"
        legs = [gained(found[Mode.HYBRID], found[leg]) for leg in (Mode.SEMANTIC, Mode.KEYWORD)]
        print(
            f"{folder.resolve().name:<14}{cell:<24}{means[Mode.SEMANTIC].mean:<10.4f}"
            f"{means[Mode.KEYWORD].mean:<10.4f}{legs[0]:<28}{legs[1]:<28}{said}",
            flush=True,
        )
    sys.exit(1 if below else 0)


if __name__ == "__main__":
    main()
