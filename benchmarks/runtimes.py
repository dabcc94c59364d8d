"""Ways to run the built-in model: sentence-transformers, Wherein, and what else is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from search.encoders import DEFAULT_MODEL, cache, load_encoder
from search.encoders.locate import locate
from search.encoders.onnx import TOKENIZER, OnnxEncoder
from search.encoders.quantising import halve_tables, smooth, typical_feeds
from search.encoders.tracing import trace
from search.encoders.transformer import batches, load

Rows = npt.NDArray[np.float32]
#: Most pieces in a batch, for runtimes that are faster with batches; tried from 256 to 4096.
_TOKENS = 1536


@dataclass(frozen=True, slots=True)
class Contestant:
    """A way to turn texts into unit vectors."""

    name: str
    encode: Callable[[Sequence[str]], Rows]


def contestants(
    place: Path, threads: int, *, int8: bool = True, only: Sequence[str] = ()
) -> Iterator[Contestant]:
    """All ways that are installed here; what is not is said.

    Args:
        place: Wherein's cache folder; what else has to be made first is kept in it too.
        threads: How many threads each may use.
        int8: Whether Wherein encodes in 8 bits, as it does where the processor multiplies bytes.
        only: Names of those wanted; all by default.
    """
    full = _exported(place, threads, int8=False)
    ways: list[tuple[str, Callable[[], Callable[[Sequence[str]], Rows]]]] = [
        ("sentence-transformers", lambda: _sentence_transformers(threads)),
        ("Wherein", lambda: _exported(place, threads, int8=int8).encode_passages),
        ("ONNX Runtime float32", lambda: full.encode_passages),
        ("OpenVINO float32", lambda: _openvino(_with_masks(place), "f32", place, threads)),
        ("OpenVINO bfloat16", lambda: _openvino(_with_masks(place), "bf16", place, threads)),
        ("OpenVINO int8", lambda: _openvino(_static(place, full), "f32", place, threads)),
        (
            "OpenVINO int8, bfloat16",
            lambda: _openvino(_static(place, full), "bf16", place, threads),
        ),
        ("CTranslate2 float32", lambda: _ctranslate2("float32", place, threads)),
        ("CTranslate2 int8", lambda: _ctranslate2("int8", place, threads)),
        ("CTranslate2 int8, bfloat16", lambda: _ctranslate2("int8_bfloat16", place, threads)),
    ]
    for name, make in ways:
        if only and name not in only:
            continue
        try:
            yield Contestant(name, make())
        except (ImportError, ValueError, RuntimeError) as error:
            print(f"{name} is left out: {str(error).splitlines()[0]}")


def _folder(place: Path) -> Path:
    return next((place / "encoders").glob(f"*-{cache.RECIPE}-float32"))


def _exported(place: Path, threads: int, *, int8: bool) -> OnnxEncoder:
    able = cache.has_int8_dot_products
    cache.has_int8_dot_products = lambda: int8  # type: ignore[attr-defined]
    try:
        encoder = load_encoder(DEFAULT_MODEL, place, threads=threads)
    finally:
        cache.has_int8_dot_products = able  # type: ignore[attr-defined]
    if not isinstance(encoder, OnnxEncoder):
        raise TypeError
    return encoder


def _sentence_transformers(threads: int) -> Callable[[Sequence[str]], Rows]:
    import torch

    model = load(locate(DEFAULT_MODEL), "cpu")
    torch.set_num_threads(threads)
    return lambda texts: np.asarray(model.encode(list(texts), show_progress_bar=False))


def _with_masks(place: Path) -> Path:
    """The graph in full precision that takes several texts at once, as other runtimes want them."""
    path = place / "benchmarks" / f"masks-{cache.RECIPE}.onnx"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        model = load(locate(DEFAULT_MODEL), "cpu")
        trace(model.float(), path)
    return path


def _static(place: Path, full: OnnxEncoder) -> Path:
    """The graph in 8 bits with scales for activations found beforehand, as OpenVINO reads it."""
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    path = place / "benchmarks" / "static.onnx"
    if path.exists():
        return path
    model = onnx.load(_with_masks(place))
    inputs = [item.name for item in model.graph.input]
    feeds = typical_feeds(_folder(place) / TOKENIZER, full.spec.passage_prompt, inputs)
    smooth(model, feeds)
    onnx.save(model, path.with_name("smooth.onnx"))

    class Feeds(CalibrationDataReader):  # type: ignore[misc]
        """The typical texts, one after the other."""

        def __init__(self) -> None:
            self._left = iter(feeds)

        def get_next(self) -> Any:
            """The next text; None after the last."""
            return next(self._left, None)

    quantize_static(
        path.with_name("smooth.onnx"),
        path,
        Feeds(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        extra_options={"MatMulConstBOnly": True, "ActivationSymmetric": False},
    )
    model = onnx.load(path)
    halve_tables(model)
    onnx.save(model, path)
    return path


def _openvino(
    graph: Path, precision: str, place: Path, threads: int
) -> Callable[[Sequence[str]], Rows]:
    """OpenVINO with a stream for each thread; importing it would otherwise send statistics."""
    for module in ("openvino_telemetry", "openvino.tools.ovc"):
        sys.modules.setdefault(module, None)  # type: ignore[arg-type]
    import openvino

    compiled = openvino.Core().compile_model(
        str(graph),
        "CPU",
        {
            "NUM_STREAMS": str(threads),
            "INFERENCE_NUM_THREADS": str(threads),
            "INFERENCE_PRECISION_HINT": precision,
        },
    )
    tokenizer = Tokenizer.from_file(str(_folder(place) / TOKENIZER))
    requests = [compiled.create_infer_request() for _ in range(threads)]
    wanted = {port.get_any_name() for port in compiled.inputs}
    pool = ThreadPoolExecutor(threads)

    def encode(texts: Sequence[str]) -> Rows:
        ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]
        rows = np.empty((len(ids), 384), np.float32)
        waiting = iter(batches([len(i) for i in ids], _TOKENS))

        def work(request: Any) -> None:
            for batch in waiting:  # shared; Python gives out each batch once
                rows[batch] = request.infer(_filled([ids[n] for n in batch], wanted))[0]

        list(pool.map(work, requests))
        return rows

    return encode


def _filled(ids: Sequence[Sequence[int]], wanted: set[str]) -> dict[str, Any]:
    """Shorter texts filled up to the length of the longest."""
    tokens = np.zeros((len(ids), max(map(len, ids))), np.int64)
    mask = np.zeros_like(tokens)
    for row, pieces in enumerate(ids):
        tokens[row, : len(pieces)] = pieces
        mask[row, : len(pieces)] = 1
    given = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
    return {name: given[name] for name in wanted}


def _ctranslate2(precision: str, place: Path, threads: int) -> Callable[[Sequence[str]], Rows]:
    import ctranslate2

    made = place / "benchmarks" / "ctranslate2"
    if not made.exists():
        ctranslate2.converters.TransformersConverter(str(locate(DEFAULT_MODEL).folder)).convert(
            str(made)
        )
    encoder = ctranslate2.Encoder(
        str(made), compute_type=precision, inter_threads=threads, intra_threads=1
    )
    tokenizer = Tokenizer.from_file(str(_folder(place) / TOKENIZER))
    pool = ThreadPoolExecutor(threads)

    def encode(texts: Sequence[str]) -> Rows:
        ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]
        rows = np.empty((len(ids), 384), np.float32)

        def work(batch: list[int]) -> None:
            given = [ids[n] for n in batch]
            states = np.array(encoder.forward_batch(given).last_hidden_state)
            mask = _filled(given, {"attention_mask"})["attention_mask"][:, :, None]
            means = (states * mask).sum(axis=1) / mask.sum(axis=1)
            rows[batch] = means / np.linalg.norm(means, axis=1, keepdims=True)

        list(pool.map(work, batches([len(i) for i in ids], _TOKENS)))
        return rows

    return encode
