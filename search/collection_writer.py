"""A collection as the one process sees it that writes to it.

Writing needs the lock. What is written is shown to readers, who never take it (see
`search.collection`), by `CollectionWriter.publish`.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from search import keywords, vectors
from search.builds import STORE, current_build, put_in_use
from search.errors import CollectionLocked, CollectionMissing, StorageError
from search.schema import Manifest
from search.storage import storage_errors
from search.store import Store

_log = logging.getLogger("wherein")


class CollectionWriter:
    """A collection opened for writing, under its lock; made by `open` or `create`.

    Attributes:
        folder: The collection's folder.
        build: The build being written.
        store: Its database.
    """

    def __init__(self, folder: Path, build: Path, store: Store, lock: FileLock) -> None:
        self.folder = folder
        self.build = build
        self.store = store
        self._lock = lock
        self._vector_index: str | None = None

    @classmethod
    def open(cls, folder: Path) -> CollectionWriter:
        """Open an existing collection for writing.

        Returns:
            The build in use, locked until it is closed; brought up from an older format.

        Raises:
            CollectionMissing: There is none.
            CollectionLocked: Another process is writing to it.
            StorageError: It is damaged or cannot be written to.
            CollectionMismatch: Its format is newer than this program.
        """
        build = current_build(folder)
        held = lock(folder)
        try:
            build = current_build(folder)
            store = Store(build / STORE, writable=True)
        except BaseException:
            held.release()
            raise
        return cls(folder, build, store, held)

    @classmethod
    def create(cls, folder: Path, manifest: Manifest) -> CollectionWriter:
        """Make a new build of the collection, empty; `activate` puts it in use.

        Args:
            folder: The collection's folder; made if it is not there.
            manifest: What the passages and embeddings of the build will depend on.

        Returns:
            The build, opened for writing and locked until it is closed.

        Raises:
            CollectionLocked: Another process is writing to it.
            StorageError: The disk is full or read-only.
        """
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        held = lock(folder)
        try:
            with storage_errors(folder):
                try:
                    number = int(current_build(folder).name) + 1
                except (CollectionMissing, ValueError):
                    number = 1
                build = folder / f"{number:04d}"
                if build.exists():
                    shutil.rmtree(build)
                build.mkdir()
                store = Store.create(build / STORE, manifest)
        except BaseException:
            held.release()
            raise
        return cls(folder, build, store, held)

    def activate(self) -> None:
        """Put this build in use and drop the others.

        Raises:
            StorageError: The disk is full or read-only; the build before stays in use.
            CollectionMismatch: The keyword engine is not installed.
        """
        self.publish()
        put_in_use(self.build)

    def publish(self) -> None:
        """Bring both views up to the store, so that readers see what was written.

        A view that is damaged, missing or ahead of the store is made anew from the store.

        Raises:
            StorageError: The disk is full or read-only; readers go on with what they had.
            CollectionMismatch: The keyword engine is not installed.
        """
        generation = self.store.generation
        published = self.store.published
        with self.store.reading() as reading:
            dimension, kind = self.store.manifest.encoder.dimension, self._vector_index
            vectors.publish_vectors(
                self.build, reading, published, generation, dimension, kind=kind
            )
            engine = keywords.chosen_engine(self.folder)
            keywords.publish_keywords(self.build, engine, reading, published, generation)
        if published != generation:
            self.store.set_published(generation)

    def give_back_room(self) -> None:
        """Give room that the database no longer uses back to the disk, as far as that can be now.

        Readers go on meanwhile. Where the disk is too full for it, or somebody else is writing, it
        is left for the next time.
        """
        try:
            self.store.give_back()
        except (StorageError, CollectionLocked) as error:
            _log.info("The database of %r stays as large as it is: %s", self.folder.name, error)

    def drop_damaged_views(self) -> None:
        """Remove views that cannot be opened or are ahead of the store; `publish` remakes them.

        Raises:
            StorageError: The collection's folder cannot be read.
            CollectionMismatch: The keyword engine is not installed.
        """
        generation = self.store.generation
        dimension = self.store.manifest.encoder.dimension
        vectors.drop_damaged_vectors(self.build, generation, dimension)
        engine = keywords.chosen_engine(self.folder)
        keywords.drop_damaged_keywords(self.build, engine, generation)

    def use_keyword_engine(self, name: str | None) -> None:
        """Have the keyword view made by an engine from the next `publish` on.

        Args:
            name: As `search.keywords.choose_engine` takes it.

        Raises:
            SettingError: There is no such engine.
            CollectionMismatch: It is not installed.
            StorageError: The disk is full or read-only.
        """
        keywords.choose_engine(self.folder, name)

    def use_vector_index(self, kind: str | None) -> None:
        """Have the vector view be of another kind from the next `publish` on.

        Args:
            kind: One of `search.vectors.KINDS`, or None for what it is.
        """
        self._vector_index = kind

    def close(self) -> None:
        """Close the database and let go of the lock."""
        self.store.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def lock(folder: Path) -> FileLock:
    """Take the lock that the one process holds that writes to the collection in ``folder``.

    Returns:
        The lock, held until it is released.

    Raises:
        CollectionLocked: Another process holds it.
        StorageError: The folder cannot be written to.
    """
    held = FileLock(folder / "writer.lock", timeout=0)
    with storage_errors(folder):
        try:
            held.acquire()
        except Timeout:
            raise CollectionLocked(
                f"Another process is writing to collection {folder.name!r}.",
                "Wait until it is done, or use another one with --collection.",
            ) from None
    return held
