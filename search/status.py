"""What can be said of a collection as a whole."""

from __future__ import annotations

from typing import Any

from search.collection import Collection
from search.engine import display_path


def status_of(collection: Collection) -> dict[str, Any]:
    """Sizes, origin and failures of a collection, as JSON-ready values.

    Raises:
        StorageError: The collection cannot be read.
    """
    manifest = collection.manifest
    with collection.store.reading() as reading:
        counts = reading.counts()
        failures = {
            display_path(record.path): record.failure
            for record in reading.files()
            if record.failure is not None
        }
        return {
            "collection": collection.name,
            "folder": display_path(collection.folder),
            "files": counts.files,
            "documents": counts.documents,
            "passages": counts.passages,
            "roots": [display_path(root) for root in reading.roots()],
            "encoder": {
                "name": manifest.encoder.name,
                "dimension": manifest.encoder.dimension,
                "digest": manifest.encoder.digest,
            },
            "passage_pieces": manifest.splitter.pieces,
            "near": round(manifest.near, 4),
            "generation": reading.meta("generation"),
            "published": reading.meta("published"),
            "bytes": sum(
                path.stat().st_size for path in collection.build.rglob("*") if path.is_file()
            ),
            "failures": failures,
        }
