"""Encoders: that they give the model's own embeddings, and where the pieces of texts lie."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import pytest
from encoder_zoo import (
    BUILDERS,
    EXPORTED,
    MEANS,
    NOT_EXPORTED,
    TEXTS,
    Zoo,
    cache_folder_of,
    exports,
    in_bytes,
    quick_trace,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import WIDTH

from search.encoders import Encoder, cache, load_encoder
from search.encoders.base import PieceVectors
from search.encoders.locate import digest_of
from search.encoders.onnx import OnnxEncoder
from search.encoders.transformer import TransformerEncoder, _even_starts
from search.errors import EncoderError

pytest_plugins = ("encoder_fixtures",)
pytestmark = pytest.mark.usefixtures("network")


# What comes out


@pytest.mark.parametrize("name", EXPORTED)
def test_an_exported_model_gives_its_own_embeddings(zoo: Zoo, name: str) -> None:
    made = zoo(name)
    assert isinstance(made.encoder, OnnxEncoder)
    assert made.encoder.precision == "float32"
    ours = made.encoder.encode_passages(TEXTS)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, made.passages(TEXTS), atol=1e-5)
    queries = np.stack([made.encoder.encode_query(text) for text in TEXTS])
    np.testing.assert_allclose(queries, made.queries(TEXTS), atol=1e-5)


@pytest.mark.parametrize("name", NOT_EXPORTED)
def test_what_cannot_be_exported_runs_on_sentence_transformers(zoo: Zoo, name: str) -> None:
    made = zoo(name)
    assert isinstance(made.encoder, TransformerEncoder)
    ours = made.encoder.encode_passages(TEXTS)
    assert ours.dtype == np.float32
    prompt = made.encoder.spec.passage_prompt
    np.testing.assert_allclose(ours, made.passages(TEXTS, prompt=prompt), atol=1e-5)
    queries = np.stack([made.encoder.encode_query(text) for text in TEXTS])
    np.testing.assert_allclose(queries, made.queries(TEXTS), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "dimension", "max_tokens", "prompts"),
    [
        ("mean", WIDTH, 64, ("", "")),
        ("prompts, 16 pieces, max, dense", 24, 16, ("query: ", "passage: ")),
        ("cls, lower-casing, cut off in front, short", 20, 32, ("", "")),
        ("roberta", WIDTH, 512, ("", "")),
        ("plain", WIDTH, 512, ("", "")),
        ("prompt not pooled", WIDTH, 64, ("query: ", "passage: ")),
        ("static", WIDTH, 8192, ("", "")),
    ],
)
def test_a_models_own_properties_are_kept(
    zoo: Zoo, name: str, dimension: int, max_tokens: int, prompts: tuple[str, str]
) -> None:
    made = zoo(name)
    spec = made.encoder.spec
    assert (spec.dimension, spec.max_tokens) == (dimension, max_tokens)
    assert (spec.query_prompt, spec.passage_prompt) == prompts
    assert (spec.name, spec.digest) == (str(made.folder), digest_of(made.folder))


@pytest.mark.parametrize("name", ["mean", "prompt not pooled"])
def test_rows_come_in_the_order_of_the_texts_and_are_unit_vectors(zoo: Zoo, name: str) -> None:
    encoder = zoo(name).encoder
    texts = ["river " * (n * 7 % 31) + str(n) for n in range(24)]
    together = encoder.encode_passages(texts)
    alone = np.stack([encoder.encode_passages([text])[0] for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["mean", "prompt not pooled"])
def test_no_texts_give_no_rows(zoo: Zoo, name: str) -> None:
    encoder = zoo(name).encoder
    assert encoder.encode_passages([]).shape == (0, WIDTH)
    assert encoder.encode_passages([]).dtype == np.float32
    assert encoder.piece_starts([]) == []


@pytest.mark.parametrize("name", ["mean", "roberta", "prompt not pooled", "static", "words"])
def test_any_text_can_be_encoded(zoo: Zoo, name: str) -> None:
    encoder = zoo(name).encoder
    texts = ["a\ud800b", "a\ufffdb", "\udfff", "\x00", "\x00a", "word " * 20_000, "𝔘" * 500]
    rows = encoder.encode_passages(texts)
    assert np.isfinite(rows).all()
    np.testing.assert_array_equal(rows[0], encoder.encode_passages(texts)[1])
    assert np.isfinite(encoder.encode_query(texts[0])).all()
    assert len(encoder.piece_starts(texts)) == len(texts)


@pytest.mark.parametrize("name", ["mean", "prompt not pooled"])
def test_threads_may_share_an_encoder(zoo: Zoo, name: str) -> None:
    encoder = zoo(name).encoder
    wanted = encoder.encode_passages(TEXTS)
    starts = encoder.piece_starts(TEXTS)

    def work(_: int) -> tuple[Any, Any, Any]:
        return (
            encoder.encode_passages(TEXTS),
            encoder.encode_query(TEXTS[0]),
            encoder.piece_starts(TEXTS),
        )

    with ThreadPoolExecutor(4) as pool:
        for rows, query, pieces in pool.map(work, range(8)):
            np.testing.assert_allclose(rows, wanted, atol=1e-6)
            np.testing.assert_allclose(query, encoder.encode_query(TEXTS[0]), atol=1e-6)
            assert [p.tolist() for p in pieces] == [p.tolist() for p in starts]


def test_a_model_that_gives_no_numbers_is_an_error(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = np.full((1, WIDTH), np.nan, dtype=np.float32)
    exported = OnnxEncoder(cache_folder_of(zoo("mean")))
    monkeypatch.setattr(exported, "_session", SimpleNamespace(run=lambda *_: [nothing]))
    with pytest.raises(EncoderError, match="no numbers"):
        exported.encode_query("water")
    other = zoo("prompt not pooled").encoder
    monkeypatch.setattr(other, "_model", SimpleNamespace(encode_query=lambda *_, **__: nothing))
    with pytest.raises(EncoderError, match="no numbers"):
        other.encode_query("water")


def test_a_failing_model_is_one_sentence(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("CUDA out of memory.\nTried to allocate 3 GiB")

    exported = OnnxEncoder(cache_folder_of(zoo("mean")), name="tiny")
    monkeypatch.setattr(exported, "_session", SimpleNamespace(run=fail))
    other = zoo("prompt not pooled").encoder
    monkeypatch.setattr(other, "_model", SimpleNamespace(encode_query=fail))
    for encoder in (exported, other):
        with pytest.raises(EncoderError) as caught:
            encoder.encode_query("water")
        name = encoder.spec.name
        assert str(caught.value) == f"The encoder {name} failed: CUDA out of memory."


# What the pieces say


@pytest.mark.parametrize("name", MEANS)
def test_an_embedding_is_the_mean_of_its_pieces(zoo: Zoo, name: str) -> None:
    encoder = zoo(name).encoder
    passages = encoder.passage_pieces(TEXTS)
    assert_means(passages, encoder.encode_passages(TEXTS))
    queries = [encoder.query_pieces(text) for text in TEXTS]
    assert_means(queries, np.stack([encoder.encode_query(text) for text in TEXTS]))
    assert encoder.passage_pieces([]) == []


def test_an_embedding_is_the_mean_of_its_pieces_in_8_bits_too(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_bytes(monkeypatch, True)
    made = zoo("mean")
    quick_trace(monkeypatch, made)
    encoder = load_encoder(str(made.folder), tmp_path)
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.precision == "int8"
    pieces = encoder.passage_pieces(TEXTS)
    assert pieces is not None
    assert_means(pieces, encoder.encode_passages(TEXTS))


def assert_means(pieces: list[PieceVectors], embeddings: Any) -> None:
    means = np.stack([of_text.vectors.mean(axis=0) for of_text in pieces])
    units = means / np.linalg.norm(means, axis=1, keepdims=True)
    np.testing.assert_allclose(units, embeddings, atol=1e-5)


@pytest.mark.parametrize("name", sorted({*BUILDERS} - {*MEANS}))
def test_other_encoders_tell_nothing_of_pieces(zoo: Zoo, name: str) -> None:
    encoder = zoo(name).encoder
    assert encoder.passage_pieces(["the river"]) is None
    assert encoder.query_pieces("the river") is None


@pytest.mark.parametrize(
    ("name", "text", "spans"),
    [
        ("mean", "The RIVER is", [(0, 0), (0, 3), (4, 9), (10, 12), (0, 0)]),
        ("mean", "of 東京", [(0, 0), (0, 2), (3, 4), (4, 5), (0, 0)]),
        ("mean", "", [(0, 0), (0, 0)]),
        # "passage" and ":" stand before the text.
        ("mean, prompts, narrower", "of it", [(0, 0)] * 3 + [(0, 2), (3, 5), (0, 0)]),
        # A piece of white space has no width.
        ("roberta", "a é", [(0, 0), (0, 1), (2, 2), (2, 3), (2, 3), (0, 0)]),
    ],
)
def test_pieces_lie_in_the_text_but_for_special_ones_and_the_prompts(
    zoo: Zoo, name: str, text: str, spans: list[tuple[int, int]]
) -> None:
    (pieces,) = zoo(name).encoder.passage_pieces([text])
    assert [tuple(span) for span in pieces.spans.tolist()] == spans
    assert len(pieces.vectors) == len(spans)


def test_pieces_end_where_the_model_stops_reading(zoo: Zoo) -> None:
    (pieces,) = zoo("mean").encoder.passage_pieces(["one two three four five " * 100])
    assert len(pieces.vectors) == len(pieces.spans) == 64


def test_an_export_of_an_older_recipe_is_made_anew(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_bytes(monkeypatch, False)
    made = zoo("mean")
    quick_trace(monkeypatch, made)
    load_encoder(str(made.folder), tmp_path)
    (older,) = exports(tmp_path)
    manifest = tmp_path / "encoders" / older / "encoder.json"
    kept = json.loads(manifest.read_bytes())
    del kept["is_mean"]
    manifest.write_text(json.dumps(kept))
    monkeypatch.setattr(cache, "RECIPE", cache.RECIPE + 1)
    encoder = load_encoder(str(made.folder), tmp_path)
    assert len(exports(tmp_path)) == 2
    assert encoder.passage_pieces(["the river"]) is not None
    assert "is_mean" not in json.loads(manifest.read_bytes())


# Where the pieces lie


@pytest.mark.parametrize(
    ("name", "text", "starts"),
    [
        ("mean", "The RIVER is", [0, 4, 10]),
        ("mean", "Thé rivér: of", [0, 4, 9, 11]),
        ("mean", "é́é ab", [0, 2, 4, 5]),
        ("mean", "東京 of 👩‍👧.", [0, 1, 3, 6, 9]),
        ("mean", "", []),
        ("mean", " \n", []),
        ("mean", "\x00of", [1]),
        ("cls, lower-casing, cut off in front, short", "OF Ab", [0, 3, 4]),
        ("roberta", "a é👍", [0, 2, 2, 2, 3, 3, 3, 3]),
        ("words", "the house: xyzzy", [0, 4, 9, 11]),
        ("static", "the river", [0, 4]),
    ],
)
def test_pieces_begin_at_characters_of_the_text(
    zoo: Zoo, name: str, text: str, starts: list[int]
) -> None:
    (found,) = zoo(name).encoder.piece_starts([text])
    assert found.dtype == np.int64
    assert found.tolist() == starts


def test_nothing_is_cut_off_when_pieces_are_told(zoo: Zoo) -> None:
    (starts,) = zoo("prompts, 16 pieces, max, dense").encoder.piece_starts(["of " * 10_000])
    assert starts.tolist() == list(range(0, 30_000, 3))


@settings(max_examples=60)
@given(text=st.text(st.characters(), max_size=40))
def test_pieces_ascend_within_any_text(zoo: Zoo, text: str) -> None:
    for name in (
        "mean",
        "cls, lower-casing, cut off in front, short",
        "roberta",
        "prompt not pooled",
        "words",
    ):
        encoder: Encoder = zoo(name).encoder
        (starts,) = encoder.piece_starts([text])
        assert (np.diff(starts) >= 0).all()
        assert all(0 <= start <= len(text) for start in starts)
        if name != "roberta":  # where a space is a piece
            assert not any(text[start].isspace() for start in starts)


@given(text=st.text(st.sampled_from("aé東 .")))
def test_each_word_begins_a_piece(zoo: Zoo, text: str) -> None:
    (starts,) = zoo("mean").encoder.piece_starts([text])
    assert {word.start() for word in re.finditer(r"[aé]+|東|\.", text)} <= set(starts)


def test_pieces_of_a_tokenizer_that_tells_none_are_spread_over_the_word() -> None:
    thirds = SimpleNamespace(tokenize=lambda word: [word] * 3)
    assert _even_starts(thirds, "abcdefghi, xy").tolist() == [0, 3, 6, 9, 11, 12]
