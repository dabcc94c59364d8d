"""The ONNX graph of a sentence-transformers model: text pieces in, a unit vector out.

A text always goes through it alone (see `search.encoders.onnx`), so nothing is filled up and no
piece is hidden from another. `trace_alone` makes use of that: masks are neither computed nor added,
and attention is one operator. Models whose pieces do not all see one another, and those that need a
mask for anything else, are refused there; `trace` takes them as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from search.encoders.libraries import hush

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

#: The first version of ONNX's operators that has attention among them.
_OPSET = 23
#: Under this name transformers knows the attention of `trace_alone`.
_ALONE = "wherein_alone"
#: What a model hands its attention if that is more than the softmax of products.
_UNUSUAL = ("position_bias", "s_aux", "sliding_window", "softcap")
_TEXT = (
    "The graph is traced with these words, and is the same for others; only their number is free."
)


def trace(model: SentenceTransformer, path: Path) -> None:
    """Write the graph of ``model`` to ``path``, with all inputs that its tokenizer gives.

    Args:
        model: The model, on the processor and in full precision.
        path: The file to write.
    """
    import torch

    _attend(model, "eager")
    example: Any = model.tokenizer([_TEXT, _TEXT[:20]], padding=True, return_tensors="pt")
    names = [n for n in ("input_ids", "attention_mask", "token_type_ids") if n in example]
    inputs = {name: example[name] for name in names}
    free = torch.export.Dim.DYNAMIC

    def features(*given: torch.Tensor) -> dict[str, Any]:
        return dict(zip(names, given, strict=True))

    _export(model, list(model), features, inputs, {0: free, 1: free}, path, None)


def trace_alone(model: SentenceTransformer, path: Path) -> None:
    """Write the graph of ``model`` to ``path`` for one text at a time; its input is ``input_ids``.

    Args:
        model: The model, on the processor and in full precision.
        path: The file to write.

    Raises:
        Exception: It needs a mask; torch wraps the `NotImplementedError` in errors of its own.
    """
    import torch

    _register()
    _attend(model, _ALONE)
    example: Any = model.tokenizer([_TEXT], return_tensors="pt")
    modules = list(model)
    if type(modules[-1]).__name__ == "Normalize":
        modules.pop()  # the graph normalises anyway

    def features(ids: torch.Tensor) -> dict[str, Any]:
        given: dict[str, Any] = {"input_ids": ids}
        if "token_type_ids" in example:  # one for all pieces, so that its row is a constant
            given["token_type_ids"] = torch.zeros(1, 1, dtype=torch.int64)
        return given

    inputs = {"input_ids": example["input_ids"]}
    _export(model, modules, features, inputs, {1: torch.export.Dim.DYNAMIC}, path, _OPSET)
    graph = onnx.load(path)
    drop_detours(graph)
    onnx.save(graph, path)


def drop_detours(model: onnx.ModelProto) -> None:
    """Remove reshapes that lead back to the shape that there was.

    Args:
        model: The graph; it is changed.
    """
    graph = model.graph
    shapes = {
        value.name: [size.dim_value or size.dim_param for size in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.input)
    }
    origins: dict[str, str] = {}
    instead: dict[str, str] = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = instead.get(name, name)
        if node.op_type == "Reshape":
            origin = origins.get(node.input[0], node.input[0])
            origins[node.output[0]] = origin
            shape = shapes.get(origin)
            if shape and all(shape) and shape == shapes.get(node.output[0]):
                instead[node.output[0]] = origin
    kept = {output.name for output in graph.output}
    for node in reversed(list(graph.node)):
        if kept.isdisjoint(node.output):
            graph.node.remove(node)
        else:
            kept.update(node.input)


def _export(
    model: SentenceTransformer,
    modules: list[Any],
    features: Callable[..., dict[str, Any]],
    inputs: dict[str, Any],
    free: dict[int, Any],
    path: Path,
    opset: int | None,
) -> None:
    """Export ``modules`` one after the other; what they give is cut to size and normalised."""
    import torch

    hush()
    length: int | None = model.truncate_dim

    class Graph(torch.nn.Module):
        """Gives the embedding, and what was pooled.

        The latter costs nothing: it is computed anyway, and handed out only where it is asked for.
        """

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
            found = features(*given)
            for module in modules:
                found = _mean(found) if _is_mean(module, found) else module(found)
            embedding: torch.Tensor = found["sentence_embedding"]
            unit = torch.nn.functional.normalize(embedding[:, :length])
            pieces: torch.Tensor | None = found.get("token_embeddings")
            return (unit,) if pieces is None else (unit, pieces[:, :, :length])

    torch.onnx.export(
        Graph().eval(),
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        dynamo=True,
        dynamic_shapes=((free,) * len(inputs),),
        opset_version=opset,
        external_data=False,
        verbose=False,
    )


def _is_mean(module: Any, features: dict[str, Any]) -> bool:
    """Whether a module takes the plain mean of all pieces, because no mask says otherwise."""
    unmasked = not features.keys() & {"attention_mask", "token_weights_sum"}
    return (
        unmasked
        and type(module).__name__ == "Pooling"
        and getattr(module, "pooling_mode", None) == "mean"
    )


def _mean(features: dict[str, Any]) -> dict[str, Any]:
    return {**features, "sentence_embedding": features["token_embeddings"].mean(dim=1)}


def _attend(model: SentenceTransformer, kind: str) -> None:
    """Have attention computed in one way.

    torch's fused attention is exported with guards against rows that are masked out altogether;
    they cost a quarter of the time and no text has such rows. "eager" spells it out.
    """
    for module in model.modules():
        choose = getattr(module, "set_attn_implementation", None)
        if choose is not None:
            with contextlib.suppress(ValueError):  # a model that has only the one it came with
                choose(kind)


def _register() -> None:
    """Tell transformers of the attention of `trace_alone`, and of the masks that it has none."""
    import torch
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import bidirectional_mask_function

    def attention(
        _: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        scaling: float | None = None,
        **options: Any,
    ) -> tuple[torch.Tensor, None]:
        """Attention of all pieces to all, as ONNX's operator."""
        unusual = [name for name in _UNUSUAL if options.get(name) is not None]
        if attention_mask is not None or unusual:
            raise NotImplementedError(f"attention with {unusual or 'a mask'}")
        heads = query.shape[1]
        rows = (states.transpose(1, 2).flatten(2) for states in (query, key, value))
        mixed, *_ = torch.onnx.ops.attention(
            *rows, q_num_heads=heads, kv_num_heads=key.shape[1], scale=scaling
        )
        return torch.unflatten(mixed, 2, (heads, -1)), None

    def mask(*_: Any, mask_function: Any = None, **__: Any) -> None:
        """No mask, where one would hide nothing."""
        if mask_function is not bidirectional_mask_function:
            raise NotImplementedError("pieces that do not see all others")

    AttentionInterface.register(_ALONE, attention)
    AttentionMaskInterface.register(_ALONE, mask)
