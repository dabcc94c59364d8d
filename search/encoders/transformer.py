"""The encoder on sentence-transformers itself: for export, and for models that cannot be exported.

Importing sentence-transformers takes seconds, so only what needs it imports this module.
"""

from __future__ import annotations

import math
import os
import re
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tokenizers

from search.encoders.base import Embeddings, EncoderSpec, PieceVectors
from search.encoders.gpu import Placement, placement
from search.encoders.libraries import hush, reason
from search.encoders.locate import ModelSource
from search.encoders.pieces import Pieces, encodable
from search.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

#: The names under which sentence-transformers looks for a prompt, one after the other.
_QUERY_PROMPTS = ("query",)
_PASSAGE_PROMPTS = ("document", "passage", "corpus")
#: How many pieces are read of models that state no limit; they state huge numbers instead.
_UNLIMITED = 1_000_000
_MAX_TOKENS_UNLESS_STATED = 8192
_WORD = re.compile(r"\w+|[^\w\s]")
#: Pieces that models put around a text.
_SPECIAL = 2
#: Where the tokenizer does not tell, a piece is taken to have so many characters.
_CHARACTERS_A_PIECE = 4


def load(source: ModelSource, device: str | None = None) -> SentenceTransformer:
    """Load the model with sentence-transformers, from disk only.

    Args:
        source: The model.
        device: A torch device; a GPU if there is one, by default.

    Raises:
        EncoderError: It cannot be loaded.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    hush()
    try:
        import transformers
        from sentence_transformers import SentenceTransformer

        hush()  # what the imports have set up is hushed too
        disable_progress_bar: Any = transformers.utils.logging.disable_progress_bar
        disable_progress_bar()
        return SentenceTransformer(str(source.folder), device=device, local_files_only=True)
    except Exception as error:  # whatever a damaged model makes the libraries raise
        raise EncoderError(
            f"The model {source.name} cannot be loaded: {reason(error)}.",
            "Check that the folder holds a complete sentence-transformers model.",
        ) from error


def spec_of(model: SentenceTransformer, source: ModelSource) -> EncoderSpec:
    """The model's own dimension, length limit and prompts.

    Raises:
        EncoderError: The model does not give one vector a text.
    """
    try:
        shape = np.shape(model.encode_query("How long?", show_progress_bar=False))
    except Exception as error:  # a model of pictures, one that lacks a part…
        raise EncoderError(
            f"The model {source.name} cannot encode text: {reason(error)}.",
            "Use a sentence-transformers model for text.",
        ) from error
    if len(shape) != 1:
        raise EncoderError(
            f"The model {source.name} gives several vectors a text.",
            "Use a model that gives one dense vector a text.",
        )
    return EncoderSpec(
        name=source.name,
        digest=source.digest,
        dimension=shape[0],
        max_tokens=_max_tokens(model),
        query_prompt=_prompt(model, _QUERY_PROMPTS),
        passage_prompt=_prompt(model, _PASSAGE_PROMPTS),
    )


def _max_tokens(model: SentenceTransformer) -> int:
    limit: float = model.max_seq_length or math.inf
    return int(limit) if limit < _UNLIMITED else _MAX_TOKENS_UNLESS_STATED


def _prompt(model: SentenceTransformer, names: tuple[str, ...]) -> str:
    """The first prompt of these names; sentence-transformers itself puts in blank ones."""
    return next((prompt for name in names if (prompt := model.prompts.get(name))), "")


def fast_tokenizer(model: SentenceTransformer) -> tokenizers.Tokenizer | None:
    """The model's tokenizer as the tokenizers library has it; None if it is none of theirs."""
    tokenizer: Any = getattr(model, "tokenizer", None)
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    return backend if isinstance(backend, tokenizers.Tokenizer) else None


class TransformerEncoder:
    """A model run by sentence-transformers, on a GPU where there is one.

    Args:
        source: The model.
        model: The loaded model, if the caller has it already.

    Raises:
        EncoderError: The model cannot be loaded.
    """

    def __init__(self, source: ModelSource, model: SentenceTransformer | None = None) -> None:
        place = Placement() if model else placement()
        self._model = model or load(source, device=place.device)
        if place.precision != "float32":
            _convert(self._model, place.precision)
        self.spec = spec_of(self._model, source)
        self._lock = threading.Lock()
        self._pieces = _pieces(self._model)
        self._tokens = place.tokens(self.spec.dimension)

    def piece_starts(self, texts: Sequence[str]) -> list[npt.NDArray[np.int64]]:
        """Character offsets at which the pieces of each text begin.

        Where the model's tokenizer does not tell, each word's pieces are taken to be of one length.
        """
        if self._pieces:
            return self._pieces.starts(texts)
        with self._lock:
            return [_even_starts(self._model.tokenizer, encodable(text)) for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors, shape ``(len(texts), dimension)``."""
        return self._encode(self._model.encode_document, texts, self.spec.passage_prompt)

    def encode_query(self, text: str) -> Embeddings:
        """A unit vector, shape ``(dimension,)``."""
        row: Embeddings = self.encode_queries([text])[0]
        return row

    def encode_queries(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors, shape ``(len(texts), dimension)``."""
        return self._encode(self._model.encode_query, texts, self.spec.query_prompt)

    def passage_pieces(self, texts: Sequence[str]) -> list[PieceVectors] | None:  # noqa: ARG002
        """None: what could not be exported is not asked for more than its embeddings."""
        return None

    def query_pieces(self, text: str) -> PieceVectors | None:  # noqa: ARG002
        """None, see `passage_pieces`."""
        return None

    def _encode(self, encode: Any, texts: Sequence[str], prompt: str) -> Embeddings:
        """Unit vectors, in the order of the texts; in batches of texts of like length."""
        clean = [encodable(text) for text in texts]
        rows = np.zeros((len(clean), self.spec.dimension), dtype=np.float32)
        lengths = self._lengths(clean)
        waiting = batches(lengths, self._tokens)[::-1]
        while waiting:
            batch = waiting.pop()
            try:
                with self._lock:
                    output = encode(
                        [clean[number] for number in batch],
                        prompt=prompt,
                        batch_size=len(batch),
                        show_progress_bar=False,
                    )
            except Exception as error:  # out of memory on the device, a broken kernel…
                if len(batch) > 1 and _is_out_of_memory(error):
                    self._tokens = max(1, self._tokens // 2)  # others take of the memory too
                    half = len(batch) // 2
                    waiting += [batch[half:], batch[:half]]
                    continue
                raise EncoderError(
                    f"The encoder {self.spec.name} failed: {reason(error)}."
                ) from error
            rows[batch] = output
        if not np.isfinite(rows).all():
            raise EncoderError(f"The encoder {self.spec.name} failed: it gave no numbers.")
        lengths_of = np.linalg.norm(rows, axis=1, keepdims=True)
        units: Embeddings = rows / np.maximum(lengths_of, 1e-12)
        return units

    def _lengths(self, texts: Sequence[str]) -> list[int]:
        """How many pieces of each text the model reads, or nearly so."""
        if self._pieces:
            counts = [len(starts) for starts in self._pieces.starts(texts)]
        else:
            counts = [len(text) // _CHARACTERS_A_PIECE for text in texts]
        return [min(self.spec.max_tokens, count + _SPECIAL) for count in counts]


def batches(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Texts by their numbers, in batches that fill up shorter ones little and stay below a limit.

    The longest come first: a batch that is too large for the memory shows at once.

    Args:
        lengths: Pieces of each text.
        most: Most pieces in a batch, filling included; a longer text is a batch of its own.
    """
    found: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        longest = lengths[found[-1][0]] if found else 0
        if found and (len(found[-1]) + 1) * longest <= most:
            found[-1].append(number)
        else:
            found.append([number])
    return found


def _convert(model: SentenceTransformer, precision: str) -> None:
    import torch

    model.to(dtype={"float16": torch.float16, "bfloat16": torch.bfloat16}[precision])


def _is_out_of_memory(error: Exception) -> bool:
    """Whether the device ran out of memory, as torch calls it."""
    return type(error).__name__ == "OutOfMemoryError"


def _pieces(model: SentenceTransformer) -> Pieces | None:
    tokenizer = fast_tokenizer(model)
    try:
        return Pieces(tokenizer.to_str()) if tokenizer else None
    except Exception:  # parts written in Python cannot be copied; tokenizers raises bare Exceptions
        return None


def _even_starts(tokenizer: Any, text: str) -> npt.NDArray[np.int64]:
    """Where pieces begin if all those of a word are equally long."""
    starts: list[int] = []
    for match in _WORD.finditer(text):
        count = min(len(match[0]), max(1, len(tokenizer.tokenize(match[0]))))
        starts += (match.start() + len(match[0]) * part // count for part in range(count))
    return np.array(starts, dtype=np.int64)
