"""Encoders in 8 bits: when they are used, and that they stay close to the model."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnx
import onnxruntime
import pytest
from conftest import PROJECT
from encoder_zoo import (
    SENTENCES,
    TEXTS,
    Made,
    Zoo,
    cache_folder_of,
    cosines,
    in_bytes,
    quick_trace,
    sentence_transformer,
)
from tiny_models import Tiny, build

from search.encoders import cpu, export, load_encoder, quantising
from search.encoders.cache import cache_folder, precision_here
from search.encoders.onnx import OnnxEncoder
from search.encoders.quantising import factors, halve_tables, smooth, typical_feeds, typical_texts

pytest_plugins = ("encoder_fixtures",)
pytestmark = pytest.mark.usefixtures("network")


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
    monkeypatch.setattr(quantising, "smooth", lambda *_: None)
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
    monkeypatch.setattr(export, "quantise", fail)
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


# The graph


def graph(zoo: Zoo) -> tuple[onnx.ModelProto, list[dict[str, Any]]]:
    """The graph of a tiny model in full precision, and what it is given for some texts."""
    folder = cache_folder_of(zoo("mean"))
    encoder = zoo("mean").encoder
    feeds = typical_feeds(folder / "tokenizer.json", encoder.spec.passage_prompt, encoder.inputs)
    return onnx.load(folder / "model.onnx"), feeds


def run(model: onnx.ModelProto, feed: dict[str, Any], *names: str) -> Any:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(list(names) or [session.get_outputs()[0].name], feed)[0]


def products(model: onnx.ModelProto) -> list[Any]:
    weights = {item.name for item in model.graph.initializer if len(item.dims) == 2}
    nodes = (node for node in model.graph.node if node.op_type == "MatMul")
    return [node for node in nodes if node.input[1] in weights]


def test_smoothing_changes_the_values_on_the_way_and_not_what_comes_out(zoo: Zoo) -> None:
    model, feeds = graph(zoo)
    smooth_model, _ = graph(zoo)
    smooth(smooth_model, feeds[:8])
    onnx.checker.check_model(smooth_model)
    for feed in feeds[:12]:
        np.testing.assert_allclose(run(smooth_model, feed), run(model, feed), atol=1e-5)
    assert len(products(smooth_model)) == len(products(model)) > 4
    # The biases are nought at first, and one for all; so none is divided.
    assert all(node.input[0].startswith("smoothed_") for node in products(smooth_model))


def values_model(heads: int = 2, shared: bool = False, bias: bool = True) -> onnx.ModelProto:
    """Attention over a text of three pieces, and a product with what it gives."""
    rng = np.random.default_rng(1)
    weights = {name: rng.normal(size=(4, 4)).astype(np.float32) for name in ("W", "U")}
    weights["b"] = rng.normal(size=4).astype(np.float32)
    given = "v" if bias else "product"
    nodes = [
        onnx.helper.make_node("MatMul", ["x", "W"], ["product"]),
        onnx.helper.make_node("Add", ["product", "b"], ["v"]),
        onnx.helper.make_node(
            "Attention", ["x", "x", given], ["mixed"], q_num_heads=2, kv_num_heads=heads
        ),
        onnx.helper.make_node("MatMul", ["mixed", "U"], ["out"]),
    ]
    outputs = ["out", *["mixed"] * shared]
    nodes += [onnx.helper.make_node("Abs", ["mixed"], ["other"])] * shared
    return onnx.helper.make_model(
        onnx.helper.make_graph(
            [node for node in nodes if bias or node.op_type != "Add"],
            "values",
            [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 4])],
            [
                onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, 4])
                for name in outputs
            ],
            [onnx.numpy_helper.from_array(values, name) for name, values in weights.items()],
        ),
        opset_imports=[onnx.helper.make_opsetid("", 23)],
        ir_version=10,
    )


@pytest.mark.parametrize("bias", [True, False])
def test_what_attention_gives_is_smoothed_in_the_weights_of_its_values(bias: bool) -> None:
    model, smoothed = values_model(bias=bias), values_model(bias=bias)
    feeds = [{"x": np.random.default_rng(2).normal(size=(1, 3, 4)).astype(np.float32)}]
    smooth(smoothed, feeds)
    np.testing.assert_allclose(run(smoothed, feeds[0]), run(model, feeds[0]), atol=1e-5)
    last = products(smoothed)[-1]
    assert last.input[0] == "mixed"
    before, after = (
        onnx.numpy_helper.to_array(next(i for i in m.graph.initializer if i.name == "U"))
        for m in (model, smoothed)
    )
    assert not np.allclose(before, after)


def test_what_attention_gives_to_others_too_is_smoothed_on_the_way() -> None:
    model, smoothed = values_model(shared=True), values_model(shared=True)
    feeds = [{"x": np.random.default_rng(2).normal(size=(1, 3, 4)).astype(np.float32)}]
    smooth(smoothed, feeds)
    for name in ("out", "mixed"):
        np.testing.assert_allclose(
            run(smoothed, feeds[0], name), run(model, feeds[0], name), atol=1e-5
        )
    assert products(smoothed)[-1].input[0].startswith("smoothed_")


def test_query_key_and_value_share_what_they_are_multiplied_with(zoo: Zoo) -> None:
    model, feeds = graph(zoo)
    smooth(model, feeds[:2])
    shared = Counter(node.input[0] for node in products(model))
    assert set(shared.values()) >= {1, 3}
    assert len([node for node in model.graph.node if node.output[0] in shared]) == len(shared)


def test_large_channels_are_divided_by_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantising, "ALPHA", 0.5)
    # √(16/1), √(1/1) and √(1/16) are 4, 1 and 1/4; their geometric mean is 1 already.
    scales = factors(np.float32([16, 1, 1]), np.float32([1, 1, 16]))
    np.testing.assert_allclose(scales, [4, 1, 0.25], rtol=1e-6)
    np.testing.assert_allclose(factors(np.float32([64, 4]), np.float32([1, 1])), [2, 0.5])


def test_channels_that_are_always_nought_are_left_usable() -> None:
    scales = factors(np.float32([0, 1]), np.float32([1, 0]))
    assert np.isfinite(scales).all()
    assert (scales > 0).all()


def table_model(largest: float = 2.0, also_multiplied: bool = False) -> onnx.ModelProto:
    """Looks up rows of a table; may multiply them with the table too."""
    table = np.array([[0.1, 0.2], [0.3, largest]], dtype=np.float32)
    nodes = [onnx.helper.make_node("Gather", ["table", "ids"], ["rows"])]
    out = "rows"
    if also_multiplied:
        nodes.append(onnx.helper.make_node("MatMul", ["rows", "table"], ["out"]))
        out = "out"
    return onnx.helper.make_model(
        onnx.helper.make_graph(
            nodes,
            "lookup",
            [onnx.helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, ["n"])],
            [onnx.helper.make_tensor_value_info(out, onnx.TensorProto.FLOAT, ["n", 2])],
            [onnx.numpy_helper.from_array(table, "table")],
        ),
        opset_imports=[onnx.helper.make_opsetid("", 18)],
        ir_version=9,
    )


def test_tables_are_kept_at_half_precision_and_rows_widened() -> None:
    model = table_model()
    halve_tables(model)
    onnx.checker.check_model(model, full_check=True)
    assert model.graph.initializer[0].data_type == onnx.TensorProto.FLOAT16
    rows = run(model, {"ids": np.array([1, 0])})
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, np.float16([[0.3, 2.0], [0.1, 0.2]]).astype(np.float32))


@pytest.mark.parametrize("model", [table_model(largest=1e6), table_model(also_multiplied=True)])
def test_tables_that_half_precision_would_spoil_stay(model: onnx.ModelProto) -> None:
    before = model.SerializeToString()
    halve_tables(model)
    assert model.SerializeToString() == before


def test_activations_are_observed_on_the_projects_own_texts() -> None:
    texts = typical_texts()
    corpus = ""
    for path in sorted((PROJECT / "sample_corpus").rglob("*")):
        if path.suffix in (".md", ".txt"):
            corpus += " ".join(path.read_text("utf-8", "replace").split()) + " "
    assert len(texts) >= 50
    assert [text for text in texts if text not in corpus] == []
