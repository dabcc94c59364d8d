"""Bringing a build's keyword view up to the store, by whichever engine it is to be made."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from search.errors import CollectionMismatch
from search.keywords.engines import engine_in
from search.keywords.index import KeywordIndex
from search.keywords.view import stamp
from search.reading import Reading
from search.storage import flush_folder, storage_errors

#: The view's folder in a build; where one is made that takes its place, and where that is put then.
KEYWORDS = "keywords"
KEYWORDS_DRAFT = "keywords.draft"
KEYWORDS_OLD = "keywords.old"


def publish_keywords(
    build: Path, engine: str, reading: Reading, published: int, generation: int
) -> None:
    """Have the keyword view of a build show a generation.

    One by another engine is made anew from what it knows of the passages; one that is damaged,
    missing or of no use from the store. Until it is complete, the view before stays where it is.

    Args:
        build: The build's folder.
        engine: The engine that is to make it.
        reading: The store, which has reached ``generation``.
        published: The generation that readers see now.
        generation: The one to show.

    Raises:
        StorageError: The disk is full or read-only.
        CollectionMismatch: The engine is not installed.
    """
    folder = build / KEYWORDS
    present = engine_in(folder)
    if present == engine:
        if stamp(folder) == generation:
            return
        found = _usable(folder, published, generation)
        if found is not None:
            with contextlib.closing(found):
                found.update(reading, generation)
            return
    made = None
    if present not in (None, engine):
        with contextlib.suppress(CollectionMismatch):  # not installed, so made from the store
            made = _copied(build, engine, published, generation)
    with contextlib.closing(made or KeywordIndex.create(build / KEYWORDS_DRAFT, engine)) as fresh:
        if fresh.generation != generation:
            fresh.update(reading, generation)
    _put_in_place(build)


def drop_damaged_keywords(build: Path, engine: str, generation: int) -> None:
    """Remove the keyword view of a build if it cannot be opened or is ahead of the store.

    Args:
        build: The build's folder.
        engine: The engine that is to make it; one by another is made anew at any rate.
        generation: The store's generation.

    Raises:
        CollectionMismatch: The engine is not installed.
    """
    folder = build / KEYWORDS
    if engine_in(folder) in (None, engine):
        found = _usable(folder, 0, generation)
        if found is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            found.close()


def _usable(folder: Path, least: int, most: int) -> KeywordIndex | None:
    """The view in ``folder``, opened, if it shows one of these generations."""
    found = KeywordIndex.open(folder)
    if found is not None and not least <= found.generation <= most:
        found.close()
        return None
    return found


def _copied(build: Path, engine: str, published: int, generation: int) -> KeywordIndex | None:
    """The view of another engine as a draft of ``engine``'s, or None if it is of no use."""
    found = _usable(build / KEYWORDS, published, generation)
    if found is None:
        return None
    with contextlib.closing(found):
        return found.copy_to(build / KEYWORDS_DRAFT, engine)


def _put_in_place(build: Path) -> None:
    """Put the draft in the place of the view; readers that find neither try again."""
    folder, old = build / KEYWORDS, build / KEYWORDS_OLD
    with storage_errors(build):
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.replace(old)
        (build / KEYWORDS_DRAFT).replace(folder)
        flush_folder(build)
    shutil.rmtree(old, ignore_errors=True)
