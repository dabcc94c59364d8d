"""How a query comes to its answer: the steps of a search, one after the other."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from search import remarks
from search.asking import Asked
from search.collection import Collection, Snapshot
from search.encoders.base import Embeddings
from search.errors import EncoderError
from search.explaining import explained
from search.filters import Allowed, Filters
from search.hits import Pool, hits_of
from search.listing import Listing
from search.meant import also_searched, did_you_mean, rare_spellings, spellings
from search.models import Answer, Mode, Query
from search.query_encoder import QueryEncoder
from search.ranking import CANDIDATES, Ranked, asked_of, ranked
from search.reading import Ids
from search.requirements import DocumentFacts
from search.rerankers import Reranker
from search.reranking import SecondStage
from search.stages import UNTIMED, Stages
from search.turns import Turns
from search.unanswered import Calibration, unanswered, weak
from search.why import Search, Why, why


class Answering:
    """Answers queries; safe to use from several threads.

    Args:
        encoding: Encodes them.
        filters: Finds what meets their conditions.
        cache: Folder with exported encoders; what calibration measures is kept there as well.
        at_once: How many queries are answered at once; further ones wait.
    """

    def __init__(self, encoding: QueryEncoder, filters: Filters, cache: Path, at_once: int) -> None:
        self._encoding = encoding
        self._filters = filters
        self._turns = Turns(at_once)
        # While one is encoded, in which Python has no part, another can be ranked.
        self._ranking = Turns(1)
        self._listing = Listing()
        self._calibration = Calibration(cache)
        self._second: SecondStage | None = None

    def rerank_with(self, reranker: Reranker, seconds: float) -> None:
        """Have the first hits of every answer put in order by a cross-encoder.

        Args:
            reranker: The model.
            seconds: How long it may take for one query.
        """
        self._second = SecondStage(reranker, seconds)

    def close(self) -> None:
        """End the second stage."""
        if self._second is not None:
            self._second.close()

    def warm_up(self, collection: Collection) -> None:
        """Load the encoder and ask what an answer is measured by.

        Raises:
            EncoderError: The encoder cannot be loaded, or failed.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        encoder = self._encoding.of(collection)
        encoder.encode_query("ready")
        with collection.snapshot() as snapshot:
            self._calibration.bars(collection, snapshot, encoder)

    def answer(self, query: Query, collection: Collection) -> Answer:
        """What a query finds, see `search.engine.Engine.search`.

        Args:
            query: As `search.queries.parse` gives it.
            collection: What it is asked of.

        Raises:
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        began = time.perf_counter()
        stages = Stages(query.explain)
        with collection.snapshot() as snapshot:
            # What conditions leave can take long to find; nobody else is to wait for that.
            with stages("filters"):
                allowed = self._allowed(query, collection, snapshot)
                said = [] if allowed is None else self._said_of(allowed, query, snapshot)
            with self._turns.turn():
                answer = self._answer(query, collection, snapshot, allowed, stages)
            note = " ".join(filter(None, (answer.note, *said))) or None
            taken = (time.perf_counter() - began) * 1000.0
            return replace(answer, note=note, milliseconds=taken)

    def _answer(
        self,
        query: Query,
        collection: Collection,
        snapshot: Snapshot,
        allowed: Allowed | None,
        stages: Stages,
    ) -> Answer:
        """The answer to a query whose turn it is, among the passages that are allowed."""
        with stages("encoding"):
            vector, fallback = self._encoding.embed(query, collection)
        with self._ranking.turn():
            with stages("words"):
                asked = asked_of(snapshot, query)
            ids = None if allowed is None else allowed.ids
            found = self._rank(query, collection, snapshot, vector, asked, ids, stages)
            with stages("verdict"):
                found = self._judged(found, collection, snapshot, asked)
            pool, mode = found.pool.from_score(query.min_score), found.mode
            nothing = bool(query.meaning) and (unanswered(pool) or not len(pool.ids))
            notes, meant = list(query.remarks), None
            if self._second is not None and query.meaning:
                with stages("reranking"):
                    pool = self._reranked(self._second, snapshot, pool, query, notes)
            with stages("texts"):
                hits, more = hits_of(snapshot, pool, query, asked)
            notes += remarks.on_words(query, mode, asked)
            if mode is not Mode.SEMANTIC and len(pool.ids):
                with stages("spelling"):
                    meant = self._meant(query, snapshot, asked, notes)
            if query.explain and query.meaning:
                with stages("explaining"):
                    near, ranked_by = collection.manifest.near, found.pool
                    hits = explained(hits, ranked_by, snapshot, asked, mode, found.trust, near)
        if not len(snapshot.vectors):
            notes = [remarks.EMPTY]
        if found.unlike and len(pool.ids):
            fallback = remarks.NOT_NEAR
        return Answer(
            query=query,
            mode=mode,
            hits=hits,
            fallback=fallback,
            note=" ".join(notes) or None,
            generation=snapshot.generation,
            total=len(pool.ids),
            total_is_lower_bound=not pool.complete
            or (allowed is not None and not allowed.complete),
            more=more,
            unanswered=nothing,
            did_you_mean=meant,
            stages=stages.milliseconds,
        )

    def why(
        self, query: Query, collection: Collection, snapshot: Snapshot, document: DocumentFacts
    ) -> Why:
        """Which place a document takes among the hits of a query, and why not a better one.

        Args:
            query: As `search.queries.parse` gives it.
            collection: What it is asked of.
            snapshot: The state of it.
            document: One that it holds.
        """
        vector, _ = self._encoding.embed(query, collection)
        allowed = self._allowed(query, collection, snapshot)
        ids = None if allowed is None else allowed.ids
        asked = asked_of(snapshot, query)
        pool = self._rank(query, collection, snapshot, vector, asked, ids).pool
        near = collection.manifest.near
        return why(Search(query, snapshot, vector, asked, ids, pool, near, CANDIDATES), document)

    def _rank(
        self,
        query: Query,
        collection: Collection,
        snapshot: Snapshot,
        vector: Embeddings | None,
        asked: Asked,
        allowed: Ids | None,
        stages: Stages = UNTIMED,
    ) -> Ranked:
        """The passages that match, best first."""
        if not query.meaning:
            return Ranked(self._listing.pool(collection.build, snapshot, allowed), query.mode)
        trust = 1.0
        if vector is not None:
            with stages("encoding"):
                trust = self._encoding.trust(query, collection, vector)
        near = collection.manifest.near
        return ranked(query, snapshot, vector, asked, near, trust, allowed, stages)

    def _judged(
        self, found: Ranked, collection: Collection, snapshot: Snapshot, asked: Asked
    ) -> Ranked:
        """What was found, with what little speaks for; nothing is said of words asked for alone."""
        if (found.pool.cosines is None and not found.unlike) or not len(found.pool.ids):
            return found
        try:
            encoder = self._encoding.of(collection)
            bar = self._calibration.bars(collection, snapshot, encoder)
        except EncoderError:
            return found
        greatest = snapshot.keywords.greatest_score(asked.words)
        little = weak(found.pool, found.mode, bar, found.trust, greatest)
        return replace(found, pool=replace(found.pool, weak=little))

    def _reranked(
        self, second: SecondStage, snapshot: Snapshot, pool: Pool, query: Query, notes: list[str]
    ) -> Pool:
        """What the second stage makes of a pool; what is to be said of that is put to the notes."""
        try:
            found = second.reranked(snapshot, pool, query)
        except EncoderError as error:
            notes.append(f"The hits are not reranked: {error}")
            return pool
        if found.remark:
            notes.append(found.remark)
        return found.pool

    def _said_of(self, allowed: Allowed, query: Query, snapshot: Snapshot) -> list[str]:
        """What is to be said of what the query's requirements leave."""
        if not len(snapshot.vectors):
            return []
        return remarks.on_requirements(allowed, query, self._filters, snapshot.build, snapshot)

    def _allowed(self, query: Query, collection: Collection, snapshot: Snapshot) -> Allowed | None:
        """The passages that the query's requirements leave, or None if it has none."""
        if not query.requirements:
            return None
        return self._filters.allowed(collection.build, snapshot, query.requirements)

    def _meant(
        self, query: Query, snapshot: Snapshot, asked: Asked, notes: list[str]
    ) -> str | None:
        """Another query that may have been meant; what was searched is put to the notes."""
        known = self._encoding.knows(query.mode)
        written = spellings(snapshot, asked)
        if written:
            notes.append(also_searched(written))
        return did_you_mean(query, {**rare_spellings(snapshot, asked, known), **written}, known)
