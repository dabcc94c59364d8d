"""The one door to searching: the page, the API and the command line all call `Engine.search`."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from search.answering import Answering
from search.collection import Collection, Snapshot
from search.corpus_map import CorpusMap
from search.encoders import Encoder
from search.encoders.cpu import usable_cores
from search.errors import CollectionMismatch, DocumentMissing, EncoderError, QueryError
from search.facets import Facets, Facetting
from search.feedback import like
from search.filters import Filters
from search.highlights import meaning_marks
from search.hits import display_path, indexed, passages_as_hits
from search.maps import Maps
from search.models import Answer, Hit, Meaning, Query
from search.nearness import Nearness, nearness
from search.places import document_at, file_at
from search.queries import HITS_LIMIT
from search.query_encoder import QueryEncoder
from search.ranking import CANDIDATES, asked_of
from search.rerankers import Reranker, load_reranker
from search.rows import Counts, DocumentRow
from search.settings import Settings
from search.similar import similar, similar_passages
from search.suggesting import Suggestion, suggestions
from search.why import Why

__all__ = ["CANDIDATES", "Engine", "display_path"]


class Engine:
    """Searches one collection; safe to use from several threads.

    A newer generation, or a build that took the collection's place, is picked up by itself.

    Args:
        folder: The collection's folder.
        cache: Folder with exported encoders.
        encoder: The encoder to use in place of the one the collection names; its spec must agree.
        threads: How many texts are encoded at once; as many as there are cores, by default.
        at_once: How many queries are answered at once; as many as there are cores, by default.
            Further ones wait.

    Raises:
        CollectionMissing: There is no such collection.
        StorageError: It is damaged or cannot be read.
        CollectionMismatch: Its format is newer than this program, or the encoder is another.
        CollectionLocked: Its format is older, and another process is writing to it.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        encoder: Encoder | None = None,
        threads: int | None = None,
        at_once: int | None = None,
    ) -> None:
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
        self._encoding = QueryEncoder(cache, encoder, threads)
        self._guard = threading.Lock()
        filters = Filters()
        self._answering = Answering(self._encoding, filters, cache, at_once or usable_cores())
        self._facetting = Facetting(filters)
        self._maps = Maps()

    @classmethod
    def of(cls, settings: Settings) -> Engine:
        """The engine of the collection that the settings name.

        Raises:
            CollectionMissing: There is no such collection.
            StorageError: It is damaged or cannot be read.
            CollectionMismatch: Its format is newer than this program.
            CollectionLocked: Its format is older, and another process is writing to it.
            EncoderError: The reranker that they name cannot be loaded.
        """
        folder = settings.collections / settings.collection
        at_once = max(1, usable_cores() // settings.workers)
        engine = cls(folder, settings.cache, threads=settings.encoder_threads, at_once=at_once)
        if settings.rerank:
            try:
                reranker = load_reranker(settings.rerank, settings.cache, settings.encoder_threads)
            except EncoderError:
                engine.close()
                raise
            engine.rerank_with(reranker, settings.rerank_ms / 1000.0)
        return engine

    def rerank_with(self, reranker: Reranker, seconds: float) -> None:
        """Have the first hits of every search put in order by a cross-encoder.

        Args:
            reranker: The model.
            seconds: How long it may take for one query.
        """
        self._answering.rerank_with(reranker, seconds)

    def close(self) -> None:
        """Close the collection, and builds of it that were replaced meanwhile."""
        self._maps.close()
        self._answering.close()
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
                    self._encoding.forget()
                self._retired.append(self._collection)  # a query may still be running on it
                self._collection = fresh
            return self._collection

    def warm_up(self) -> None:
        """Load encoder and views now, so that the first query does not wait for them.

        What the system has yet to read of the views it goes on reading after this has returned.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted. Where the
                encoder fails, every answer will say so.
        """
        collection = self.collection
        with contextlib.suppress(EncoderError):  # every answer will say so
            self._answering.warm_up(collection)
        with collection.snapshot():
            pass
        threading.Thread(target=collection.read_ahead, name="read-ahead", daemon=True).start()

    def search(self, query: Query) -> Answer:
        """Answer a query.

        Args:
            query: As `search.queries.parse` gives it.

        Returns:
            At most ``query.limit`` hits, best first, ties by passage number.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        return self._answering.answer(query, self.collection)

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
        with collection.snapshot() as snapshot:
            document = document_at(path, snapshot.reading.facts(snapshot.generation))
            if document is None:
                raise _no_document(path, snapshot)
            return self._answering.why(query, collection, snapshot, document)

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

    def similar_to(self, number: int, limit: int = 10) -> tuple[Hit, ...]:
        """The documents most like one, see `search.similar`.

        Args:
            number: As `Hit.document_id` gives it.
            limit: How many at the most.

        Raises:
            DocumentMissing: The collection has none of that number.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        with self.collection.snapshot() as snapshot:
            for document in snapshot.reading.facts(snapshot.generation):
                if document.key == number:
                    return similar(snapshot, document, limit)
        raise _none_of("document", number)

    def similar_passages(self, passage_id: int, limit: int = 10) -> tuple[Hit, ...]:
        """The passages of other documents nearest to one.

        Args:
            passage_id: As `Hit.passage_id` gives it.
            limit: How many at the most.

        Raises:
            DocumentMissing: The collection has no such passage.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        with self.collection.snapshot() as snapshot:
            if not indexed([passage_id], snapshot):
                raise _none_of("passage", passage_id)
            return similar_passages(snapshot, passage_id, limit)

    def like(
        self, liked: Sequence[int], unliked: Sequence[int] = (), limit: int = 10
    ) -> tuple[Hit, ...]:
        """The passages most like some and least like others, see `search.feedback`.

        Args:
            liked: Passages as `Hit.passage_id` gives them, at least one.
            unliked: Passages to keep away from.
            limit: How many hits at the most.

        Raises:
            QueryError: None is liked, too many are given, or one is both liked and not.
            DocumentMissing: The collection has no such passage.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        with self.collection.snapshot() as snapshot:
            return like(snapshot, liked, unliked, limit)

    def meanings(self, query: Query, passage_ids: Sequence[int]) -> dict[int, Meaning]:
        """What in passages carried their nearness to a query, see `search.highlights`.

        This takes longer than the search did: ask for the passages on display only, once they are.

        Args:
            query: As `search.queries.parse` gives it.
            passage_ids: As `Hit.passage_id` gives them; others are passed over.

        Returns:
            By number of the passage those in which a sentence stands out.

        Raises:
            EncoderError: The encoder cannot be loaded, or failed.
            QueryError: More passages are given than one query may have hits.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        if len(passage_ids) > HITS_LIMIT:
            raise QueryError(
                f"{len(passage_ids):,} passages are to be marked.",
                f"Ask for at most {HITS_LIMIT} at once.",
                "passages",
            )
        if not query.meaning:
            return {}
        collection = self.collection
        with collection.snapshot() as snapshot:
            shown = passages_as_hits(snapshot, passage_ids)
        marks = meaning_marks(self._encoding.of(collection), query.meaning, shown)
        return {
            hit.passage_id: meaning
            for hit, meaning in zip(shown, marks, strict=True)
            if meaning.sentence is not None
        }

    def with_meanings(self, answer: Answer) -> Answer:
        """An answer whose hits say what carried their nearness in meaning, see `meanings`.

        Where the encoder cannot be had, the answer's note says so.

        Args:
            answer: As `search` gives it.

        Raises:
            QueryError: It has more hits than one query may have.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        began = time.perf_counter()
        try:
            found = self.meanings(answer.query, [hit.passage_id for hit in answer.hits])
        except EncoderError as error:
            hint = f"Nothing is marked for its meaning: {error}"
            return replace(answer, note=" ".join(filter(None, (answer.note, hint))))
        stages = answer.stages
        if answer.query.explain:
            stages = {**stages, "meaning": (time.perf_counter() - began) * 1000.0}
        hits = tuple(replace(hit, meaning=found.get(hit.passage_id)) for hit in answer.hits)
        return replace(answer, hits=hits, stages=stages)

    def facets(self, query: Query) -> Facets:
        """How many of the documents that match a query are of each type, folder, year and so on.

        Args:
            query: As `search.queries.parse` gives it; ``Query("")`` for the whole collection.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        collection = self.collection
        vector, _ = self._encoding.embed(query, collection)
        with collection.snapshot() as snapshot:
            asked = asked_of(snapshot, query)
            near = collection.manifest.near
            return self._facetting.facets(collection.build, snapshot, query, vector, asked, near)

    def suggest(self, text: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """What may be meant by a query that is being typed, see `search.suggesting`.

        Args:
            text: What was typed up to now.
            limit: How many suggestions at the most.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        collection = self.collection
        with collection.snapshot() as snapshot:
            documents = self._facetting.documents(collection.build, snapshot)
            return suggestions(snapshot, documents, text, limit)

    def nearness(self, query: Query, number: int) -> tuple[Nearness, ...]:
        """How near each passage of a document is to a query, in reading order.

        Args:
            query: As `search.queries.parse` gives it.
            number: As `Hit.document_id` gives it.

        Returns:
            Nothing where no meaning can be compared.

        Raises:
            DocumentMissing: The collection has no document of that number.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        collection = self.collection
        vector, _ = self._encoding.embed(query, collection)
        row = self.document(number)
        if vector is None:
            return ()
        with collection.snapshot() as snapshot:
            documents = self._facetting.documents(collection.build, snapshot)
            return nearness(snapshot, documents, row, vector, collection.manifest.near)

    def map(self) -> CorpusMap:
        """The corpus map, of the present generation or a little older; see `search.maps`.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        return self._maps.newest(self.collection)

    def place(self, query: Query) -> tuple[float, float] | None:
        """Where a query lies on the corpus map, -1 to 1 each way; None if it has no meaning.

        Args:
            query: As `search.queries.parse` gives it.

        Raises:
            EncoderError: The encoder cannot be loaded.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        if not query.meaning:
            return None
        return self.map().place(self._encoding.embedding(query.meaning, self.collection))

    def days(self, numbers: Iterable[int]) -> dict[int, str]:
        """The day that each of some documents is dated, as filters and facets know it.

        Args:
            numbers: As `Hit.document_id` gives them; others are passed over.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        wanted, collection = set(numbers), self.collection
        with collection.snapshot() as snapshot:
            documents = self._facetting.documents(collection.build, snapshot)
            found = map(documents.with_key, wanted)
            return {facts.key: facts.day for facts in found if facts is not None}

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
            raise _none_of("document", number)
        return found

    def counts(self) -> Counts:
        """How many files, documents, passages and failures the collection has.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        with self.collection.store.reading() as reading:
            return reading.counts()


def _none_of(what: str, number: int) -> DocumentMissing:
    """What to say of a number that no document or passage has."""
    return DocumentMissing(
        f"The collection has no {what} {number}.", "It may have been removed since; search again."
    )


def _no_document(path: str, snapshot: Snapshot) -> DocumentMissing:
    """What to say of a file that is no document of the collection."""
    known = file_at(path, snapshot.reading)
    if known is not None and known.failure:
        return DocumentMissing(f"{path} could not be read: {known.failure}")
    return DocumentMissing(
        f"{path} is not in the collection.",
        "Bring the collection up to date with: wherein index",
    )
