"""What can be said of a collection as a whole."""

from __future__ import annotations

from typing import Any

from search.collection import Collection
from search.engine import display_path
from search.keywords import describe_keywords
from search.schema import WalkRules
from search.vectors import VECTORS, describe


def status_of(collection: Collection) -> dict[str, Any]:
    """Sizes, origin, failures and scans of a collection, as JSON-ready values.

    Raises:
        StorageError: The collection cannot be read.
    """
    manifest = collection.manifest
    with collection.store.reading() as reading:
        counts = reading.counts()
        roots = {display_path(root): rules for root, rules in reading.roots().items()}
        return {
            "collection": collection.name,
            "folder": display_path(collection.folder),
            "files": counts.files,
            "documents": counts.documents,
            "passages": counts.passages,
            "roots": list(roots),
            "rules": {root: _rules(rules) for root, rules in roots.items()},
            "kinds": reading.kinds(),
            "languages": reading.languages(),
            "encoder": {
                "name": manifest.encoder.name,
                "dimension": manifest.encoder.dimension,
                "digest": manifest.encoder.digest,
            },
            "passage_pieces": manifest.splitter.pieces,
            "near": round(manifest.near, 4),
            "generation": reading.meta("generation"),
            "published": reading.meta("published"),
            "vector_index": _vectors(collection),
            "keyword_index": describe_keywords(collection.build),
            "bytes": sum(
                path.stat().st_size for path in collection.build.rglob("*") if path.is_file()
            ),
            "scanned": {display_path(path): told for path, told in reading.scanned()},
            "failures": {
                display_path(record.location): record.failure for record in reading.failures()
            },
        }


def _vectors(collection: Collection) -> dict[str, Any] | None:
    """How vectors are searched; None if there is no view that can be read."""
    return describe(collection.build / VECTORS, collection.manifest.encoder.dimension)


def _rules(rules: WalkRules) -> dict[str, Any]:
    return {
        "include": list(rules.include),
        "exclude": list(rules.exclude),
        "follow": rules.follow,
        "hidden": rules.hidden,
    }
