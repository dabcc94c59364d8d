"""What both engines of the keyword index must do, against a slow, obvious BM25."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyword_corpus import Corpus, expect, sentences, slow_bm25, slow_likeness, slow_scores

from search import keywords
from search.keywords import ENGINES, KeywordIndex, forward, index, view


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "tantivy":
        pytest.importorskip("tantivy")
    return str(request.param)


@pytest.fixture
def corpus(tmp_path: Path, engine: str) -> Iterator[Corpus]:
    made = Corpus(tmp_path, engine)
    yield made
    made.close()


QUERIES = [
    ["word3"],
    ["word3", "word50"],
    ["common"],
    ["word1", "word1", "word2"],
    ["word0", "word1", "word2", "word5", "word17", "common"],
    ["absent", "word9"],
    ["word3", "name3"],
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


def test_what_was_removed_leaves_no_trace(corpus: Corpus) -> None:
    corpus.add(sentences(3, 200))
    corpus.remove(80)
    assert len(corpus.index) == 120
    for query in QUERIES:
        expect(corpus, query)
    corpus.add(sentences(4, 20))
    for query in QUERIES:
        expect(corpus, query)


def test_a_small_budget_finds_by_rare_terms_and_scores_by_all(corpus: Corpus) -> None:
    corpus.add([*sentences(5, 300), "zebra common word1 word1 word1"])
    query = ["common", "word1", "zebra"]
    expected = slow_bm25(corpus, query)
    ids, scores = corpus.index.search(query, 10, budget=5)
    assert ids.tolist() == [max(corpus.texts)]
    assert scores[0] == pytest.approx(expected[max(corpus.texts)])


def test_a_frequent_term_alone_is_read_all_the_same(corpus: Corpus) -> None:
    corpus.add(sentences(6, 300))
    ids, _ = corpus.index.search(["common"], 10, budget=1)
    assert len(ids) == 10


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


def test_the_words_of_a_title_count_twice(corpus: Corpus) -> None:
    corpus.add(["of milk and tea"], title="Descaling")
    corpus.add(["descaling descaling milk tea"])
    one, two = corpus.index.scores(["descal"], np.array([1, 2]))
    assert one == pytest.approx(two)


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
    for opened in (corpus.index, again):
        assert opened.search(opened.ask("Haus").words, 5)[0].tolist() == [1]
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


def test_only_what_is_allowed_is_found(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus.add(sentences(10, 300))
    expected = slow_bm25(corpus, ["word3", "common"])
    for step, at_once in itertools.product((2, 7, 60), (0, 5_000)):
        monkeypatch.setattr(index, "_SCORED_AT_ONCE", at_once)
        allowed = np.arange(1, 301, step, dtype=np.int64)
        best = sorted((-expected[number], number) for number in allowed.tolist())[:10]
        ids, scores = corpus.index.search(["word3", "common"], 10, allowed=allowed)
        assert len(ids) == min(10, len(allowed))
        assert scores == pytest.approx([-score for score, _ in best])
        assert set(ids.tolist()) <= set(allowed.tolist())


def test_few_allowed_passages_are_found_among_many_that_fit_better(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.add(["zebra zebra zebra"] * 1_000 + ["zebra and a long text that follows upon it"] * 3)
    monkeypatch.setattr(index, "_SCORED_AT_ONCE", 0)
    allowed = np.array([1_001, 1_002, 1_003], dtype=np.int64)
    assert corpus.index.search(["zebra"], 3, allowed=allowed)[0].tolist() == allowed.tolist()


def test_words_share_out_the_score(corpus: Corpus) -> None:
    corpus.add(["zebra and horse", "zebra", "nothing"])
    ids = np.array([1, 2, 3, 99], dtype=np.int64)
    shares = corpus.index.shares(["zebra", "hors"], ids)
    assert [sorted(share) for share in shares] == [["hors", "zebra"], ["zebra"], [], []]
    assert [sum(share.values()) for share in shares] == pytest.approx(
        corpus.index.scores(["zebra", "hors"], ids)
    )


def test_beginnings_of_words_stand_for_the_most_frequent(corpus: Corpus) -> None:
    corpus.add(["zebu"])
    corpus.remove(1)
    corpus.add(["zebroid", "zebra zenith", "zest"])
    corpus.add(["zebra"])
    begun = corpus.index.beginning("zeb")
    assert [form.text for form in begun.alternatives][-2:] == ["zebra", "zebroid"]
    assert len(corpus.index.search([begun], 10)[0]) == 3


def test_holders_of_a_word_are_those_of_terms_with_it_inside(corpus: Corpus) -> None:
    corpus.add(["zebra", "max_zebras_count", "other", "the zebrafish"])
    found = corpus.index.may_hold("zebra", 100)
    assert found is not None
    assert found.tolist() == [1, 2, 4]
    assert corpus.index.may_hold("zebra", 2) is None
    assert corpus.index.may_hold("the", 100) is None


def test_many_passages_are_taken_in_portions(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (forward, view):
        monkeypatch.setattr(module, "LARGEST", 50)
    corpus.add(sentences(11, 10))
    corpus.add(sentences(12, 180))
    assert len(list(corpus.folder.glob("segment-*.bin"))) == 5
    corpus.remove(30)
    corpus.add(sentences(13, 60))
    for query in QUERIES:
        expect(corpus, query)
    again = KeywordIndex.open(corpus.folder)
    assert again is not None
    assert again.ids().tolist() == sorted(corpus.texts)
    again.close()


def test_several_threads_may_search_at_once(corpus: Corpus) -> None:
    corpus.add(sentences(14, 400))
    expected = [corpus.index.search(query, 20)[0].tolist() for query in QUERIES]

    def search(turn: int) -> bool:
        at = turn % len(QUERIES)
        found = corpus.index.search(QUERIES[at], 20)[0]
        scores = corpus.index.scores(QUERIES[at], found)
        return found.tolist() == expected[at] and bool((np.diff(scores) <= 0).all())

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(search, range(200)))


BATCH = st.tuples(
    st.lists(st.text("abc ", max_size=30), max_size=6), st.integers(min_value=0, max_value=5)
)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=12, deadline=None)
@given(batches=st.lists(BATCH, min_size=1, max_size=5), query=st.lists(st.text("abc", min_size=1)))
def test_whatever_is_added_and_removed_scores_are_bm25(
    tmp_path_factory: pytest.TempPathFactory,
    engine: str,
    batches: list[tuple[list[str], int]],
    query: list[str],
) -> None:
    if engine == "tantivy":
        pytest.importorskip("tantivy")
    corpus = Corpus(tmp_path_factory.mktemp("keywords"), engine)
    try:
        for texts, going in batches:
            if texts:
                corpus.add(texts)
            if going:
                corpus.remove(going)
            assert corpus.index.ids().tolist() == sorted(corpus.texts)
            expect(corpus, query)
        again = KeywordIndex.open(corpus.folder)
        assert again is not None
        assert again.damaged() == []
        assert again.search(query, 50)[0].tolist() == corpus.index.search(query, 50)[0].tolist()
        again.close()
    finally:
        corpus.close()


@pytest.mark.parametrize("numbers", [[120], [3, 150, 301, 77], list(range(90, 100))])
def test_likeness_in_words_is_as_spelt_out(corpus: Corpus, numbers: list[int]) -> None:
    corpus.add(sentences(11, 300))
    corpus.remove(60)
    corpus.add([*sentences(12, 30), "a b c", "rare rare rare word1"])
    best = np.array([n for n in numbers if n in corpus.texts], dtype=np.int64)
    say = 1.0 / np.arange(2, 2 + len(best))
    expected = slow_likeness(corpus, dict(zip(best.tolist(), say.tolist(), strict=True)), 20)
    everything = np.array(sorted(corpus.texts), dtype=np.int64)
    found = corpus.index.likeness(everything, best, say)
    assert found == pytest.approx([expected[n] for n in everything.tolist()])


def test_nothing_is_like_what_is_not_there(corpus: Corpus) -> None:
    nobody = np.array([99], dtype=np.int64)
    assert corpus.index.likeness(nobody, nobody, np.ones(1)).tolist() == [0.0]
    corpus.add(["an only text", "another"])
    assert corpus.index.likeness(np.array([1, 2]), nobody, np.ones(1)).tolist() == [0.0, 0.0]
