"""What rounding the encoder to 8 bits costs in ranking: nDCG@10 in 8 bits and in full precision.

    python benchmarks/precision.py FOLDER [FOLDER…]

Each folder holds a collection with judgements, as `wherein eval` takes it. It is indexed with the
encoder in either precision, unless that was done before, and asked in hybrid mode and by meaning
alone. Ends with code 1 if hybrid search loses more than .005 anywhere.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from unittest import mock

from results import Figure, record

from indexer.commands.progress import Watch
from indexer.evaluating import Selection, evaluate, folder_setup
from search.encoders import DEFAULT_MODEL, export, load_encoder
from search.encoders import cache as encoder_cache
from search.evaluation.measures import MEASURES
from search.models import Mode
from search.settings import Settings

PRECISIONS = ("int8", "float32")
#: The most that hybrid search may lose.
MOST = 0.005
_COLUMN = MEASURES.index("nDCG@10")


def measured(folder: Path, precision: str) -> dict[Mode, float]:
    """nDCG@10 of one folder in one precision, by mode."""
    settings = Settings.from_environment()
    if precision != encoder_cache.precision_here():  # what the product keeps anyway is used
        settings = settings.with_(cache=settings.cache / "precision" / precision)
    with (
        mock.patch.object(encoder_cache, "precision_here", return_value=precision),
        mock.patch.object(export, "precision_here", return_value=precision),
        Watch() as watch,
        folder_setup(folder, None, None, settings, Selection(), watch) as setup,
    ):
        kept = getattr(load_encoder(DEFAULT_MODEL, settings.cache), "precision", "")
        if kept != precision:
            sys.exit(f"The encoder in {settings.cache} is in {kept}; there is nothing to compare.")
        found = evaluate(setup, [Mode.HYBRID, Mode.SEMANTIC])
    return {result.mode: result.means[_COLUMN].mean for result in found.results}


def main() -> None:
    """Measure every folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    figures: dict[str, dict[str, Figure]] = {}
    lost = []
    for folder in arguments.folders:
        small, full = (measured(folder, precision) for precision in PRECISIONS)
        figures[folder.resolve().name] = {
            f"{mode}, lost in 8 bits": Figure(
                round(full[mode] - small[mode], 4),
                limit=f"≤ {MOST}" if mode is Mode.HYBRID else "",
                peers={"int8": round(small[mode], 4), "float32": round(full[mode], 4)},
            )
            for mode in small
        }
        lost.append(full[Mode.HYBRID] - small[Mode.HYBRID])
        for mode in small:
            print(
                f"{folder.name:<14}{mode:<10} int8 {small[mode]:.4f}  float32 {full[mode]:.4f}  "
                f"lost {full[mode] - small[mode]:+.4f}"
            )
    record("precision", figures, "make bench-precision DATA=DIR")
    sys.exit(max(lost) > MOST)


if __name__ == "__main__":
    main()
