"""A collection: a folder that holds the store and its two views, and who may touch it when.

::

    <home>/collections/<name>/
        CURRENT              name of the build in use
        writer.lock          held by the one process that writes
        0001/                a build: everything made with one encoder and one splitter
            store.sqlite     the truth
            vectors/         view: embeddings, stamped with its generation
            keywords/        view: words, stamped with its generation
        keyword-engine       what makes that view, if not the default

Reading never takes the lock. A `Snapshot` shows one generation from beginning to end, whatever is
written meanwhile; `Collection.snapshot` moves on to a newer one as soon as it is published.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from search import keywords, vectors
from search.errors import CollectionLocked, CollectionMissing, FormatOutdated, StorageError
from search.keywords import KEYWORDS, KeywordIndex
from search.reading import Reading
from search.schema import Manifest
from search.storage import flush, flush_folder, read_ahead, storage_errors
from search.store import Store
from search.vectors import VECTORS, VectorIndex

_log = logging.getLogger("wherein")

#: How often opening the views is tried, and how many seconds pass between two tries.
_TRIES = 10
_PAUSE = 0.05

_CURRENT = "CURRENT"
#: Names within a build.
STORE = "store.sqlite"


@dataclass(eq=False)
class Views:
    """Both views, opened; closed when nobody reads them any more.

    Attributes:
        vectors: The embeddings.
        keywords: The words.
        readers: How many snapshots use them now.
        retired: Whether newer views have taken their place.
    """

    vectors: VectorIndex
    keywords: KeywordIndex
    readers: int = 0
    retired: bool = False

    @property
    def generation(self) -> int:
        """The generation that both views can show."""
        return min(self.vectors.generation, self.keywords.generation)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation of a collection, consistent until it is left.

    Attributes:
        generation: Which one.
        vectors: Embeddings.
        keywords: Words.
        reading: The store as it is at this moment.
        build: The folder of the build it is of.
    """

    generation: int
    vectors: VectorIndex
    keywords: KeywordIndex
    reading: Reading
    build: Path


class Collection:
    """A collection opened for reading; safe to use from several threads.

    Args:
        folder: The collection's folder.

    Raises:
        CollectionMissing: There is none.
        StorageError: It is damaged or cannot be read.
        CollectionMismatch: Its format is newer than this program.
        CollectionLocked: Its format is older, and another process is writing to it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._current = _written(folder)  # before it is read, lest a newer one be taken for it
        self.build = current_build(folder)
        try:
            self.store = Store(self.build / STORE)
        except FormatOutdated:
            CollectionWriter.open(folder).close()  # which brings it up to date
            self.store = Store(self.build / STORE)
        self._views: Views | None = None
        self._guard = threading.Lock()

    @property
    def name(self) -> str:
        """What the collection is called."""
        return self.folder.name

    @property
    def manifest(self) -> Manifest:
        """What its passages and embeddings depend on."""
        return self.store.manifest

    def close(self) -> None:
        """Close the views and the database."""
        with self._guard:
            if self._views is not None:
                self._views.keywords.close()
                self._views = None
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def replaced(self) -> bool:
        """Whether another build has taken this one's place, so that it must be opened anew.

        Raises:
            StorageError: The folder cannot be read.
        """
        written = _written(self.folder)
        if written is not None and written == self._current:
            return False
        try:
            same = current_build(self.folder) == self.build
        except CollectionMissing:
            return True
        if same:
            self._current = written
        return not same

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The newest published generation.

        Raises:
            StorageError: The views are missing and cannot be made anew.
            CollectionError: The collection was deleted meanwhile, or a newer program is writing to
                it.
        """
        with contextlib.ExitStack() as stack:
            while True:
                views = self._acquire(self.store.published)
                stack.callback(self._release, views)
                reading = stack.enter_context(self.store.reading())
                if reading.meta("published") <= views.generation:
                    break
                stack.close()  # newer views came out meanwhile, and what died is dropped already
            yield Snapshot(views.generation, views.vectors, views.keywords, reading, self.build)

    def read_ahead(self) -> None:
        """Have the system read the views' files into its cache, as far as memory allows.

        Until they lie there, every query to a large collection waits for the disk many times.
        """
        views = [self.build / VECTORS, self.build / KEYWORDS]
        with contextlib.suppress(OSError):  # another build has just taken its place
            read_ahead([path for view in views for path in view.glob("*") if path.is_file()])

    def _acquire(self, published: int) -> Views:
        with self._guard:
            if self._views is None or self._views.generation < published:
                fresh = self._open_views(published)
                if self._views is not None:
                    self._views.retired = True
                    if not self._views.readers:
                        self._views.keywords.close()
                self._views = fresh
            self._views.readers += 1
            return self._views

    def _release(self, views: Views) -> None:
        with self._guard:
            views.readers -= 1
            if views.retired and not views.readers:
                views.keywords.close()

    def _open_views(self, published: int) -> Views:
        for attempt in range(_TRIES):
            vectors_ = VectorIndex.open(self.build / VECTORS, self.manifest.encoder.dimension)
            words = KeywordIndex.open(self.build / KEYWORDS)
            newest = self.store.generation
            if vectors_ is not None and words is not None:
                shown = (vectors_.generation, words.generation)
                usable = published <= min(shown) and max(shown) <= newest
                if usable and (attempt or newest <= published):
                    return Views(vectors_, words)
            if words is not None:
                words.close()
            if attempt:
                time.sleep(_PAUSE)  # a writer may be changing files at this very moment
            else:
                # A run that was cut short left the views behind, or they are damaged.
                self._catch_up()
        raise StorageError(
            f"The search indexes of collection {self.name!r} are damaged or missing, and cannot be "
            "made anew.",
            f"Check that {self.folder} can be written to and that no `wherein index` hangs.",
        )

    def _catch_up(self) -> None:
        """Bring the views on disk up to the store, unless that is somebody else's business."""
        with (
            contextlib.suppress(CollectionLocked, StorageError),
            CollectionWriter.open(self.folder) as writer,
        ):
            _log.info("Bringing the search indexes of %r up to date.", self.name)
            writer.drop_damaged_views()
            writer.publish()


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
        with storage_errors(self.folder):
            draft = self.folder / f"{_CURRENT}.draft"
            draft.write_text(self.build.name + "\n", "ascii")
            flush(draft)
            draft.replace(self.folder / _CURRENT)
            flush_folder(self.folder)
        for path in self.folder.iterdir():
            if path.is_dir() and path != self.build:
                shutil.rmtree(path, ignore_errors=True)

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


def exists(folder: Path) -> bool:
    """Whether there is a collection in ``folder``."""
    return (folder / _CURRENT).is_file()


def _written(folder: Path) -> tuple[int, int] | None:
    """What tells one writing of the file that names the build from another; None if it is gone."""
    try:
        status = (folder / _CURRENT).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def current_build(folder: Path) -> Path:
    """The build in use of the collection in ``folder``.

    Raises:
        CollectionMissing: There is no collection.
        StorageError: It cannot be read, or is damaged.
    """
    try:
        name = (folder / _CURRENT).read_text("ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        raise CollectionMissing(
            f"There is no collection {folder.name!r} yet.",
            "Make it with: wherein index FOLDER",
        ) from None
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror}.") from error
    if not name.isdigit():
        raise StorageError(
            f"The collection at {folder} is damaged: its file {_CURRENT} names no build.",
            "Delete that folder and index again.",
        )
    return folder / name


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
