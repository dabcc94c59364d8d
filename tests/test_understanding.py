"""Whether an encoder understands a query."""

from __future__ import annotations

import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from search.calibration import nearness_threshold
from search.encoders import DEFAULT_MODEL, load_encoder
from search.understanding import evidently_understood, garbled, understood


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the capital?", "hWta si hte acipatl?"),
        ("E-417 in 2024", "E-417 ni 2024"),
        ("किताब", "ताकिब"),
        ("", ""),
    ],
)
def test_neighbouring_letters_change_places(text: str, expected: str) -> None:
    assert garbled(text) == expected


def test_running_scripts_get_other_letters() -> None:
    assert garbled("手机 phone") != "手机 phone"
    assert len(garbled("手机")) == 2


@given(st.text())
def test_any_text_can_be_garbled(text: str) -> None:
    assert len(garbled(text)) == len(text)


def slowly_garbled(text: str) -> str:
    """What `garbled` gives for texts without running scripts, one cluster at a time."""

    def swap(match: regex.Match[str]) -> str:
        clusters = regex.findall(r"\X", match.group())
        pairs = (clusters[place : place + 2][::-1] for place in range(0, len(clusters), 2))
        return "".join(cluster for pair in pairs for cluster in pair)

    return regex.sub(r"[\p{L}\p{M}]+", swap, text)


@given(st.text(st.sampled_from(string.printable + "äÉ\u0301ßκи'’")))
def test_letters_of_ascii_change_places_as_all_others_do(text: str) -> None:
    assert garbled(text) == slowly_garbled(text)


def test_trust_by_hand() -> None:
    # near 0.2: a twin at 0.6 leaves (0.4 / 0.8)^8 = 1/256, one at 0.4 (0.6 / 0.8)^8 = 0.1001.
    assert understood(0.6, 0.2) == pytest.approx(1 / 256)
    assert understood(0.4, 0.2) == pytest.approx(0.75**8)
    assert understood(0.2, 0.2) == understood(-0.1, 0.2) == 1.0
    assert understood(1.0, 0.2) == understood(1.01, 0.2) == 0.0
    assert understood(1.0, 1.0) == 1.0


@pytest.mark.model
def test_an_english_encoder_understands_english_and_no_greek(model_cache: Path) -> None:
    encoder = load_encoder(DEFAULT_MODEL, model_cache)
    near = nearness_threshold(encoder)

    def trust(text: str) -> float:
        cosine = encoder.encode_query(text) @ encoder.encode_query(garbled(text))
        return understood(float(cosine), near)

    assert trust("How do I silence a shrieking bicycle brake?") == 1.0
    assert trust("boundary layer in a hypersonic flow") == 1.0
    assert trust("Πόσους πόντους έχασε η άμυνα των Πάνθηρς;") < 0.1
    assert trust("Сколько очков пропустила защита?") < 0.2


class Letters:
    """Has the words that it knows whole, and cuts others into letters."""

    def __init__(self, *known: str, blanks: bool = False) -> None:
        self.known = known
        self.blanks = blanks

    def piece_starts(self, texts: Sequence[str]) -> list[Any]:
        return [np.array(self._starts(text), dtype=np.int64) for text in texts]

    def _starts(self, text: str) -> list[int]:
        found, at = [], 0
        for word in text.split(" "):
            whole = word in self.known
            first = at - (self.blanks and at > 0)
            found += [first] if whole else [first, *range(at + 1, at + len(word))]
            at += len(word) + 1
        return found


@pytest.mark.parametrize("blanks", [False, True])
def test_words_that_only_the_twin_has_in_pieces_show_understanding(blanks: bool) -> None:
    tokenizer = Letters("where", "does", "the", "river", "rise", "begin", blanks=blanks)
    assert evidently_understood("where does the river rise", tokenizer)
    assert not evidently_understood("where does the zqxwv rise", tokenizer)
    assert not evidently_understood("wo beginnt dieser fluss denn", tokenizer)


def test_few_or_short_words_and_running_scripts_show_nothing() -> None:
    whole = Letters("river", "begin", "where", "an", "do", "ai", "tu", "là", "手机手机")
    assert not evidently_understood("where river begin", whole)
    assert not evidently_understood("an do ai tu là", whole)
    assert not evidently_understood("手机手机 where river begin begin", whole)
    assert not evidently_understood("", whole)


def test_of_a_long_text_the_first_words_tell_unless_other_scripts_may_follow() -> None:
    seen: list[str] = []

    class Noting(Letters):
        def piece_starts(self, texts: Sequence[str]) -> list[Any]:
            seen.extend(texts)
            return super().piece_starts(texts)

    tokenizer = Noting("where", "does", "the", "river", "rise", "begin")
    long = " ".join(["where does the river rise"] * 40)
    assert evidently_understood(long, tokenizer)
    assert [len(text.split()) for text in seen] == [32, 32]
    assert evidently_understood(f"{long} {'zqxwv ' * 300}", tokenizer)
    assert not evidently_understood(f"{long} {'πηγάζει ' * 300}", tokenizer)


def test_a_tokenizer_that_has_any_word_whole_shows_nothing() -> None:
    text = "where does the river rise"
    assert not evidently_understood(text, Letters(*text.split(), *garbled(text).split()))


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "evident"),
    [
        ("How do I silence a shrieking bicycle brake?", True),
        ("what is the effect of heat transfer on a boundary layer", True),
        ("QP-4209", False),
        ("Πόσους πόντους έχασε η άμυνα των Πάνθηρς;", False),
        ("Wie viele Punkte gab die Verteidigung der Panthers ab?", False),
        ("¿Cuántos puntos dejó pasar la defensa de los Panthers?", False),
        ("แนวรับของแพนเธอร์สเสียแต้มไปกี่แต้ม การป้องกัน ทีม เกม", False),
    ],
)
def test_pieces_tell_english_from_other_languages(
    model_cache: Path, text: str, evident: bool
) -> None:
    assert evidently_understood(text, load_encoder(DEFAULT_MODEL, model_cache)) is evident
