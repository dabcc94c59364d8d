"""The encoder that a collection's queries are encoded with, loaded when the first one comes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from search.collection import Collection
from search.encoders import Encoder, load_encoder
from search.encoders.base import Embeddings
from search.encoders.queries import QueryEmbeddings
from search.errors import EncoderError
from search.models import Mode, Query
from search.understanding import evidently_understood, garbled, understood

#: Of how many queries it is remembered whether they need a twin.
_REMEMBERED = 1024


class QueryEncoder:
    """Encodes queries for the collection they are asked of; safe to use from several threads.

    What could not be loaded once is not tried again.

    Args:
        cache: Folder with exported encoders.
        encoder: The encoder to use in place of the one the collection names.
        threads: How many texts are encoded at once; as many as there are cores, by default.
    """

    def __init__(
        self, cache: Path, encoder: Encoder | None = None, threads: int | None = None
    ) -> None:
        self._cache = cache
        self._encoder = encoder
        self._error: EncoderError | None = None
        self._threads = threads
        self._embeddings = QueryEmbeddings()
        self._evident: dict[str, bool] = {}
        self._guard = threading.Lock()

    def forget(self) -> None:
        """Let go of the encoder, because the collection names another one now."""
        with self._guard:
            self._encoder = self._error = None
        self._evident.clear()

    def of(self, collection: Collection) -> Encoder:
        """The encoder of a collection.

        Raises:
            EncoderError: It cannot be loaded.
        """
        with self._guard:
            if self._encoder is None:
                if self._error is not None:
                    raise self._error
                wanted = collection.manifest.encoder
                try:
                    self._encoder = load_encoder(
                        wanted.name, self._cache, wanted.digest, self._threads
                    )
                except EncoderError as error:
                    self._error = error
                    raise
            return self._encoder

    def embedding(self, text: str, collection: Collection) -> Embeddings:
        """The embedding of a text as a query, float32, shape ``(dimension,)``, of length 1.

        Raises:
            EncoderError: The encoder cannot be loaded, or failed.
        """
        return self._embeddings.embed(self.of(collection), [text])[0]

    def embed(self, query: Query, collection: Collection) -> tuple[Embeddings | None, str | None]:
        """A query's embedding.

        Args:
            query: As `search.queries.parse` gives it.
            collection: What it is asked of.

        Returns:
            The embedding, float32 of shape ``(dimension,)``; or None and, if one was wanted, why
            there is none.
        """
        if query.mode is Mode.KEYWORD or not query.meaning:
            return None, None
        try:
            encoder = self.of(collection)
            # The twin is wanted only for trust, but two at once may be encoded on two cores.
            asks = query.mode is Mode.HYBRID and not self._is_evident(query.meaning, encoder)
            twins = [garbled(query.meaning)] if asks else []
            found = self._embeddings.embed(encoder, [query.meaning, *twins])
        except EncoderError as error:
            return None, f"{error} Until then only words are searched."
        return found[0], None

    def trust(self, query: Query, collection: Collection, vector: Embeddings) -> float:
        """How much a query's cosines are to count beside words, see `search.understanding`.

        Args:
            query: As `search.queries.parse` gives it.
            collection: What it is asked of.
            vector: Its embedding, float32 of shape ``(dimension,)``.
        """
        if query.mode is not Mode.HYBRID:
            return 1.0
        try:
            encoder = self.of(collection)
            if self._is_evident(query.meaning, encoder):
                return 1.0
            (twin,) = self._embeddings.embed(encoder, [garbled(query.meaning)])
        except EncoderError:
            return 1.0
        return understood(float(vector @ twin), collection.manifest.near)

    def _is_evident(self, text: str, encoder: Encoder) -> bool:
        """Whether a query needs no twin."""
        evident = self._evident.get(text)
        if evident is None:
            evident = evidently_understood(text, encoder)
            if len(self._evident) >= _REMEMBERED:
                self._evident.clear()
            self._evident[text] = evident
        return evident

    def knows(self, mode: Mode) -> Callable[[str], bool]:
        """Tells of a word whether the encoder has it whole; where words alone are searched, no.

        Args:
            mode: How the query is matched.
        """
        with self._guard:
            encoder = None if mode is Mode.KEYWORD else self._encoder
        if encoder is None:
            return lambda _: False
        return lambda word: len(encoder.piece_starts([word])[0]) == 1
