"""Bringing a damaged collection back into order, as far as what is left of it allows.

The store is mended first, row by row, and the views are made anew from it. What the database
itself still knows is put right on the spot: copies of text, fingerprints, generations, orphans.
Where something is lost, the rest of the document stays, and its files are marked as changed, so
that the next ``wherein index`` reads them again. A database that SQLite itself finds damaged is
read row by row into a new build, and the damaged file is kept.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from search.builds import STORE, current_build
from search.checking import bring_up, leftovers, opened_views, view_faults
from search.collection_writer import CollectionWriter, lock
from search.distrust import damage, distrusting, manifest_of, number_of
from search.errors import StorageError
from search.inspection import faults
from search.invariants import Invariant
from search.keywords import KEYWORDS, KeywordIndex, chosen_engine
from search.reading import Reading
from search.row_mending import mend_rows
from search.salvage import copy_readable
from search.schema import Manifest
from search.storage import storage_errors
from search.vectors import publish_vectors


def repair(folder: Path) -> tuple[str, ...]:
    """Mend what can be mended of the collection in ``folder``; nothing if nothing is wrong.

    Returns:
        What was done, and what the user must do, sentences.

    Raises:
        CollectionMissing: There is none.
        CollectionLocked: Another process is writing to it.
        CollectionMismatch: Its format is newer than this program.
        StorageError: The disk is full or read-only, or the database is beyond repair.
    """
    bring_up(folder)
    path = current_build(folder) / STORE
    said: list[str] = []
    held = lock(folder)
    try:
        damaged = _reindexed(path, said)
        if not damaged:
            said += _mend_store(path)
    finally:
        held.release()
    if damaged:
        said += _salvage(folder)
    with CollectionWriter.open(folder) as writer:
        said += _mend_views(writer)
        said += _clear(folder)
    return tuple(said)


def _reindexed(path: Path, said: list[str]) -> bool:
    """Whether the database is damaged, even after its own indexes were made anew."""
    try:
        with distrusting(path, writable=True) as connection:
            if not damage(connection):
                return False
            connection.execute("REINDEX")
            if damage(connection):
                return True
    except StorageError:
        if not os.access(path, os.W_OK):
            raise
        return True
    said.append("The database's own indexes were made anew.")
    return False


def _mend_store(path: Path) -> list[str]:
    with distrusting(path, writable=True) as connection, _transaction(connection):
        found = list(faults(connection))
        hopeless = [fault for fault in found if fault.invariant is Invariant.TABLES]
        if hopeless:
            raise StorageError(
                f"The database at {path} cannot be mended: {hopeless[0].example}.",
                "Restore it from a backup, or delete that folder and index again.",
            )
        return mend_rows(connection, found)


def _salvage(folder: Path) -> list[str]:
    """Build the collection anew from what can be read of its database, and keep the old file."""
    build = current_build(folder)
    with CollectionWriter.create(folder, _manifest_of(build / STORE)) as writer:
        try:
            with (
                distrusting(build / STORE) as damaged,
                distrusting(writer.store.path, writable=True) as target,
                _transaction(target),
            ):
                counts = copy_readable(damaged, target)
                if not counts["documents"][0]:
                    raise _beyond_repair(build / STORE)
                said = mend_rows(target, faults(target))
            kept = folder / f"damaged-{build.name}.sqlite"
            with storage_errors(folder):
                shutil.copyfile(build / STORE, kept)
            writer.activate()
        except BaseException:
            if current_build(folder) != writer.build:
                shutil.rmtree(writer.build, ignore_errors=True)
            raise
    copied = ", ".join(f"{n:,} {table}" for table, (n, _) in counts.items())
    holes = sum(lost for _, lost in counts.values())
    return [
        f"The database was damaged. What could be read of it was taken over ({copied}); in "
        f"{holes:,} places rows are lost. Run `wherein index` to read again what is missing.",
        f"The damaged database is kept as {kept}.",
        *said,
    ]


def _manifest_of(path: Path) -> Manifest:
    try:
        with distrusting(path) as connection:
            manifest = manifest_of(connection)
    except StorageError as error:
        raise _beyond_repair(path) from error
    if manifest is None:
        raise _beyond_repair(path)
    return manifest


def _beyond_repair(path: Path) -> StorageError:
    return StorageError(
        f"Nothing can be read of the database at {path}.",
        "Restore it from a backup or an archive (wherein import FILE --replace), or delete that "
        "folder and index again.",
    )


def _mend_views(writer: CollectionWriter) -> list[str]:
    """Make views anew that do not show what the store holds, and publish."""
    said = []
    with distrusting(writer.store.path) as connection:
        connection.execute("BEGIN")
        generation = number_of(connection, "generation")
        reading = Reading(connection)
        with opened_views(connection, writer.build) as (vectors, words):
            wrong = {fault.invariant for fault in view_faults(connection, vectors, words)}
            if vectors is None or vectors.generation != generation:
                wrong.add(Invariant.VECTOR_VIEW)
            if words is None or words.generation != generation:
                wrong.add(Invariant.KEYWORD_VIEW)
        if Invariant.VECTOR_VIEW in wrong:
            dimension = writer.store.manifest.encoder.dimension
            publish_vectors(writer.build, reading, 0, generation, dimension, anew=True)
            said.append("The vector index was made anew.")
        if Invariant.KEYWORD_VIEW in wrong:
            with storage_errors(writer.build):
                shutil.rmtree(writer.build / KEYWORDS, ignore_errors=True)
            made = KeywordIndex.create(writer.build / KEYWORDS, chosen_engine(writer.folder))
            with contextlib.closing(made) as index:
                index.update(reading, generation)
            said.append("The keyword index was made anew.")
    if writer.store.published != generation:
        writer.store.set_published(generation)
    return said


def _clear(folder: Path) -> list[str]:
    said = []
    for path, ours in list(leftovers(folder)):
        if ours:
            with storage_errors(path):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            said.append(f"Removed {path.relative_to(folder).as_posix()}, which was left behind.")
    return said


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
