"""Documents like a given one, by the embeddings there are; nothing is encoded."""

from __future__ import annotations

from collections import Counter

import numpy as np

from search.asking import Asked
from search.collection import Snapshot
from search.hits import Pool, hits_of
from search.models import Hit, Query
from search.reading import Ids
from search.requirements import DocumentFacts

#: How many passages of a document stand for it, taken evenly from its beginning to its end.
_SPEAKERS = 48
#: How many of the nearest passages each of them brings, …
_NEIGHBOURS = 100
#: … and how many of the documents met that way are compared as a whole.
_COMPARED = 100


def similar(snapshot: Snapshot, document: DocumentFacts, limit: int) -> tuple[Hit, ...]:
    """The documents most like one, each by its passage that is nearest to one of that one's.

    A document's score is the mean, over passages of the given one, of the cosine with whichever of
    its own passages is nearest: one half of the Chamfer similarity of the two sets of embeddings.

    Args:
        snapshot: What is searched.
        document: The document to find others for.
        limit: How many at the most.

    Returns:
        Hits, best first, one for each document; their cosine is that of the nearest pair.
    """
    own = _indexed(snapshot, [document.version])
    if not len(own):
        return ()
    speakers = own[np.unique(np.linspace(0, len(own) - 1, _SPEAKERS).astype(int))]
    embeddings = snapshot.vectors.vectors(speakers)
    met: Counter[int] = Counter()
    for embedding in embeddings:
        ids, _ = snapshot.vectors.search(embedding, _NEIGHBOURS + len(own))
        others = ids[~np.isin(ids, own)][:_NEIGHBOURS]
        met.update({key for key, _ in _documents_of(snapshot, others).values()})
    versions = {facts.key: facts.version for facts in snapshot.reading.facts(snapshot.generation)}
    scored: list[tuple[float, float, int]] = []
    for key, _ in met.most_common(_COMPARED):
        if key not in versions:
            continue
        ids = _indexed(snapshot, [versions[key]])
        cosines = embeddings @ snapshot.vectors.vectors(ids).T
        nearest = int(ids[int(cosines.max(axis=0).argmax())])
        scored.append((float(cosines.max(axis=1).mean()), float(cosines.max()), nearest))
    scored.sort(key=lambda found: (-found[0], found[2]))
    pool = Pool(
        np.array([nearest for _, _, nearest in scored], dtype=np.int64),
        np.array([score for score, _, _ in scored], dtype=np.float64),
        np.array([cosine for _, cosine, _ in scored], dtype=np.float64),
        None,
    )
    hits, _ = hits_of(snapshot, pool, Query("", limit=limit, per_document=1), Asked((), {}))
    return hits


def _indexed(snapshot: Snapshot, versions: list[int]) -> Ids:
    _, passages = snapshot.reading.passages_of(versions)
    found: Ids = np.intersect1d(passages, snapshot.vectors.ids())
    return found


def _documents_of(snapshot: Snapshot, ids: Ids) -> dict[int, tuple[int, int | None]]:
    return snapshot.reading.documents_of(ids.tolist(), snapshot.generation)
