"""What is marked as having carried a hit's nearness in meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.context import embedded_text
from search.encoders import DEFAULT_MODEL, Encoder, HashingEncoder, PieceVectors, load_encoder
from search.highlights import above_baseline, meaning_marks, outstanding, owners, shares
from search.models import Hit, Meaning, Span
from search.sentences import sentences

#: So wide that words which differ have hardly anything in common.
HASHING = HashingEncoder(2048)
BEES = "The hive stands by the oak. Bees dance on the comb. Honey is sold in May."
HIT = Hit(
    rank=1,
    score=1.0,
    cosine=0.5,
    bm25=None,
    passage_id=1,
    document_id=1,
    path="notes/bees.txt",
    title="",
    kind="text",
    page=None,
    headings=(),
    text=BEES,
    start=0,
    end=len(BEES),
)
WORDS = st.text("ab c\n.é東", max_size=60)


class Sealed(HashingEncoder):
    """An encoder whose embeddings are no means of pieces."""

    def passage_pieces(self, texts: Sequence[str]) -> None:  # type: ignore[override]
        """Nothing is told."""

    def query_pieces(self, text: str) -> None:  # type: ignore[override]
        """Nothing is told."""


def hit_of(text: str, title: str = "", headings: tuple[str, ...] = ()) -> Hit:
    return replace(HIT, text=text, end=len(text), title=title, headings=headings)


def marked(query: str, hit: Hit, encoder: Encoder = HASHING) -> tuple[str | None, list[str]]:
    """The sentence and the words that are marked, as they stand in the text."""
    (meaning,) = meaning_marks(encoder, query, [hit])
    sentence = meaning.sentence
    return (
        None if sentence is None else hit.text[sentence.start : sentence.end],
        [hit.text[word.start : word.end] for word in meaning.words],
    )


# Shares


@given(WORDS, WORDS)
def test_shares_add_up_to_the_cosine(query: str, text: str) -> None:
    asked = HASHING.encode_query(query)
    (pieces,) = HASHING.passage_pieces([text])
    cosine = float(HASHING.encode_passages([text])[0] @ asked)
    assert shares(pieces, asked).sum() == pytest.approx(cosine, abs=1e-5)
    assert above_baseline(pieces, asked).sum() == pytest.approx(0, abs=1e-5)


@given(st.integers(1, 8), st.integers(0, 1000))
def test_what_is_above_the_baseline_is_how_the_cosine_changes(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = (random.normal(size=(count, 6)) + 1).astype(np.float32)
    query = random.normal(size=6)
    query /= np.linalg.norm(query)
    pieces = PieceVectors(vectors, np.zeros((count, 2), dtype=np.int64))
    above = above_baseline(pieces, query.astype(np.float32))

    def cosine(weights: np.ndarray) -> float:
        total = weights @ vectors.astype(np.float64)
        return float(total @ query / np.linalg.norm(total))

    for number in range(count):
        more = np.ones(count)
        more[number] += 1e-4
        change = (cosine(more) - cosine(np.ones(count))) / 1e-4
        assert above[number] == pytest.approx(change, abs=2e-3)


# What is marked


def test_the_sentence_and_the_words_that_carried_the_cosine() -> None:
    assert marked("bees dance", HIT) == ("Bees dance on the comb.", ["Bees", "dance"])


def test_spans_count_characters_of_the_passage_not_of_what_was_embedded() -> None:
    text = f"Ünïcödé 👩‍👩‍👧 first.\n\n{BEES}"
    hit = hit_of(text, "Bees and how they dance", ("Spring", "Bees dance"))
    assert marked("bees dance", hit) == ("Bees dance on the comb.", ["Bees", "dance"])


def test_the_context_line_is_read_but_never_marked() -> None:
    text = "It stands by the oak. It is sold in May."
    query = "bees dance"
    hit = hit_of(text, "Bees dance")
    assert marked(query, hit) == (None, [])
    seen: list[str] = []

    class Listening(HashingEncoder):
        def passage_pieces(self, texts: Sequence[str]) -> list[PieceVectors]:
            seen.extend(texts)
            return super().passage_pieces(texts)

    meaning_marks(Listening(), query, [hit, replace(hit, title="bees.txt")])
    assert seen == [embedded_text("Bees dance", (), text), text]


@pytest.mark.parametrize("encoder", [HASHING, Sealed(2048)])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "bees dance on the comb",
        "Bees dance. Bees dance.",
        "The bees sleep. They dance at noon.",
        "Something else. Nothing of it.",
    ],
)
def test_when_no_sentence_stands_out_none_is_marked(text: str, encoder: Encoder) -> None:
    assert marked("bees dance", hit_of(text), encoder) == (None, [])


@pytest.mark.parametrize("query", ["", "  "])
def test_a_query_of_nothing_marks_nothing(query: str) -> None:
    assert marked(query, HIT) == (None, [])


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [
        ([], None),
        ([0.9], None),
        ([0.2, 0.9, 0.1], 1),
        ([0.5, 0.56], 1),
        ([0.5, 0.54], None),
        ([0.9, 0.92], 1),
        ([1.0, 1.0], None),
        ([-0.2, -0.1], None),
    ],
)
def test_a_sentence_stands_out_by_a_tenth_of_what_the_next_leaves(
    scores: list[float], chosen: int | None
) -> None:
    assert outstanding(np.array(scores, dtype=np.float32)) == chosen


def test_no_more_than_three_words_are_marked_and_no_common_ones() -> None:
    text = "The red bees of the north dance and sing on the comb. Honey is sold in May."
    _, words = marked("the red bees of the north dance and sing on the comb", hit_of(text))
    assert len(words) == 3
    assert not {"The", "the", "of", "and", "on"} & set(words)


def test_overlapping_readings_of_a_word_are_marked_once() -> None:
    text = "It is called wax-moth_trap here. Honey is sold in May. Nothing else."
    (meaning,) = meaning_marks(HASHING, "wax-moth_trap", [hit_of(text)])
    ends = 0
    assert meaning.words
    for word in meaning.words:
        assert word.start >= ends
        ends = word.end


def test_sentences_past_what_the_encoder_reads_are_not_marked() -> None:
    text = f"Honey is sold. {'Wax is melted and cooled. ' * 60}Bees dance on the comb."
    sentence, _ = marked("bees dance", hit_of(text))
    assert sentence != "Bees dance on the comb."


def test_one_call_of_the_encoder_for_all_hits() -> None:
    calls: list[int] = []

    class Counting(HashingEncoder):
        def passage_pieces(self, texts: Sequence[str]) -> list[PieceVectors]:
            calls.append(len(texts))
            return super().passage_pieces(texts)

    hits = [HIT, hit_of("Bees. Bees."), hit_of(""), hit_of(BEES[::-1])]
    together = meaning_marks(Counting(2048), "bees dance", hits)
    assert calls == [4]
    assert together == [meaning_marks(HASHING, "bees dance", [hit])[0] for hit in hits]
    assert meaning_marks(HASHING, "bees", []) == []


def test_an_encoder_that_tells_nothing_of_pieces_marks_sentences_alone() -> None:
    encoder = Sealed(2048)
    hits = [HIT, hit_of("One sentence."), hit_of(f"Wax melts. {BEES}")]
    one, two, three = meaning_marks(encoder, "bees dance", hits)
    assert encoder.calls == 1
    assert (one.words, two, three.words) == ((), Meaning(), ())
    assert one.sentence == Span(28, 51)
    assert three.sentence == Span(39, 62)


@given(WORDS, WORDS, st.sampled_from([HASHING, Sealed(2048)]))
def test_spans_lie_in_the_text_whatever_it_is(query: str, text: str, encoder: Encoder) -> None:
    (meaning,) = meaning_marks(encoder, query, [hit_of(text, "é東 a")])
    if meaning.sentence is None:
        assert meaning.words == ()
        return
    start, end = meaning.sentence.start, meaning.sentence.end
    assert text[start:end].strip() == text[start:end] != ""
    for word in meaning.words:
        assert start <= word.start < word.end <= end


def test_pieces_belong_to_the_sentence_they_begin_in() -> None:
    found = sentences("One two. Three.")
    pieces = HASHING.query_pieces(f"A title\n{'One two. Three.'}")
    assert owners(pieces, found, 8).tolist() == [-1, -1, 0, 0, 0, 1, 1]


# The real model


@pytest.mark.model
def test_meaning_is_marked_where_no_word_is_shared(model_cache: Path) -> None:
    encoder = load_encoder(DEFAULT_MODEL, model_cache)
    text = (
        "The office is on the second floor. Parking costs two euros an hour. "
        "Employees may take thirty days of paid leave a year. The canteen opens at noon."
    )
    sentence, words = marked("How long can my holiday be?", hit_of(text, "Handbook"), encoder)
    assert sentence == "Employees may take thirty days of paid leave a year."
    assert words
    assert set(words) <= {"Employees", "take", "thirty", "days", "paid", "leave", "year"}


@pytest.mark.model
def test_shares_of_the_real_model_add_up_to_its_cosine(model_cache: Path) -> None:
    encoder = load_encoder(DEFAULT_MODEL, model_cache)
    texts = [BEES, "", "x" * 300, "Où est le château? 東京", "one two three " * 200]
    asked = encoder.encode_query("Where do bees dance?")
    pieces = encoder.passage_pieces(texts)
    assert pieces is not None
    sums = [shares(of_text, asked).sum() for of_text in pieces]
    np.testing.assert_allclose(sums, encoder.encode_passages(texts) @ asked, atol=1e-5)
