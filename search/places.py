"""Which document somebody means who names a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from search.errors import DocumentMissing
from search.reading import Reading
from search.requirements import DocumentFacts
from search.rows import FileRecord


def document_at(path: str, facts: Iterable[DocumentFacts]) -> DocumentFacts | None:
    """The document at a path.

    Args:
        path: The path as it was typed: from the root of the disk, from the folder one is in, or the
            end of one, if only one document's path ends so. What lies in an archive has the
            archive's path, then its own.
        facts: The documents.

    Raises:
        DocumentMissing: Several documents' paths end so.
    """
    wanted = {whole.replace(os.sep, "/") for whole in _wholes(path)}
    ending = "/" + path.replace(os.sep, "/").strip("/")
    alike: list[DocumentFacts] = []
    for document in facts:
        if not wanted.isdisjoint(document.paths):
            return document
        if any(place.endswith(ending) for place in document.paths):
            alike.append(document)
    if len(alike) > 1:
        raise DocumentMissing(
            f"{len(alike)} documents lie at a path that ends in {path}.",
            f"Name one of them by more of its path, such as {alike[0].paths[0]}",
        )
    return alike[0] if alike else None


def file_at(path: str, reading: Reading) -> FileRecord | None:
    """What is known of the file at a path, be it a document or not; None if nothing is.

    Args:
        path: As for `document_at`, but whole.
        reading: The store.
    """
    for whole in map(Path, _wholes(path)):
        for place in (whole, *whole.parents):
            member = whole.relative_to(place).as_posix()
            if found := reading.file(place, "" if member == "." else member):
                return found
    return None


def _wholes(path: str) -> list[str]:
    """What a path can mean, from the root of the disk, with links and without."""
    return [os.path.abspath(path), os.path.realpath(path)]  # noqa: PTH100 - keeps links as they are
