"""Which constants of the ranking formula to take, chosen on several collections at once.

    python benchmarks/fusion_study.py [--at-most N] FOLDER FOLDER [FOLDER…]

Each folder holds a collection with judgements, as `wherein eval` takes it. All candidates of all
questions are gathered once; then every setting of the constants in `search.fusion` and
`search.understanding` that `SETTINGS` names is tried on them. Prints nDCG@10 of each setting, and
for each collection what the setting gives there that is best on average over the others: what is to
be expected of a collection that no choice was made on.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.commands.progress import Watch
from indexer.evaluating import Selection, Setup, folder_setup
from search import fusion
from search.encoders import DEFAULT_MODEL, load_encoder
from search.models import Mode
from search.queries import parse
from search.settings import Settings
from search.understanding import garbled, understood

Floats = npt.NDArray[np.float64]

#: More than the candidates of both legs together.
_ALL = 1_000


@dataclass(frozen=True, slots=True)
class Setting:
    """Constants of the formula, under the names they have in `search.fusion`.

    Attributes:
        trusting: Whether meaning counts in full even where the encoder does not understand.
    """

    words_weight: float
    coverage_exponent: float
    bm25_scale: float
    feedback_weight: float
    common_weight: float
    trusting: bool = False


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of one question, by passage number, with all that formulas look at.

    Attributes:
        common: How much each has of the words that the best ones have in common, by the formula in
            use.
    """

    documents: tuple[str, ...]
    cosines: Floats
    bm25: Floats
    common: Floats
    embeddings: npt.NDArray[np.float32]
    greatest: float
    near: float
    understood: float
    grades: dict[str, int]


IN_USE = Setting(
    fusion.WORDS_WEIGHT,
    fusion.COVERAGE_EXPONENT,
    fusion.BM25_SCALE,
    fusion.FEEDBACK_WEIGHT,
    fusion.COMMON_WEIGHT,
)
#: All that is tried.
SETTINGS = [
    Setting(*values)
    for values in itertools.product(
        (1.0, 1.25, 1.5), (0.5, 0.75, 1.0), (8, 12, 16), (0, 0.15, 0.3), (0, 0.3, 0.6, 0.9)
    )
]
SETTINGS.append(replace(IN_USE, trusting=True))


def gather(setup: Setup, cache: Path, at_most: int) -> list[Candidates]:
    """The candidates of the questions, or of ``at_most`` of them at even distances."""
    encoder = load_encoder(DEFAULT_MODEL, cache)
    near = setup.engine.collection.manifest.near
    found = []
    step = -(-len(setup.judged.queries) // at_most)
    for query in setup.judged.queries[::step]:
        asking = parse(query.text, Mode.HYBRID, literal=True)
        answer = setup.engine.search(replace(asking, limit=_ALL, per_document=_ALL))
        hits = sorted(answer.hits, key=lambda hit: hit.passage_id)
        ids = np.array([hit.passage_id for hit in hits], dtype=np.int64)
        words = np.array([hit.bm25 or 0.0 for hit in hits])
        vector = encoder.encode_query(query.text)
        trust = understood(float(vector @ encoder.encode_query(garbled(query.text))), near)
        with setup.engine.collection.snapshot() as snapshot:
            asked = snapshot.keywords.ask(query.text)
            greatest = snapshot.keywords.greatest_score(asked.words)
            embeddings = snapshot.vectors.vectors(ids)
            cosines = (embeddings @ vector).astype(np.float64)
            believed = fusion.belief(cosines, fusion.agreement(cosines, words), near, trust)
            best, say = fusion.say_of_best(
                fusion.covered_scale(cosines, words, greatest, trust, believed)
            )
            common = snapshot.keywords.likeness(ids, ids[best], say)
        found.append(
            Candidates(
                tuple(setup.name_of(hit) for hit in hits),
                cosines,
                words,
                common,
                embeddings.astype(np.float16),
                greatest,
                near,
                trust,
                dict(query.grades),
            )
        )
    return found


def ndcg(candidates: Candidates, setting: Setting) -> float:
    """nDCG@10 of the documents, each at its best passage."""
    trust = 1.0 if setting.trusting else candidates.understood
    agreed = fusion.agreement(candidates.cosines, candidates.bm25)
    believed = fusion.belief(candidates.cosines, agreed, candidates.near, trust)
    scores = fusion.covered_scale(
        candidates.cosines, candidates.bm25, candidates.greatest, trust, believed
    )
    if setting.feedback_weight:
        like = fusion.likeness_to_best(scores, candidates.embeddings.astype(np.float32))
        scores += setting.feedback_weight * trust * like
    if setting.common_weight:
        scores += setting.common_weight * trust * agreed * candidates.common
    ranked = dict.fromkeys(candidates.documents[row] for row in np.argsort(-scores, kind="stable"))
    gains = [candidates.grades.get(document, 0) for document in itertools.islice(ranked, 10)]
    ideal = sorted(candidates.grades.values(), reverse=True)[:10]
    return discounted(gains) / discounted(ideal)


def discounted(gains: Sequence[int]) -> float:
    """The sum of gains, each divided by log2(rank + 1)."""
    return float(sum(gain / np.log2(rank + 1) for rank, gain in enumerate(gains, 1)))


def mean_ndcg(collection: list[Candidates], setting: Setting) -> float:
    """The mean over a collection's questions with one setting of the constants."""
    for name in ("words_weight", "coverage_exponent", "bm25_scale"):
        setattr(fusion, name.upper(), getattr(setting, name))
    return float(np.mean([ndcg(candidates, setting) for candidates in collection]))


def main() -> None:
    """Gather, try, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--at-most", type=int, default=400, metavar="N", help="questions of each collection"
    )
    arguments = parser.parse_args()
    if len(arguments.folders) < 2:
        sys.exit("Name at least two folders; one is left out each time.")
    settings = Settings.from_environment()
    collections = []
    for folder in arguments.folders:
        with (
            Watch() as watch,
            folder_setup(folder, None, None, settings, Selection(), watch) as setup,
        ):
            collections.append(gather(setup, settings.cache, arguments.at_most))
    table = np.array([[mean_ndcg(c, setting) for c in collections] for setting in SETTINGS])
    show(table, [folder.name for folder in arguments.folders])


def show(table: Floats, names: Sequence[str]) -> None:
    """Print a row for each setting, best first, and what leaving one collection out gives."""
    print(
        f"{'weight exponent scale feedback common':<40}" + "".join(f"{n[:10]:>11}" for n in names)
    )
    for row in np.argsort(-table.mean(axis=1), kind="stable"):
        print(f"{label(SETTINGS[row]):<40}" + "".join(f"{value:>11.4f}" for value in table[row]))
    print("Chosen on the others:")
    for left_out, name in enumerate(names):
        others = np.delete(table, left_out, axis=1).mean(axis=1)
        row = int(np.argmax(others))
        print(f"{name:<14} {label(SETTINGS[row]):<40} {table[row, left_out]:.4f}")


def label(setting: Setting) -> str:
    """A setting on one line."""
    text = (
        f"{setting.words_weight:<7}{setting.coverage_exponent:<9}{setting.bm25_scale:<6}"
        f"{setting.feedback_weight:<9}{setting.common_weight}"
    )
    marks = (" always trusting" if setting.trusting else "") + (" *" if setting == IN_USE else "")
    return text + marks


if __name__ == "__main__":
    main()
