"""The graph of a model: without masks where it can do without, and as it is where it cannot."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from encoder_zoo import EXPORTED, TEXTS, Zoo, cache_folder_of, in_bytes, sentence_transformer
from onnx import helper
from tiny_models import WIDTH, build

from search.encoders import export, load_encoder
from search.encoders.cache import cache_folder
from search.encoders.onnx import OnnxEncoder
from search.encoders.tracing import drop_detours, trace

pytest_plugins = ("encoder_fixtures",)
pytestmark = pytest.mark.usefixtures("network")

_SHAPE: dict[str, Any] = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "initializer_range": 0.2,
}


def causal(vocabulary: int) -> Any:
    """Each piece sees those before it only."""
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig(vocab_size=vocabulary, is_decoder=True, use_cache=False, **_SHAPE))


def windowed(vocabulary: int) -> Any:
    """In every other layer each piece sees its neighbours only."""
    from transformers import ModernBertConfig, ModernBertModel

    special = {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3}
    ends = {"bos_token_id": 2, "eos_token_id": 3}
    config = ModernBertConfig(
        vocab_size=vocabulary,
        local_attention=8,
        global_attn_every_n_layers=2,
        **special,
        **ends,
        **_SHAPE,
    )
    return ModernBertModel(config)


def biased(vocabulary: int) -> Any:
    """How far pieces are from one another counts too, in an attention of its own."""
    from transformers import MPNetConfig, MPNetModel

    return MPNetModel(MPNetConfig(vocab_size=vocabulary, **_SHAPE))


def operators(graph: Path) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load(graph).graph.node)


@pytest.mark.parametrize("name", EXPORTED)
def test_masks_are_left_out_and_attention_is_one_operator(zoo: Zoo, name: str) -> None:
    made = zoo(name)
    assert made.encoder.inputs == ["input_ids"]
    found = operators(cache_folder_of(made) / "model.onnx")
    assert found["Attention"] == 1
    assert not found.keys() & {"Softmax", "Reshape", "Transpose"}


@pytest.mark.parametrize(("model", "masks"), [(causal, True), (windowed, True), (biased, False)])
def test_other_families_keep_what_they_need(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: Callable[[int], Any],
    masks: bool,
) -> None:
    import torch

    in_bytes(monkeypatch, False)
    folder = build(tmp_path / "model")
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model(json.loads((folder / "config.json").read_bytes())["vocab_size"]).save_pretrained(
            folder
        )
    encoder = load_encoder(str(folder), tmp_path / "cache")
    assert isinstance(encoder, OnnxEncoder)
    assert ("attention_mask" in encoder.inputs) == masks
    graph = cache_folder(tmp_path / "cache", encoder.spec.digest) / "model.onnx"
    assert operators(graph)["Softmax"] == 2
    theirs = sentence_transformer(folder).encode_document(
        TEXTS, normalize_embeddings=True, show_progress_bar=False
    )
    np.testing.assert_allclose(encoder.encode_passages(TEXTS), theirs, atol=1e-5)


def test_what_is_unfaithful_without_masks_is_traced_with_them(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(model: Any, path: Path) -> None:
        """Leave the last layer out."""
        trace(model, path)
        graph = onnx.load(path)
        unit = graph.graph.output[0].name
        node = next(node for node in graph.graph.node if unit in node.output)
        node.output[0] = "unit"
        graph.graph.node.append(helper.make_node("Neg", ["unit"], [unit]))
        onnx.save(graph, path)

    in_bytes(monkeypatch, False)
    monkeypatch.setattr(export, "trace_alone", other)
    made = zoo("mean")
    encoder = load_encoder(str(made.folder), tmp_path)
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.inputs == ["attention_mask", "input_ids", "token_type_ids"]
    np.testing.assert_allclose(encoder.encode_passages(TEXTS), made.passages(TEXTS), atol=1e-5)
    assert encoder.passage_pieces(TEXTS) is not None


def test_one_thread_encodes_where_it_was_asked(zoo: Zoo) -> None:
    encoder = OnnxEncoder(cache_folder_of(zoo("mean")), threads=1)
    before = threading.active_count()
    rows = encoder.encode_queries(["the river", "a house"])
    assert threading.active_count() == before
    np.testing.assert_array_equal(rows[1], encoder.encode_query("a house"))


# Reshapes


def reshapes(*shapes: list[int]) -> onnx.ModelProto:
    """One reshape after the other, of n rows of six numbers, and the last one's absolute values."""
    names = ["x", *(f"y{number}" for number in range(len(shapes)))]
    nodes = [
        helper.make_node("Reshape", [before, f"shape of {after}"], [after])
        for before, after in pairwise(names)
    ]
    values = [
        helper.make_tensor_value_info(
            name, onnx.TensorProto.FLOAT, [size if size > 0 else "n" for size in shape]
        )
        for name, shape in zip(names, [[-1, 6], *shapes], strict=True)
    ]
    out = onnx.ValueInfoProto()
    out.CopyFrom(values[-1])
    out.name = "out"
    wanted = zip(names[1:], shapes, strict=True)
    model = helper.make_model(
        helper.make_graph(
            [*nodes, helper.make_node("Abs", [names[-1]], ["out"])],
            "reshapes",
            values[:1],
            [out],
            [onnx.numpy_helper.from_array(np.array(s), f"shape of {name}") for name, s in wanted],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )
    model.graph.value_info.extend(values[1:])
    return model


@pytest.mark.parametrize(
    ("shapes", "left"),
    [
        ([[-1, 2, 3], [-1, 6]], []),
        ([[-1, 2, 3], [-1, 3, 2], [-1, 6]], []),
        ([[-1, 2, 3], [-1, 3, 2]], ["Reshape"] * 2),
        ([[-1, 2, 3], [-1, 6], [-1, 3, 2]], ["Reshape"]),
    ],
)
def test_reshapes_that_lead_back_are_dropped(shapes: list[list[int]], left: list[str]) -> None:
    model = reshapes(*shapes)
    drop_detours(model)
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == [*left, "Abs"]


@pytest.mark.parametrize("forget", ["shape", "dim_param"])
def test_reshapes_of_what_has_no_known_shape_are_kept(forget: str) -> None:
    model = reshapes([-1, 2, 3], [-1, 6])
    for value in (*model.graph.input, *model.graph.value_info):
        if forget == "shape":
            value.type.tensor_type.ClearField("shape")
        else:
            value.type.tensor_type.shape.dim[0].Clear()
    drop_detours(model)
    assert [node.op_type for node in model.graph.node] == ["Reshape", "Reshape", "Abs"]


def test_what_the_graph_gives_is_kept_under_its_name() -> None:
    model = reshapes([-1, 2, 3], [-1, 6])
    del model.graph.node[-1]
    model.graph.output[0].name = "y1"
    drop_detours(model)
    assert model.graph.node[-1].output == ["y1"]
    onnx.checker.check_model(model, full_check=True)
