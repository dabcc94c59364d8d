"""From ranked passages to hits: no more of one document than asked for, and nothing said twice.

The whole list is made up before a page is cut out of it, so that pages continue one another for as
long as the collection does not change.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from search.asking import Asked
from search.collection import Snapshot
from search.models import Hit, Query, Span
from search.phrases import phrase_spans
from search.reading import Ids
from search.requirements import Phrase
from search.rows import PassageRow
from search.snippets import matched_words

#: How many passages' documents are looked up at once; at first so many times what is to be shown.
_CHUNK = 500
_SPARE = 2

#: The greatest number that SQLite gives to a row.
_GREATEST = 2**63 - 1

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The passages that match, best first, with what each leg says of them.

    Attributes:
        ids: Their numbers, int64.
        scores: What they are ordered by, float64, one for each.
        cosines: Cosines with the query, likewise, or None if no meaning was compared.
        bm25: BM25 scores, likewise, or None if no words were compared.
        complete: Whether these are all that match.
        weak: Whether each is a weak match, bool; or None if none is.
        reranked: What the second stage gave each, float64, NaN where it did not look; or None.
        in_document: How many of them each document has, by the number that users see; None to have
            them counted.
        believed: How much words counted beside meaning, see `search.fusion.belief`.
    """

    ids: Ids
    scores: Scores
    cosines: Scores | None
    bm25: Scores | None
    complete: bool = True
    weak: npt.NDArray[np.bool_] | None = None
    reranked: Scores | None = None
    in_document: Mapping[int, int] | None = None
    believed: float = 1.0

    def from_score(self, least: float | None) -> Pool:
        """The passages that have at least this score."""
        if least is None:
            return self
        return self.taken(np.flatnonzero(self.scores >= least))

    def taken(self, places: Ids) -> Pool:
        """The passages in these places, in this order."""

        def of(values: npt.NDArray[Any] | None) -> Any:
            return None if values is None else values[places]

        return replace(
            self,
            ids=of(self.ids),
            scores=of(self.scores),
            cosines=of(self.cosines),
            bm25=of(self.bm25),
            weak=of(self.weak),
            reranked=of(self.reranked),
        )


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which passages of a pool are shown.

    Attributes:
        places: Their places in the pool.
        shown: How many of each document there are up to the last one.
        in_document: How many of each document match.
        more: Whether others would follow.
    """

    places: list[int]
    shown: Counter[int]
    in_document: Mapping[int, int]
    more: bool


def hits_of(
    snapshot: Snapshot, pool: Pool, query: Query, asked: Asked
) -> tuple[tuple[Hit, ...], bool]:
    """The hits that a query is answered with.

    Args:
        snapshot: What was searched.
        pool: The passages that match.
        query: Says how many hits there are to be, and from which on.
        asked: The words that were searched for.

    Returns:
        The hits, and whether others follow them.
    """
    chosen = _choose(snapshot, pool, query)
    rows = snapshot.reading.passages(pool.ids[chosen.places].tolist(), snapshot.generation)
    said = [row.fingerprint for row in rows.values() if row.fingerprint is not None]
    shared = snapshot.reading.documents_with(said, snapshot.generation)
    terms = asked.terms
    hits = [
        _hit(pool, place, query.offset + rank, row, query, terms, shared)
        for rank, place in enumerate(chosen.places, 1)
        # None once removed, in a generation that is not published yet
        if (row := rows[int(pool.ids[place])]).path is not None
    ]
    last = {hit.document_id: hit.rank for hit in hits}
    more = {n: chosen.in_document[n] - chosen.shown[n] for n in last}
    shown = tuple(
        replace(hit, more_in_document=more[hit.document_id])
        if last[hit.document_id] == hit.rank and more[hit.document_id]
        else hit
        for hit in hits
    )
    return shown, chosen.more


def passages_as_hits(snapshot: Snapshot, ids: Sequence[int]) -> tuple[Hit, ...]:
    """Passages in the shape of hits, in the order given and without a score.

    Args:
        snapshot: What they stand in.
        ids: Their numbers; those that are not in the collection are passed over.
    """
    rows = snapshot.reading.passages(indexed(ids, snapshot), snapshot.generation)
    there = [row for number in ids if (row := rows.get(number)) and row.path is not None]
    none = np.zeros(len(there))
    pool = Pool(np.array([row.id for row in there], dtype=np.int64), none, None, None)
    query = Query("")
    return tuple(
        _hit(pool, place, place + 1, row, query, frozenset(), {}) for place, row in enumerate(there)
    )


def indexed(numbers: Sequence[int], snapshot: Snapshot) -> list[int]:
    """Those of ``numbers`` that are of indexed passages.

    Args:
        numbers: Any whole numbers.
        snapshot: What the passages stand in.
    """
    possible = np.array([n for n in numbers if 0 < n <= _GREATEST], dtype=np.int64)
    known: list[int] = possible[np.isin(possible, snapshot.keywords.ids())].tolist()
    return known


def display_path(path: Path) -> str:
    """A path as text that can be shown and encoded, whatever bytes its name is made of."""
    return os.fsencode(path).decode("utf-8", "replace")


def _choose(snapshot: Snapshot, pool: Pool, query: Query) -> _Chosen:
    documents: dict[int, tuple[int, int | None]] = {}
    places: list[int] = []
    shown: Counter[int] = Counter()
    said: set[int] = set()
    until = query.offset + query.limit
    more = False
    begin, end = 0, min(_SPARE * until, _CHUNK)
    while begin < len(pool.ids) and not more:
        ids = pool.ids[begin:end].tolist()
        documents |= snapshot.reading.documents_of(ids, snapshot.generation)
        for place, passage in enumerate(ids, begin):
            document, same = documents.get(passage, (None, None))
            if document is None or same in said or shown[document] >= query.per_document:
                continue
            if len(places) == until:
                more = True
                break
            if same is not None:
                said.add(same)
            shown[document] += 1
            places.append(place)
        begin, end = end, end + _CHUNK
    in_document = pool.in_document
    if in_document is None:
        in_document = _in_document(snapshot, pool.ids[begin:], list(shown), documents)
    return _Chosen(places[query.offset :], shown, in_document, more)


def _in_document(
    snapshot: Snapshot,
    others: Ids,
    shown: Sequence[int],
    documents: Mapping[int, tuple[int, int | None]],
) -> Mapping[int, int]:
    """How many passages each of the documents that are ``shown`` has.

    To ask of all the ``others`` which document they are of would take longer than all the rest.

    Args:
        snapshot: What was searched.
        others: The passages whose documents are not known yet.
        shown: Documents, by the number that users see.
        documents: What is known: of each passage its document and fingerprint.
    """
    found = Counter(document for document, _ in documents.values())
    if len(others):
        spans = snapshot.reading.passage_spans(shown, snapshot.generation)
        near = np.zeros(len(others), dtype=bool)
        for first, last in spans:
            near |= (others >= first) & (others <= last)
        rest = snapshot.reading.documents_of(others[near].tolist(), snapshot.generation)
        found.update(document for document, _ in rest.values())
    return found


def _hit(
    pool: Pool,
    place: int,
    rank: int,
    row: PassageRow,
    query: Query,
    terms: Collection[str],
    shared: Mapping[int, int],
) -> Hit:
    path = row.path or Path()
    return Hit(
        rank=rank,
        score=float(pool.scores[place]),
        cosine=None if pool.cosines is None else float(pool.cosines[place]),
        bm25=None if pool.bm25 is None else float(pool.bm25[place]),
        passage_id=row.id,
        document_id=row.document,
        path=display_path(path),
        title=row.title or display_path(Path(path.name)),
        kind=row.kind,
        page=row.page,
        headings=row.headings,
        text=row.text,
        start=row.start,
        end=row.end,
        marks=marks_in(row.text, row.language, terms, query.requirements.phrases),
        also_in=max(0, shared.get(row.fingerprint or 0, 1) - 1),
        author=row.author,
        date=row.date,
        language=row.language,
        place=row.place,
        weak=pool.weak is not None and bool(pool.weak[place]),
        rerank_score=_given(pool, place),
    )


def _given(pool: Pool, place: int) -> float | None:
    """What the second stage gave a passage, or None."""
    if pool.reranked is None or np.isnan(pool.reranked[place]):
        return None
    return float(pool.reranked[place])


def marks_in(
    text: str, language: str, terms: Collection[str], phrases: Sequence[Phrase]
) -> tuple[Span, ...]:
    """What of a text matches: words that were searched for, and all words of phrases.

    Args:
        text: A passage.
        language: What it is written in.
        terms: The index terms that were searched for.
        phrases: Phrases that were required.

    Returns:
        Spans in order, none overlapping another.
    """
    spans = list(matched_words(text, terms, language))
    if not phrases:
        return tuple(spans)
    for phrase in phrases:
        spans += phrase_spans(text, phrase.words)
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)
