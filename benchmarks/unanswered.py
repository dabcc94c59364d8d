"""How well questions are told that nothing in a collection answers.

    python benchmarks/unanswered.py [--at-most N] FOLDER FOLDER [FOLDER…]

Each folder holds a collection with judgements, as `wherein eval` takes it. Its own questions are
asked three times: of all documents; of all but those judged to answer; and, where several documents
share a title, of all but those of the same titles. Questions of the other folders are asked too,
unless their names begin alike (xquad-de and xquad-en are one text). Prints in what part of each the
verdict was "no good answer here"; its precision and recall, answered and unanswered questions
weighing the same; and what the constants of `search.unanswered` would be, and give, if each
collection had been left out when they were chosen.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import numpy as np
from results import record

from indexer.commands.progress import Watch
from indexer.corpus import name_at
from indexer.evaluating import Selection, Setup, folder_setup
from search import unanswered
from search.encoders import DEFAULT_MODEL, Encoder, load_encoder
from search.evaluation.topics import read_topics
from search.hits import Pool
from search.models import Answer, Mode
from search.queries import parse
from search.requirements import NOTHING, DocumentFacts, Lies, Requirements
from search.settings import Settings

#: The kinds of questions, and whether something should answer them.
KINDS = {"answered": True, "no answer": False, "no such subject": False, "foreign": False}
#: How much worse it is to deny an answer that is there than to miss that there is none.
DENIAL = 4.0
#: Titles are subjects if so many documents share one on average.
_A_SUBJECT = 4
#: What is tried: words' part, enough words, enough meaning.
GRID = list(
    itertools.product(
        np.arange(0.2, 0.65, 0.1), (0.2, 0.3, 0.4, 1.0), (0.175, 0.2, 0.225, 0.25, 0.3, 1.0)
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question: its first hits and what the verdict goes by."""

    verdict: bool
    pool: Pool
    trust: float
    greatest: float


@dataclass(slots=True)
class Collection:
    """All that was found in one collection."""

    name: str
    near: float
    reached: unanswered.Reached
    found: dict[str, list[Found]] = field(default_factory=lambda: defaultdict(list))


def main() -> None:
    """Ask, print, record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--at-most", type=int, default=60, metavar="N", help="questions of each collection"
    )
    arguments = parser.parse_args()
    if len(arguments.folders) < 2:
        sys.exit("Name at least two folders; questions of one are foreign to the other.")
    settings = Settings.from_environment()
    encoder = load_encoder(DEFAULT_MODEL, settings.cache)
    collections = []
    for folder in arguments.folders:
        others = [f for f in arguments.folders if _family(f) != _family(folder)]
        with (
            Watch() as watch,
            folder_setup(folder, None, None, settings, Selection(), watch) as setup,
        ):
            foreign = list(_foreign(others, arguments.at_most))
            collections.append(gather(setup, encoder, foreign, arguments.at_most))
    show(collections)


def gather(setup: Setup, encoder: Encoder, foreign: Sequence[str], at_most: int) -> Collection:
    """Ask a collection everything."""
    near = setup.engine.collection.manifest.near
    with setup.engine.collection.snapshot() as snapshot:
        reached = unanswered.reached_in(snapshot, encoder, near)
        documents = list(snapshot.reading.facts(snapshot.generation))
    by_name = {setup.resolve(name_at(document.paths[0])): document for document in documents}
    titles = defaultdict(list)
    for document in documents:
        titles[document.title].append(document)
    collection = Collection(setup.name, near, reached)

    def ask(kind: str, text: str, without: Sequence[DocumentFacts] = ()) -> None:
        lies = tuple(Lies(document.paths[0]) for document in without)
        asking = replace(
            parse(text, Mode.HYBRID, limit=unanswered.FIRST, explain=True, literal=True),
            per_document=unanswered.FIRST,
            requirements=Requirements((), lies) if lies else NOTHING,
        )
        collection.found[kind].append(_found(setup.engine.search(asking)))

    queries = setup.judged.queries
    for query in queries[:: -(-len(queries) // at_most)]:
        right = [by_name[name] for name, grade in query.grades.items() if grade and name in by_name]
        subject = [same for document in right for same in titles[document.title]]
        ask("answered", query.text)
        ask("no answer", query.text, right)
        if len(documents) > _A_SUBJECT * len(titles):
            ask("no such subject", query.text, subject)
    for text in foreign:
        ask("foreign", text)
    return collection


def _found(answer: Answer) -> Found:
    explanations = [hit.explanation for hit in answer.hits if hit.explanation]
    pool = Pool(
        np.array([hit.passage_id for hit in answer.hits], dtype=np.int64),
        np.array([hit.score for hit in answer.hits]),
        np.array([hit.cosine or 0.0 for hit in answer.hits]),
        np.array([hit.bm25 or 0.0 for hit in answer.hits]),
    )
    if answer.mode is not Mode.HYBRID:  # nothing is near, so that words decide
        pool = replace(pool, scores=np.zeros(len(pool.ids)))
    return Found(
        answer.unanswered,
        pool,
        explanations[0].understood if explanations else 1.0,
        explanations[0].greatest_bm25 if explanations else 1.0,
    )


def _foreign(folders: Sequence[Path], at_most: int) -> Iterator[str]:
    """Questions of other collections, as many of each, ``at_most`` in all."""
    families = {_family(folder): folder for folder in folders}
    for folder in families.values():
        topics: Sequence[str] = [topic.text for topic in read_topics(folder / "queries.jsonl")]
        yield from topics[:: max(1, len(topics) * len(families) // at_most)]


def _family(folder: Path) -> str:
    name = folder.resolve().name.partition("-")[0]
    return "squad" if name == "xquad" else name


def denied(collection: Collection, constants: tuple[float, float, float]) -> dict[str, float]:
    """In what part of each kind of questions the verdict would be "no answer"."""
    words_add, words, meaning = constants
    with mock.patch.multiple(
        unanswered, WORDS_ADD=words_add, ENOUGH_WORDS=words, ENOUGH_MEANING=meaning
    ):
        bar = unanswered.bars(collection.reached, collection.near)
        return {
            kind: statistics.fmean(
                bool(
                    unanswered.weak(found.pool, Mode.HYBRID, bar, found.trust, found.greatest).all()
                )
                for found in all_found
            )
            for kind, all_found in collection.found.items()
        }


def worth(parts: dict[str, float]) -> float:
    """What constants are chosen by; missing a near miss counts nothing, as none can tell it."""
    wrong = [part for kind, part in parts.items() if kind in ("no such subject", "foreign")]
    return statistics.fmean(wrong) - DENIAL * parts["answered"]


def show(collections: Sequence[Collection]) -> None:
    """Print the table and what leaving one collection out gives; record it."""
    rows = []
    for collection in collections:
        parts = {
            kind: statistics.fmean(found.verdict for found in all_found)
            for kind, all_found in collection.found.items()
        }
        rows.append({"collection": collection.name} | _row(parts))
    kinds = [kind for kind in KINDS if any(kind in row for row in rows)]
    mean = {
        kind: statistics.fmean(float(row[kind]) for row in rows if kind in row) for kind in kinds
    }
    rows.append({"collection": "mean"} | _row(mean))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    print("".join(f"{column:>22}" for column in columns))
    for row in rows:
        print("".join(f"{row.get(column, ''):>22}" for column in columns))
    print("\nConstants chosen on the other collections, and what they give:")
    tried = {constants: {c.name: denied(c, constants) for c in collections} for constants in GRID}
    left_out = []
    for collection in collections:
        others = [c.name for c in collections if c is not collection]
        best = max(GRID, key=lambda g: statistics.fmean(worth(tried[g][name]) for name in others))
        left_out.append(
            {
                "collection": collection.name,
                "constants": " ".join(f"{value:.3g}" for value in best),
                **_row(tried[best][collection.name]),
            }
        )
        print("".join(f"{left_out[-1].get(c, ''):>22}" for c in ("constants", *columns)))
    record("unanswered", {"verdict": rows, "left out": left_out}, "make bench-unanswered DATA=DIR")


def _row(parts: dict[str, float]) -> dict[str, str]:
    """Parts of each kind, then precision and recall against what was answered."""
    row = {kind: f"{part:.3f}" for kind, part in parts.items()}
    for kind, right in KINDS.items():
        if not right and kind in parts:
            wrong = parts["answered"]
            precision = parts[kind] / (parts[kind] + wrong) if parts[kind] + wrong else 1.0
            row[f"P/R {kind}"] = f"{precision:.2f}/{parts[kind]:.2f}"
    return row


if __name__ == "__main__":
    main()
