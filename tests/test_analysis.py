"""The analyser: words, stems, offsets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import WORD_LIMIT, located_terms, terms, words
from search.models import Span
from search.snippets import matched_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The runner's RUNNING shoes", ["runner", "run", "shoe"]),
        ("Error E-417, twice", ["error", "e", "417", "twice"]),
        ("don’t and don't", ["don't", "don't"]),
        ("naïve ﬁle", ["naïv", "file"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("Straße STRASSE", ["strass", "strass"]),
        ("to be or not to be", []),
        ("… — !?", []),
        ("", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_words_are_neither_stemmed_nor_stopped() -> None:
    assert words("The Running") == ["the", "running"]


def test_an_endless_word_is_cut() -> None:
    assert terms("x" * 10_000) == ["x" * WORD_LIMIT]


@given(st.text())
def test_located_terms_are_the_terms_and_stand_in_order(text: str) -> None:
    located = list(located_terms(text))
    assert [term.text for term in located] == terms(text)
    at = 0
    for term in located:
        assert at <= term.start < term.end <= len(text)
        at = term.end


def test_marks_are_the_words_whose_stem_is_asked_for() -> None:
    text = "Bees swarm; a swarming bee swarms."
    marked = matched_words(text, frozenset(terms("swarms")))
    assert [text[m.start : m.end] for m in marked] == ["swarm", "swarming", "swarms"]
    assert matched_words(text, frozenset()) == ()
    assert matched_words("swarm", {"swarm"}) == (Span(0, 5),)
