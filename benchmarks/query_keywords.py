"""How long a query's words take: Whoosh and Tantivy as Wherein uses them, beside others.

    python benchmarks/query_keywords.py [--passages 20000] [--data DIRECTORY] [--questions 300]

Passages are mixed from the sentences of judged collections, and the questions are theirs. Everybody
is given the same index terms and gives the best 200 passages; what is found is held against BM25
over everything. Each question goes to each in turn, three times, and the median counts.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from results import Figure, record

from search.analysis import terms as analysed
from search.keywords import KeywordIndex
from search.reading import Ids, Reading
from search.rows import PassageRow

#: Passages wanted of everybody, and times that each question is asked.
_BEST, _TIMES = 200, 3
_COLLECTIONS = ("squad-dev", "liveqa_med", "cranfield", "cisi", "cf", "npl")
#: Letters that a passage is filled up to.
_LETTERS = 700

Search = Callable[[str, list[str]], Ids]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who is measured.

    Attributes:
        search: Finds the best passages of a question; it is given its text and its terms.
        build_s: Seconds it took to be built from terms.
        size_mb: What it takes on disk, in megabytes; 0 for one that is kept in memory.
    """

    search: Search
    build_s: float
    size_mb: float


class Passages(Reading):
    """Passages as the store would give them, without a store."""

    def __init__(self, texts: Sequence[str], first: int = 1, gone: Sequence[int] = ()) -> None:
        self._texts, self._first, self._gone = texts, first, gone

    def removed_between(self, after: int, until: int) -> Ids:  # noqa: ARG002
        """The numbers given."""
        return np.array(self._gone, dtype=np.int64)

    def passages_between(self, after: int, until: int) -> Iterator[PassageRow]:  # noqa: ARG002
        """The texts given, numbered from the first on."""
        for number, text in enumerate(self._texts, self._first):
            yield PassageRow(
                number, number, None, "", "text", 0, len(text), None, (), text, language="en"
            )


def main() -> None:
    """Build all, ask all, and write down what came out."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    given = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="keywords-"))
    try:
        figures = _measured(place, given.data, given.passages, given.questions)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    for row in (*figures["engines"], *figures["one file"]):
        print("  ".join(f"{name}: {value}" for name, value in row.items()))
    command = f"python benchmarks/query_keywords.py --passages {given.passages}"
    record(f"query-keywords-{given.passages}", figures, command)


def _measured(place: Path, data: Path, count: int, asked: int) -> dict[str, Any]:
    texts = list(mixed(data, count))
    questions = _questions(data, asked)
    began = time.perf_counter()
    whoosh = KeywordIndex.create(place / "whoosh", "whoosh")
    whoosh.update(Passages(texts), 1)
    built = time.perf_counter() - began
    documents = [(number, analysed(text, "en")) for number, text in enumerate(texts, 1)]
    candidates = _ours(place, whoosh) | _others(place, documents)
    del documents
    terms = {text: _terms(whoosh, text) for text in questions}
    exact = {text: _exact(whoosh, text) for text in questions}
    taken: dict[str, list[list[float]]] = {name: [] for name in candidates}
    agreeing: dict[str, list[float]] = {name: [] for name in candidates}
    for text in questions:
        rounds: dict[str, list[float]] = {name: [] for name in candidates}
        for _ in range(_TIMES):
            for name, candidate in candidates.items():
                began = time.perf_counter()
                found = candidate.search(text, terms[text])
                rounds[name].append((time.perf_counter() - began) * 1e3)
                best = exact[text]
                same = len(np.intersect1d(found[: len(best)], best)) / max(1, len(best))
                agreeing[name].append(same)
        for name, times in rounds.items():
            taken[name].append(times)
    medians = {name: np.median(times, axis=1) for name, times in taken.items()}
    return {
        "passages": count,
        "questions": len(questions),
        "indexed with Whoosh, passages/s (analysis and all)": round(count / built),
        **_compared("median, ms", medians, 50),
        **_compared("95 of 100 within, ms", medians, 95),
        "engines": [
            {
                "engine": name,
                "median ms": round(float(np.median(medians[name])), 2),
                "p95 ms": round(float(np.percentile(medians[name], 95)), 2),
                "longest ms": round(float(medians[name].max()), 2),
                "built from terms, s": round(candidate.build_s, 1),
                "on disk, MB": round(candidate.size_mb, 1),
                "of the exact best ten": round(float(np.mean(agreeing[name])), 4),
            }
            for name, candidate in candidates.items()
        ],
        "one file": [_one_file(place / f"{name}-copy", count) for name in ("whoosh", "tantivy")],
    }


def _compared(what: str, medians: dict[str, Any], share: int) -> dict[str, Figure]:
    """A percentile of both engines, each beside the others."""
    values = {name: round(float(np.percentile(times, share)), 2) for name, times in medians.items()}
    return {
        f"{engine}, {what}": Figure(
            values[engine],
            "ms",
            "",
            {name: value for name, value in values.items() if name != engine},
        )
        for engine in ("whoosh", "tantivy")
    }


def _ours(place: Path, whoosh: KeywordIndex) -> dict[str, Candidate]:
    """Both engines; all that the keyword leg of a hybrid query does is done and timed."""
    found = {}
    for engine in ("whoosh", "tantivy"):
        folder = place / f"{engine}-copy"
        began = time.perf_counter()
        index = whoosh.copy_to(folder, engine)
        seconds = time.perf_counter() - began
        found[engine] = Candidate(_leg(index), seconds, _size(folder))
    return found


def _leg(index: KeywordIndex) -> Search:
    def search(text: str, _: list[str]) -> Ids:
        asked = index.ask(text)
        ids, _scores = index.search(asked.words, _BEST)
        index.scores(asked.words, np.union1d(ids, np.arange(1, _BEST, dtype=np.int64)))
        index.greatest_score(asked.words)
        index.finds_all(asked.words)
        return ids

    return search


def _others(place: Path, documents: Sequence[tuple[int, list[str]]]) -> dict[str, Candidate]:
    """SQLite's FTS5, bm25s and Tantivy by itself, over the same terms."""
    return {
        "fts5": _fts5(place / "fts5.sqlite", documents),
        "bm25s": _bm25s(documents),
        "tantivy alone": _tantivy(place / "alone", documents),
    }


def _fts5(path: Path, documents: Sequence[tuple[int, list[str]]]) -> Candidate:
    began = time.perf_counter()
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(x, content='', tokenize='unicode61')")
    rows = ((number, " ".join(_plain(terms))) for number, terms in documents)
    connection.executemany("INSERT INTO t(rowid, x) VALUES (?, ?)", rows)
    connection.commit()
    seconds = time.perf_counter() - began

    def search(_: str, terms: list[str]) -> Ids:
        query = " OR ".join(f'"{term}"' for term in _plain(terms))
        if not query:
            return np.empty(0, np.int64)
        rows = connection.execute(
            "SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?", (query, _BEST)
        )
        return np.array([row for (row,) in rows], dtype=np.int64)

    return Candidate(search, seconds, path.stat().st_size / 1e6)


def _bm25s(documents: Sequence[tuple[int, list[str]]]) -> Candidate:
    import bm25s

    began = time.perf_counter()
    retriever = bm25s.BM25(k1=1.2, b=0.6)
    retriever.index([terms for _, terms in documents], show_progress=False)
    seconds = time.perf_counter() - began
    numbers = np.array([number for number, _ in documents])
    known = retriever.vocab_dict

    def search(_: str, terms: list[str]) -> Ids:
        held = [term for term in terms if term in known]
        if not held:
            return np.empty(0, np.int64)
        found, _scores = retriever.retrieve(
            [held], k=min(_BEST, len(numbers)), show_progress=False, n_threads=0
        )
        return np.asarray(numbers[found[0]], dtype=np.int64)

    return Candidate(search, seconds, 0.0)


def _tantivy(folder: Path, documents: Sequence[tuple[int, list[str]]]) -> Candidate:
    import tantivy

    began = time.perf_counter()
    folder.mkdir()
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("number", fast=True)
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
    schema = builder.build()
    index = tantivy.Index(schema, str(folder))
    index.register_tokenizer(
        "whitespace", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    )
    writer = index.writer(100_000_000, 1)
    for number, terms in documents:
        document = tantivy.Document()
        document.add_unsigned("number", number)
        document.add_text("text", " ".join(terms))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    seconds = time.perf_counter() - began
    searcher = index.searcher()

    def search(_: str, terms: list[str]) -> Ids:
        words = [tantivy.Query.term_query(schema, "text", term, "freq") for term in terms]
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, word) for word in words])
        hits = searcher.search(query, _BEST, count=False).hits
        found = searcher.fast_field_values("number", [address for _, address in hits])
        return np.array(found, dtype=np.int64)

    return Candidate(search, seconds, _size(folder))


def _one_file(folder: Path, count: int) -> dict[str, Any]:
    """What it takes to open a view, and to have one file of five passages changed."""
    opened, updated = [], []
    for turn in range(5):
        began = time.perf_counter()
        index = KeywordIndex.open(folder)
        opened.append((time.perf_counter() - began) * 1e3)
        if index is None:
            raise SystemExit(f"{folder} cannot be opened")
        text = f"one file that was changed for the {turn}th time"
        first = count + 1 + 5 * turn
        gone = range(5 * turn + 1, 5 * turn + 6)
        began = time.perf_counter()
        index.update(Passages([text] * 5, first, gone), 2 + turn)
        updated.append((time.perf_counter() - began) * 1e3)
        index.close()
    return {
        "engine": folder.name.removesuffix("-copy"),
        "open, ms": round(float(np.median(opened)), 1),
        "one file changed, ms": round(float(np.median(updated)), 1),
    }


def mixed(data: Path, count: int) -> Iterator[str]:
    """Passages of sentences drawn from one collection each."""
    drawn = random.Random(1)
    sentences = []
    for name in _COLLECTIONS:
        lines = (data / name / "corpus.jsonl").read_text("utf-8").splitlines()
        texts = [json.loads(line)["text"] for line in lines]
        sentences.append([s for text in texts for s in re.split(r"(?<=[.?!])\s+", text) if s])
    for _ in range(count):
        own, text = drawn.choice(sentences), ""
        while len(text) < _LETTERS:
            text += " " + drawn.choice(own)[:_LETTERS]
        yield text[1:]


def _questions(data: Path, count: int) -> list[str]:
    drawn = random.Random(2)
    found = []
    for name in _COLLECTIONS:
        lines = (data / name / "queries.jsonl").read_text("utf-8").splitlines()
        own = [json.loads(line)["text"] for line in lines]
        drawn.shuffle(own)
        found += own[: count // len(_COLLECTIONS)]
    return list(dict.fromkeys(found))


def _terms(index: KeywordIndex, text: str) -> list[str]:
    """The terms that a question asks for, as all others are given them."""
    return sorted(index.ask(text).terms)


def _exact(index: KeywordIndex, text: str) -> Ids:
    """The best ten, over all passages."""
    return index.search(index.ask(text).words, _BEST, budget=10**12)[0][:10]


def _plain(terms: Sequence[str]) -> list[str]:
    """Terms that FTS5 takes for one token each."""
    return [term.encode().hex() for term in terms]


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


if __name__ == "__main__":
    main()
