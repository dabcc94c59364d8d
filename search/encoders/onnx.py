"""The encoder's fast path: ONNX Runtime and the model's own tokenizer, nothing else.

Pooling and normalising stand inside the graph (see `search.encoders.export`), so a session's first
output is the embedding; the second is what was pooled. Neither torch nor sentence-transformers is
imported here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import onnxruntime
import xxhash
from tokenizers import Encoding, Tokenizer

from search.encoders.base import Embeddings, EncoderSpec, PieceVectors
from search.encoders.cpu import usable_cores
from search.encoders.libraries import reason
from search.encoders.pieces import Pieces, encodable
from search.errors import EncoderError

GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"
MANIFEST = "encoder.json"
#: The graph's outputs by their places; every graph has the first.
_EMBEDDING, _PIECES = 0, 1

#: ONNX Runtime's fused kernel for adding and normalising is slower than the two it stands for.
_SLOWER_FUSIONS = ["SkipLayerNormFusion"]
_FATAL = 4
#: Up to so many characters other threads can wait; to hand a text on takes longer than to cut it.
_SHORT = 500

_Ids = npt.NDArray[np.int64]


class Manifest(msgspec.Struct, frozen=True):
    """What lies beside an exported graph, as ``encoder.json``.

    Attributes:
        spec: What the embeddings depend on.
        precision: "int8" or "float32".
        pad_id: The piece that fills up shorter texts of a batch.
        digests: XXH3-128 (hex) of the files beside it, by name.
        is_mean: Whether embeddings are the means of what the graph gives as its second output.
    """

    spec: EncoderSpec
    precision: str
    pad_id: int
    digests: dict[str, str]
    is_mean: bool


def write_manifest(
    folder: Path, spec: EncoderSpec, precision: str, pad_id: int, is_mean: bool
) -> None:
    """Write ``encoder.json`` for the graph and the tokenizer that lie in ``folder``.

    Args:
        folder: Holds both already.
        spec: What the embeddings depend on.
        precision: "int8" or "float32".
        pad_id: The piece that fills up shorter texts of a batch.
        is_mean: Whether embeddings are the means of what the graph gives as its second output.
    """
    digests = {name: _digest((folder / name).read_bytes()) for name in (GRAPH, TOKENIZER)}
    manifest = Manifest(spec, precision, pad_id, digests, is_mean)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


class OnnxEncoder:
    """An exported encoder.

    Texts go through the model one by one, on as many threads as there are cores. That is faster
    than batches: nothing is padded, and a text's values stay in its core's cache. And an embedding
    then depends on its text alone; in a batch, 8-bit scales depend on the texts beside it.

    Args:
        folder: Holds ``model.onnx``, ``tokenizer.json`` and ``encoder.json``.
        name: What the user calls the model; as it was called when exported, by default.
        digest: What the model's digest must be; any, by default.
        threads: How many texts are encoded at once; as many as there are cores, by default.

    Raises:
        EncoderError: The folder is incomplete or damaged, or holds another model.
    """

    def __init__(
        self,
        folder: Path,
        name: str | None = None,
        digest: str | None = None,
        threads: int | None = None,
    ) -> None:
        self._threads = threads or usable_cores()
        try:
            manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
            if digest not in (None, manifest.spec.digest):
                raise ValueError("it is another model's")
            tokenizer = _intact(folder / TOKENIZER, manifest).decode("utf-8")
            self._pieces = Pieces(tokenizer)
            self._tokenizer = Tokenizer.from_str(tokenizer)
            _intact(folder / GRAPH, manifest)
            self._session = _session(folder / GRAPH)
        except Exception as error:  # ONNX Runtime and tokenizers raise bare Exceptions
            raise EncoderError(
                f"The exported encoder in {folder} cannot be loaded: {reason(error)}.",
                "Delete that folder; it is made again when it is needed.",
            ) from error
        self.spec = dataclasses.replace(manifest.spec, name=name or manifest.spec.name)
        self.precision = manifest.precision
        self._pad_id = manifest.pad_id
        self._outputs = [item.name for item in self._session.get_outputs()]
        self._is_mean = manifest.is_mean and len(self._outputs) > _PIECES
        self._inputs = {item.name for item in self._session.get_inputs()}
        self._workers = ThreadPoolExecutor(self._threads, thread_name_prefix="encoder")

    @property
    def inputs(self) -> list[str]:
        """What the graph is given for a text, by name."""
        return sorted(self._inputs)

    def piece_starts(self, texts: Sequence[str]) -> list[npt.NDArray[np.int64]]:
        """Character offsets at which the pieces of each text begin."""
        return self._pieces.starts(texts)

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors, shape ``(len(texts), dimension)``."""
        return self._encode(self.spec.passage_prompt, texts)

    def encode_query(self, text: str) -> Embeddings:
        """A unit vector, shape ``(dimension,)``."""
        return self._run(self._tokenize(self.spec.query_prompt + text))

    def encode_queries(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors, shape ``(len(texts), dimension)``."""
        return self._encode(self.spec.query_prompt, texts)

    def passage_pieces(self, texts: Sequence[str]) -> list[PieceVectors] | None:
        """The pieces of passages; None if the embeddings are no means of pieces."""
        return self._with_pieces(self.spec.passage_prompt, texts) if self._is_mean else None

    def query_pieces(self, text: str) -> PieceVectors | None:
        """The pieces of a query; None if the embeddings are no means of pieces."""
        return self._with_pieces(self.spec.query_prompt, [text])[0] if self._is_mean else None

    def _with_pieces(self, prompt: str, texts: Sequence[str]) -> list[PieceVectors]:
        encodings = self._tokenizer.encode_batch([encodable(prompt + text) for text in texts])
        outputs = self._workers.map(lambda encoding: self._run(encoding.ids, _PIECES), encodings)
        return [
            PieceVectors(vectors, _spans(encoding, len(prompt), len(vectors)))
            for vectors, encoding in zip(outputs, encodings, strict=True)
        ]

    def _encode(self, prompt: str, texts: Sequence[str]) -> Embeddings:
        """Unit vectors, in the order of the texts.

        Each worker tokenises a text and runs it, so no core waits for the texts to be tokenised;
        the longest go first, so that at the end none waits long for another.
        """
        rows = np.empty((len(texts), self.spec.dimension), dtype=np.float32)

        def encode(number: int) -> None:
            rows[number] = self._run(self._tokenize(prompt + texts[number]))

        order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))
        if min(len(order), self._threads) == 1:  # not worth the way to another thread
            for number in order:
                encode(number)
        else:
            for _ in self._workers.map(encode, order):
                pass  # raises what a worker raised
        return rows

    def _tokenize(self, text: str) -> list[int]:
        text = encodable(text)
        if len(text) <= _SHORT:
            encoding = self._tokenizer.encode(text)
        else:
            # Unlike `encode`, the call for several lets other threads go on meanwhile.
            (encoding,) = self._tokenizer.encode_batch_fast([text])
        ids: list[int] = encoding.ids
        return ids

    def _run(self, ids: list[int], wanted: int = _EMBEDDING) -> Embeddings:
        """What the graph gives in place ``wanted``: one row, or one a piece."""
        tokens: _Ids = np.array([ids or [self._pad_id]], dtype=np.int64)
        feed = {"input_ids": tokens}
        if len(self._inputs) > 1:  # of a model that needs masks
            feed["attention_mask"] = np.ones_like(tokens)
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(tokens)
        try:
            output: Embeddings = self._session.run([self._outputs[wanted]], feed)[0][0]
        except Exception as error:  # ONNX Runtime raises bare Exceptions
            raise EncoderError(f"The encoder {self.spec.name} failed: {reason(error)}.") from error
        if not np.isfinite(output).all():
            raise EncoderError(f"The encoder {self.spec.name} failed: it gave no numbers.")
        return output.astype(np.float32, copy=False)


def _spans(encoding: Encoding, prompt: int, pieces: int) -> npt.NDArray[np.int64]:
    """Where pieces lie in the text that follows a prompt of so many characters."""
    spans = np.zeros((pieces, 2), dtype=np.int64)  # one is put in where a text has no piece
    if encoding.ids:
        spans[:] = encoding.offsets
        spans -= prompt
        spans[(np.array(encoding.special_tokens_mask) == 1) | (spans[:, 0] < 0)] = 0
    return spans


def _intact(path: Path, manifest: Manifest) -> bytes:
    """The contents of ``path``; a `ValueError` if they are not those that the manifest states."""
    contents = path.read_bytes()
    if _digest(contents) != manifest.digests.get(path.name):
        raise ValueError(f"{path.name} is damaged")
    return contents


def _digest(contents: bytes) -> str:
    return xxhash.xxh3_128_hexdigest(contents)


def _session(graph: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # texts share the cores, not the parts of one text
    options.log_severity_level = _FATAL
    # What it holds on to after a long text takes more memory than it saves time.
    options.enable_cpu_mem_arena = False
    # Given its contents, the session would keep them beside what it makes of them.
    return onnxruntime.InferenceSession(
        str(graph),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=_SLOWER_FUSIONS,
    )
