"""The corpus map: every document as a point on a plane, near those that it is like.

A document stands for the middle of its passages' embeddings; `search.map_layout` puts it onto the
plane, and a query as well. It belongs to the cluster whose middle is nearest (spherical k-means:
Dhillon and Modha, "Concept decompositions for large sparse text data using clustering", 2001).

A map is a view of one generation. What is added later is put among what is there, until a tenth of
the documents is new; then the map is drawn anew.
"""

from __future__ import annotations

import contextlib
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from search.cluster_names import cluster_names
from search.collection import Snapshot
from search.encoders.base import Embeddings
from search.map_layout import LAYOUTS, Points, Projection, lay_out
from search.reading import Ids
from search.requirements import DocumentFacts
from search.storage import flush, flush_folder, storage_errors

#: Name of the file in a build.
FILE = "map.npz"

#: Most documents on a map; of more, as many are drawn by lot.
MOST = 200_000
#: Most clusters.
_CLUSTERS = 16
#: From how large a share of documents on that its axes do not know a map is drawn anew.
_NEW_SHARE = 0.1
#: How many passages' embeddings are looked at together.
_AT_ONCE = 8192

#: How the fields are kept: as numbers, as arrays, as an array and its names.
_NUMBERS = ("generation", "drawn", "total", "fitted")
_ARRAYS = ("documents", "points", "middles")
_PROJECTION = ("origin", "axes", "landmarks", "places")
_GROUPINGS = ("clusters", "kinds", "folders")


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """One way to tell the documents of a map apart, such as by what kind they are.

    Attributes:
        names: The groups' names.
        of: Which group each document is in, int64.
    """

    names: tuple[str, ...]
    of: Ids


@dataclass(frozen=True, slots=True, eq=False)
class CorpusMap:
    """Where the documents of one generation lie.

    Attributes:
        generation: Which one.
        drawn: The generation it was laid out by; places on maps with the same number compare.
        layout: How it was laid out, one of `search.map_layout.LAYOUTS`.
        total: How many documents the collection has; more than are on the map if they are too many.
        fitted: How many were on it when it was laid out.
        documents: The documents' numbers, as users see them, int64, ascending.
        points: Their places, float32, shape ``(n, 2)``, from -1 to 1 each way.
        clusters: By what they are about; a name says what sets a cluster apart, in a few words.
        kinds: By their formats.
        folders: By the folders that they lie in, beneath the indexed ones.
        middles: The middle of each cluster, float32, unit rows.
        projection: What puts embeddings onto the map.
    """

    generation: int
    drawn: int
    layout: str
    total: int
    fitted: int
    documents: Ids
    points: Points
    clusters: Grouping
    kinds: Grouping
    folders: Grouping
    middles: Embeddings
    projection: Projection

    def place(self, embedding: Embeddings) -> tuple[float, float]:
        """Where a query lies among the documents.

        Args:
            embedding: float32, shape ``(dimension,)``, of length 1.
        """
        x, y = self.projection.put(embedding[np.newaxis])[0].tolist()
        return x, y

    def inside(self, corners: Sequence[tuple[float, float]]) -> Ids:
        """The documents within a polygon.

        They are those from which a ray crosses its rim an odd number of times (Shimrat, "Algorithm
        112: position of point relative to polygon", 1962).

        Args:
            corners: Its corners in order, on the map's scale; at least three.
        """
        x, y = self.points[:, 0], self.points[:, 1]
        inside = np.zeros(len(x), dtype=bool)
        for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
            if ay != by:
                crosses = (ay > y) != (by > y)
                inside ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
        found: Ids = self.documents[inside]
        return found


def draw(
    snapshot: Snapshot, before: CorpusMap | None = None, layout: str = LAYOUTS[0]
) -> CorpusMap:
    """The map of a snapshot.

    Args:
        snapshot: What to draw.
        before: An older map, whose layout serves as long as it fits.
        layout: How to lay it out, one of `search.map_layout.LAYOUTS`.

    Raises:
        SettingError: The library that the layout needs is not installed.
    """
    facts = list(snapshot.reading.facts(snapshot.generation))
    chosen = _chosen(facts)
    documents, embeddings = _middles(snapshot, chosen)
    by_key = {document.key: document for document in chosen}
    ordered = [by_key[key] for key in documents.tolist()]
    roots = [root.as_posix() for root in snapshot.reading.roots()]
    kinds = _grouping([document.kind for document in ordered])
    folders = _grouping([_folder(document.paths[0], roots) for document in ordered])
    if before is not None and _serves(before, layout, documents, embeddings.shape[1]):
        return replace(
            before,
            generation=snapshot.generation,
            total=len(facts),
            documents=documents,
            points=_put(before, documents, embeddings),
            clusters=replace(before.clusters, of=_nearest(embeddings, before.middles)),
            kinds=kinds,
            folders=folders,
        )
    points, projection = lay_out(embeddings, layout)
    middles = _cluster(embeddings)
    clusters = _nearest(embeddings, middles)
    names = cluster_names(snapshot, ordered, clusters, len(middles))
    return CorpusMap(
        generation=snapshot.generation,
        drawn=snapshot.generation,
        layout=layout,
        total=len(facts),
        fitted=len(documents),
        documents=documents,
        points=points,
        clusters=Grouping(names, clusters),
        kinds=kinds,
        folders=folders,
        middles=middles,
        projection=projection,
    )


def save(drawn: CorpusMap, build: Path) -> None:
    """Keep a map in the folder of a build.

    Raises:
        StorageError: The disk is full or read-only; the map before is still there.
    """
    draft = build / f"{FILE}.draft"
    fields = {name: getattr(drawn, name) for name in (*_NUMBERS, *_ARRAYS)}
    fields |= {name: getattr(drawn.projection, name) for name in _PROJECTION}
    fields["layout"] = np.array(drawn.layout)
    for name in _GROUPINGS:
        grouping: Grouping = getattr(drawn, name)
        fields[name] = grouping.of
        fields[f"{name}_names"] = np.array(grouping.names, dtype=np.str_)
    with storage_errors(build):
        try:
            with draft.open("wb") as file:
                np.savez(file, allow_pickle=False, **fields)
            flush(draft)
            draft.replace(build / FILE)
            flush_folder(build)
        finally:
            draft.unlink(missing_ok=True)


def kept(build: Path) -> CorpusMap | None:
    """The map kept in the folder of a build, of whatever generation; None if none can be read."""
    with contextlib.suppress(
        OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile
    ):
        with (build / FILE).open("rb") as file, np.load(file, allow_pickle=False) as stored:
            fields: dict[str, Any] = {name: int(stored[name]) for name in _NUMBERS}
            fields |= {name: stored[name] for name in _ARRAYS}
            fields["layout"] = str(stored["layout"])
            fields["projection"] = Projection(**{name: stored[name] for name in _PROJECTION})
            for name in _GROUPINGS:
                names = tuple(stored[f"{name}_names"].tolist())
                fields[name] = Grouping(names, stored[name])
        return _sound(CorpusMap(**fields))
    return None


def _sound(found: CorpusMap) -> CorpusMap | None:
    """A map whose parts fit together, or None."""
    number, dimension = len(found.documents), len(found.projection.origin)
    fits = (
        found.points.shape == (number, 2)
        and found.projection.fits
        and found.middles.shape == (len(found.clusters.names), dimension)
        and all(map(_is_sound, (found.clusters, found.kinds, found.folders), 3 * (number,)))
    )
    return found if fits else None


def _is_sound(grouping: Grouping, number: int) -> bool:
    of = grouping.of
    return of.shape == (number,) and (not number or 0 <= of.min() <= of.max() < len(grouping.names))


def _grouping(groups: Sequence[str]) -> Grouping:
    """A grouping whose largest group comes first."""
    names = sorted(Counter(groups).items(), key=lambda item: (-item[1], item[0]))
    places = {name: place for place, (name, _) in enumerate(names)}
    of = np.array([places[name] for name in groups], dtype=np.int64)
    return Grouping(tuple(places), of)


def _folder(path: str, roots: Sequence[str]) -> str:
    """The first folder that a document lies in beneath an indexed one, or that one itself."""
    for root in sorted(roots, key=len, reverse=True):
        within = path.removeprefix(root.rstrip("/") + "/")
        if within != path:
            first, slash, _ = within.partition("/")
            return first if slash else root.rpartition("/")[2]
    return path.rpartition("/")[0].rpartition("/")[2]


def _chosen(facts: Sequence[DocumentFacts]) -> list[DocumentFacts]:
    if len(facts) <= MOST:
        return list(facts)
    lot = np.random.default_rng(1).choice(len(facts), MOST, replace=False)
    return [facts[at] for at in np.sort(lot).tolist()]


def _middles(snapshot: Snapshot, documents: Sequence[DocumentFacts]) -> tuple[Ids, Embeddings]:
    """The numbers of the documents that have passages, ascending, and their embeddings."""
    versions = np.array([document.version for document in documents], dtype=np.int64)
    keys = np.array([document.key for document in documents], dtype=np.int64)
    order = np.argsort(versions)
    versions, keys = versions[order], keys[order]
    of, passages = snapshot.reading.passages_of(versions.tolist())
    indexed = np.isin(passages, snapshot.vectors.indexed(passages))
    rows, passages = np.searchsorted(versions, of[indexed]), passages[indexed]
    dimension = snapshot.vectors.vectors(passages[:1]).shape[1] if len(passages) else 0
    sums = np.zeros((len(keys), dimension), dtype=np.float32)
    together = np.argsort(rows, kind="stable")
    rows, passages = rows[together], passages[together]
    for start in range(0, len(passages), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        own, firsts = np.unique(rows[part], return_index=True)
        sums[own] += np.add.reduceat(snapshot.vectors.vectors(passages[part]), firsts)
    some = np.unique(rows)
    by_key = some[np.argsort(keys[some])]
    embeddings = sums[by_key]
    embeddings /= np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    return keys[by_key], embeddings


def _serves(before: CorpusMap, layout: str, documents: Ids, dimension: int) -> bool:
    """Whether a map's layout still fits: few documents are new to it, and few are gone."""
    known = len(before.projection.origin)
    if not before.fitted or (before.layout, known) != (layout, dimension):
        return False
    unknown = np.count_nonzero(~np.isin(documents, before.documents))
    changed = unknown + abs(len(documents) - before.fitted)
    return bool(changed <= _NEW_SHARE * before.fitted)


def _put(before: CorpusMap, documents: Ids, embeddings: Embeddings) -> Points:
    """Where documents lie: as before, and what was not there before among its like."""
    points = before.projection.put(embeddings)
    if len(before.projection.landmarks):  # what was laid out lies where it was put
        known = np.isin(documents, before.documents)
        points[known] = before.points[np.searchsorted(before.documents, documents[known])]
    return points


def _cluster(embeddings: Embeddings) -> Embeddings:
    """The middles of the clusters; a few more than the square root of the documents' number."""
    number, dimension = embeddings.shape
    count = min(_CLUSTERS, round(1.2 * number**0.5))
    if count < 2:
        middle = embeddings.mean(axis=0, keepdims=True) if number else np.zeros((1, dimension))
        return middle.astype(np.float32)
    means = faiss.Kmeans(
        dimension,
        count,
        niter=25,
        seed=1,
        spherical=True,
        min_points_per_centroid=1,
        max_points_per_centroid=4096,
    )
    means.train(np.ascontiguousarray(embeddings))
    middles: Embeddings = np.asarray(means.centroids, dtype=np.float32)
    # Those that nothing is nearest to have no name.
    return middles[np.unique(_nearest(embeddings, middles))]


def _nearest(embeddings: Embeddings, middles: Embeddings) -> Ids:
    nearest: Ids = np.argmax(embeddings @ middles.T, axis=1).astype(np.int64)
    return nearest
