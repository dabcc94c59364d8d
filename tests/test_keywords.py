"""The keyword index against a slow, obvious BM25."""

from __future__ import annotations

import gc
import math
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from search import keywords
from search.analysis import AskedWord, ask, terms
from search.context import context_line
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

    def __init__(self, folder: Path) -> None:
        encoder = HashingEncoder(8)
        self.encoder = encoder
        self.store = Store.create(
            folder / "store.sqlite", Manifest(encoder.spec, SplitterSpec(1, 200), 0.1)
        )
        self.folder = folder / "keywords"
        self.index = KeywordIndex.create(self.folder)
        self.texts: dict[int, str] = {}

    def add(self, texts: list[str], title: str = "", language: str = "") -> None:
        with self.store.writing() as writing:
            for text in texts:
                name = str(random.random()).encode()
                document = Document(
                    title, "text", text, (Section(0, 0, len(text)),), language=language
                )
                rows = writing.add_embeddings([name], self.encoder.encode_passages([text]))
                version = writing.add_document(
                    document, name, [Passage(0, len(text))], [rows[name]]
                )
                writing.put_file(FileRecord(Path("/") / name.decode(), 1, 1, name, version, None))
                self.texts[version] = text
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

    def close(self) -> None:
        self.index.close()
        self.store.close()


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    made = Corpus(tmp_path)
    yield made
    made.close()


def slow_bm25(
    texts: dict[int, str], query: list[str], stale: Counter[str], gone: int
) -> dict[int, float]:
    """BM25 spelled out; of ``gone`` deleted passages the frequencies still speak, by ``stale``."""
    bags = {number: Counter(terms(text)) for number, text in texts.items()}
    average = max(1.0, sum(sum(bag.values()) for bag in bags.values()) / len(bags))
    scores = dict.fromkeys(bags, 0.0)
    for term in query:
        n = sum(term in bag for bag in bags.values()) + stale[term]
        idf = math.log(1 + (len(bags) + gone - n + 0.5) / (n + 0.5))
        for number, bag in bags.items():
            tf, length = bag[term], sum(bag.values())
            if tf:
                scores[number] += idf * tf * 2.2 / (tf + 1.2 * (0.4 + 0.6 * length / average))
    return scores


def expect(
    corpus: Corpus, query: list[str], stale: Counter[str] | None = None, gone: int = 0
) -> None:
    expected = slow_bm25(corpus.texts, query, stale or Counter(), gone)
    best = sorted((-score, number) for number, score in expected.items() if score > 0)[:20]
    ids, scores = corpus.index.search(query, 20)
    assert scores == pytest.approx([-score for score, _ in best])
    assert [round(float(s), 9) for s in scores] == sorted(
        (round(float(s), 9) for s in scores), reverse=True
    )
    for number, score in zip(ids.tolist(), scores.tolist(), strict=True):
        assert score == pytest.approx(expected[number])
    everything = np.array(sorted(corpus.texts), dtype=np.int64)
    assert corpus.index.scores(query, everything) == pytest.approx(
        [expected[number] for number in sorted(corpus.texts)]
    )


QUERIES = [
    ["word3"],
    ["word3", "word50"],
    ["common"],
    ["word1", "word1", "word2"],
    ["word0", "word1", "word2", "word5", "word17", "common"],
    ["absent", "word9"],
]


@pytest.mark.parametrize("query", QUERIES, ids=" ".join)
def test_scores_are_bm25(corpus: Corpus, query: list[str]) -> None:
    corpus.add(sentences(1, 300))
    expect(corpus, query)


def test_scores_are_bm25_over_many_small_additions(corpus: Corpus) -> None:
    for seed in range(7):
        corpus.add(sentences(seed, 40))
        assert len(corpus.index) == 40 * (seed + 1)
    for query in QUERIES:
        expect(corpus, query)


def test_removed_passages_are_found_no_more(corpus: Corpus) -> None:
    corpus.add(sentences(3, 200))
    before = Counter(term for text in corpus.texts.values() for term in set(terms(text)))
    corpus.remove(80)
    after = Counter(term for text in corpus.texts.values() for term in set(terms(text)))
    assert len(corpus.index) == 120
    stale = before - after
    for query in QUERIES:
        expect(corpus, query, stale, gone=80)


def test_a_small_budget_finds_by_rare_terms_and_scores_by_all(corpus: Corpus) -> None:
    corpus.add([*sentences(5, 300), "zebra common word1 word1 word1"])
    query = ["common", "word1", "zebra"]
    expected = slow_bm25(corpus.texts, query, Counter(), 0)
    ids, scores = corpus.index.search(query, 10, budget=5)
    assert ids.tolist() == [max(corpus.texts)]
    assert scores[0] == pytest.approx(expected[max(corpus.texts)])


def test_a_frequent_term_alone_is_read_all_the_same(corpus: Corpus) -> None:
    corpus.add(sentences(6, 300))
    ids, _ = corpus.index.search(["common"], 10, budget=1)
    assert len(ids) == 10


def test_blocks_are_read_as_whoosh_gives_them_one_by_one(corpus: Corpus) -> None:
    corpus.add(sentences(7, 700))
    leaf, _ = corpus.index._leaves[0]
    for term in ("common", "word0", "word30"):
        slots, counts = keywords._postings(leaf, term, 10**6)
        matcher = leaf.postings("text", term)
        expected = []
        while matcher.is_active():
            expected.append((matcher.id(), matcher.weight()))
            matcher.next()
        assert list(zip(slots.tolist(), counts.tolist(), strict=True)) == expected


def test_the_greatest_score_counts_absent_terms_too(corpus: Corpus) -> None:
    corpus.add(["one word1", "two", "three"])
    # N = 3: n = 1 gives ln(1 + 2.5 / 1.5), n = 0 gives ln(1 + 3.5 / 0.5), each times 2.2.
    expected = 2.2 * (math.log(1 + 2.5 / 1.5) + math.log(8))
    assert corpus.index.greatest_score(["word1", "absent"]) == pytest.approx(expected)
    assert corpus.index.greatest_score([]) == 0.0


def test_nothing_to_search_for_or_in(corpus: Corpus) -> None:
    assert corpus.index.search(["word1"], 10)[0].tolist() == []
    corpus.add(["only this"])
    assert corpus.index.search([], 10)[0].tolist() == []
    assert corpus.index.search(["absent"], 10)[0].tolist() == []
    assert corpus.index.scores([], np.array([1, 99])).tolist() == [0.0, 0.0]
    assert corpus.index.scores(["only"], np.array([99])).tolist() == [0.0]


def test_equal_scores_are_ordered_by_number(corpus: Corpus) -> None:
    corpus.add(["same text here"] * 30)
    ids, _ = corpus.index.search(["text"], 20)
    assert ids.tolist() == sorted(corpus.texts)[:20]


def test_headings_and_title_are_searched_too() -> None:
    assert terms(context_line("Manual", ["Manual", "Descaling"])) == ["manual", "descal"]


def test_the_words_of_a_title_count_twice(corpus: Corpus) -> None:
    corpus.add(["of milk and tea"], title="Descaling")
    corpus.add(["descaling descaling milk tea"])
    one, two = corpus.index.scores(["descal"], np.array([1, 2]))
    assert one == pytest.approx(two)


def slow_scores(corpus: Corpus, query: str, languages: dict[int, str]) -> dict[int, float]:
    """`slow_bm25` for words with alternatives and parts, one passage and one word at a time."""
    bags = {n: Counter(terms(text, languages[n])) for n, text in corpus.texts.items()}
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


@pytest.mark.parametrize(
    "query",
    [
        "Häuser am Fluss",
        "hauser",
        "the house and das Haus",
        "résumé resume",
        "RFC-2616 or rfc2616",
        "max_retries retries",
        "3 June 2024",
        "2024-06-03 report report",
    ],
)
def test_words_with_several_forms_are_scored_as_spelt_out(corpus: Corpus, query: str) -> None:
    english = ["a house by the river", "houses and hausa", "his résumé", "please resume it"]
    english += ["see RFC 2616", "see RFC2616 and RFC-2616", "maxRetries is 3", "retries: max 5"]
    english += ["report of 2024-06-03", "June 3, 2024 it was", "the 3 of June", *sentences(4, 30)]
    corpus.add(english, language="en")
    german = ["ein Haus am Fluss", "die Häuser stehen", "drei Häuser, ein Haus", "Flüsse", "Hausa"]
    corpus.add(german, language="de")
    languages = {n: "en" if text in english else "de" for n, text in corpus.texts.items()}
    expected = slow_scores(corpus, query, languages)
    asked = corpus.index.ask(query)
    assert asked.meant == {}
    everything = np.array(sorted(corpus.texts), dtype=np.int64)
    found = corpus.index.scores(asked.words, everything)
    assert found == pytest.approx([expected[number] for number in everything.tolist()])
    ids, scores = corpus.index.search(asked.words, 100)
    assert set(ids.tolist()) == {number for number, score in expected.items() if score > 0}
    assert scores == pytest.approx([expected[number] for number in ids.tolist()])
    assert (found <= corpus.index.greatest_score(asked.words)).all()


def test_words_are_asked_for_in_the_languages_of_the_passages(corpus: Corpus) -> None:
    corpus.add(["die Häuser stehen am Fluss"], language="de")
    again = KeywordIndex.open(corpus.folder)
    assert again is not None
    for index in (corpus.index, again):
        assert index.search(index.ask("Haus").words, 5)[0].tolist() == [1]
    again.close()


def test_an_identifier_is_found_before_its_parts(corpus: Corpus) -> None:
    corpus.add(["RFC 2616 2616 RFC", "the RFC-2616", "an RFC", "other words"])
    ids, _ = corpus.index.search(corpus.index.ask("rfc2616").words, 10)
    assert ids.tolist() == [2, 1, 3]


def test_an_identifier_that_nothing_holds_whole_is_found_by_its_parts(corpus: Corpus) -> None:
    corpus.add(["max of all retries", "other words"])
    ids, _ = corpus.index.search(corpus.index.ask("max_retries").words, 10)
    assert ids.tolist() == [1]


def test_a_misspelt_word_is_taken_for_those_like_it(corpus: Corpus) -> None:
    corpus.add(["a vaccine against measles", "vaccines and tablets", "nothing of that", "a table"])
    asked = corpus.index.ask("vacine for measels")
    assert asked.meant == {"vacine": ("vaccin",), "measels": ("measl",)}
    assert corpus.index.search(asked.words, 10)[0].tolist() == [1, 2]
    assert "vaccin" in asked.terms
    assert corpus.index.example("vaccin") == 1


@pytest.mark.parametrize("query", ["vaccine", "tabel", "zzzzzz", "vaccine's", "e417", "taable's"])
def test_words_that_occur_or_are_short_or_like_none_stand_as_they_are(
    corpus: Corpus, query: str
) -> None:
    corpus.add(["a vaccine", "tab e418"])
    assert corpus.index.ask(query).meant == {}


def test_no_example_of_a_term_that_was_removed(corpus: Corpus) -> None:
    corpus.add(["first zebra"])
    corpus.add(["second zebra"])
    corpus.remove(1)
    assert corpus.index.example("zebra") == max(corpus.texts)
    corpus.remove(1)
    assert corpus.index.example("zebra") is None


def test_opening_again_gives_the_same(corpus: Corpus, tmp_path: Path) -> None:
    corpus.add(sentences(8, 100))
    again = KeywordIndex.open(corpus.folder)
    assert again is not None
    assert again.generation == keywords.stamp(corpus.folder) == corpus.index.generation == 1
    ours, theirs = corpus.index.search(["word3"], 50), again.search(["word3"], 50)
    assert ours[0].tolist() == theirs[0].tolist()
    again.close()
    assert KeywordIndex.open(tmp_path / "nowhere") is None
    assert keywords.stamp(tmp_path / "nowhere") == -1


def test_an_index_of_another_analyser_is_not_opened(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.add(["some text"])
    monkeypatch.setattr(keywords, "ANALYSER_VERSION", 999)
    assert KeywordIndex.open(corpus.folder) is None
    assert keywords.stamp(corpus.folder) == -1


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Whoosh drops files it cannot read, open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("pattern", ["*.seg", "*.toc", "*.stamp"])
def test_a_damaged_index_is_not_opened(corpus: Corpus, pattern: str) -> None:
    corpus.add(sentences(9, 50))
    for path in corpus.folder.glob(pattern):
        path.write_bytes(b"\x00garbage")
    assert KeywordIndex.open(corpus.folder) is None
    gc.collect()
