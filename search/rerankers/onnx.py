"""A cross-encoder's fast path: ONNX Runtime and the model's own tokenizer, nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import xxhash
from tokenizers import Tokenizer

from search.encoders.cpu import usable_cores
from search.encoders.libraries import reason
from search.encoders.pieces import encodable
from search.errors import EncoderError

GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"
MANIFEST = "reranker.json"
#: Raised when the way graphs are made changes; older ones in the cache are then left alone.
_RECIPE = 1
_FATAL = 4


def folder_of(cache: Path, digest: str) -> Path:
    """Where the graph of the model with this digest lies.

    Args:
        cache: Folder for exported graphs.
        digest: The model's digest, in hex.
    """
    return cache / "rerankers" / f"{digest[:32]}-{_RECIPE}"


def write_manifest(folder: Path) -> None:
    """Write down the digests of the graph and the tokenizer that lie in ``folder``."""
    digests = {name: _digest((folder / name).read_bytes()) for name in (GRAPH, TOKENIZER)}
    (folder / MANIFEST).write_bytes(msgspec.json.encode(digests))


class OnnxReranker:
    """An exported cross-encoder; see `search.rerankers.base.Reranker`.

    Args:
        folder: Holds ``model.onnx``, ``tokenizer.json`` and ``reranker.json``.
        name: What the user calls the model.
        threads: How many pairs are scored at once; as many as there are cores, by default.

    Raises:
        EncoderError: The folder is incomplete or damaged.
    """

    def __init__(self, folder: Path, name: str, threads: int | None = None) -> None:
        try:
            digests = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=dict[str, str])
            graph, tokenizer = ((folder / part).read_bytes() for part in (GRAPH, TOKENIZER))
            if {GRAPH: _digest(graph), TOKENIZER: _digest(tokenizer)} != digests:
                raise ValueError("its files are damaged")
            self._tokenizer = Tokenizer.from_str(tokenizer.decode("utf-8"))
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1  # pairs share the cores, not the parts of one pair
            options.log_severity_level = _FATAL
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime and tokenizers raise bare Exceptions
            raise EncoderError(
                f"The exported reranker in {folder} cannot be loaded: {reason(error)}.",
                "Delete that folder; it is made again when it is needed.",
            ) from error
        self.name = name
        self.parallel = threads or usable_cores()
        self._inputs = {item.name for item in self._session.get_inputs()}

    def score(self, question: str, passage: str) -> float:
        """How well a passage answers a question."""
        pair = self._tokenizer.encode(encodable(question), encodable(passage))
        feed = {
            "input_ids": np.array([pair.ids], dtype=np.int64),
            "attention_mask": np.array([pair.attention_mask], dtype=np.int64),
            "token_type_ids": np.array([pair.type_ids], dtype=np.int64),
        }
        try:
            (output,) = self._session.run(
                None, {name: feed[name] for name in feed if name in self._inputs}
            )
            value = float(np.asarray(output).reshape(-1)[0])
        except Exception as error:  # ONNX Runtime raises bare Exceptions
            raise EncoderError(f"The reranker {self.name} failed: {reason(error)}.") from error
        if not np.isfinite(value):
            raise EncoderError(f"The reranker {self.name} failed: it gave no number.")
        return value


def _digest(contents: bytes) -> str:
    return xxhash.xxh3_128_hexdigest(contents)
