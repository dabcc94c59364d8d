"""Another query that may have been meant, and the stages of an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from indexer.commands.search import command
from search.encoders import HashingEncoder
from search.engine import Engine
from search.meant import did_you_mean, is_slip
from search.models import Query
from search.queries import parse
from search.settings import Settings
from search.stages import UNTIMED, Stages

Build = Callable[..., Engine]
FILES = {
    "address__txt": "Your address and the measles vaccine.",
    "silent__txt": "The brakes are silent now.",
}


def unknown(_: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("word", "meant", "slip"),
    [
        ("adress", "address", True),
        ("vacine", "vaccine", True),
        ("vaccnie", "vaccine", True),  # neighbours swapped
        ("meazels", "measles", False),  # two edits in seven letters
        ("anniverssarry", "anniversary", True),
        ("silence", "silent", False),
        ("shrieks", "shrank", False),
        ("address", "address", False),
    ],
)
def test_what_is_a_slip(word: str, meant: str, slip: bool) -> None:
    assert is_slip(word, meant) is slip


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_slips_go_both_ways_and_are_never_the_word_itself(word: str, other: str) -> None:
    assert is_slip(word, other) == is_slip(other, word)
    assert not is_slip(word, word)
    assert not is_slip(word, other) or abs(len(word) - len(other)) <= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my adress", "my address"),
        ("My Adress, ADRESS!", "My Address, ADDRESS!"),
        ("adress type:txt path:adress/*", "address type:txt path:adress/*"),
        ("adress -adress", "address -adress"),
        ("adresses", None),
        ("pre-adress x.adress adress_x", None),
        ("vacine vacine", None),
    ],
)
def test_only_the_word_itself_is_replaced(text: str, expected: str | None) -> None:
    assert did_you_mean(Query(text), {"adress": ("address",)}, unknown) == expected


def test_of_several_forms_the_first_that_is_near_is_taken() -> None:
    written = {"adress": ("actress", "address", "adresses")}
    assert did_you_mean(Query("adress"), written, unknown) == "address"
    assert did_you_mean(Query("adress"), {"adress": ()}, unknown) is None


def test_a_word_that_the_encoder_knows_is_no_slip() -> None:
    written = {"horse": ("house",), "adress": ("address",)}
    asked = Query("horse adress")
    assert did_you_mean(asked, written, {"horse"}.__contains__) == "horse address"


class Pieces(HashingEncoder):
    """Knows the word "horse" and cuts all others in two."""

    def piece_starts(self, texts: Sequence[str]) -> list[npt.NDArray[np.int64]]:
        return [np.arange(1 if text == "horse" else 2) for text in texts]


def test_an_answer_asks_whether_something_else_was_meant(indexed: Build) -> None:
    engine = indexed(**FILES, house__txt="A house by the river.")
    engine._encoding._encoder = Pieces()
    answer = engine.search(parse("what is your adress"))
    assert answer.did_you_mean == "what is your address"
    assert answer.note == "Also searched: address (for adress)."
    assert engine.search(parse("horse")).did_you_mean is None
    assert engine.search(parse("horse", "keyword")).did_you_mean == "house"
    assert engine.search(parse("address")).did_you_mean is None


def test_a_rare_word_spelt_like_a_frequent_one(indexed: Build) -> None:
    many = {f"a{n}__txt": f"You receive letter {n}." for n in range(20)}
    engine = indexed(**many, b__txt="We recieve boats.", c__txt="Recent news.")
    answer = engine.search(parse("when do I recieve it", "keyword"))
    assert answer.did_you_mean == "when do I receive it"
    assert answer.note is None
    assert engine.search(parse("receive", "keyword")).did_you_mean is None
    engine._encoding._encoder = Pieces()
    assert engine.search(parse("recieve")).did_you_mean == "receive"
    assert engine.search(parse("horse")).did_you_mean is None


def test_a_rare_word_spelt_like_one_hardly_more_frequent(indexed: Build) -> None:
    many = {f"a{n}__txt": f"You receive letter {n}." for n in range(19)}
    engine = indexed(**many, b__txt="We recieve boats.")
    assert engine.search(parse("recieve", "keyword")).did_you_mean is None


def test_words_in_the_place_of_others_are_not_offered_as_a_query(indexed: Build) -> None:
    answer = indexed(**FILES).search(parse("silence", "keyword"))
    assert answer.note == "Also searched: silent (for silence)."
    assert answer.did_you_mean is None


def test_the_command_and_json_say_so(indexed: Build, settings: Settings) -> None:
    indexed(**FILES)
    home = ["--home", str(settings.home), "--mode", "keyword"]
    result = CliRunner().invoke(command, ["vacine", *home], standalone_mode=False)
    assert "Did you mean: vaccine\n" in result.stderr
    assert "measles" in result.stdout
    result = CliRunner().invoke(command, ["vacine", "--json", *home], standalone_mode=False)
    assert json.loads(result.stdout)["did_you_mean"] == "vaccine"


# Stages


def test_stages_are_told_only_to_those_who_ask(indexed: Build, settings: Settings) -> None:
    engine = indexed(**FILES)
    assert engine.search(parse("address")).stages == {}
    answer = engine.search(parse("address", explain=True))
    assert [*answer.stages] == [
        "filters", "encoding", "words", "vectors", "keywords", "fusion", "verdict", "texts",
        "spelling", "explaining",
    ]  # fmt: skip
    assert all(taken >= 0.0 for taken in answer.stages.values())
    assert sum(answer.stages.values()) <= answer.milliseconds
    home = ["--home", str(settings.home)]
    shape = CliRunner().invoke(command, ["address", "--json", *home], standalone_mode=False).stdout
    assert json.loads(shape)["stages"] is None
    shape = (
        CliRunner()
        .invoke(command, ["address", "--json", "--explain", *home], standalone_mode=False)
        .stdout
    )
    assert json.loads(shape)["stages"].keys() == answer.stages.keys()
    result = CliRunner().invoke(command, ["address", "--explain", *home], standalone_mode=False)
    assert " ms: filters " in result.stderr


def test_marking_meaning_is_a_stage_too(indexed: Build) -> None:
    engine = indexed(**FILES)
    answer = engine.with_meanings(engine.search(parse("address", explain=True)))
    assert [*answer.stages][-1] == "meaning"
    assert "meaning" not in engine.with_meanings(engine.search(parse("address"))).stages


def test_a_stage_entered_twice_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1.0, 1.5, 4.0, 4.25])
    monkeypatch.setattr("search.stages.time.perf_counter", lambda: next(times))
    stages = Stages(wanted=True)
    for _ in range(2):
        with stages("vectors"):
            pass
    assert stages.milliseconds == {"vectors": 750.0}


def test_what_is_not_wanted_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.stages.time", None)
    monkeypatch.setattr("search.stages.is_heard", lambda: False)
    with UNTIMED("anything"):
        pass
    assert UNTIMED.milliseconds == {}
