"""From a sentence-transformers cross-encoder to one ONNX graph, a pair of texts to a score.

The graph is made once for a model and kept in the cache folder, in full precision. One that does
not give the model's own scores is thrown away, and the model then runs on sentence-transformers.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tokenizers

from search.encoders.libraries import hush, reason
from search.encoders.locate import ModelSource
from search.errors import EncoderError
from search.rerankers.base import Reranker
from search.rerankers.onnx import GRAPH, TOKENIZER, OnnxReranker, folder_of, write_manifest

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

#: How far a score may be from the model's, as a part of how far apart its scores are.
_TOLERANCE = 0.01
#: Longest pair, in pieces, of models that state no limit; they state huge numbers instead.
_LONGEST = 512

_log = logging.getLogger("wherein")

_PROBES = (
    ("Where is the key to the cellar kept?", "The key hangs behind the door of the pantry."),
    ("Where is the key to the cellar kept?", "Water boils at a lower temperature up there."),
    ("When was the bridge built?", "The first cars crossed the river in May 1932."),
    ("long", "A short one."),
)


class TransformerReranker:
    """A cross-encoder run by sentence-transformers; see `search.rerankers.base.Reranker`.

    Args:
        name: What the user calls the model.
        model: The loaded model.
    """

    parallel = 1

    def __init__(self, name: str, model: CrossEncoder) -> None:
        self.name = name
        self._model = model
        self._guard = threading.Lock()

    def score(self, question: str, passage: str) -> float:
        """How well a passage answers a question."""
        import torch

        try:
            with self._guard:
                found = self._model.predict(
                    [(question, passage)],
                    activation_fn=torch.nn.Identity(),
                    show_progress_bar=False,
                )
        except Exception as error:  # whatever the libraries raise
            raise EncoderError(f"The reranker {self.name} failed: {reason(error)}.") from error
        return float(np.asarray(found).reshape(-1)[0])


def export(source: ModelSource, cache: Path, threads: int | None = None) -> Reranker:
    """Export ``source`` into the cache and open it; or the model itself where that cannot be.

    Args:
        source: The model.
        cache: Folder for exported graphs.
        threads: How many pairs are scored at once; as many as there are cores, by default.

    Raises:
        EncoderError: The model cannot be loaded, or is no cross-encoder.
    """
    model = _load(source)
    reference = TransformerReranker(source.name, model)
    target = folder_of(cache, source.digest)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as name:
            _log.info("Making the reranker %s ready; this happens once.", source.name)
            made = Path(name, "made")
            made.mkdir()
            _make(model, made)
            exported = OnnxReranker(made, source.name, threads)
            if not _faithful(exported, reference):
                raise ValueError("it gives other scores when it is exported")
            with contextlib.suppress(OSError):  # another process was quicker
                made.rename(target)
        return exported
    except Exception as error:  # whatever the libraries raise; they have no common base
        _log.warning(
            "The reranker %s runs on sentence-transformers, which is slower: %s.",
            source.name,
            reason(error),
        )
    return reference


def _load(source: ModelSource) -> CrossEncoder:
    """Load the model, from disk only.

    Raises:
        EncoderError: It cannot be loaded, or is no cross-encoder.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    hush()
    _refuse_others(source)
    try:
        import transformers
        from sentence_transformers import CrossEncoder

        hush()  # what the imports have set up is hushed too
        disable_progress_bar: Any = transformers.utils.logging.disable_progress_bar
        disable_progress_bar()
        model: CrossEncoder = CrossEncoder(str(source.folder), device="cpu", local_files_only=True)
    except Exception as error:  # whatever a damaged model makes the libraries raise
        raise EncoderError(
            f"The model {source.name} cannot be loaded: {reason(error)}.",
            "Check that the folder holds a complete cross-encoder.",
        ) from error
    if model.num_labels != 1:
        raise EncoderError(
            f"The model {source.name} gives {model.num_labels} scores a pair.",
            "Use a cross-encoder that gives one, such as cross-encoder/ms-marco-MiniLM-L6-v2.",
        )
    return model


def _refuse_others(source: ModelSource) -> None:
    """Refuse models that would be loaded with a part of them made up.

    Raises:
        EncoderError: It is no model that tells how well a pair fits.
    """
    try:
        known = json.loads((source.folder / "config.json").read_text("utf-8"))
        architectures = " ".join(map(str, known.get("architectures") or ()))
    except (OSError, ValueError, AttributeError, TypeError):
        architectures = ""
    if "SequenceClassification" not in architectures:
        raise EncoderError(
            f"The model {source.name} is no cross-encoder.",
            "Use one that is, such as cross-encoder/ms-marco-MiniLM-L6-v2; encoders of single "
            "texts are named with --model.",
        )


def _make(model: CrossEncoder, folder: Path) -> None:
    """Write graph, tokenizer and manifest into ``folder``."""
    import torch

    backend = getattr(model.tokenizer, "backend_tokenizer", model.tokenizer)
    if not isinstance(backend, tokenizers.Tokenizer):
        raise TypeError("its tokenizer is of a kind of its own")
    copy = tokenizers.Tokenizer.from_str(backend.to_str())
    longest = int(min(model.max_seq_length or _LONGEST, _LONGEST))
    copy.enable_truncation(longest, strategy="longest_first")
    copy.no_padding()
    copy.save(str(folder / TOKENIZER))
    example: Any = model.preprocess([list(pair) for pair in _PROBES])
    names = [n for n in ("input_ids", "attention_mask", "token_type_ids") if n in example]
    for module in model.modules():
        choose = getattr(module, "set_attn_implementation", None)
        if choose is not None:
            with contextlib.suppress(ValueError):  # a model that has only the one it came with
                choose("eager")

    class Graph(torch.nn.Module):
        """The model's modules one after the other, down to the score."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            features: dict[str, Any] = dict(zip(names, inputs, strict=True))
            for module in self.model:
                features = module(features)
            scores: torch.Tensor = features["scores"]
            return scores

    free = torch.export.Dim.DYNAMIC
    torch.onnx.export(
        Graph().eval(),
        tuple(example[name] for name in names),
        str(folder / GRAPH),
        input_names=names,
        dynamo=True,
        dynamic_shapes=(({0: free, 1: free},) * len(names),),
        external_data=False,
        verbose=False,
    )
    write_manifest(folder)


def _faithful(exported: Reranker, reference: Reranker) -> bool:
    """Whether the exported model gives the scores that the model gives."""
    ours, theirs = (
        np.array([one.score(*pair) for pair in _PROBES]) for one in (exported, reference)
    )
    return bool(np.abs(ours - theirs).max() <= _TOLERANCE * max(float(np.ptp(theirs)), 1e-3))
