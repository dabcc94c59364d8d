"""How many of the documents that match a query are of each type, folder, language, year and author.

Counted are the documents that have a matching passage: one that passes the query's filters and is
near in meaning or holds one of its words, however low it ranks. Where a filter of a facet's own is
set, that facet is counted without it, so that its other values can be seen: several filters of one
field widen the search. Folders are the exception; they are gone down into, one step at a time.

Each value comes with the filter that leaves just the documents that were counted for it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from search.asking import Asked
from search.collection import Snapshot
from search.columns import Documents, Side
from search.encoders.base import Embeddings
from search.fields import as_typed, bare_words, typed
from search.filters import Filters, is_named
from search.models import Mode, Query
from search.ranking import CANDIDATES
from search.reading import Ids
from search.requirements import (
    Dated,
    Kind,
    Language,
    Lies,
    Named,
    OfDocument,
    Requirements,
)

#: Most passages looked at on either leg.
LOOKED_AT = 10_000
#: Most values of a facet that are told.
_VALUES = 12
#: Below this number of letters nothing is an author.
_SHORTEST_AUTHOR = 2
#: Of how many documents the passages are looked up at once.
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet.

    Attributes:
        value: The format, language code, year, author or name of the folder.
        count: How many documents that match have it.
        filters: What asks for it in the query language, such as ``type:pdf``.
        active: Whether the query asks for it.
    """

    value: str
    count: int
    filters: tuple[str, ...]
    active: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """One side that documents have.

    Attributes:
        name: "type", "folder", "language", "year" or "author".
        values: Its values, the most frequent first; years, the latest first.
        others: How many values there are besides.
    """

    name: str
    values: tuple[Value, ...]
    others: int = 0


@dataclass(frozen=True, slots=True)
class Facets:
    """All facets of a query.

    Attributes:
        facets: Those that have something to choose between, in the order they are named above.
        documents: How many documents match.
        is_lower_bound: Whether there may be more of everything.
        generation: Which state of the collection was asked.
    """

    facets: tuple[Facet, ...]
    documents: int
    is_lower_bound: bool
    generation: int


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Every document of a generation, and which one each passage belongs to.

    The numbers of a document's passages follow one another, or nearly; kept is where each row of
    them begins.
    """

    build: Path
    generation: int
    documents: Documents
    roots: tuple[str, ...]
    firsts: Ids
    places: npt.NDArray[np.int32]

    def with_passages(self) -> Ids:
        """The places of the documents that have any."""
        return np.unique(self.places).astype(np.int64)

    def of(self, passages: Ids) -> Ids:
        """The places of the documents of these passages."""
        at = np.searchsorted(self.firsts, passages, side="right") - 1
        return np.unique(self.places[at[at >= 0]]).astype(np.int64)


class Facetting:
    """Counts documents by facets; keeps what it needs to know of them. Safe for several threads.

    Args:
        filters: Finds the passages that pass a query's filters.
    """

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self._known: _Known | None = None
        self._guard = threading.Lock()

    def facets(
        self,
        build: Path,
        snapshot: Snapshot,
        query: Query,
        vector: Embeddings | None,
        asked: Asked,
        near: float,
    ) -> Facets:
        """The facets of a query.

        Args:
            build: The build that the snapshot is of.
            snapshot: What is searched.
            query: The query; one without text stands for the whole collection.
            vector: Its embedding, float32 of shape ``(dimension,)``, or None if words alone are
                searched.
            asked: Its words.
            near: The least cosine that counts as near.
        """
        known = self._of(build, snapshot)

        @cache
        def matching(requirements: Requirements) -> tuple[_Matched, bool]:
            allowed, complete = None, True
            if requirements:
                found = self._filters.allowed(build, snapshot, requirements)
                allowed, complete = found.ids, found.complete
                if _all_are_shown(allowed, requirements, query, vector):
                    return _Matched(known, known.of(allowed)), complete
            elif not query.meaning:
                return _Matched(known, known.with_passages()), True
            ids, all_there = _matching(snapshot, query, vector, asked, near, allowed)
            return _Matched(known, known.of(ids)), complete and all_there

        whole, complete = matching(query.requirements)
        facets: list[Facet] = []
        for name, own, values in _FACETS:
            wider, all_there = matching(_without(query.requirements, own))
            complete &= all_there
            found = values(wider, query.requirements)
            # One value is nothing to choose, unless it was chosen already.
            if len(found) > 1 or any(value.active for value in found):
                facets.append(_facet(name, found))
        return Facets(tuple(facets), whole.count(), not complete, snapshot.generation)

    def documents(self, build: Path, snapshot: Snapshot) -> Documents:
        """Every document of a snapshot of the build ``build``, as filters see it."""
        return self._of(build, snapshot).documents

    def _of(self, build: Path, snapshot: Snapshot) -> _Known:
        with self._guard:
            known = self._known
            if known is None or (known.build, known.generation) != (build, snapshot.generation):
                known = self._known = _read(build, snapshot)
            return known


@dataclass(frozen=True, slots=True, eq=False)
class _Matched:
    """The documents that match, by their places."""

    known: _Known
    places: Ids

    def tally(self, side: Side) -> dict[str, int]:
        return self.known.documents.tally(side, self.places)

    def count(self) -> int:
        return len(self.places)


def _read(build: Path, snapshot: Snapshot) -> _Known:
    documents = Documents(snapshot.reading.facts(snapshot.generation))
    all_versions = documents.versions()
    firsts, places = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(all_versions), _AT_ONCE):
        own = all_versions[start : start + _AT_ONCE]
        versions, passages = snapshot.reading.passages_of(own.tolist())
        order = np.lexsort((passages, versions))
        versions, passages = versions[order], passages[order]
        begins = (np.diff(versions, prepend=-1) != 0) | (np.diff(passages, prepend=-1) != 1)
        firsts.append(passages[begins])
        places.append(start + np.searchsorted(own, versions[begins]))
    whole = np.concatenate(firsts)
    order = np.argsort(whole)
    return _Known(
        build,
        snapshot.generation,
        documents,
        tuple(root.as_posix() for root in snapshot.reading.roots()),
        whole[order],
        np.concatenate(places)[order].astype(np.int32),
    )


def _matching(
    snapshot: Snapshot,
    query: Query,
    vector: Embeddings | None,
    asked: Asked,
    near: float,
    allowed: Ids | None,
) -> tuple[Ids, bool]:
    """The passages that match, in no order, and whether these are all."""
    if not query.meaning:
        return snapshot.keywords.ids() if allowed is None else allowed, True
    found: list[Ids] = [np.empty(0, np.int64)]
    complete = True
    if vector is not None:
        ids, cosines = snapshot.vectors.search(vector, LOOKED_AT, allowed)
        found.append(ids[cosines >= near])
        complete = len(ids) < LOOKED_AT or bool(cosines[-1] < near)
    if query.mode is not Mode.SEMANTIC:
        ids, _ = snapshot.keywords.search(asked.words, LOOKED_AT, allowed=allowed)
        found.append(ids)
        complete &= len(ids) < LOOKED_AT
        complete &= snapshot.keywords.finds_all(asked.words, allowed=allowed)
    return np.unique(np.concatenate(found)), complete


def _all_are_shown(
    allowed: Ids, requirements: Requirements, query: Query, vector: Embeddings | None
) -> bool:
    """Whether so few passages are asked for by what they are that search shows all of them."""
    if vector is None or query.mode is Mode.KEYWORD:
        return False
    return bool(requirements.clauses) and 0 < len(allowed) <= CANDIDATES


def _without(requirements: Requirements, own: type | None) -> Requirements:
    """The requirements without the clauses of one kind of condition."""
    if own is None:
        return requirements
    kept = tuple(c for c in requirements.clauses if not all(_is_of(own, x) for x in c))
    return replace(requirements, clauses=kept)


def _is_of(own: type, condition: object) -> bool:
    if isinstance(condition, Named):
        return own is Named and condition.where == "author"
    return isinstance(condition, own)


def _asks_for(requirements: Requirements, condition: OfDocument) -> bool:
    return any(condition in clause for clause in requirements.clauses)


def _types(matched: _Matched, asked: Requirements) -> list[Value]:
    return [
        Value(kind, count, (typed(Kind(kind)),), _asks_for(asked, Kind(kind)))
        for kind, count in matched.tally("kind").items()
    ]


def _languages(matched: _Matched, asked: Requirements) -> list[Value]:
    codes: Counter[str] = Counter()
    for language, count in matched.tally("language").items():
        if language:
            codes[language.lower()[:2]] += count
    return [
        Value(code, count, (typed(Language(code)),), _asks_for(asked, Language(code)))
        for code, count in codes.items()
    ]


def _years(matched: _Matched, asked: Requirements) -> list[Value]:
    found = []
    for year, count in matched.tally("year").items():
        if not year.isdecimal():
            continue
        first, past = Dated("after", f"{year}-01-01"), Dated("before", f"{int(year) + 1:04d}-01-01")
        active = _asks_for(asked, first) and _asks_for(asked, past)
        found.append(Value(year, count, (f"after:{year}", f"before:{int(year) + 1:04d}"), active))
    return found


def _authors(matched: _Matched, asked: Requirements) -> list[Value]:
    """Authors by name; one whose name is part of another's is counted for both, as filters do."""
    by_name = {
        name: count
        for name, count in matched.tally("author").items()
        if len(name) >= _SHORTEST_AUTHOR
    }
    ranked = sorted(by_name, key=lambda name: (-by_name[name], name))
    words_of = {name: bare_words(name) for name in ranked}
    found = []
    for name in ranked[: 4 * _VALUES]:
        words = words_of[name]
        if not words:
            continue
        count = sum(n for other, n in by_name.items() if is_named(words_of[other], words))
        text = as_typed("author", name)
        found.append(Value(name, count, (text,), _asks_for(asked, Named("author", words))))
    rest = [Value(name, by_name[name], ()) for name in ranked[4 * _VALUES :]]
    return found + rest


def _folders(matched: _Matched, asked: Requirements) -> list[Value]:
    """The folders right beneath the one that holds all the documents."""
    ways: Counter[tuple[str, ...]] = Counter()
    for folder, count in matched.tally("folder").items():
        ways[_way(f"{folder}/", matched.known.roots)] += count
    common = _common(list(ways))
    counted: Counter[str] = Counter()
    for way, count in ways.items():
        if len(way) > len(common) + 1:
            counted[way[len(common)]] += count
    found = []
    for name, count in counted.items():
        pattern = "/".join((*common, name)) + "/"
        if any(sign in pattern for sign in '*?["\\'):
            continue
        filters = (as_typed("path", pattern),)
        found.append(Value(name, count, filters, _asks_for(asked, Lies(pattern))))
    return found


def _way(path: str, roots: Sequence[str]) -> tuple[str, ...]:
    """The steps to a path from the innermost indexed folder that holds it, that folder first."""
    holding = [root for root in roots if path.startswith(root.rstrip("/") + "/")]
    if not holding:
        return tuple(path.strip("/").split("/")[-1:])
    root = max(holding, key=len).rstrip("/")
    return (root.rpartition("/")[2], *path[len(root) + 1 :].split("/"))


def _common(ways: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The folders that all ways begin with."""
    if not ways:
        return ()
    first, last = min(ways), max(ways)
    shared: list[str] = []
    for one, other in zip(first[:-1], last[:-1], strict=False):
        if one != other:
            break
        shared.append(one)
    return tuple(shared)


_Counting = Callable[[_Matched, Requirements], list[Value]]
#: Each facet's name, the condition that it is counted without, and how it is counted.
_FACETS: tuple[tuple[str, type | None, _Counting], ...] = (
    ("type", Kind, _types),
    ("folder", None, _folders),
    ("language", Language, _languages),
    ("year", Dated, _years),
    ("author", Named, _authors),
)


def _facet(name: str, found: Iterable[Value]) -> Facet:
    if name == "year":
        ranked = sorted(found, key=lambda v: (not v.active, -int(v.value)))
    else:
        ranked = sorted(found, key=lambda v: (not v.active, -v.count, v.value))
    shown = tuple(value for value in ranked[:_VALUES] if value.filters)
    return Facet(name, shown, len(ranked) - len(shown))
