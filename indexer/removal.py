"""Taking paths out of a collection."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indexer.changes import within
from search.collection_writer import CollectionWriter
from search.engine import display_path
from search.errors import UsageError


def remove(paths: Sequence[Path], writer: CollectionWriter) -> int:
    """Take files, and all that lies beneath folders, out of the collection.

    Args:
        paths: Absolute paths.
        writer: The collection; its views are brought up to what is left.

    Returns:
        How many files were taken out.

    Raises:
        UsageError: One of the paths is not in the collection; nothing was removed.
        StorageError: The disk is full, read-only or damaged.
        CollectionMismatch: Its keyword engine is not installed.
    """
    with writer.store.reading() as reading:
        known = {record.path for record in reading.files()}
        roots = reading.roots()
    going = [path for path in known if within(path, paths)]
    for path in paths:
        if not any(within(file, [path]) for file in going) and path not in roots:
            raise UsageError(
                f"Nothing at {display_path(path)} is in the collection.",
                "See what is with: wherein status",
            )
    with writer.store.writing() as writing:
        for path in going:
            writing.remove_file(path)
        for root in roots:
            if within(root, paths):
                writing.remove_root(root)
    writer.publish()
    writer.give_back_room()
    return len(going)
