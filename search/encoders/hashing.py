"""An encoder without a model: hashed words. It makes tests fast and needs nothing on disk."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from search.encoders.base import Embeddings, EncoderSpec, PieceVectors

_WORD = re.compile(r"\w+|[^\w\s]")


class HashingEncoder:
    """Embeds a text as the normalised sum of a fixed random vector for each of its words.

    The same words in another order give the same vector; texts that share no word are nearly at
    right angles. After Weinberger et al., "Feature Hashing for Large Scale Multitask Learning",
    ICML 2009, with dense signs in place of one bucket a word.

    Args:
        dimension: Length of the vectors.
    """

    NAME = "hashing"

    def __init__(self, dimension: int = 64) -> None:
        self.spec = EncoderSpec(
            name=self.NAME, digest=f"hashing-{dimension}", dimension=dimension, max_tokens=256
        )
        self.calls = 0
        self.texts = 0
        self.query_calls = 0

    def piece_starts(self, texts: Sequence[str]) -> list[npt.NDArray[np.int64]]:
        """Starts of words and punctuation marks."""
        return [
            np.array([match.start() for match in _WORD.finditer(text)], dtype=np.int64)
            for text in texts
        ]

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors, shape ``(len(texts), dimension)``; counted in `calls` and `texts`."""
        self.calls += 1
        self.texts += len(texts)
        if not texts:
            return np.zeros((0, self.spec.dimension), dtype=np.float32)
        return np.stack([self._embed(text) for text in texts])

    def encode_query(self, text: str) -> Embeddings:
        """A unit vector, shape ``(dimension,)``."""
        row: Embeddings = self.encode_queries([text])[0]
        return row

    def encode_queries(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors, shape ``(len(texts), dimension)``; counted in `query_calls`."""
        self.query_calls += 1
        if not texts:
            return np.zeros((0, self.spec.dimension), dtype=np.float32)
        return np.stack([self._embed(text) for text in texts])

    def passage_pieces(self, texts: Sequence[str]) -> list[PieceVectors]:
        """The words with their vectors."""
        return [self._pieces(text) for text in texts]

    def query_pieces(self, text: str) -> PieceVectors:
        """The words with their vectors."""
        return self._pieces(text)

    def _embed(self, text: str) -> Embeddings:
        total = self._pieces(text).vectors.sum(axis=0)
        unit: Embeddings = (total / np.linalg.norm(total)).astype(np.float32)
        return unit

    def _pieces(self, text: str) -> PieceVectors:
        found = list(islice(_WORD.finditer(text), self.spec.max_tokens))
        vectors = [self._vector(match[0].lower()) for match in found]
        spans = [match.span() for match in found]
        if not np.any(sum(vectors)):  # no words, or such as cancel one another out
            vectors.append(np.eye(1, self.spec.dimension, dtype=np.float32)[0])
            spans.append((0, 0))
        return PieceVectors(np.stack(vectors), np.array(spans, dtype=np.int64))

    def _vector(self, word: str) -> Embeddings:
        seed = zlib.crc32(word.encode("utf-8", "replace"))
        signs = np.random.default_rng(seed).choice((-1.0, 1.0), self.spec.dimension)
        return signs.astype(np.float32)
