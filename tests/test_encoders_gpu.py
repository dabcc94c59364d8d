"""Encoding on a GPU, and in batches: which device is chosen and what is given to it at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from encoder_zoo import TEXTS, Zoo
from hypothesis import given
from hypothesis import strategies as st

from search.encoders import gpu, load_encoder
from search.encoders.gpu import CPU_TOKENS, GPU_TOKENS, Placement, has_gpu, placement
from search.encoders.locate import locate
from search.encoders.onnx import OnnxEncoder
from search.encoders.transformer import TransformerEncoder, batches
from search.errors import EncoderError

pytest_plugins = ("encoder_fixtures",)
pytestmark = pytest.mark.usefixtures("network")

GIGABYTE = 1_000_000_000


def cuda(available: bool = True, bfloat16: bool = True, free: int = 8 * GIGABYTE) -> Any:
    """What `torch.cuda` says on a machine that has such a GPU."""
    return SimpleNamespace(
        is_available=lambda: available,
        is_bf16_supported=lambda: bfloat16,
        mem_get_info=lambda: (free, 2 * free),
    )


# Which device


@pytest.mark.parametrize(
    ("found", "device", "precision"),
    [
        (cuda(), "cuda", "bfloat16"),
        (cuda(bfloat16=False), "cuda", "float16"),
        (cuda(available=False), None, "float32"),
    ],
)
def test_half_precision_on_a_gpu_and_full_precision_elsewhere(
    found: Any, device: str | None, precision: str
) -> None:
    place = placement(found)
    assert (place.device, place.precision) == (device, precision)


def test_batches_are_sized_to_the_gpus_free_memory() -> None:
    small, large = placement(cuda(free=GIGABYTE)), placement(cuda(free=4 * GIGABYTE))
    assert large.tokens(1024) == pytest.approx(4 * small.tokens(1024), abs=4)
    assert small.tokens(1024) == pytest.approx(2 * small.tokens(2048), abs=2)
    assert placement(cuda(free=1000 * GIGABYTE)).tokens(384) == GPU_TOKENS
    assert placement(cuda(free=1)).tokens(1024) == 1
    assert Placement().tokens(384) == CPU_TOKENS


def test_torch_is_not_asked_where_there_is_no_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "_DRIVER", tmp_path / "none")
    monkeypatch.setattr(gpu.shutil, "which", lambda _: None)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert not has_gpu()


@pytest.mark.parametrize("able", [True, False])
def test_with_a_driver_torch_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, able: bool
) -> None:
    (tmp_path / "driver").touch()
    monkeypatch.setattr(gpu, "_DRIVER", tmp_path / "driver")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda(available=able)))
    assert has_gpu() is able


def test_only_many_passages_are_worth_a_gpu(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = zoo("mean")
    cache = made.folder.parent / "cache"
    monkeypatch.setattr("search.encoders.cache.has_int8_dot_products", lambda: False)
    monkeypatch.setattr("search.encoders.has_gpu", lambda: True)
    digest = made.encoder.spec.digest
    for wanted in (None, digest):
        assert isinstance(load_encoder(str(made.folder), cache, wanted), OnnxEncoder)
        bulk = load_encoder(str(made.folder), cache, wanted, in_bulk=True)
        assert isinstance(bulk, TransformerEncoder)
        assert bulk.spec == made.encoder.spec
    with pytest.raises(EncoderError, match="wherein reindex"):
        load_encoder(str(made.folder), cache, "0" * 64, in_bulk=True)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_in_half_precision_embeddings_stay_close(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    made = zoo("mean")
    place = Placement("cpu", precision, GIGABYTE)
    monkeypatch.setattr("search.encoders.transformer.placement", lambda: place)
    encoder = TransformerEncoder(locate(str(made.folder)))
    rows = encoder.encode_passages(TEXTS)
    assert rows.dtype == np.float32
    assert (rows * made.encoder.encode_passages(TEXTS)).sum(axis=1).min() > 0.999
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


# What goes to it at once


@given(lengths=st.lists(st.integers(1, 300), max_size=60), most=st.integers(1, 2000))
def test_batches_hold_every_text_once_and_no_more_than_fits(lengths: list[int], most: int) -> None:
    found = batches(lengths, most)
    assert sorted(number for batch in found for number in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[n] for n in batch) <= most


def test_texts_of_like_length_go_together() -> None:
    lengths = [10, 200, 11, 190, 12, 210]
    assert batches(lengths, 640) == [[5, 1, 3], [4, 2, 0]]
    filled = sum(len(batch) * lengths[batch[0]] for batch in batches(lengths, 640))
    assert (filled - sum(lengths)) / filled < 0.06


class OutOfMemoryError(RuntimeError):
    """Called as torch's own is."""


class Small:
    """A model on a device that holds three texts at once."""

    def __init__(self, most: int = 3) -> None:
        self.most = most
        self.batches: list[int] = []

    def encode_document(self, texts: Sequence[str], *, batch_size: int, **_: Any) -> Any:
        assert batch_size == len(texts)
        self.batches.append(len(texts))
        if len(texts) > self.most:
            raise OutOfMemoryError("CUDA out of memory.")
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


def encoder_on(zoo: Zoo, model: Any, monkeypatch: pytest.MonkeyPatch) -> TransformerEncoder:
    encoder = zoo("prompt not pooled").encoder
    monkeypatch.setattr(encoder, "_model", model)
    monkeypatch.setattr(encoder, "_tokens", GPU_TOKENS)
    monkeypatch.setattr(encoder, "spec", SimpleNamespace(**as_dict(encoder.spec)))
    assert isinstance(encoder, TransformerEncoder)
    return encoder


def as_dict(spec: Any) -> dict[str, Any]:
    names = ("name", "digest", "max_tokens", "query_prompt", "passage_prompt")
    return {**{name: getattr(spec, name) for name in names}, "dimension": 2}


def test_a_batch_too_large_for_the_memory_is_halved(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Small()
    encoder = encoder_on(zoo, model, monkeypatch)
    texts = ["word " * n for n in range(1, 11)]
    rows = encoder.encode_passages(texts)
    np.testing.assert_allclose(rows[:, 0] / rows[:, 1], [len(text) for text in texts], rtol=1e-5)
    assert model.batches[:3] == [10, 5, 2]
    assert encoder._tokens < GPU_TOKENS


def test_one_text_too_large_for_the_memory_is_an_error(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = encoder_on(zoo, Small(most=0), monkeypatch)
    with pytest.raises(EncoderError, match="out of memory"):
        encoder.encode_passages(["a", "b"])
