"""The corpus map of a collection, drawn when it is asked for and kept up to date behind one's back.

`search.corpus_map` says what a map is.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from pathlib import Path

from search import corpus_map
from search.collection import Collection
from search.corpus_map import CorpusMap
from search.errors import WhereinError
from search.map_layout import LAYOUTS

_log = logging.getLogger("wherein")


class Maps:
    """Gives a collection's map; safe to use from several threads.

    The first one is waited for. When the collection has changed since, the map there is is given
    at once, and the next one drawn meanwhile.
    """

    def __init__(self) -> None:
        self._known: tuple[Path, CorpusMap] | None = None
        self._drawing: threading.Thread | None = None
        self._guard = threading.Lock()

    def newest(self, collection: Collection) -> CorpusMap:
        """The map of a collection, of its present generation or a little older.

        Raises:
            SettingError: It was laid out with a library that is no longer installed.
            CollectionError: The collection is damaged, cannot be read or was deleted.
        """
        with self._guard:
            known = self._of(collection)
            if known is None:
                known = up_to_date(collection)
                self._known = collection.build, known
            elif known.generation < collection.store.published and not self._busy():
                self._drawing = threading.Thread(
                    target=self._draw, args=(collection,), name="map", daemon=True
                )
                self._drawing.start()
            return known

    def close(self) -> None:
        """Wait for what is being drawn, which reads from the collection."""
        if self._drawing is not None:
            self._drawing.join()

    def _of(self, collection: Collection) -> CorpusMap | None:
        if self._known is not None and self._known[0] == collection.build:
            return self._known[1]
        found = corpus_map.kept(collection.build)
        if found is not None:
            self._known = collection.build, found
        return found

    def _busy(self) -> bool:
        return self._drawing is not None and self._drawing.is_alive()

    def _draw(self, collection: Collection) -> None:
        try:
            drawn = up_to_date(collection)
        except WhereinError as error:
            _log.warning("The map of %r could not be drawn: %s", collection.name, error)
            return
        with self._guard:
            self._known = collection.build, drawn


def up_to_date(collection: Collection, layout: str | None = None) -> CorpusMap:
    """The map of a collection's present generation; drawn and kept unless that was done before.

    Args:
        collection: The collection.
        layout: How it is to be laid out; None for the way it was.

    Raises:
        SettingError: The library that the layout needs is not installed.
        CollectionError: The collection is damaged, cannot be read or was deleted.
    """
    before = corpus_map.kept(collection.build)
    layout = layout or (before.layout if before is not None else LAYOUTS[0])
    with collection.snapshot() as snapshot:
        shown = None if before is None else (before.generation, before.layout)
        if before is not None and shown == (snapshot.generation, layout):
            return before
        drawn = corpus_map.draw(snapshot, before, layout)
    # In a folder that cannot be written to, the map is drawn once for each process.
    with contextlib.suppress(WhereinError):
        corpus_map.save(drawn, collection.build)
    return drawn
