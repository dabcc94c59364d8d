"""Documents kept small: as columns they say what they said as objects."""

from __future__ import annotations

import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis.folding import fold
from search.columns import Documents
from search.requirements import DocumentFacts

TEXT = st.text(st.characters(exclude_characters="\0"), max_size=12)
PATHS = st.lists(TEXT.map(lambda text: f"/root/{text}"), min_size=1, max_size=3).map(tuple)
DATES = st.sampled_from(["", "2024", "2024-06", "2024-06-30", "0999"])
FACTS = st.builds(
    DocumentFacts,
    version=st.integers(1, 2**62),
    key=st.integers(1, 2**62),
    title=TEXT,
    kind=st.sampled_from(["text", "pdf"]),
    author=TEXT,
    date=DATES,
    language=st.sampled_from(["", "en", "de"]),
    paths=PATHS,
    modified=st.integers(-(2**40), 2**62),
)


def facts(number: int, title: str = "", path: str = "/root/a.txt") -> DocumentFacts:
    return DocumentFacts(number, number, title, "text", "", "", "en", (path,), 7)


@given(st.lists(FACTS, max_size=8))
def test_documents_come_out_as_they_went_in(given_: list[DocumentFacts]) -> None:
    kept = Documents(iter(given_))
    assert list(kept) == given_
    assert kept[:] == given_
    assert [kept[-at] for at in range(1, len(given_) + 1)] == given_[::-1]
    assert kept.versions().tolist() == [one.version for one in given_]
    assert list(kept.names()) == [one.name for one in given_]
    assert kept.tally("kind") == Counter(one.kind for one in given_)
    assert kept.tally("author") == Counter(one.author for one in given_)
    assert kept.tally("year") == Counter(one.day[:4] for one in given_)
    assert kept.tally("folder") == Counter(one.paths[0].rpartition("/")[0] for one in given_)


@given(st.lists(FACTS, max_size=6), st.text(min_size=1, max_size=2))
def test_names_are_looked_through_as_one_by_one(given_: list[DocumentFacts], part: str) -> None:
    expected = [one for one in given_ if part in fold(one.name.lower())] if "\0" not in part else []
    assert list(Documents(given_).named(part)) == expected


def test_a_name_that_has_it_twice_comes_once() -> None:
    kept = Documents([facts(1, "tea and tea"), facts(2, "coffee"), facts(3, "", "/root/tea.txt")])
    assert [one.key for one in kept.named("tea")] == [1, 3]
    assert list(kept.named("")) == []
    assert list(kept.named("\0")) == list(kept.named("a\0c")) == [], "no name has a NUL"
    twice = Documents([facts(1, "tea\0tea"), facts(2, "tea")])
    assert [one.key for one in twice.named("tea")] == [1, 2]
    assert list(kept.named("teacoffee")) == [], "what stands in two names stands in none"


def test_a_document_is_found_by_its_number() -> None:
    kept = Documents(facts(number) for number in (3, 5))
    assert kept.with_key(5) == facts(5)
    assert kept.with_key(4) is None
    with pytest.raises(IndexError):
        kept[2]
    assert list(Documents(())) == []


def test_many_documents_take_little() -> None:
    def many() -> Documents:
        return Documents(
            facts(number, f"A title of forty letters or so, {number}", f"/root/{number % 90}/x.txt")
            for number in range(20_000)
        )

    many()
    tracemalloc.start()
    try:
        kept = many()
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept) == 20_000
    assert size / len(kept) < 200, "as objects they take some 600 bytes each"
