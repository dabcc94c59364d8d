"""The second stage: a cross-encoder over the first passages, within its time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from click.testing import CliRunner
from conftest import run_index

from indexer.commands.search import command
from search.engine import Engine
from search.errors import EncoderError, SettingError
from search.hits import Pool
from search.queries import parse
from search.rerankers import load_reranker
from search.rerankers.export import TransformerReranker
from search.rerankers.onnx import OnnxReranker
from search.reranking import LOOKED_AT, reordered
from search.settings import Settings

Build = Callable[..., Engine]
FRUIT = {
    "apples__txt": "Red apples grow on old trees in the orchard.",
    "pears__txt": "Yellow pears grow on young trees in the garden.",
    "plums__txt": "Blue plums grow on trees.",
}
QUESTION = "trees grow"


class Longest:
    """Prefers long passages."""

    name = "longest"
    parallel = 1

    def __init__(self) -> None:
        self.seen: list[str] = []

    def score(self, question: str, passage: str) -> float:
        assert question == QUESTION
        self.seen.append(passage)
        return float(len(passage))


def reranked(engine: Engine, reranker: object, seconds: float = 60.0) -> Engine:
    engine.rerank_with(reranker, seconds)  # type: ignore[arg-type]
    return engine


# The order


def test_what_was_scored_comes_first_and_the_rest_keeps_its_place() -> None:
    pool = Pool(
        np.arange(1, 6), np.array([0.9, 0.8, 0.7, 0.6, 0.5]), None, None,
        weak=np.array([0, 0, 0, 1, 1], dtype=bool),
    )  # fmt: skip
    found = reordered(pool, np.array([1.0, 3.0, 1.0]))
    assert found.ids.tolist() == [2, 1, 3, 4, 5]
    assert found.scores.tolist() == [0.8, 0.9, 0.7, 0.6, 0.5]
    assert found.reranked is not None
    assert found.reranked[:3].tolist() == [3.0, 1.0, 1.0]
    assert np.isnan(found.reranked[3:]).all()
    assert found.from_score(0.75).ids.tolist() == [2, 1]
    assert reordered(pool, np.empty(0)).ids.tolist() == [1, 2, 3, 4, 5]


def test_hits_are_put_in_the_rerankers_order(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    before = engine.search(parse(QUESTION))
    assert {hit.rerank_score for hit in before.hits} == {None}
    reranker = Longest()
    answer = reranked(engine, reranker).search(parse(QUESTION))
    lengths = [len(hit.text) for hit in answer.hits]
    assert lengths == sorted(lengths, reverse=True)
    assert [hit.rerank_score for hit in answer.hits] == [float(n) for n in lengths]
    assert [hit.rank for hit in answer.hits] == [1, 2, 3]
    assert {hit.passage_id: hit.score for hit in answer.hits} == {
        hit.passage_id: hit.score for hit in before.hits
    }
    assert answer.note is None


def test_only_the_first_are_looked_at_on_whatever_page(indexed: Build) -> None:
    many = {f"t{n}__txt": f"The {'tall ' * n}trees grow here." for n in range(LOOKED_AT + 5)}
    reranker = Longest()
    engine = reranked(indexed(**many), reranker)
    every = engine.search(parse(QUESTION, limit=50)).hits
    assert len(reranker.seen) == LOOKED_AT
    assert [hit.rerank_score is None for hit in every] == [False] * LOOKED_AT + [True] * 5
    page = engine.search(parse(QUESTION, limit=10, offset=10)).hits
    assert [hit.passage_id for hit in page] == [hit.passage_id for hit in every[10:20]]


def test_filters_alone_are_not_reranked(indexed: Build) -> None:
    reranker = Longest()
    assert reranked(indexed(**FRUIT), reranker).search(parse("type:txt")).hits
    assert reranker.seen == []


def test_explaining_tells_of_it(indexed: Build) -> None:
    answer = reranked(indexed(**FRUIT), Longest()).search(parse(QUESTION, explain=True))
    assert "reranking" in answer.stages
    ranks = [hit.explanation.keyword_rank for hit in answer.hits if hit.explanation]
    assert {1} <= {*ranks} <= {1, 2, 3}


# Time and failure


def test_what_is_not_scored_in_time_keeps_its_place(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    before = [hit.passage_id for hit in engine.search(parse(QUESTION)).hits]
    wait = threading.Event()

    class Slow(Longest):
        def score(self, question: str, passage: str) -> float:
            if len(self.seen) == 1:
                wait.wait(30)
            return super().score(question, passage)

    try:
        answer = reranked(engine, Slow(), 0.5).search(parse(QUESTION))
        assert answer.note == "Only the first 1 of 3 passages were reranked in the time there was."
        assert [hit.passage_id for hit in answer.hits] == before
        assert [hit.rerank_score is None for hit in answer.hits] == [False, True, True]
        assert answer.milliseconds < 5_000
    finally:
        wait.set()


def test_a_reranker_that_fails_leaves_the_hits_as_they_were(indexed: Build) -> None:
    engine = indexed(**FRUIT)
    before = [hit.passage_id for hit in engine.search(parse(QUESTION)).hits]

    class Failing(Longest):
        def score(self, question: str, passage: str) -> float:
            raise EncoderError("The reranker failed.")

    answer = reranked(engine, Failing()).search(parse(QUESTION))
    assert answer.note == "The hits are not reranked: The reranker failed."
    assert [hit.passage_id for hit in answer.hits] == before


@pytest.mark.parametrize("value", ["0", "-3", "soon"])
def test_the_time_must_be_some(value: str) -> None:
    with pytest.raises(SettingError):
        Settings.from_environment({"WHEREIN_RERANK_MS": value})


# Models


@pytest.fixture(scope="module")
def cross(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.build_cross(tmp_path_factory.mktemp("models") / "cross")


def test_an_exported_model_gives_the_models_own_scores(cross: Path, tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    ours = load_reranker(str(cross), tmp_path)
    assert isinstance(ours, OnnxReranker)
    theirs = TransformerReranker("tiny", CrossEncoder(str(cross), device="cpu"))
    for pair in [("the river", "the red house"), ("", ""), ("how long", "water " * 700)]:
        assert ours.score(*pair) == pytest.approx(theirs.score(*pair), abs=1e-4)
    (folder,) = (tmp_path / "rerankers").iterdir()
    again = load_reranker(str(cross), tmp_path)
    assert again.score("the river", "a") == ours.score("the river", "a")
    (folder / "model.onnx").write_bytes(b"spoilt")
    assert load_reranker(str(cross), tmp_path).score("the river", "a") == pytest.approx(
        ours.score("the river", "a"), abs=1e-4
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: tiny_models.build(path), "is no cross-encoder"),
        (lambda path: tiny_models.build_cross(path, labels=3), "gives 3 scores a pair"),
        (lambda path: path, "no folder"),
    ],
)
def test_models_that_cannot_rerank_are_refused_with_a_remedy(
    tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    folder = make(tmp_path / "model")
    with pytest.raises(EncoderError, match=said) as caught:
        load_reranker(str(folder), tmp_path / "cache")
    assert caught.value.remedy


def test_the_command_takes_a_model(
    cross: Path, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in FRUIT.items():
        (folder / name.replace("__", ".")).write_text(text)
    run_index(settings, folder)
    monkeypatch.setenv("WHEREIN_CACHE", str(settings.cache))
    home = ["--home", str(settings.home), "--json"]
    asked = ["trees grow", "--rerank", str(cross), "--rerank-ms", "60000", *home]
    hits = json.loads(CliRunner().invoke(command, asked, standalone_mode=False).stdout)["hits"]
    scores = [hit["rerank_score"] for hit in hits]
    assert None not in scores
    assert scores == sorted(scores, reverse=True)
    result = CliRunner().invoke(
        command, ["trees", "--rerank", str(folder), *home], standalone_mode=False
    )
    assert isinstance(result.exception, EncoderError)
