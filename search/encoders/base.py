"""What an encoder is: text in, unit vectors out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

#: Embeddings, one row each, of Euclidean length 1.
Embeddings = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What embeddings depend on; two encoders with equal specs may share a collection.

    What runs the model, and in how many bits, is no part of it: embeddings of the same weights lie
    so near one another (a mean cosine of 0.997 between 8 bits and full precision) that a collection
    made on one machine, on its GPU or by an older release, is searched and added to on another.

    Attributes:
        name: What the user calls it, such as "all-MiniLM-L6-v2" or a folder.
        digest: SHA-256 (hex) over weights, configuration and tokenizer.
        dimension: Length of a vector.
        max_tokens: Longest input in tokens, the special ones included; the rest is cut off.
        query_prompt: Text the model wants in front of every query, "" for none.
        passage_prompt: Text the model wants in front of every passage, "" for none.
    """

    name: str
    digest: str
    dimension: int
    max_tokens: int
    query_prompt: str = ""
    passage_prompt: str = ""


@dataclass(frozen=True, slots=True)
class PieceVectors:
    """What a text's embedding is the mean of, brought to length 1.

    Attributes:
        vectors: What the model says of each piece where it stands: float32, shape
            ``(pieces, dimension)``.
        spans: The first character of each piece in the text and one past its last, shape
            ``(pieces, 2)``; equal for pieces that stand nowhere in it: special ones and a prompt's.
    """

    vectors: npt.NDArray[np.float32]
    spans: npt.NDArray[np.int64]


class Tokenizer(Protocol):
    """Where the pieces lie that an encoder cuts a text into."""

    def piece_starts(self, texts: Sequence[str]) -> list[npt.NDArray[np.int64]]:
        """For each text, the character offset at which each of its pieces begins, ascending.

        Special tokens are left out and nothing is cut off.

        Returns:
            For each text, int64 of shape ``(pieces,)``.
        """
        ...


class Encoder(Tokenizer, Protocol):
    """Turns text into unit vectors whose dot product is the similarity of meaning.

    Encoders may be called from several threads at once.
    """

    @property
    def spec(self) -> EncoderSpec:
        """What the embeddings depend on."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        """Embeddings of passages: float32, shape ``(len(texts), dimension)``, unit rows.

        Raises:
            EncoderError: The model failed.
        """
        ...

    def encode_query(self, text: str) -> Embeddings:
        """The embedding of a query: float32, shape ``(dimension,)``, of length 1.

        Raises:
            EncoderError: The model failed.
        """
        ...

    def encode_queries(self, texts: Sequence[str]) -> Embeddings:
        """Embeddings of queries, as `encode_query` gives each: shape ``(len(texts), dimension)``.

        Raises:
            EncoderError: The model failed.
        """
        ...

    def passage_pieces(self, texts: Sequence[str]) -> list[PieceVectors] | None:
        """The pieces of passages; None from encoders whose embeddings are no means of pieces.

        Raises:
            EncoderError: The model failed.
        """
        ...

    def query_pieces(self, text: str) -> PieceVectors | None:
        """The pieces of a query, as `passage_pieces` gives those of passages.

        Raises:
            EncoderError: The model failed.
        """
        ...
