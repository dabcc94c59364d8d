"""How well questions are told that nothing in a collection answers.

    python benchmarks/unanswered.py [--at-most N] FOLDER FOLDER [FOLDER…]

Each folder holds a collection with judgements, as `wherein eval` takes it, or documents of any kind
with queries.jsonl and qrels.tsv among them, as sample_corpus does. Its own questions are asked
three times: of all documents; of all but those judged to answer; and, where several documents
share a title, of all but those of the same titles. Questions of the other folders are asked too,
unless their names begin alike (xquad-de and xquad-en are one text). Prints in what part of each the
verdict was "no good answer here"; its precision and recall, answered and unanswered questions
weighing the same; and what the constants of `search.unanswered` would be, and give, if each
collection had been left out when they were chosen.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import numpy as np
from python_docs import build
from results import record

from indexer.commands.progress import Watch
from indexer.corpus import name_at
from indexer.evaluating import Selection, Setup, collection_setup, folder_setup
from search import unanswered
from search.collection import Snapshot
from search.encoders import DEFAULT_MODEL, load_encoder
from search.evaluation.judged import JudgedQuery
from search.evaluation.topics import read_topics
from search.hits import Pool
from search.models import Mode, Query
from search.queries import parse
from search.query_encoder import QueryEncoder
from search.ranking import asked_of, ranked
from search.reading import Ids
from search.settings import Settings
from search.stages import UNTIMED
from search.unanswered import Bars

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


#: What is printed of a collection.
COLUMNS = ("collection", *KINDS, *(f"P/R {kind}" for kind, right in KINDS.items() if not right))
QUERIES, QRELS = "queries.jsonl", "qrels.tsv"


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

    @property
    def verdicts(self) -> dict[str, float]:
        """In what part of each kind of questions nothing was said to answer."""
        return {
            kind: statistics.fmean(found.verdict for found in all_found)
            for kind, all_found in self.found.items()
        }


@dataclass(frozen=True, slots=True)
class Documents:
    """Which passages to leave out, so that a question has no answer.

    Attributes:
        every: All passages there are.
        passages: By the document's name, as judgements know it.
        titles: By the same, the names of all documents of the same title.
    """

    every: Ids
    passages: dict[str, Ids]
    titles: dict[str, list[str]]

    @property
    def share_titles(self) -> bool:
        """Whether titles are subjects."""
        return len(self.passages) > _A_SUBJECT * len({id(same) for same in self.titles.values()})

    def without(self, names: Sequence[str]) -> Ids:
        """All passages but those of some documents, ascending."""
        gone = [self.passages[name] for name in names if name in self.passages]
        return np.setdiff1d(self.every, np.concatenate([np.empty(0, np.int64), *gone]))


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
    # One for all, so that a question asked of several collections is encoded once.
    encoding = QueryEncoder(
        settings.cache, load_encoder(settings.model or DEFAULT_MODEL, settings.cache)
    )
    collections = []
    print("".join(f"{column:>20}" for column in COLUMNS))
    for folder in arguments.folders:
        others = [f for f in arguments.folders if _family(f) != _family(folder)]
        with opened(folder, settings) as setup:
            foreign = list(_foreign(others, arguments.at_most))
            found = gather(setup, encoding, foreign, arguments.at_most)
        collections.append(found)
        _print({"collection": found.name, **_row(found.verdicts)})
    show(collections)


@contextlib.contextmanager
def opened(folder: Path, settings: Settings) -> Iterator[Setup]:
    """The collection that a folder holds, which is indexed if need be."""
    if (folder / QRELS).exists():
        with tempfile.TemporaryDirectory() as home:
            own = settings.with_(home=Path(home), collection=folder.resolve().name)
            build(folder, own)
            with collection_setup(own, folder / QUERIES, folder / QRELS, Selection()) as setup:
                yield setup
    else:
        with (
            Watch() as watch,
            folder_setup(folder, None, None, settings, Selection(), watch) as setup,
        ):
            yield setup


def gather(
    setup: Setup, encoding: QueryEncoder, foreign: Sequence[str], at_most: int
) -> Collection:
    """Ask a collection everything."""
    opened_ = setup.engine.collection
    near, encoder = opened_.manifest.near, encoding.of(opened_)
    with opened_.snapshot() as snapshot:
        reached = unanswered.reached_in(snapshot, encoder, near)
        bar = unanswered.bars(reached, near)
        collection = Collection(setup.name, near, reached)
        documents = _documents(setup, snapshot)

        def ask(kind: str, text: str, without: Sequence[str] = ()) -> None:
            query = parse(text, Mode.HYBRID, literal=True)
            vector, _ = encoding.embed(query, opened_)
            trust = 1.0 if vector is None else encoding.trust(query, opened_, vector)
            allowed = documents.without(without) if without else None
            found = _found(query, snapshot, vector, trust, near, allowed, bar)
            collection.found[kind].append(found)

        queries = setup.judged.queries
        for query in queries[:: -(-len(queries) // at_most)]:
            right = _right(query)
            ask("answered", query.text)
            ask("no answer", query.text, right)
            if documents.share_titles:
                same = [name for one in right for name in documents.titles.get(one, ())]
                ask("no such subject", query.text, same)
        for text in foreign:
            ask("foreign", text)
    return collection


def _documents(setup: Setup, snapshot: Snapshot) -> Documents:
    """All documents of a collection, by the name that judgements know them by."""
    every = snapshot.vectors.ids()
    of = snapshot.reading.documents_of(every.tolist(), snapshot.generation)
    by_key: dict[int, list[int]] = defaultdict(list)
    for passage, (key, _) in of.items():
        by_key[key].append(passage)
    passages, titles = {}, {}
    alike: dict[str, list[str]] = defaultdict(list)
    for document in snapshot.reading.facts(snapshot.generation):
        path = document.paths[0]
        name = setup.resolve(name_at(path)) or setup.resolve(path) or path
        passages[name] = np.array(by_key[document.key], dtype=np.int64)
        titles[name] = alike[document.title or path]
        titles[name].append(name)
    return Documents(every, passages, titles)


def _right(query: JudgedQuery) -> list[str]:
    """The documents that answer a question."""
    if query.quotes:
        return [quote.document for quote in query.quotes if query.grades[quote.id]]
    return [name for name, grade in query.grades.items() if grade]


def _found(
    query: Query,
    snapshot: Snapshot,
    vector: np.ndarray | None,
    trust: float,
    near: float,
    allowed: Ids | None,
    bar: Bars,
) -> Found:
    """The verdict, from the same steps as `search.answering` takes."""
    asked = asked_of(snapshot, query)
    found = ranked(query, snapshot, vector, asked, near, trust, allowed, UNTIMED)
    greatest = snapshot.keywords.greatest_score(asked.words)
    weak = unanswered.weak(found.pool, found.mode, bar, found.trust, greatest)
    pool = replace(found.pool, weak=weak).taken(np.arange(len(weak))[: unanswered.FIRST])
    verdict = unanswered.unanswered(pool) or not len(pool.ids)
    if pool.cosines is None:  # nothing is near, so that words decide
        none = np.zeros(len(pool.ids))
        pool = replace(pool, scores=none, cosines=none)
    return Found(verdict, pool, trust, greatest)


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
    rows = [{"collection": found.name, **_row(found.verdicts)} for found in collections]
    kinds = [kind for kind in KINDS if any(kind in row for row in rows)]
    mean = {
        kind: statistics.fmean(float(row[kind]) for row in rows if kind in row) for kind in kinds
    }
    rows.append({"collection": "mean", **_row(mean)})
    _print(rows[-1])
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
        print(f"{left_out[-1]['constants']:>16}", end="")
        _print(left_out[-1])
    record("unanswered", {"verdict": rows, "left out": left_out}, "make bench-unanswered DATA=DIR")


def _print(row: dict[str, str]) -> None:
    """Print what was found of one collection at once."""
    print("".join(f"{row.get(column, ''):>20}" for column in COLUMNS), flush=True)


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
