"""Taking a whole collection elsewhere: one file out of it, and a collection out of that file."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from search import archive
from search.admission import require_ours, require_plausible, require_trusted
from search.archive import Archive, ArchiveManifest
from search.builds import current_build, exists
from search.checking import summary
from search.collection import Collection
from search.collection_writer import CollectionWriter
from search.distrust import columns_of, distrusting, read_only_address
from search.errors import StorageError, UsageError
from search.inspection import faults
from search.rows import Counts
from search.schema import FORMAT
from search.storage import storage_errors
from search.store import Store

STORE = "store.sqlite"
_DRAFT = "import.draft"
_COPIES = (
    ("documents", "WHERE died IS NULL"),
    ("passages", "WHERE document IN (SELECT id FROM source.documents WHERE died IS NULL)"),
    (
        "embeddings",
        "WHERE id IN (SELECT p.embedding FROM source.passages p JOIN source.documents d "
        "ON d.id = p.document WHERE d.died IS NULL)",
    ),
    ("files", ""),
    ("roots", ""),
    ("judgements", "WHERE document IN (SELECT key FROM source.documents WHERE died IS NULL)"),
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes:
        manifest: What the archive says of itself.
        roots: The folders and files that its documents were read from, as it says.
    """

    manifest: ArchiveManifest
    roots: tuple[Path, ...]


def export(folder: Path, target: Path, *, overwrite: bool = False) -> ArchiveManifest:
    """Write the collection in ``folder`` into one file, as it is at this moment.

    Others may read and write it meanwhile. The file appears when it is complete.

    Args:
        folder: The collection's folder.
        target: The file to write.
        overwrite: Replace a file that is there.

    Returns:
        What the file says of itself.

    Raises:
        CollectionMissing: There is no such collection.
        UsageError: There is a file already, or no folder to put it in.
        StorageError: The collection is not sound, or the disk is full or read-only.
        CollectionMismatch: Its format is newer than this program.
        CollectionLocked: Its format is older, and another process is writing to it.
    """
    if not overwrite:
        archive.refuse_existing(target)
    if not target.parent.is_dir():
        raise UsageError(f"There is no folder {target.parent}.", "Make it first.")
    with contextlib.ExitStack() as stack:
        collection = stack.enter_context(Collection(folder))
        if not os.access(target.parent, os.W_OK):
            raise UsageError(f"{target.parent} cannot be written to.", "Choose another folder.")
        with storage_errors(target):
            place = Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent)
                )
            )
        copy = place / STORE
        Store.create(copy, collection.manifest).close()
        _copy_living(collection.store.path, copy)
        counts = _counts_if_sound(copy)
        if isinstance(counts, str):
            raise StorageError(
                f"Collection {collection.name!r} is not sound: {counts}.",
                "Mend it first with: wherein check --repair",
            )
        manifest = ArchiveManifest(
            archive.VERSION, version("wherein"), FORMAT, collection.manifest, counts, {}
        )
        draft = place / "draft"
        manifest = archive.write(draft, copy, manifest)
        archive.put_in_place(draft, target, overwrite=overwrite)
    return manifest


def import_(
    path: Path, folder: Path, *, replace: bool = False, model: str | None = None
) -> Imported:
    """Make a collection in ``folder`` out of an archive.

    Nothing in the archive is trusted: its rows are copied into a new database once they were found
    sound, and the views are made from them. The model it names is not loaded, but searching will
    load it, from a folder or from the network; so any but the built-in one must be named by the
    user too.

    Args:
        path: The archive.
        folder: The collection's folder.
        replace: Put the archive in the place of a collection that is there.
        model: The model that the user expects, and trusts.

    Returns:
        What the archive said, and where its documents came from.

    Raises:
        UsageError: There is a collection already, the archive is not sound, or its model is
            neither built in nor the one expected.
        CollectionMismatch: The archive was written by a newer program.
        CollectionLocked: Another process is writing to the collection.
        StorageError: The disk is full or read-only.
    """
    with archive.opened(path) as packed:
        manifest = packed.manifest
        require_plausible(path, manifest)
        require_trusted(manifest.collection.encoder.name, model)
        _require_vacant(folder, replace=replace)
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _require_room(folder, manifest)
        writer = CollectionWriter.create(folder, manifest.collection)
        try:
            _require_vacant(folder, replace=replace)  # nobody else writes any more
            _fill(writer, packed)
            with writer.store.reading() as reading:
                roots = tuple(reading.roots())
            writer.activate()
        except BaseException:
            _undo(writer)
            raise
        writer.close()
    return Imported(manifest, roots)


def _require_vacant(folder: Path, *, replace: bool) -> None:
    if exists(folder) and not replace:
        raise UsageError(
            f"There is a collection {folder.name!r} already.",
            "Import under another name with --collection, or replace it with --replace.",
        )


def _require_room(folder: Path, manifest: ArchiveManifest) -> None:
    needed = 2 * sum(part.bytes for part in manifest.parts.values())
    if shutil.disk_usage(folder).free < needed:
        raise StorageError(
            f"The disk that holds {folder} has less than the {needed / 1e6:,.0f} MB of room that "
            "the import needs.",
            "Make room, or keep collections elsewhere with --home or WHEREIN_HOME.",
        )


def _fill(writer: CollectionWriter, packed: Archive) -> None:
    """Bring the archive's rows into the writer's new database."""
    place = writer.folder / _DRAFT
    unpacked = place / STORE
    with storage_errors(writer.folder):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        with unpacked.open("xb") as sink:
            packed.unpack_store(sink)
    try:
        require_ours(unpacked, packed.path, packed.manifest)
        if packed.manifest.format < FORMAT:
            Store(unpacked, writable=True).close()  # which brings it up to date
        _copy_living(unpacked, writer.store.path)
        counts = _counts_if_sound(writer.store.path)
    except (StorageError, sqlite3.IntegrityError) as error:
        if _is_our_disks(error):
            raise
        raise archive.unsound(packed.path, "its database is damaged") from error
    if isinstance(counts, str):
        raise archive.unsound(packed.path, counts)
    if counts != packed.manifest.counts:
        raise archive.unsound(packed.path, "it holds another number of documents than it says")


def _is_our_disks(error: Exception) -> bool:
    """Whether it is the disk here that failed, and not the archive."""
    cause = error if isinstance(error, sqlite3.Error) else error.__cause__
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF
    return code not in (
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_MISMATCH,
    )


def _copy_living(source: Path, target: Path) -> None:
    """Copy what is alive in one database into another that is new, as one consistent state."""
    with storage_errors(source):
        address = read_only_address(source)
    with (
        storage_errors(target),
        contextlib.closing(
            sqlite3.connect(target.absolute().as_uri(), uri=True, isolation_level=None)
        ) as connection,
    ):
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("ATTACH ? AS source", (address,))
        connection.execute("BEGIN IMMEDIATE")
        for table, condition in _COPIES:
            columns = ",".join(f'"{name}"' for name in columns_of(connection, table))
            connection.execute(
                f"INSERT INTO main.{table} ({columns}) "  # noqa: S608  # our own names
                f"SELECT {columns} FROM source.{table} {condition}"
            )
        connection.execute("DELETE FROM main.sqlite_sequence")
        connection.execute("INSERT INTO main.sqlite_sequence SELECT * FROM source.sqlite_sequence")
        connection.execute(
            "UPDATE main.meta SET value = "
            "(SELECT value FROM source.meta WHERE name = 'generation') "
            "WHERE name IN ('generation', 'published')"
        )
        connection.execute("COMMIT")
        connection.execute("DETACH source")


def _counts_if_sound(path: Path) -> Counts | str:
    """How much there is in a database; if it is not sound, why not."""
    with distrusting(path) as connection:
        connection.execute("BEGIN")
        for finding in summary(faults(connection)):
            return f"{finding.what}: {finding.count:,}, such as {finding.example}"
        connection.execute("COMMIT")
    store = Store(path)
    try:
        with store.reading() as reading:
            return reading.counts()
    finally:
        store.close()


def _undo(writer: CollectionWriter) -> None:
    """Leave nothing of an import that failed."""
    folder = writer.folder
    writer.store.close()
    if not exists(folder) or current_build(folder) != writer.build:
        shutil.rmtree(writer.build, ignore_errors=True)
    shutil.rmtree(folder / _DRAFT, ignore_errors=True)
    writer.close()
    if not exists(folder):
        with contextlib.suppress(OSError):  # somebody else may begin a collection there
            (folder / "writer.lock").unlink(missing_ok=True)
            folder.rmdir()
