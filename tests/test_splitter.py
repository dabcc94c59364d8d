"""Passages: exact offsets, whole sentences, nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.readers.base import DocumentBuilder
from indexer.splitter import DEFAULT_PIECES, split, splitter_for
from search.encoders import EncoderSpec, HashingEncoder
from search.models import Document, Passage
from search.sentences import sentences

ENCODER = HashingEncoder()


def document_of(*blocks: str | tuple[int, str] | int, kind: str = "text") -> Document:
    """A document of blocks (strings), headings (level, text) and page breaks (numbers)."""
    builder = DocumentBuilder(kind)
    for block in blocks:
        if isinstance(block, int):
            builder.page(block)
        elif isinstance(block, tuple):
            builder.heading(*block)
        else:
            builder.block(block, preformatted="\n" in block)
    return builder.build()


def cut(document: Document, pieces: int = 20) -> list[str]:
    return [document.text[p.start : p.end] for p in split(document, ENCODER, pieces)]


def pieces_in(text: str) -> int:
    return len(ENCODER.piece_starts([text])[0])


def test_a_short_document_is_one_passage() -> None:
    assert cut(document_of("One sentence. And another.")) == ["One sentence. And another."]


def test_sentences_stay_whole_and_the_last_one_begins_the_next_passage() -> None:
    text = " ".join(f"This is the sentence with number {n} in it." for n in range(1, 7))
    passages = cut(document_of(text), 20)
    assert passages[0].startswith("This is the sentence with number 1 in it. This")
    assert all(p.startswith("This is") and p.endswith("in it.") for p in passages)
    small = " ".join(f"Point {n} counts." for n in range(1, 13))
    overlapping = cut(document_of(small), 20)
    assert overlapping[0].endswith("Point 5 counts.")
    assert overlapping[1].startswith("Point 5 counts. Point 6 counts.")


def test_a_passage_ends_with_its_paragraph_where_that_is_near() -> None:
    first = "One two three four five six seven. Eight nine ten eleven twelve thirteen."
    second = (
        "Alpha beta gamma delta epsilon zeta. Eta theta iota kappa lambda my. Ny xi omikron pi rho."
    )
    passages = cut(document_of(first, second), 20)
    assert passages[0] == first


def test_a_passage_crosses_neither_page_nor_heading() -> None:
    document = document_of(1, (1, "A"), "On page one.", 2, "On page two.", (2, "B"), "Beneath B.")
    assert split(document, ENCODER, 100) == [
        Passage(3, 15, ("A",), 1),
        Passage(17, 29, ("A",), 2),
        Passage(34, 44, ("A", "B"), 2),
    ]


def test_a_heading_with_nothing_beneath_it_is_a_passage() -> None:
    document = document_of((1, "Chapter"), (2, "Empty section"), (2, "Full section"), "Text.")
    assert cut(document) == ["Empty section", "Text."]


def test_lines_of_code_are_never_joined_into_sentences() -> None:
    passages = cut(document_of("a = 1\nb = 2\n\nc = 3"), 100)
    assert passages == ["a = 1\nb = 2\n\nc = 3"]


def test_an_endless_sentence_is_cut_between_words() -> None:
    text = "word " * 100
    passages = cut(document_of(text.strip()), 20)
    assert all(0 < pieces_in(p) <= 20 and not p.startswith(" ") for p in passages)
    assert " ".join(passages).split() == text.split()


def test_one_endless_word_is_cut_all_the_same() -> None:
    line = "x-" * 30_000
    document = document_of(line)
    passages = split(document, ENCODER, 50)
    assert passages[0].start == 0
    assert passages[-1].end == len(line)
    assert sum(p.end - p.start for p in passages) == len(line)


def test_no_tiny_rest_is_left_over() -> None:
    text = " ".join(f"Sentence number {n} has six words." for n in range(1, 12))
    assert min(pieces_in(p) for p in cut(document_of(text), 60)) >= 15


def test_sentences_know_abbreviations() -> None:
    text = "Dr. Smith came at 5 p.m. today. He left."
    assert [text[s:e] for s, e, _ in sentences(text)][-1] == "He left."
    assert text.startswith("Dr. Smith", sentences(text)[0].start)


def test_the_splitter_suits_the_encoder() -> None:
    spec = EncoderSpec("m", "d", 8, max_tokens=128)
    assert splitter_for(spec).pieces == 78
    assert splitter_for(EncoderSpec("m", "d", 8, max_tokens=512)).pieces == DEFAULT_PIECES
    assert splitter_for(EncoderSpec("m", "d", 8, max_tokens=512), 300).pieces == 300
    assert splitter_for(EncoderSpec("m", "d", 8, max_tokens=20)).pieces == 16


texts = st.text(
    st.one_of(st.sampled_from(" \n.!?。a bcé漢😀\u0301-•"), st.characters(codec="utf-8")),
    max_size=400,
)
blocks = st.lists(
    st.one_of(
        texts,
        st.tuples(st.integers(1, 4), texts),
    ),
    max_size=12,
)


@given(blocks, st.integers(4, 40))
def test_spans_are_exact_and_cover_all_there_is_to_read(
    items: list[str | tuple[int, str]], pieces: int
) -> None:
    document = document_of(*items)
    passages = split(document, ENCODER, pieces)
    for passage in passages:
        text = document.text[passage.start : passage.end]
        assert text == text.strip() != ""
        section = next(
            s for s in document.sections if s.start <= passage.start and passage.end <= s.end
        )
        assert (section.headings, section.page) == (passage.headings, passage.page)
    ordered = [(p.start, p.end) for p in passages]
    assert ordered == sorted(ordered)
    assert len(set(ordered)) == len(ordered)
    covered = {at for p in passages for at in range(p.start, p.end)}
    for section in document.sections:
        for at in range(section.body, section.end):
            assert at in covered or document.text[at].isspace()


@given(texts, st.integers(4, 40))
def test_no_passage_is_longer_than_the_limit(text: str, pieces: int) -> None:
    document = document_of(text)
    for passage in split(document, ENCODER, pieces):
        assert pieces_in(document.text[passage.start : passage.end]) <= pieces + 1
