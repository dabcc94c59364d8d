"""Whether an encoder understands a query."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.calibration import nearness_threshold
from search.encoders import DEFAULT_MODEL, load_encoder
from search.understanding import garbled, understood


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


def test_trust_by_hand() -> None:
    # near 0.2: a twin at 0.6 leaves (0.4 / 0.8)^4 = 1/16.
    assert understood(0.6, 0.2) == pytest.approx(0.0625)
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
