"""Embeddings of queries: those asked for again are kept, those asked for at once are made together.

Whoever finds the encoder free uses it at once, so one who is alone never waits. Whoever finds it
busy leaves what is wanted on a pile; the first of those waiting to find it free again takes the
whole pile to it. The pile grows with the load, and no text is encoded twice.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from search.encoders.base import Embeddings, Encoder, EncoderSpec
from search.telling import BATCH, EMBEDDINGS, tell

#: How many embeddings are kept: at 384 dimensions, 1.5 MB.
_KEPT = 1024

_Key = tuple[EncoderSpec, str]


class QueryEmbeddings:
    """Embeds queries for several threads, with whichever encoder they bring.

    Args:
        kept: How many embeddings are kept; those not asked for longest go first.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._most = kept
        self._kept: OrderedDict[_Key, Embeddings] = OrderedDict()
        self._pile: dict[_Key, None] = {}
        self._at_work: set[_Key] = set()
        self._busy = False
        self._turn = threading.Condition()

    def embed(self, encoder: Encoder, texts: Sequence[str]) -> list[Embeddings]:
        """The embeddings of queries, which must not be written to.

        Args:
            encoder: Makes those that are not kept.
            texts: The queries.

        Returns:
            For each query, float32 of shape ``(dimension,)``.

        Raises:
            EncoderError: The model failed.
        """
        keys = [(encoder.spec, text) for text in texts]
        found: dict[_Key, Embeddings] = {}
        known = sum(key in self._kept for key in keys)
        tell(EMBEDDINGS, "kept", known)
        tell(EMBEDDINGS, "made", len(keys) - known)
        while True:
            with self._turn:
                batch = self._batch_for(keys, found)
                if batch is None:
                    return [found[key] for key in keys]
            found.update(self._encoded(encoder, batch))

    def _batch_for(self, keys: Sequence[_Key], found: dict[_Key, Embeddings]) -> list[_Key] | None:
        """Wait until all ``keys`` are found, or there is something to encode and it is our turn."""
        while True:
            for key in keys:
                if key not in found and key in self._kept:
                    self._kept.move_to_end(key)
                    found[key] = self._kept[key]
            missing = [key for key in keys if key not in found]
            if not missing:
                return None
            # What another encodes at the moment is asked for again only if that comes to nothing.
            self._pile.update((key, None) for key in missing if key not in self._at_work)
            if not self._busy:
                batch = [key for key in self._pile if key[0] == missing[0][0]]
                for key in batch:
                    del self._pile[key]
                self._at_work.update(batch)
                self._busy = True
                return batch
            self._turn.wait()

    def _encoded(self, encoder: Encoder, batch: Sequence[_Key]) -> dict[_Key, Embeddings]:
        """Encode what lay on the pile, keep it, and let the next one have the encoder."""
        made: dict[_Key, Embeddings] = {}
        tell(BATCH, "queries", len(batch))
        try:
            rows = encoder.encode_queries([text for _, text in batch])
            # Copied, so that one row that is kept does not keep the batch.
            made = {key: row.copy() for key, row in zip(batch, rows, strict=True)}
            for row in made.values():
                row.setflags(write=False)
        finally:
            with self._turn:
                self._at_work.difference_update(batch)
                self._busy = False
                self._kept.update(made)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
                self._turn.notify_all()
        return made
