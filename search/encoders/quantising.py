"""From a graph in full precision to one in 8 bits that gives nearly the same embeddings.

Weights get a scale for each channel once; activations get one scale a tensor as they come, which a
few channels with large values would take from all the others. So these are made smaller first and
their weights larger by the same factor (`smooth`). What large values there are is seen on texts
that come with the project, so the result is the same everywhere and nothing is fetched.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from tokenizers import Tokenizer

#: How far large values move from activations into weights: 0 not at all, 1 wholly. Mean cosine of
#: all-MiniLM-L6-v2 to full precision: 0.9948 unsmoothed; 0.9883 with 0.5, 0.9978 with 0.7, 0.9969
#: with 0.8, 0.9947 with 0.9. Rankings are nearer to those of full precision with 0.8 than with 0.7,
#: see benchmarks/ENCODING.md.
ALPHA = 0.8
#: Values below this are taken for it, so that a channel that is always nought can be divided by.
_LEAST = 1e-5
#: Largest value that half precision holds, with room to spare.
_HALF_MOST = 60_000.0
_FATAL = 4

#: Inputs of the graph by name, for one text.
Feed = Mapping[str, npt.NDArray[np.int64]]
_Floats = npt.NDArray[np.float32]


def typical_texts() -> list[str]:
    """Passages that activations are observed on: ``typical.txt``, parted by empty lines."""
    path = files("search.encoders").joinpath("typical.txt")
    return path.read_text("utf-8").strip().split("\n\n")


def typical_feeds(tokenizer: Path, prompt: str, inputs: Sequence[str]) -> list[Feed]:
    """What a graph is given for the typical texts.

    Args:
        tokenizer: Its tokenizer, a ``tokenizer.json``.
        prompt: Stands in front of every passage.
        inputs: The graph's inputs, by name.
    """
    cutter = Tokenizer.from_file(str(tokenizer))
    feeds: list[Feed] = []
    for text in typical_texts():
        ids = np.array([cutter.encode(prompt + text).ids], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        feeds.append({name: given.get(name, np.zeros_like(ids)) for name in inputs})
    return feeds


def quantise(source: Path, target: Path, feeds: Sequence[Feed]) -> None:
    """Write the graph at ``source`` to ``target`` in 8 bits.

    Matrices of weights are in 8 bits, tables that rows are looked up in stay in half precision:
    their rounding would cost accuracy, and nothing is multiplied with them as a whole.

    Args:
        source: The graph in full precision.
        target: The file to write.
        feeds: What the graph is given for texts as they will come.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    model = onnx.load(source)
    smooth(model, feeds)
    add_pre_process_metadata(model)  # what keeps it from recommending a step that is not needed
    with _no_root_handler():
        quantize_dynamic(
            model,
            target,
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"],
        )
    model = onnx.load(target)
    halve_tables(model)
    onnx.save(model, target)


def smooth(model: onnx.ModelProto, feeds: Sequence[Feed]) -> None:
    """Move large values from activations into the weights they are multiplied with.

    Channel j of an activation X is divided by sⱼ = max|Xⱼ|^α / max|Wⱼ|^(1-α), and row j of each of
    its weights W multiplied by it, so that the product stays what it was (Xiao et al.,
    "SmoothQuant", ICML 2023, equation 4, with a scale over all channels taken out). What attention
    gives is divided by dividing the weights of the values that it mixes.

    Args:
        model: The graph; it is changed.
        feeds: What max|X| is found on.
    """
    weights = {item.name: item for item in model.graph.initializer}
    users = _users(model, weights)
    peaks = _peaks(model, list(users), feeds)
    for number, (name, nodes) in enumerate(users.items()):
        matrices = {node.input[1]: numpy_helper.to_array(weights[node.input[1]]) for node in nodes}
        reach = np.max([np.abs(matrix).max(axis=1) for matrix in matrices.values()], axis=0)
        scales = factors(peaks[name], reach)
        for weight, matrix in matrices.items():
            scaled = (matrix * scales[:, None]).astype(np.float32)
            weights[weight].CopyFrom(numpy_helper.from_array(scaled, weight))
        values = _values(model, weights, name, nodes)
        for value in values:
            divided = (numpy_helper.to_array(value) / scales).astype(np.float32)
            value.CopyFrom(numpy_helper.from_array(divided, value.name))
        if values:
            continue
        inverse, smoothed = f"smooth_{number}", f"smoothed_{number}"
        model.graph.initializer.append(
            numpy_helper.from_array((1 / scales).astype(np.float32), inverse)
        )
        for node in nodes:
            node.input[0] = smoothed
        first = min(_place(model, node) for node in nodes)
        multiply = helper.make_node("Mul", [name, inverse], [smoothed], name=f"Mul_{smoothed}")
        model.graph.node.insert(first, multiply)


def factors(peaks: _Floats, reach: _Floats) -> _Floats:
    """By what each channel is divided, see `smooth`; their geometric mean is 1.

    Args:
        peaks: max|X| of each channel.
        reach: max|W| of each channel.
    """
    scales = np.maximum(peaks, _LEAST) ** ALPHA / np.maximum(reach, _LEAST) ** (1 - ALPHA)
    even: _Floats = (scales / np.exp(np.log(scales).mean())).astype(np.float32)
    return even


def halve_tables(model: onnx.ModelProto) -> None:
    """Keep tables that rows are looked up in at half precision, and widen the rows.

    Args:
        model: The graph; it is changed.
    """
    tables = {
        item.name: item
        for item in model.graph.initializer
        if item.data_type == onnx.TensorProto.FLOAT and len(item.dims) == 2
    }
    lookups = [n for n in model.graph.node if n.op_type == "Gather" and n.input[0] in tables]
    elsewhere = {
        name
        for node in model.graph.node
        for place, name in enumerate(node.input)
        if not (node.op_type == "Gather" and place == 0)
    }
    for node in lookups:
        table = tables[node.input[0]]
        if table.name in elsewhere:
            continue
        if table.data_type == onnx.TensorProto.FLOAT:
            values = numpy_helper.to_array(table)
            if np.abs(values).max(initial=0) > _HALF_MOST:
                continue
            table.CopyFrom(numpy_helper.from_array(values.astype(np.float16), table.name))
        wide, narrow = node.output[0], f"{node.output[0]}_half"
        node.output[0] = narrow
        cast = helper.make_node("Cast", [narrow], [wide], to=onnx.TensorProto.FLOAT)
        model.graph.node.insert(_place(model, node) + 1, cast)
    del model.graph.value_info[:]  # the types noted for what was changed hold no longer


def _users(
    model: onnx.ModelProto, weights: Mapping[str, onnx.TensorProto]
) -> dict[str, list[onnx.NodeProto]]:
    """The products with matrices of weights, by the activation that they share.

    A matrix that several activations are multiplied with cannot be scaled for each; it is left.
    """
    products = [
        node
        for node in model.graph.node
        if node.op_type == "MatMul"
        and node.input[1] in weights
        and len(weights[node.input[1]].dims) == 2
        and weights[node.input[1]].data_type == onnx.TensorProto.FLOAT
    ]
    times = Counter(name for node in model.graph.node for name in set(node.input))
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in products:
        if times[node.input[1]] == 1:
            users.setdefault(node.input[0], []).append(node)
    return users


def _values(
    model: onnx.ModelProto,
    weights: Mapping[str, onnx.TensorProto],
    name: str,
    nodes: Sequence[onnx.NodeProto],
) -> list[onnx.TensorProto]:
    """Bias and weights of the values that attention mixes, channel by channel, into ``name``.

    Empty if they serve anything else, or ``name`` serves more than the products ``nodes``.
    """
    makers = {output: node for node in model.graph.node for output in node.output}
    times = Counter(given for node in model.graph.node for given in node.input)
    attention = makers.get(name)
    if attention is None or attention.op_type != "Attention" or times[name] != len(nodes):
        return []
    heads = {item.name: item.i for item in attention.attribute}
    if heads.get("q_num_heads") != heads.get("kv_num_heads"):
        return []
    found: list[onnx.TensorProto] = []
    at = attention.input[2]
    for kind in ("Add", "MatMul"):
        node = makers.get(at)
        if node is None or times[at] != 1:
            return []
        if node.op_type != kind:
            continue  # values without a bias
        constants = [given for given in node.input if given in weights and times[given] == 1]
        if len(constants) != 1:
            return []
        found.append(weights[constants[0]])
        at = next(given for given in node.input if given != constants[0])
        if kind == "MatMul":
            return found
    return []


def _peaks(
    model: onnx.ModelProto, names: Sequence[str], feeds: Sequence[Feed]
) -> dict[str, _Floats]:
    """The largest absolute value of each channel of the activations ``names``."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.extend(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    session = onnxruntime.InferenceSession(
        probe.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    peaks: dict[str, _Floats] = {}
    for feed in feeds:
        for name, values in zip(names, session.run(list(names), dict(feed)), strict=True):
            peak = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
            peaks[name] = np.maximum(peaks.get(name, peak), peak)
    return peaks


def _place(model: onnx.ModelProto, wanted: onnx.NodeProto) -> int:
    """Where a node stands; the same one, not one like it."""
    outputs = list(wanted.output)
    return next(n for n, node in enumerate(model.graph.node) if list(node.output) == outputs)


@contextlib.contextmanager
def _no_root_handler() -> Iterator[None]:
    """Keep the quantiser, which logs with the bare `logging.warning`, from setting up logging."""
    handler: Any = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
