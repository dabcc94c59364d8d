"""What ranking gives where questions are put in other words than their answers.

    python benchmarks/mismatch.py [--every N] FOLDER [FOLDER…]

Each folder holds a collection with judgements, as `wherein eval` takes it. Words of the questions
are replaced, for the keyword leg alone: by words that no passage holds, or by words of the
collection that weigh as much. So many are replaced that the keyword leg reaches `RATIOS` of what
meaning alone reaches: what was measured elsewhere, on collections where the one was .590 of .768
and .126 of .297. Prints what formulas gain on meaning alone: the one in use, cosine +
(2/π) · atan(BM25 / 8), which lost .022 and .039 there, and cosine + 0.2 · BM25 / √greatest, which
lost less than .01.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.commands.progress import Watch
from indexer.corpus import name_at
from indexer.evaluating import Selection, Setup, folder_setup
from search.analysis import Alternative, AskedWord
from search.asking import Asked
from search.collection import Snapshot
from search.encoders.base import Embeddings
from search.evaluation import ndcg
from search.evaluation.bootstrap import differences
from search.evaluation.judged import JudgedQuery
from search.hits import Pool
from search.models import Mode
from search.queries import parse
from search.query_encoder import QueryEncoder
from search.ranking import asked_of, by_words, retrieve
from search.settings import Settings

Floats = npt.NDArray[np.float64]

#: What part of meaning's nDCG the keyword leg is to reach.
RATIOS = (0.77, 0.42)
#: What a word is replaced by.
KINDS = ("none has", "others")
FORMULAS: dict[str, Callable[[Pool, float], Floats]] = {
    "meaning": lambda pool, _: _cosines(pool),
    "plain": lambda pool, _: _cosines(pool) + 2 / np.pi * np.arctan(_words(pool) / 8),
    "by √": lambda pool, greatest: (
        _cosines(pool) + 0.2 * _words(pool) / max(np.sqrt(greatest), 1e-9)
    ),
    "in use": lambda pool, _: pool.scores,
}
#: From how many passages words are taken, and how many alike in weight one is drawn from.
_PASSAGES, _WORDS_EACH, _ALIKE = 2_000, 100, 30
#: How often the part of words to be replaced is halved.
_HALVINGS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A question with what each of its words may be replaced by.

    Attributes:
        fates: For each word a number from 0 to 1; it is replaced if that is below the part.
        others: For each word its replacement, by the kind.
    """

    judged: JudgedQuery
    vector: Embeddings
    trust: float
    words: tuple[AskedWord, ...]
    fates: tuple[float, ...]
    others: dict[str, tuple[AskedWord, ...]]

    def asked(self, kind: str, part: float) -> Asked:
        """The question's words, part of them replaced."""
        chosen = zip(self.words, self.others[kind], self.fates, strict=True)
        return Asked(tuple(o if fate < part else w for w, o, fate in chosen), {})


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Measures orders of passages.

    Attributes:
        names: The name of each document, by the number that users see.
    """

    snapshot: Snapshot
    names: dict[int, str]

    def ndcg(self, judged: JudgedQuery, ids: npt.NDArray[np.int64]) -> float:
        """nDCG@10 of the documents, each at its best passage, the best first."""
        of = self.snapshot.reading.documents_of(ids.tolist(), self.snapshot.generation)
        ranked = dict.fromkeys(self.names[of[passage][0]] for passage in ids.tolist())
        gains = [judged.grades.get(name, 0) for name in ranked]
        return ndcg(gains[:10], list(judged.grades.values()))


def questions(setup: Setup, encoding: QueryEncoder, snapshot: Snapshot) -> list[Question]:
    """All questions, with replacements that are the same in every run."""
    keywords = snapshot.keywords
    sample = {term for terms in keywords.sample(_PASSAGES, _WORDS_EACH) for term in terms}
    terms = sorted(term for term in sample if term.isalpha())
    weights = np.array([keywords.greatest_score([term]) for term in terms])
    by_weight = np.argsort(weights, kind="stable")
    chance = random.Random(1)
    found = []
    for judged in setup.judged.queries:
        query = parse(judged.text, Mode.HYBRID, literal=True)
        vector, _ = encoding.embed(query, setup.engine.collection)
        assert vector is not None
        trust = encoding.trust(query, setup.engine.collection, vector)
        words = asked_of(snapshot, query).words
        fates, unknown, others = {}, {}, {}
        for word in dict.fromkeys(words):
            fates[word] = chance.random()
            unknown[word] = _word(f"\N{REPLACEMENT CHARACTER}{chance.random()}")
            weight = keywords.greatest_score([word])
            middle = int(np.searchsorted(weights[by_weight], weight))
            first = max(0, min(middle - _ALIKE // 2, len(terms) - _ALIKE))
            others[word] = _word(
                terms[by_weight[first + chance.randrange(min(_ALIKE, len(terms)))]]
            )
        replaced = {
            kind: tuple(by[word] for word in words)
            for kind, by in zip(KINDS, (unknown, others), strict=True)
        }
        found.append(
            Question(judged, vector, trust, words, tuple(fates[w] for w in words), replaced)
        )
    return found


def part_for(asked: Sequence[Question], judge: Judge, kind: str, target: float) -> float:
    """What part of the words to replace, so that the keyword leg reaches no more than a target."""
    least, most = 0.0, 1.0
    for _ in range(_HALVINGS):
        part = (least + most) / 2
        reached = np.mean([judge.ndcg(q.judged, _by_words(q, judge, kind, part)) for q in asked])
        least, most = (part, most) if reached > target else (least, part)
    return (least + most) / 2


def measured(
    asked: Sequence[Question], judge: Judge, near: float, kind: str, part: float
) -> dict[str, Floats]:
    """nDCG@10 of each question by each formula, and by words alone."""
    found: dict[str, list[float]] = {name: [] for name in (*FORMULAS, "words")}
    for question in asked:
        words = question.asked(kind, part)
        greatest = judge.snapshot.keywords.greatest_score(words.words)
        found["words"].append(judge.ndcg(question.judged, _by_words(question, judge, kind, part)))
        pool = retrieve(
            judge.snapshot, Mode.HYBRID, question.vector, words, near, question.trust, None
        )
        for name, formula in FORMULAS.items():
            ids = _by_words(question, judge, kind, part)
            if pool is not None:
                ids = pool.ids[np.lexsort((pool.ids, -formula(pool, greatest)))]
            found[name].append(judge.ndcg(question.judged, ids))
    return {name: np.array(values) for name, values in found.items()}


def main() -> None:
    """Replace, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--every", type=int, default=1, help="ask one of so many questions")
    arguments = parser.parse_args()
    settings = Settings.from_environment()
    encoding = QueryEncoder(settings.cache)
    print(f"{'':<14}{'replaced by':<12}{'part':>6}" + "".join(f"{n:>9}" for n in _COLUMNS))
    for folder in arguments.folders:
        selection = Selection(arguments.every)
        with (
            Watch() as watch,
            folder_setup(folder, None, None, settings, selection, watch) as setup,
            setup.engine.collection.snapshot() as snapshot,
        ):
            near = setup.engine.collection.manifest.near
            names = {
                document.key: name_at(document.paths[0])
                for document in snapshot.reading.facts(snapshot.generation)
            }
            judge = Judge(snapshot, names)
            asked = questions(setup, encoding, snapshot)
            as_it_is = measured(asked, judge, near, KINDS[0], 0.0)
            show(setup.name, "nothing", 0.0, as_it_is)
            for kind in KINDS:
                for ratio in RATIOS:
                    target = ratio * float(as_it_is["meaning"].mean())
                    part = part_for(asked, judge, kind, target)
                    show("", kind, part, measured(asked, judge, near, kind, part))


_COLUMNS = ("meaning", "words", *(name for name in FORMULAS if name != "meaning"), "p")


def show(name: str, kind: str, part: float, found: dict[str, Floats]) -> None:
    """Print what formulas gain on meaning, and how often chance gives as much as the one in use."""
    meaning = found["meaning"]
    (difference,) = differences(found["in use"][:, None], meaning[:, None])
    gains = "".join(f"{(found[n] - meaning).mean():>+9.4f}" for n in _COLUMNS[2:-1])
    print(
        f"{name:<14}{kind:<12}{part:>6.2f}{meaning.mean():>9.4f}{found['words'].mean():>9.4f}"
        f"{gains}{difference.p:>9.3f}",
        flush=True,
    )


def _by_words(question: Question, judge: Judge, kind: str, part: float) -> npt.NDArray[np.int64]:
    return by_words(judge.snapshot, question.asked(kind, part), None).ids


def _word(term: str) -> AskedWord:
    return AskedWord(term, (Alternative(term),))


def _cosines(pool: Pool) -> Floats:
    assert pool.cosines is not None
    return pool.cosines


def _words(pool: Pool) -> Floats:
    assert pool.bm25 is not None
    return pool.bm25


if __name__ == "__main__":
    main()
