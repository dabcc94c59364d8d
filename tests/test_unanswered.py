"""The verdict that nothing in a collection answers a question."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from conftest import run_index

from indexer import manners
from indexer.commands.index import command as index
from indexer.commands.search import command
from search import ranking
from search import unanswered as module
from search.calibration import UNRELATED
from search.encoders import DEFAULT_MODEL, HashingEncoder
from search.engine import Engine
from search.errors import EncoderError
from search.hits import Pool
from search.models import Mode
from search.queries import parse
from search.settings import Settings
from search.unanswered import Bars, Calibration, Reached, bars, reached_in, unanswered, weak

Build = Callable[..., Engine]
FRUIT = {
    "apples__txt": "Red apples grow on old trees in the orchard.",
    "pears__txt": "Yellow pears grow on young trees in the garden.",
    "ships__txt": "Steel ships sail slowly over the northern ocean.",
}
SAMPLE = Path(__file__).resolve().parents[1] / "sample_corpus"


def pool(scores: list[float], bm25: list[float] | None) -> Pool:
    return Pool(
        np.arange(len(scores)),
        np.array(scores),
        np.array(scores),
        None if bm25 is None else np.array(bm25),
    )


# The formulas


def test_bars_by_hand() -> None:
    # A good hit: (1 + 0.2) / 2 + 0.4 = 1.0; the middle from 0.5. Cosine: 0.2 + 0.2 · 0.8.
    found = bars(Reached("any", 100, hybrid=0.5, cosine=0.3), near=0.2)
    assert (found.score, found.cosine) == pytest.approx((0.75, 0.36))
    # Where unrelated questions come nearer than that, as in very large collections.
    assert bars(Reached("any", 100, hybrid=0.5, cosine=0.4), near=0.2).cosine == 0.4
    # An encoder that finds everything near: a good hit scores 0.9 + 0.4, the middle from 1.1.
    found = bars(Reached("any", 100, hybrid=1.1, cosine=0.8), near=0.8)
    assert (found.score, found.cosine) == pytest.approx((1.2, 0.84))


@pytest.mark.parametrize(
    ("mode", "trust", "scores", "cosine", "bm25", "expected"),
    [
        # 0.7 is the bar; words of 3 in 10 and more are enough, and so is a cosine of 0.4.
        (Mode.HYBRID, 1.0, [0.71, 0.7, 0.69, 0.3], 0.39, [0, 0, 2.9, 3], [0, 0, 1, 0]),
        (Mode.HYBRID, 1.0, [0.6, 0.5], 0.4, [0, 0], [0, 0]),
        # Where nothing is understood it is 0.15 · 0.7 = 0.105, where half is 0.575 · 0.7 = 0.4025.
        (Mode.HYBRID, 0.0, [0.11, 0.1], 0.9, [1, 1], [0, 1]),
        (Mode.HYBRID, 0.5, [0.41, 0.4], 0.79, [1, 1], [0, 1]),
        (Mode.HYBRID, 0.5, [0.41, 0.4], 0.80, [1, 1], [0, 0]),
        (Mode.SEMANTIC, 1.0, [0.5, 0.41, 0.39], None, None, [0, 0, 1]),
        (Mode.KEYWORD, 1.0, [5.0, 2.9], None, [5, 2.9], [0, 1]),
    ],
)
def test_what_is_weak(
    mode: Mode,
    trust: float,
    scores: list[float],
    cosine: float | None,
    bm25: list[float] | None,
    expected: list[int],
) -> None:
    cosines = None if cosine is None else np.full(len(scores), cosine)
    given = Pool(pool(scores, bm25).ids, np.array(scores), cosines, pool(scores, bm25).bm25)
    found = weak(given, mode, Bars(0.7, 0.4), trust, 10.0)
    assert found.tolist() == [bool(one) for one in expected]


@pytest.mark.parametrize(
    ("of_hits", "verdict"),
    [([1, 1, 1, 0], True), ([1, 1, 0], False), ([1], True), ([0], False), (None, False)],
)
def test_the_first_three_hits_decide(of_hits: list[int] | None, verdict: bool) -> None:
    found = pool([0.5] * len(of_hits or [1]), None)
    if of_hits is not None:
        found = Pool(found.ids, found.scores, None, None, weak=np.array(of_hits, dtype=bool))
    assert unanswered(found) is verdict


# Measuring a collection


def test_what_unrelated_questions_reach_is_the_median_of_their_best(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    encoder = HashingEncoder()
    with engine.collection.snapshot() as snapshot:
        reached = reached_in(snapshot, encoder, engine.collection.manifest.near)
        ids = np.sort(snapshot.vectors.ids())
        best = sorted(
            float(snapshot.vectors.cosines(encoder.encode_query(question), ids).max())
            for question, _ in UNRELATED
        )
    assert reached.passages == 3
    assert reached.cosine == pytest.approx((best[5] + best[6]) / 2, abs=1e-6)


def test_indexing_measures_it_so_that_no_search_has_to(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "apples.txt").write_text("Red apples grow on old trees in the orchard.")
    named = ["--home", str(settings.home), str(folder)]
    places = {"WHEREIN_MODEL": "hashing", "WHEREIN_CACHE": str(settings.cache)}
    monkeypatch.setattr(manners, "give_way", lambda: None)  # the tests after it would do so too
    done = CliRunner().invoke(index, named, env=places)
    assert done.exit_code == 0, done.output

    def never(*_: object) -> Reached:
        raise AssertionError("it was measured when the folder was indexed")

    monkeypatch.setattr(module, "reached_in", never)
    with Engine.of(settings) as engine:
        (hit,) = engine.search(parse("red apples")).hits
        assert not hit.weak


def test_an_empty_collection_reaches_nothing(settings: Settings, folder: Path) -> None:
    run_index(settings, folder)
    with Engine.of(settings) as engine:
        answer = engine.search(parse("anything"))
        engine.warm_up()
        assert (answer.hits, answer.unanswered) == ((), True)


def test_a_large_collection_is_asked_in_part(
    indexed: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = indexed(**FRUIT)
    monkeypatch.setattr(module, "_SAMPLE", 2)
    asked: list[object] = []
    original = module.retrieve

    def listening(*arguments: object, **named: object) -> Pool | None:
        asked.append(arguments[6])
        return original(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "retrieve", listening)
    with engine.collection.snapshot() as snapshot:
        assert reached_in(snapshot, HashingEncoder(), 0.2).passages == 3
    assert [ids.tolist() for ids in asked] == [[1, 3]] * len(UNRELATED)  # type: ignore[attr-defined]


def test_what_was_measured_is_kept_until_the_collection_grows(
    indexed: Build, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []
    original = module.reached_in

    def counting(*arguments: object) -> Reached:
        found = original(*arguments)  # type: ignore[arg-type]
        measured.append(found.passages)
        return found

    monkeypatch.setattr(module, "reached_in", counting)
    many = {f"a{n}__txt": f"Apple number {n} of the tree." for n in range(20)}
    for _ in range(2):
        engine = indexed(**many)
        engine.search(parse("apple"))
        engine.search(parse("number"))
    assert measured == [20]
    indexed(**many, b__txt="One more.").search(parse("apple"))
    assert measured == [20]
    indexed(**many, c__txt="And another.", d__txt="And more.").search(parse("apple"))
    assert measured == [20, 23]
    (kept,) = (settings.cache / "unrelated").iterdir()
    assert msgspec.json.decode(kept.read_bytes(), type=Reached).passages == 23


def test_what_was_measured_by_another_formula_is_measured_anew(
    indexed: Build, settings: Settings
) -> None:
    engine = indexed(**FRUIT)
    engine.search(parse("apples"))
    (kept,) = (settings.cache / "unrelated").iterdir()
    right = msgspec.json.decode(kept.read_bytes(), type=Reached)
    other = msgspec.structs.replace(right, hybrid=9.0, scoring=right.scoring - 1)
    kept.write_bytes(msgspec.json.encode(other))
    with Engine.of(settings) as again:
        again.search(parse("apples"))
    assert msgspec.json.decode(kept.read_bytes(), type=Reached) == right


@pytest.mark.parametrize("content", [b"", b"{", b'{"encoder": 1}', b"\xff"])
def test_a_damaged_cache_is_measured_anew(
    indexed: Build, settings: Settings, content: bytes
) -> None:
    engine = indexed(**FRUIT)
    expected = engine.search(parse("apples")).unanswered
    (kept,) = (settings.cache / "unrelated").iterdir()
    kept.write_bytes(content)
    with Engine.of(settings) as other:
        assert other.search(parse("apples")).unanswered == expected
    assert msgspec.json.decode(kept.read_bytes(), type=Reached).passages == 3


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    indexed: Build, tmp_path: Path
) -> None:
    engine = indexed(**FRUIT)
    blocked = tmp_path / "file"
    blocked.write_text("x")
    calibration = Calibration(blocked)
    with engine.collection.snapshot() as snapshot:
        found = calibration.bars(engine.collection, snapshot, HashingEncoder())
        assert found == calibration.bars(engine.collection, snapshot, HashingEncoder())


# Answers


def test_a_question_that_something_answers_and_one_that_nothing_does(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    for mode in ("hybrid", "semantic"):
        answer = engine.search(parse("red apples grow on old trees", mode))
        assert (answer.unanswered, answer.hits[0].weak) == (False, False)
        answer = engine.search(parse("quarterly tax reform committee path:*", mode))
        assert answer.unanswered
        assert answer.hits
        assert all(hit.weak for hit in answer.hits)


def test_the_verdict_is_the_same_on_every_page(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    asked = "red apples grow on old trees path:*"
    assert engine.search(parse(asked, limit=1, offset=2)).unanswered is False


def test_of_words_alone_nothing_is_said(indexed: Build) -> None:
    answer = indexed(**FRUIT).search(parse("apples zebras giraffes elephants", "keyword"))
    assert answer.hits
    assert (answer.unanswered, answer.hits[0].weak) == (False, False)


def test_where_nothing_is_near_words_decide(
    indexed: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = indexed(**FRUIT)
    monkeypatch.setattr(ranking, "retrieve", lambda *_, **__: None)
    answer = engine.search(parse("apples"))
    assert (answer.mode, answer.unanswered) == (Mode.KEYWORD, False)
    answer = engine.search(parse("apples zebras giraffes elephants"))
    assert answer.hits
    assert answer.unanswered


def test_nothing_found_is_no_answer_unless_only_filters_were_asked_for(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    assert engine.search(parse("apples type:pdf")).unanswered
    assert not engine.search(parse("type:pdf")).unanswered
    assert not engine.search(parse("type:txt")).unanswered


def test_without_the_encoder_nothing_is_said(
    indexed: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> HashingEncoder:
        raise EncoderError("The model is gone.", "Fetch it again.")

    engine = indexed(**FRUIT)
    monkeypatch.setattr("search.query_encoder.load_encoder", failing)
    answer = engine.search(parse("apples zebras giraffes elephants"))
    assert answer.hits
    assert not answer.unanswered


def test_the_command_says_so_and_still_ends_well(indexed: Build, settings: Settings) -> None:
    indexed(**FRUIT)
    home = ["--home", str(settings.home)]
    asked = "quarterly tax reform committee path:*"
    result = CliRunner().invoke(command, [asked, *home], standalone_mode=False)
    assert result.exception is None
    assert "No good answer here" in result.stderr
    assert "(weak)" in result.stdout
    shape = json.loads(
        CliRunner().invoke(command, [asked, "--json", *home], standalone_mode=False).stdout
    )
    assert shape["unanswered"] is True
    result = CliRunner().invoke(command, ["red apples grow", *home], standalone_mode=False)
    assert "No good answer" not in result.stderr


@pytest.mark.model
def test_the_sample_answers_its_own_questions_and_no_foreign_ones(
    model_cache: Path, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, cache=model_cache, model=DEFAULT_MODEL)
    run_index(settings, SAMPLE)
    with Engine.of(settings) as engine:
        for asked in ("When do I feed syrup to my bees?", "My bike shrieks, how do I silence it?"):
            assert not engine.search(parse(asked)).unanswered, asked
        for asked in (
            "Who won the 1998 football world cup?",
            "boundary layer transition at hypersonic speed",
            "cystic fibrosis patients with pseudomonas in the sputum",
        ):
            assert engine.search(parse(asked)).unanswered, asked
