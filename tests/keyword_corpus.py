"""A small store with one passage a document and its keyword index, and BM25 spelt out."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from search.analysis import AskedWord, ask, name_terms, terms
from search.encoders import HashingEncoder
from search.keywords import KeywordIndex
from search.models import Document, Passage, Section
from search.rows import FileRecord
from search.schema import Manifest, SplitterSpec
from search.store import Store

WORDS = [f"word{n}" for n in range(60)] + ["common"]


def sentences(seed: int, count: int) -> list[str]:
    """Random texts in which low-numbered words are frequent and "common" is everywhere."""
    source = random.Random(seed)
    return [
        "common "
        + " ".join(
            WORDS[min(59, int(source.expovariate(0.1)))] for _ in range(source.randint(3, 40))
        )
        for _ in range(count)
    ]


class Corpus:
    """A store with one passage a document, and the keyword index over it."""

    def __init__(self, folder: Path, engine: str = "whoosh") -> None:
        encoder = HashingEncoder(8)
        self.encoder = encoder
        self.store = Store.create(
            folder / "store.sqlite", Manifest(encoder.spec, SplitterSpec(1, 200), 0.1)
        )
        self.folder = folder / "keywords"
        self.index = KeywordIndex.create(self.folder, engine)
        self.files = 0
        self.texts: dict[int, str] = {}
        self.names: dict[int, str] = {}

    def add(self, texts: list[str], title: str = "", language: str = "") -> None:
        with self.store.writing() as writing:
            for text in texts:
                self.files += 1
                path = Path(f"/name{self.files % 7}-{self.files}.txt")
                name = str(path).encode()
                document = Document(
                    title, "text", text, (Section(0, 0, len(text)),), language=language
                )
                rows = writing.add_embeddings([name], self.encoder.encode_passages([text]))
                version = writing.add_document(
                    document, name, [Passage(0, len(text))], [rows[name]]
                )
                writing.put_file(FileRecord(path, 1, 1, name, version, None))
                self.texts[version] = text
                self.names[version] = path.name
        self.publish()

    def remove(self, count: int) -> None:
        with self.store.reading() as reading:
            going = list(reading.files())[:count]
        with self.store.writing() as writing:
            for record in going:
                writing.remove_file(record.path)
                assert record.document is not None
                del self.texts[record.document]
        self.publish()

    def publish(self) -> None:
        with self.store.reading() as reading:
            self.index.update(reading, reading.meta("generation"))

    def bags(self, languages: Mapping[int, str] | None = None) -> dict[int, Counter[str]]:
        """The terms of each passage, those of its file's name among them."""
        spoken = dict.fromkeys(self.texts, "") | dict(languages or {})
        return {
            number: Counter(terms(text, spoken[number]))
            + Counter(name_terms(self.names[number], spoken[number]))
            for number, text in self.texts.items()
        }

    def close(self) -> None:
        self.index.close()
        self.store.close()


def slow_bm25(corpus: Corpus, query: list[str]) -> dict[int, float]:
    """BM25 spelt out, of the texts that there are and no others."""
    bags = corpus.bags()
    average = max(1.0, sum(bag.total() for bag in bags.values()) / max(1, len(bags)))
    scores = dict.fromkeys(bags, 0.0)
    for term in query:
        n = sum(term in bag for bag in bags.values())
        idf = math.log(1 + (len(bags) - n + 0.5) / (n + 0.5))
        for number, bag in bags.items():
            tf, length = min(255, bag[term]), bag.total()
            if tf:
                scores[number] += idf * tf * 2.2 / (tf + 1.2 * (0.4 + 0.6 * length / average))
    return scores


def expect(corpus: Corpus, query: list[str]) -> None:
    """See that the index finds what the slow way finds, with the same scores."""
    expected = slow_bm25(corpus, query)
    best = sorted((-score, number) for number, score in expected.items() if score > 0)[:20]
    ids, scores = corpus.index.search(query, 20)
    assert scores == pytest.approx([-score for score, _ in best])
    assert (np.diff(scores) <= 1e-9).all()
    for number, score in zip(ids.tolist(), scores.tolist(), strict=True):
        assert score == pytest.approx(expected[number])
    everything = np.array(sorted(corpus.texts), dtype=np.int64)
    assert corpus.index.scores(query, everything) == pytest.approx(
        [expected[number] for number in sorted(corpus.texts)]
    )


def slow_scores(corpus: Corpus, query: str, languages: dict[int, str]) -> dict[int, float]:
    """`slow_bm25` for words with alternatives and parts, one passage and one word at a time."""
    bags = corpus.bags(languages)
    average = max(1.0, sum(sum(bag.values()) for bag in bags.values()) / len(bags))
    scores = dict.fromkeys(bags, 0.0)

    def add(word: AskedWord, share: float) -> None:
        counted = [a.text for a in word.alternatives if a.counted]
        n = min(len(bags), sum(term in bag for bag in bags.values() for term in counted))
        if n or not word.parts:
            idf = math.log(1 + (len(bags) - n + 0.5) / (n + 0.5))
            for number, bag in bags.items():
                tf, length = max(a.weight * bag[a.text] for a in word.alternatives), bag.total()
                if tf:
                    norm = 1.2 * (0.4 + 0.6 * length / average)
                    scores[number] += share * idf * tf * 2.2 / (tf + norm)
        for part in word.parts:
            add(part, share / len(word.parts) if n else share)

    for word in ask(query, set(languages.values())):
        add(word, 1.0)
    return scores


def slow_likeness(corpus: Corpus, say: dict[int, float], most: int) -> dict[int, float]:
    """How much each passage has of the words that some have in common, spelt out."""
    bags = corpus.bags()
    average = max(1.0, sum(bag.total() for bag in bags.values()) / max(1, len(bags)))

    def held(bag: Counter[str], term: str) -> float:
        norm = 1.2 * (0.4 + 0.6 * bag.total() / average)
        return min(255, bag[term]) / (min(255, bag[term]) + norm)

    weights: dict[str, float] = {}
    for term in {term for number in say for term in bags[number]}:
        n = sum(term in bag for bag in bags.values())
        idf = math.log(1 + (len(bags) - n + 0.5) / (n + 0.5))
        weights[term] = idf * sum(part * held(bags[number], term) for number, part in say.items())
    chosen = sorted(weights, key=lambda term: (-weights[term], term))[:most]
    whole = sum(weights[term] for term in chosen)
    return {
        number: sum(weights[term] / whole * held(bag, term) for term in chosen)
        for number, bag in bags.items()
    }
