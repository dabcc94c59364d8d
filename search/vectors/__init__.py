"""FAISS: the embeddings of one generation, searched by cosine. A view of the store.

`VectorIndex` reads it; `publish_vectors` writes it, a publication at a time. Its files lie in a
folder of their own (`stamps`): parts with embeddings (`parts`) and, from some size on, a graph
(`graph`) that is held to what comparing everything finds (`recall`).
"""

from search.vectors.index import VectorIndex
from search.vectors.parts import Cosines
from search.vectors.publishing import (
    KINDS,
    VECTORS,
    drop_damaged_vectors,
    publish_vectors,
)
from search.vectors.stamps import Stamp, describe, unused

__all__ = [
    "KINDS",
    "VECTORS",
    "Cosines",
    "Stamp",
    "VectorIndex",
    "describe",
    "drop_damaged_vectors",
    "publish_vectors",
    "unused",
]
