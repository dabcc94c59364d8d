"""A collection as whoever asks it sees it: the store and its two views, one generation at a time.

Reading never takes the lock. A `Snapshot` shows one generation from beginning to end, whatever is
written meanwhile; `Collection.snapshot` moves on to a newer one as soon as it is published.
Where the files lie says `search.builds`, how they are written `search.collection_writer`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from search.builds import STORE, current_build, written
from search.collection_writer import CollectionWriter
from search.errors import CollectionLocked, CollectionMissing, FormatOutdated, StorageError
from search.keywords import KEYWORDS, KeywordIndex
from search.reading import Reading
from search.schema import Manifest
from search.storage import read_ahead
from search.store import Store
from search.vectors import VECTORS, VectorIndex

_log = logging.getLogger("wherein")

#: How often opening the views is tried, and how many seconds pass between two tries.
_TRIES = 10
_PAUSE = 0.05


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
        self._current = written(folder)  # before it is read, lest a newer one be taken for it
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
        now = written(self.folder)
        if now is not None and now == self._current:
            return False
        try:
            same = current_build(self.folder) == self.build
        except CollectionMissing:
            return True
        if same:
            self._current = now
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
