"""The page with the corpus map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flask import Blueprint, render_template, request

from search.corpus_map import CorpusMap
from web import links, state

mapping = Blueprint("mapping", __name__)

#: How many documents stand for a cluster in the list beneath the map.
_EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A document that stands for a cluster.

    Attributes:
        title: What it is called.
        url: Its page.
    """

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """A group of documents on the map.

    Attributes:
        name: What sets it apart.
        size: How many documents it has.
        examples: Some of them, those in its middle first.
    """

    name: str
    size: int
    examples: tuple[Example, ...]


@mapping.get("/map")
def corpus_map() -> str:
    """The map, and its clusters as a list for those who cannot see it."""
    drawn = state.engine().map()
    return render_template(
        "map.html", typed=request.args.get("q", ""), map=drawn, clusters=_clusters(drawn)
    )


def _clusters(drawn: CorpusMap) -> list[Cluster]:
    """The clusters, the largest first."""
    clusters = []
    with state.engine().collection.store.reading() as reading:
        generation = reading.meta("published")
        for place, name in enumerate(drawn.clusters.names):
            own = np.flatnonzero(drawn.clusters.of == place)
            middle = drawn.points[own].mean(axis=0) if len(own) else 0.0
            near = own[np.argsort(np.linalg.norm(drawn.points[own] - middle, axis=1))]
            examples: list[Example] = []
            for key in drawn.documents[near[:_EXAMPLES]].tolist():
                examples += [
                    Example(row.name, links.document_page(key))
                    for row in reading.listed(key - 1, 1, generation)
                    if row.key == key
                ]
            clusters.append(Cluster(name, len(own), tuple(examples)))
    return sorted(clusters, key=lambda cluster: -cluster.size)
