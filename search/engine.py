"""The one door to searching: the page, the API and the command line all call `Engine.search`."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from search.analysis import terms
from search.collection import Collection, Snapshot
from search.encoders import Encoder, load_encoder
from search.encoders.base import Embeddings
from search.errors import CollectionMismatch, DocumentMissing, EncoderError
from search.fusion import covered_scale
from search.models import Answer, Hit, Mode, Query
from search.reading import Ids
from search.rows import Counts, DocumentRow
from search.settings import Settings
from search.snippets import matched_words

#: Candidates taken from each leg.
CANDIDATES = 200

_NOT_NEAR = "Nothing is near enough in meaning; these passages share words with the query."
_ONLY_COMMON = (
    "The query holds only very common words, which keyword search leaves out; "
    "ask with rarer ones or in another mode."
)
_EMPTY = "The collection is empty; index a folder first."


@dataclass(frozen=True, slots=True)
class _Pool:
    """Candidate passages, best first, with what each leg says of them."""

    ids: Ids
    scores: np.ndarray[tuple[int], np.dtype[np.float64]]
    cosines: np.ndarray[tuple[int], np.dtype[np.float64]] | None
    bm25: np.ndarray[tuple[int], np.dtype[np.float64]] | None


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
        """The collection, in its newest build."""
        with self._guard:
            if self._collection.replaced():
                fresh = Collection(self._collection.folder)
                if fresh.manifest.encoder != self._collection.manifest.encoder:
                    self._encoder = self._encoder_error = None
                self._retired.append(self._collection)  # a query may still be running on it
                self._collection = fresh
            return self._collection

    def warm_up(self) -> None:
        """Load encoder and views now, so that the first query does not wait for them."""
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
            StorageError: The collection is damaged or cannot be read.
        """
        began = time.perf_counter()
        collection = self.collection
        query_terms = terms(query.text)
        vector, fallback = self._embed(query, collection)
        with collection.snapshot() as snapshot:
            mode, note = query.mode, None
            pool = None
            if vector is not None:
                near = collection.manifest.near
                pool = _retrieve(snapshot, mode, vector, query_terms, near)
                if pool is None and len(snapshot.vectors):
                    fallback = _NOT_NEAR
            if pool is None:
                mode = Mode.KEYWORD
                pool = _by_words(snapshot, query_terms)
                if not query_terms:
                    note = _ONLY_COMMON
            hits = _hits(snapshot, pool, query, query_terms)
            if not len(snapshot.vectors):
                note = _EMPTY
            if not hits and fallback == _NOT_NEAR:
                fallback = None
            return Answer(
                query=query,
                mode=mode,
                hits=hits,
                fallback=fallback,
                note=note,
                generation=snapshot.generation,
                milliseconds=(time.perf_counter() - began) * 1000.0,
            )

    def document(self, number: int) -> DocumentRow:
        """A document with its sections and passages.

        Args:
            number: As `Hit.document_id` gives it.

        Raises:
            DocumentMissing: The collection has none of that number.
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
        """How many files, documents, passages and failures the collection has."""
        with self.collection.store.reading() as reading:
            return reading.counts()

    def _embed(self, query: Query, collection: Collection) -> tuple[Embeddings | None, str | None]:
        """The query's embedding, or None and, if it was wanted, why there is none."""
        if query.mode is Mode.KEYWORD:
            return None, None
        try:
            return self._load_encoder(collection).encode_query(query.text), None
        except EncoderError as error:
            return None, f"{error} Until then only words are searched."

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


def _retrieve(
    snapshot: Snapshot, mode: Mode, vector: Embeddings, query_terms: list[str], near: float
) -> _Pool | None:
    """Candidates by meaning, and by words too in hybrid mode; None if nothing is near."""
    ids, cosines = snapshot.vectors.search(vector, CANDIDATES)
    if not len(ids) or cosines[0] < near:
        return None
    if mode is Mode.SEMANTIC:
        keep = cosines >= near
        values = cosines[keep].astype(np.float64)
        return _Pool(ids[keep], values, values, None)
    worded, _ = snapshot.keywords.search(query_terms, CANDIDATES)
    pool = np.union1d(ids, worded)
    cosine = snapshot.vectors.cosines(vector, pool).astype(np.float64)
    bm25 = snapshot.keywords.scores(query_terms, pool)
    keep = (cosine >= near) | (bm25 > 0.0)
    pool, cosine, bm25 = pool[keep], cosine[keep], bm25[keep]
    scores = covered_scale(cosine, bm25, snapshot.keywords.greatest_score(query_terms))
    order = np.lexsort((pool, -scores))
    return _Pool(pool[order], scores[order], cosine[order], bm25[order])


def _by_words(snapshot: Snapshot, query_terms: list[str]) -> _Pool:
    ids, scores = snapshot.keywords.search(query_terms, CANDIDATES)
    return _Pool(ids, scores, None, scores)


def _hits(snapshot: Snapshot, pool: _Pool, query: Query, query_terms: list[str]) -> tuple[Hit, ...]:
    """The best of the pool, no more of one document than the query allows."""
    documents = snapshot.reading.documents_of(pool.ids.tolist(), snapshot.generation)
    in_document = Counter(documents.values())
    chosen: list[int] = []
    shown: Counter[int] = Counter()
    for place, passage in enumerate(pool.ids.tolist()):
        document = documents.get(passage)
        if document is None or shown[document] >= query.per_document:
            continue
        shown[document] += 1
        chosen.append(place)
        if len(chosen) == query.limit:
            break
    rows = snapshot.reading.passages(pool.ids[chosen].tolist(), snapshot.generation)
    wanted = frozenset(query_terms)
    hits: list[Hit] = []
    for place in chosen:
        row = rows[int(pool.ids[place])]
        if row.path is None:  # removed a moment ago, in a generation not yet published
            continue
        hits.append(
            Hit(
                rank=len(hits) + 1,
                score=float(pool.scores[place]),
                cosine=None if pool.cosines is None else float(pool.cosines[place]),
                bm25=None if pool.bm25 is None else float(pool.bm25[place]),
                passage_id=row.id,
                document_id=row.document,
                path=display_path(row.path),
                title=row.title or display_path(Path(row.path.name)),
                kind=row.kind,
                page=row.page,
                headings=row.headings,
                text=row.text,
                start=row.start,
                end=row.end,
                marks=matched_words(row.text, wanted),
            )
        )
    last = {hit.document_id: hit.rank for hit in hits}
    return tuple(
        replace(hit, more_in_document=in_document[hit.document_id] - shown[hit.document_id])
        if last[hit.document_id] == hit.rank
        else hit
        for hit in hits
    )


def display_path(path: Path) -> str:
    """A path as text that can be shown and encoded, whatever bytes its name is made of."""
    return os.fsencode(path).decode("utf-8", "replace")
