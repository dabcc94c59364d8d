"""Questions with phrases, filters and pages, asked of an engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import ranking
from search.engine import CANDIDATES, Engine
from search.models import Answer, Hit, Mode
from search.queries import parse

Build = Callable[..., Engine]
MODES = [str(mode) for mode in Mode]
FRUIT = {
    "apples__md": "# Apples\n\nRed apples grow on old trees. A red apple a day.",
    "pears__txt": "Yellow pears grow on young trees in the garden, as apples do.",
    "ships__txt": "Steel ships sail slowly over the northern ocean.",
    "boats__md": "# Boats\n\nRed boats and old apple crates lie in the harbour.",
}


def names(answer: Answer) -> list[str]:
    return sorted(Path(hit.path).name for hit in answer.hits)


def ids(hits: tuple[Hit, ...]) -> list[int]:
    return [hit.passage_id for hit in hits]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"red apple"', ["apples.md"]),
        ('"Red  APPLES" trees', ["apples.md"]),
        ("trees -pears", ["apples.md"]),
        ('trees -"young trees"', ["apples.md"]),
        ("apples type:txt", ["pears.txt"]),
        ("apples title:boats OR title:pears.txt", ["boats.md", "pears.txt"]),
        ('"red boats" OR ships', ["boats.md", "ships.txt"]),
        ("apples -type:md", ["pears.txt"]),
        ("trees path:*.txt", ["pears.txt"]),
        ("apples page:1", []),
        ('"apple red"', []),
    ],
)
def test_what_is_required_is_met_in_every_mode(
    indexed: Build, text: str, found: list[str], mode: str
) -> None:
    answer = indexed(**FRUIT).search(parse(text, mode, 50))
    shown = names(answer)
    if mode == "keyword" or found == []:
        assert shown == found
    else:  # what passes a filter is shown even if it is not near
        assert set(found) <= set(shown)
        assert answer.total == len(shown)


def test_a_filter_that_few_passages_pass_gives_all_of_them(indexed: Build) -> None:
    many = {f"bees{n:03d}__txt": f"Bees dance and bees hum, number {n}." for n in range(250)}
    few = {f"note{n}__md": f"Quarterly figures for tax office {n}." for n in range(3)}
    engine = indexed(**many, **few)
    for mode in ("hybrid", "semantic"):
        answer = engine.search(parse("bees dance type:md", mode))
        assert names(answer) == ["note0.md", "note1.md", "note2.md"]
        assert (answer.total, answer.total_is_lower_bound, answer.more) == (3, False, False)
    wide = engine.search(parse("bees dance type:txt", limit=5))
    assert wide.total_is_lower_bound
    assert wide.total >= CANDIDATES
    exact = engine.search(parse('"number 7" bees', "keyword"))
    assert (names(exact), exact.total) == (["bees007.txt"], 1)


def test_what_little_speaks_for_is_marked_as_weak(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    for mode in MODES:
        hits = engine.search(parse("red apples grow path:*", mode, 50)).hits
        assert not hits[0].weak
        assert hits[-1].weak == (mode != "keyword"), mode


def test_the_words_of_phrases_are_marked_stop_words_too(indexed: Build) -> None:
    engine = indexed(a__txt="It is on the old boat that we sat; the boat is old.")
    (hit,) = engine.search(parse('"the old boat"', "semantic")).hits
    assert [hit.text[m.start : m.end] for m in hit.marks] == ["the", "old", "boat", "boat", "old"]


def test_a_beginning_finds_the_words_that_begin_so(indexed: Build) -> None:
    engine = indexed(
        a__txt="Photosynthesis feeds the leaf.",
        b__txt="A photosynthetic cell is green.",
        c__txt="Ships sail the ocean.",
    )
    answer = engine.search(parse("photosynth*", "keyword"))
    assert names(answer) == ["a.txt", "b.txt"]
    assert all(hit.marks for hit in answer.hits)
    assert answer.note is None
    assert names(engine.search(parse("photosynth* -photosynthe*", "keyword"))) == []
    assert names(engine.search(parse("zzz*", "keyword"))) == []


def test_filters_alone_list_the_newest_documents_first(indexed: Build) -> None:
    def dated(day: str) -> str:
        return f'<html lang="en"><head><title>{day}</title><meta name="date" content="{day}">'

    engine = indexed(
        old__html=dated("2019-05-01") + "<p>Old words.</p>",
        new__html=dated("2024-05-01") + "<p>New words.</p>",
        mid__html=dated("2021-05-01") + "<h2>A</h2><p>First.</p><h2>B</h2><p>Second.</p>"
        "<h2>C</h2><p>Third.</p>",
        other__txt="Other words.",
    )
    answer = engine.search(parse("type:html"))
    assert [(h.title, h.rank, h.score, h.cosine) for h in answer.hits] == [
        ("2024-05-01", 1, 0.0, None),
        ("2021-05-01", 2, 0.0, None),
        ("2021-05-01", 3, 0.0, None),
        ("2019-05-01", 4, 0.0, None),
    ]
    assert [h.more_in_document for h in answer.hits] == [0, 0, answer.total - 4, 0]
    assert [h.text for h in answer.hits[1:3]] == sorted(h.text for h in answer.hits[1:3])
    found = engine.search(parse("before:2021-05-02 after:2020"))
    assert {hit.title for hit in found.hits} == {"2021-05-01"}
    assert "other.txt" in names(engine.search(parse("-type:html")))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", ["bees dance", '"bees dance"', "type:md", "bees -zebra type:md"])
@pytest.mark.parametrize("per_document", [1, 3])
def test_pages_continue_one_another(
    indexed: Build, mode: str, text: str, per_document: int
) -> None:
    files = {
        f"f{n:02d}__md": "\n\n".join(
            f"# Part {m}\n\nBees dance {'and hum ' * (m % 4)}in part {m} of {n}." for m in range(5)
        )
        for n in range(12)
    }
    engine = indexed(**files)
    whole = engine.search(parse(text, mode, 200, per_document))
    assert len(whole.hits) > 10
    assert not whole.more
    for size in (1, 5, 7):
        pages = []
        while True:
            page = engine.search(parse(text, mode, size, per_document, offset=len(pages)))
            assert page.total == whole.total
            pages += page.hits
            if not page.more:
                break
        assert ids(tuple(pages)) == ids(whole.hits)
        assert [(h.rank, h.score) for h in pages] == [(h.rank, h.score) for h in whole.hits]
    assert engine.search(parse(text, mode, offset=500)).hits == ()


def test_the_least_score_cuts_hits_and_total(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    everything = engine.search(parse("red apples grow"))
    least = everything.hits[1].score
    cut = engine.search(parse("red apples grow", min_score=least))
    assert ids(cut.hits) == ids(everything.hits[:2])
    assert cut.total == 2
    assert engine.search(parse("red apples grow", min_score=9.0)).total == 0


def test_totals_count_what_is_not_shown(indexed: Build) -> None:
    same = "The very same sentence of boilerplate stands in all of these files."
    engine = indexed(**{f"f{n}__txt": same for n in range(4)}, g__txt="Boilerplate it is not.")
    answer = engine.search(parse("boilerplate", "keyword"))
    assert (len(answer.hits), answer.total, answer.total_is_lower_bound) == (2, 2, False)
    long = engine.search(parse("boilerplate", "keyword", 1))
    assert (len(long.hits), long.total, long.more) == (1, 2, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("apples before:yesterday", "before: takes a date such as 2024, 2024-06 or 2024-06-30"),
        ('apples "red', "A quotation mark before red is not closed."),
        ("apples type:foo", "No passage meets type:foo. There are: type:markdown, type:text."),
        ("apples lang:xx", "No passage meets lang:xx. There are: lang:en."),
        ('apples type:md "no such thing"', 'No passage meets "no such thing".'),
        ("apples type:txt title:boats", "No passage meets all that the query requires."),
    ],
)
def test_what_was_not_understood_or_not_met_is_said(indexed: Build, text: str, says: str) -> None:
    answer = indexed(**FRUIT).search(parse(text))
    assert answer.note is not None
    assert says in answer.note


def test_explanations_add_up(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    for mode in MODES:
        answer = engine.search(parse("red apples", mode, explain=True))
        for hit in answer.hits:
            why = hit.explanation
            assert why is not None
            assert why.meaning + why.words + why.feedback == pytest.approx(hit.score)
            assert sum(why.terms.values()) == pytest.approx(hit.bm25 or 0.0)
            if mode != "semantic" and hit.bm25:
                assert set(why.terms) <= {"red", "appl"}
                assert hit.bm25 <= why.greatest_bm25
        best = max(answer.hits, key=lambda hit: hit.cosine or hit.bm25 or 0.0).explanation
        assert best is not None
        assert 1 in (best.semantic_rank, best.keyword_rank)
    assert engine.search(parse("red apples")).hits[0].explanation is None


def test_doubted_words_are_explained_with_what_they_counted(
    indexed: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = indexed(**FRUIT)
    (full, *_) = engine.search(parse("red apples", explain=True)).hits
    monkeypatch.setattr(ranking, "belief", lambda *_: 0.25)
    (hit, *_) = engine.search(parse("red apples", explain=True)).hits
    assert full.explanation is not None
    assert hit.explanation is not None
    assert hit.explanation.words == pytest.approx(full.explanation.words / 4)
    assert hit.explanation.feedback == pytest.approx(full.explanation.feedback, abs=0.02)


SIGNS = st.sampled_from(
    [
        *(
            '"',
            "-",
            "title:",
            "type:md",
            "heading:e*",
            "path:*",
            "before:2030",
            "page:1",
            "OR",
            "*",
            "re*",
        ),
        *("apple", "trees", "\u202e", "\u200b", "'; DROP TABLE", ".*", "[a-z]+", "%", "(", "كتاب"),
        "x" * 300,
    ]
)


@given(st.lists(SIGNS, min_size=1, max_size=8).map(" ".join), st.sampled_from(MODES))
def test_any_text_is_answered(fruit: Engine, text: str, mode: str) -> None:
    answer = fruit.search(parse(f"{text} apple", mode, 3, offset=1))
    assert len(answer.hits) <= 3
    assert answer.total >= len(answer.hits)
    assert [hit.rank for hit in answer.hits] == list(range(2, 2 + len(answer.hits)))


@pytest.fixture
def fruit(indexed: Build) -> Engine:
    return indexed(**FRUIT)


def test_five_hundred_terms_and_a_word_of_ten_thousand_letters(fruit: Engine) -> None:
    for text in (
        "apple " * 500,
        "x" * 9_990 + " apple",
        '"apple" ' * 500,
        "-pie* " * 500 + "apple",
    ):
        for mode in MODES:
            assert fruit.search(parse(text, mode)).hits
