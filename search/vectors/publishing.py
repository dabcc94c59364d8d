"""Bringing the vector view up to the store, by writing what is new.

What a publication adds and removes becomes a part of its own; parts at the end that are not much
larger are written together with it, so that there are few (as in a log-structured merge tree). The
passages that are gone are dropped when they are a fifth of all. From a certain size on, a graph is
made over all parts, and again extended when enough have come since. So the cost of a publication
goes by what it brings, and now and then, in proportion, by what came before it.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from search.reading import Reading
from search.storage import storage_errors
from search.vectors.graph import Graph, build_graph, extend_graph, write_graph
from search.vectors.index import VectorIndex
from search.vectors.parts import (
    Content,
    Halves,
    Part,
    PartEntry,
    joined,
    most_rows,
    write_part,
)
from search.vectors.recall import fitting_breadth
from search.vectors.stamps import GraphEntry, Stamp, clear, next_number, read_stamps, write_stamp

#: The view's folder in a build, and what there was in its place in builds made before it.
VECTORS = "vectors"
_OLD = "vectors-*.faiss"
_OLD_DRAFT = "vectors.draft"
#: What may be asked for: a graph from `GRAPH_FROM` passages on, none at all, or always one.
KINDS = ("auto", "exact", "hnsw")
#: From so many passages on a graph is faster by more than it costs (benchmarks/RESULTS.md).
GRAPH_FROM = 50_000
#: A graph is extended when so large a share of what it covers has come since.
_GROWTH = 1 / 16
#: All is written anew when more than this share of it is gone.
_DEAD = 1 / 5
#: A part is written together with the one before it unless that is so many times larger.
_LARGER = 2
#: How many embeddings a graph takes the range of each dimension from, about.
_SAMPLE = 65_536


def publish_vectors(
    build: Path,
    reading: Reading,
    published: int,
    generation: int,
    dimension: int,
    *,
    kind: str | None = None,
    anew: bool = False,
) -> None:
    """Have the vector view of a build show a generation.

    One that is damaged, missing or of no use is made anew from the store. Until what is new is
    complete, the view before stays as it is.

    Args:
        build: The build's folder.
        reading: The store, which has reached ``generation``.
        published: The generation that readers see now. Of what was gone by then the store knows
            nothing any more.
        generation: The one to show.
        dimension: Length of the vectors.
        kind: One of `KINDS`, or None for what the view has, which at first is "auto".
        anew: Take nothing over from the view there is.

    Raises:
        StorageError: The disk is full or read-only; readers go on with what they had.
    """
    folder = build / VECTORS
    with storage_errors(folder):
        folder.mkdir(exist_ok=True)
        found = next(read_stamps(folder, dimension), None)
        wanted = kind or ("auto" if found is None else found.kind)
        if found is not None and (anew or not published <= found.generation <= generation):
            found = None
        try:
            if found is None or (found.generation, found.kind) != (generation, wanted):
                begin = replace(found or Stamp(0, dimension), kind=wanted)
                try:
                    _Publication(folder, begin, next_number(folder)).run(reading, generation)
                except ValueError:  # a file that is to be read again is damaged
                    begin = Stamp(0, dimension, wanted)
                    _Publication(folder, begin, next_number(folder)).run(reading, generation)
        finally:
            clear(folder, generation)  # also what a run that was cut short may have left
        for path in [*build.glob(_OLD), build / _OLD_DRAFT]:
            with contextlib.suppress(OSError):  # still open in a reader on Windows
                path.unlink(missing_ok=True)


def drop_damaged_vectors(build: Path, generation: int, dimension: int) -> None:
    """Remove a vector view that cannot be opened or is ahead of the store.

    Args:
        build: The build's folder.
        generation: That of the store.
        dimension: Length of the vectors.
    """
    folder = build / VECTORS
    found = VectorIndex.open(folder, dimension)
    if found is None or found.generation > generation:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class _Publication:
    """Files being written; ``stamp`` describes them, and is written last."""

    folder: Path
    stamp: Stamp
    number: int

    def run(self, reading: Reading, generation: int) -> None:
        """Write all that it takes to show ``generation``."""
        for content in _changes(reading, self.stamp, generation):
            self._append(content)
        self._compact()
        self._fit_graph()
        write_stamp(self.folder, replace(self.stamp, generation=generation))

    def _append(self, content: Content) -> None:
        """Write a part at the end, together with what stands there and is not much larger."""
        most = most_rows(self.stamp.dimension)
        while len(self.stamp.parts) > self._covered():
            last = self.stamp.parts[-1]
            size = last.added + last.removed
            if size > _LARGER * len(content) or last.added + len(content.ids) > most:
                break
            content = self._open(last).content().before(content)
            self._set(self.stamp.parts[:-1])
        if len(content):
            self._set((*self.stamp.parts, write_part(self.folder, self._next(), content)))

    def _compact(self) -> None:
        """Write everything anew without what is gone, if that is much."""
        if self.stamp.dead <= _DEAD * self.stamp.rows:
            return
        old = self.stamp
        self.stamp = replace(old, parts=(), graph=None)
        for content in _gathered(self._living(old), old.dimension):
            self._append(content)

    def _living(self, stamp: Stamp) -> Iterator[Content]:
        """What is not gone of each part that a stamp names."""
        parts = [self._open(entry) for entry in stamp.parts]
        removed = np.concatenate([part.removed for part in parts])
        nothing = np.empty(0, np.int64)
        for part in parts:
            alive = np.isin(part.ids, removed, invert=True)
            yield Content(nothing, part.ids[alive], part.halves[alive])

    def _fit_graph(self) -> None:
        """Make, extend or drop the graph, as the number of passages asks."""
        rows, covered = self.stamp.rows, self.stamp.covered()
        least = 1 if self.stamp.kind == "hnsw" else GRAPH_FROM
        if self.stamp.kind == "exact" or 2 * rows < least:
            self.stamp = replace(self.stamp, graph=None)
        elif rows - covered >= (max(GRAPH_FROM, covered * _GROWTH) if covered else least):
            self._make_graph()

    def _make_graph(self) -> None:
        """A graph over all parts, from the one there is if that can be read."""
        old, dimension = self.stamp.graph, self.stamp.dimension
        index: Any = None
        # One that is small has learnt the range of each dimension from little.
        if old is not None and self.stamp.covered() >= GRAPH_FROM:
            with contextlib.suppress(ValueError):
                new = self._halves(self.stamp.parts[old.parts :])
                index = extend_graph(self.folder / old.file, new, dimension)
        if index is None:
            index = build_graph(self._halves(self.stamp.parts), self._sample())
        draft = GraphEntry(self._next(), 0, len(self.stamp.parts), 0, 0.0)
        path = self.folder / draft.file
        write_graph(index, path)
        del index  # from here on its file is read instead, as far as it is needed
        entry = replace(draft, size=path.stat().st_size)
        self.stamp = replace(self.stamp, graph=entry)
        parts = [self._open(part) for part in self.stamp.parts]
        shown = VectorIndex(self.stamp, parts, Graph.open(self.folder, entry, dimension))
        breadth, recall = fitting_breadth(shown)
        self.stamp = replace(self.stamp, graph=replace(entry, breadth=breadth, recall=recall))

    def _halves(self, entries: Iterable[PartEntry]) -> Iterator[Halves]:
        for entry in entries:
            part = self._open(entry)
            yield part.halves
            part.let_go()

    def _sample(self) -> Halves:
        """Embeddings from all over."""
        every = 1 + self.stamp.rows // _SAMPLE
        return np.concatenate([halves[::every] for halves in self._halves(self.stamp.parts)])

    def _open(self, entry: PartEntry) -> Part:
        return Part.open(self.folder, entry, self.stamp.dimension)

    def _covered(self) -> int:
        """How many parts the graph covers; they stay as they are."""
        return 0 if self.stamp.graph is None else self.stamp.graph.parts

    def _set(self, parts: tuple[PartEntry, ...]) -> None:
        self.stamp = replace(self.stamp, parts=parts)

    def _next(self) -> int:
        self.number += 1
        return self.number - 1


def _changes(reading: Reading, stamp: Stamp, generation: int) -> Iterator[Content]:
    """What was removed and added since a stamp was written, as parts of a suitable size."""
    removed = reading.removed_between(stamp.generation, generation)
    none = np.empty(0, np.int64), np.empty((0, stamp.dimension), np.float16)
    added = reading.vectors_between(stamp.generation, generation, stamp.dimension)
    contents = (
        Content(none[0], ids, vectors.astype(np.float16)) for ids, vectors in added if len(ids)
    )
    yield from _gathered(itertools.chain([Content(removed, *none)], contents), stamp.dimension)


def _gathered(contents: Iterable[Content], dimension: int) -> Iterator[Content]:
    """Contents put together, up to the size that a part may have."""
    waiting: list[Content] = []
    for content in contents:
        if sum(len(one.ids) for one in (*waiting, content)) > most_rows(dimension):
            yield joined(waiting)
            waiting = []
        waiting.append(content)
    if waiting:
        yield joined(waiting)
