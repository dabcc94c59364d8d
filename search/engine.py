"""The one door to searching: the page, the API and the command line all call `Engine.search`."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from search.asking import Asked
from search.collection import Collection, Snapshot
from search.encoders import Encoder, load_encoder
from search.encoders.base import Embeddings
from search.errors import CollectionMismatch, DocumentMissing, EncoderError
from search.explaining import explained
from search.fields import typed
from search.filters import TEXTS_READ, Allowed, Filters
from search.hits import Pool, display_path, hits_of
from search.listing import Listing
from search.models import Answer, Hit, Mode, Query
from search.places import document_at, file_at
from search.ranking import CANDIDATES, asked_of, by_words, retrieve
from search.reading import Ids
from search.requirements import Requirements
from search.rows import Counts, DocumentRow
from search.settings import Settings
from search.similar import similar
from search.snippets import written_as
from search.understanding import garbled, understood
from search.why import Search, Why, why

__all__ = ["CANDIDATES", "Engine", "display_path"]

_NOT_NEAR = "Nothing is near enough in meaning; these passages share words with the query."
_ONLY_COMMON = (
    "The query holds only very common words, which keyword search leaves out; "
    "ask with rarer ones or in another mode."
)
_NOT_ALL_READ = (
    f"Only {TEXTS_READ:,} passages were read to find the phrases; narrow the search down with "
    "path: or another filter."
)
_EMPTY = "The collection is empty; index a folder first."


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The passages that match, how they were found, and how much their cosines counted.

    ``unlike`` says that words were searched because nothing is near in meaning.
    """

    pool: Pool
    mode: Mode
    trust: float = 1.0
    unlike: bool = False


class Engine:
    """Searches one collection; safe to use from several threads.

    A newer generation, or a build that took the collection's place, is picked up by itself.

    Args:
        folder: The collection's folder.
        cache: Folder with exported encoders.
        encoder: The encoder to use in place of the one the collection names; its spec must agree.

    Raises:
        CollectionMissing: There is no such collection.
        StorageError: It is damaged or cannot be read.
        CollectionMismatch: Its format is newer than this program, or the encoder is another.
        CollectionLocked: Its format is older, and another process is writing to it.
    """

    def __init__(self, folder: Path, cache: Path, encoder: Encoder | None = None) -> None:
        self._cache = cache
        self._collection = Collection(folder)
        made_with = self._collection.manifest.encoder
        if encoder is not None and encoder.spec != made_with:
            self._collection.close()
            raise CollectionMismatch(
                f"Collection {folder.name!r} was made with the model {made_with.name}, "
                f"not with {encoder.spec.name}.",
                f"Search it with its own, or run: wherein reindex --model {encoder.spec.name}",
            )
        self._retired: list[Collection] = []
        self._encoder = encoder
        self._encoder_error: EncoderError | None = None
        self._guard = threading.Lock()
        self._filters = Filters()
        self._listing = Listing()

    @classmethod
    def of(cls, settings: Settings) -> Engine:
        """The engine of the collection that the settings name."""
        return cls(settings.collections / settings.collection, settings.cache)

    def close(self) -> None:
        """Close the collection, and builds of it that were replaced meanwhile."""
        for collection in (self._collection, *self._retired):
            collection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def collection(self) -> Collection:
        """The collection, in its newest build.

        Raises:
            CollectionError: Another build took its place and cannot be opened, or it was deleted.
        """
        with self._guard:
            if self._collection.replaced():
                fresh = Collection(self._collection.folder)
                if fresh.manifest.encoder != self._collection.manifest.encoder:
                    self._encoder = self._encoder_error = None
                self._retired.append(self._collection)  # a query may still be running on it
                self._collection = fresh
            return self._collection

    def warm_up(self) -> None:
        """Load encoder and views now, so that the first query does not wait for them.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted. Where the
                encoder fails, every answer will say so.
        """
        collection = self.collection
        with contextlib.suppress(EncoderError):  # every answer will say so
            self._load_encoder(collection).encode_query("ready")
        with collection.snapshot():
            pass

    def search(self, query: Query) -> Answer:
        """Answer a query.

        Args:
            query: As `search.queries.parse` gives it.

        Returns:
            At most ``query.limit`` hits, best first, ties by passage number.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        began = time.perf_counter()
        collection = self.collection
        vector, fallback = self._embed(query, collection)
        with collection.snapshot() as snapshot:
            allowed = self._allowed(query, collection, snapshot)
            ids = None if allowed is None else allowed.ids
            asked = asked_of(snapshot, query)
            ranked = self._rank(query, collection, snapshot, vector, asked, ids)
            pool, mode = ranked.pool.from_score(query.min_score), ranked.mode
            notes = list(query.remarks)
            if mode is Mode.KEYWORD and query.meaning and not asked.words:
                notes.append(_ONLY_COMMON)
            if mode is not Mode.SEMANTIC and asked.meant and len(pool.ids):
                notes.append(_also_searched(snapshot, asked))
            hits, more = hits_of(snapshot, pool, query, asked)
            if query.explain and query.meaning:
                hits = explained(hits, ranked.pool, snapshot, asked, mode, ranked.trust)
            if not len(snapshot.vectors):
                notes = [_EMPTY]
            elif allowed is not None:
                notes += self._said_of(allowed, query, collection, snapshot)
            if ranked.unlike and len(pool.ids):
                fallback = _NOT_NEAR
            return Answer(
                query=query,
                mode=mode,
                hits=hits,
                fallback=fallback,
                note=" ".join(notes) or None,
                generation=snapshot.generation,
                milliseconds=(time.perf_counter() - began) * 1000.0,
                total=len(pool.ids),
                total_is_lower_bound=not pool.complete
                or (allowed is not None and not allowed.complete),
                more=more,
            )

    def why(self, query: Query, path: str) -> Why:
        """Why a document is not among the hits of a query, or which place it takes.

        Args:
            query: As `search.queries.parse` gives it.
            path: The document's path, see `search.places.document_at`.

        Raises:
            DocumentMissing: It is no document of the collection; the message says why.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        collection = self.collection
        vector, _ = self._embed(query, collection)
        with collection.snapshot() as snapshot:
            document = document_at(path, snapshot.reading.facts(snapshot.generation))
            if document is None:
                raise _no_document(path, snapshot)
            allowed = self._allowed(query, collection, snapshot)
            ids = None if allowed is None else allowed.ids
            asked = asked_of(snapshot, query)
            pool = self._rank(query, collection, snapshot, vector, asked, ids).pool
            near = collection.manifest.near
            search = Search(query, snapshot, vector, asked, ids, pool, near, CANDIDATES)
            return why(search, document)

    def similar(self, path: str, limit: int = 10) -> tuple[Hit, ...]:
        """The documents most like one, see `search.similar`.

        Args:
            path: The document's path, see `search.places.document_at`.
            limit: How many at the most.

        Raises:
            DocumentMissing: It is no document of the collection; the message says why.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        with self.collection.snapshot() as snapshot:
            document = document_at(path, snapshot.reading.facts(snapshot.generation))
            if document is None:
                raise _no_document(path, snapshot)
            return similar(snapshot, document, limit)

    def document(self, number: int) -> DocumentRow:
        """A document with its sections and passages.

        Args:
            number: As `Hit.document_id` gives it.

        Raises:
            DocumentMissing: The collection has none of that number.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        with self.collection.store.reading() as reading:
            found = reading.document(number)
        if found is None:
            raise DocumentMissing(
                f"The collection has no document {number}.",
                "It may have been removed since; search again.",
            )
        return found

    def counts(self) -> Counts:
        """How many files, documents, passages and failures the collection has.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        with self.collection.store.reading() as reading:
            return reading.counts()

    def _embed(self, query: Query, collection: Collection) -> tuple[Embeddings | None, str | None]:
        """The query's embedding, or None and, if it was wanted, why there is none."""
        if query.mode is Mode.KEYWORD or not query.meaning:
            return None, None
        try:
            return self._load_encoder(collection).encode_query(query.meaning), None
        except EncoderError as error:
            return None, f"{error} Until then only words are searched."

    def _trust(self, query: Query, collection: Collection, vector: Embeddings) -> float:
        """How much the query's cosines are to count beside words, see `search.understanding`."""
        if query.mode is not Mode.HYBRID:
            return 1.0
        try:
            twin = self._load_encoder(collection).encode_query(garbled(query.meaning))
        except EncoderError:
            return 1.0
        return understood(float(vector @ twin), collection.manifest.near)

    def _rank(
        self,
        query: Query,
        collection: Collection,
        snapshot: Snapshot,
        vector: Embeddings | None,
        asked: Asked,
        allowed: Ids | None,
    ) -> _Ranked:
        """The passages that match, best first."""
        if not query.meaning:
            return _Ranked(self._listing.pool(collection.build, snapshot, allowed), query.mode)
        if vector is not None:
            near, trust = collection.manifest.near, self._trust(query, collection, vector)
            # So few passages asked for by what they are can all be shown.
            named = allowed if query.requirements.clauses else None
            few = named is not None and len(named) <= CANDIDATES
            pool = retrieve(
                snapshot, query.mode, vector, asked, near, trust, allowed, however_far=few
            )
            if pool is not None:
                return _Ranked(pool, query.mode, trust)
        unlike = vector is not None and len(snapshot.vectors) > 0
        return _Ranked(by_words(snapshot, asked, allowed), Mode.KEYWORD, unlike=unlike)

    def _allowed(self, query: Query, collection: Collection, snapshot: Snapshot) -> Allowed | None:
        """The passages that the query's requirements leave, or None if it has none."""
        if not query.requirements:
            return None
        return self._filters.allowed(collection.build, snapshot, query.requirements)

    def _said_of(
        self, allowed: Allowed, query: Query, collection: Collection, snapshot: Snapshot
    ) -> list[str]:
        """What is to be said where the requirements leave nothing, or not all was looked at."""
        if not allowed.complete:
            return [_NOT_ALL_READ]
        if len(allowed.ids):
            return []
        for clause in query.requirements.clauses:
            alone = self._filters.allowed(collection.build, snapshot, Requirements((clause,)))
            if not len(alone.ids):
                return [f"No passage meets {' OR '.join(map(typed, clause))}."]
        return ["No passage meets all that the query requires."]

    def _load_encoder(self, collection: Collection) -> Encoder:
        with self._guard:
            if self._encoder is None:
                if self._encoder_error is not None:
                    raise self._encoder_error
                wanted = collection.manifest.encoder
                try:
                    self._encoder = load_encoder(wanted.name, self._cache, wanted.digest)
                except EncoderError as error:
                    self._encoder_error = error
                    raise
            return self._encoder


def _also_searched(snapshot: Snapshot, asked: Asked) -> str:
    """Says which words stood in for those that no passage holds."""
    pairs = []
    for word, terms in asked.meant.items():
        forms: list[str] = []
        for term in terms:
            number = snapshot.keywords.example(term)
            rows = snapshot.reading.passages([number or 0], snapshot.generation)
            texts = ((r.text, r.language) for r in rows.values())
            forms += (written_as(text, term, language) or term for text, language in texts)
        pairs.append(f"{', '.join(dict.fromkeys(forms))} (for {word})")
    return f"Also searched: {'; '.join(pairs)}."


def _no_document(path: str, snapshot: Snapshot) -> DocumentMissing:
    """What to say of a file that is no document of the collection."""
    known = file_at(path, snapshot.reading)
    if known is not None and known.failure:
        return DocumentMissing(f"{path} could not be read: {known.failure}")
    return DocumentMissing(
        f"{path} is not in the collection.",
        "Bring the collection up to date with: wherein index",
    )
