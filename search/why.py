"""Why a document is not among the hits of a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.asking import Asked
from search.collection import Snapshot
from search.encoders.base import Embeddings
from search.fields import typed
from search.filters import allowed
from search.hits import Pool, hits_of
from search.models import Hit, Query
from search.reading import Ids
from search.requirements import DocumentFacts, Requirements

#: How many places by words are told, and how many postings are read for them; about 20 ns each.
_RANKED, _READ = 10_000, 5_000_000
#: How many hits are made up to find the document's.
_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Why:
    """What became of a document in a search.

    Attributes:
        document_id: Number of the document, or None if it is not in the collection.
        path: Where it lies.
        title: What it is shown as.
        rank: The place of its best hit, or None if it has none.
        cosine: The cosine of its passage that is nearest in meaning, or None.
        semantic_rank: The place of that passage by meaning alone, or None.
        bm25: The BM25 score of its passage that has most of the words, or None.
        keyword_rank: The place of that passage by words alone, or None if it is beyond what was
            looked at or shares no word.
        reasons: What all that means, in sentences.
    """

    document_id: int | None
    path: str
    title: str
    rank: int | None
    cosine: float | None
    semantic_rank: int | None
    bm25: float | None
    keyword_rank: int | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A query in the middle of being answered.

    Attributes:
        query: The query.
        snapshot: What is searched.
        vector: The query's embedding, float32, or None.
        asked: The words that are searched for.
        allowed: The passages that its requirements leave, int64, or None for all.
        pool: What matches, before the least score cuts.
        near: The least cosine that counts as near.
        candidates: How many passages each leg brings.
    """

    query: Query
    snapshot: Snapshot
    vector: Embeddings | None
    asked: Asked
    allowed: Ids | None
    pool: Pool
    near: float
    candidates: int


@dataclass(frozen=True, slots=True)
class _Place:
    """The best passage of a document in one leg, and how many are known to be better."""

    value: float | None = None
    rank: int | None = None
    better: int = 0


def why(search: Search, document: DocumentFacts) -> Why:
    """What became of a document in a search.

    Args:
        search: The search.
        document: The document.
    """
    _, passages = search.snapshot.reading.passages_of([document.version])
    passages = np.intersect1d(passages, search.snapshot.keywords.ids())
    unmet = tuple(_unmet(search, passages))
    within = passages if search.allowed is None else np.intersect1d(passages, search.allowed)
    meaning, words = _by_meaning(search, within), _by_words(search, within)
    hits, _ = hits_of(
        search.snapshot,
        search.pool.from_score(search.query.min_score),
        replace(search.query, offset=0, limit=_LISTED),
        search.asked,
    )
    own = next((hit for hit in hits if hit.document_id == document.key), None)
    if unmet:
        reasons = unmet
    elif own is not None:
        reasons = (_shown(own, search.query),)
    else:
        reasons = tuple(_not_found(search, within, hits, meaning, words))
    return Why(
        document.key,
        document.paths[0],
        document.name,
        own.rank if own else None,
        meaning.value,
        meaning.rank,
        words.value,
        words.rank,
        reasons,
    )


def _unmet(search: Search, passages: Ids) -> Iterator[str]:
    """Which of the query's requirements no passage of the document meets."""
    if not len(passages):
        yield "The document has no passage."
        return
    requirements = search.query.requirements
    unmet = False
    for clause in requirements.clauses:
        met = allowed(search.snapshot, Requirements((clause,)))
        if not len(np.intersect1d(passages, met.ids)):
            unmet = True
            yield f"No passage of it meets {' OR '.join(map(typed, clause))}."
    for condition in requirements.excluded:
        left = allowed(search.snapshot, Requirements((), (condition,)))
        if not len(np.intersect1d(passages, left.ids)):
            unmet = True
            yield f"All of it is left out by -{typed(condition)}."
    elsewhere = search.allowed is not None and not len(np.intersect1d(passages, search.allowed))
    if elsewhere and not unmet:
        yield "No single passage of it meets all that the query requires."


def _by_meaning(search: Search, passages: Ids) -> _Place:
    if search.vector is None or not len(passages):
        return _Place()
    best = float(search.snapshot.vectors.cosines(search.vector, passages).max())
    nearer = search.snapshot.vectors.nearer(search.vector, best, search.allowed)
    return _Place(best, nearer + 1, nearer)


def _by_words(search: Search, passages: Ids) -> _Place:
    if not len(passages) or not search.asked.words:
        return _Place()
    keywords, words = search.snapshot.keywords, search.asked.words
    best = float(keywords.scores(words, passages).max())
    if not best:
        return _Place(0.0)
    _, scores = keywords.search(words, _RANKED, budget=_READ, allowed=search.allowed)
    better = int(np.count_nonzero(scores > best))
    # Passages that hold only words too frequent to be read may be better as well.
    exact = better < _RANKED and keywords.finds_all(words, _READ, search.allowed)
    return _Place(best, better + 1 if exact else None, better)


def _shown(hit: Hit, query: Query) -> str:
    if hit.rank <= query.offset:
        return f"It is found at place {hit.rank}, which --offset {query.offset} passes over."
    if hit.rank <= query.offset + query.limit:
        return f"It is among the hits, at place {hit.rank}."
    return (
        f"It is found at place {hit.rank}; only places up to {query.offset + query.limit} were "
        "asked for."
    )


def _not_found(
    search: Search, passages: Ids, hits: Sequence[Hit], meaning: _Place, words: _Place
) -> Iterator[str]:
    """Why a document that the requirements allow is not among the hits."""
    in_pool = np.flatnonzero(np.isin(search.pool.ids, passages))
    if len(in_pool):
        least = search.query.min_score
        best = float(search.pool.scores[in_pool].max())
        if least is not None and best < least:
            yield f"Its best passage scores {best:.3f}, less than the least score {least:g}."
        else:
            yield _stood_for(search, passages, hits)
        return
    if meaning.value is not None:
        if meaning.value < search.near:
            yield (
                f"Its nearest passage has the cosine {meaning.value:.3f} with the query; from "
                f"{search.near:.3f} on passages count as near."
            )
        else:
            yield (
                f"Its nearest passage takes place {meaning.rank:,} by meaning (cosine "
                f"{meaning.value:.3f}); the first {search.candidates} are candidates."
            )
    if words.value == 0.0:
        yield "It shares no word with the query, other than very common ones."
    elif words.value is not None:
        place = f"place {words.rank:,}" if words.rank else f"a place beyond {words.better:,}"
        yield (
            f"Its best passage takes {place} by words (BM25 {words.value:.1f}); the first "
            f"{search.candidates} are candidates."
        )


def _stood_for(search: Search, passages: Ids, hits: Sequence[Hit]) -> str:
    """Which hit says the same as a passage of the document, so that it is shown in its place."""
    generation = search.snapshot.generation
    own = search.snapshot.reading.documents_of(passages.tolist(), generation)
    said = {same for _, same in own.values() if same is not None}
    shown = search.snapshot.reading.documents_of([hit.passage_id for hit in hits], generation)
    for hit in hits:
        if shown[hit.passage_id][1] in said:
            return (
                f"It matches, but the hit at place {hit.rank}, in {hit.path}, says the same and "
                "stands for it."
            )
    return f"It matches, but only beyond the first {_LISTED:,} hits."
