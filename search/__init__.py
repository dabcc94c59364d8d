"""Wherein's engine: one collection, and how it is asked.

::

    from search import open_collection
    from search.queries import parse

    with open_collection() as engine:
        for hit in engine.search(parse("how do plants make food?")).hits:
            print(hit.path, hit.text)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search.engine import Engine

__all__ = ["open_collection"]


def open_collection(name: str = "default", **settings: Any) -> Engine:
    """Open a collection for searching.

    Args:
        name: The collection's name.
        settings: Further settings by name, see `search.settings.Settings`.

    Returns:
        An `search.engine.Engine`, to be used in a ``with`` statement or closed.

    Raises:
        CollectionMissing: There is no collection of that name.
        SettingError: A setting has an impossible value.
        CollectionMismatch: Its format is newer than this program.
        CollectionLocked: Its format is older, and another process is writing to it.
        StorageError: It is damaged or cannot be read.
        EncoderError: The reranker that a setting names cannot be loaded.
    """
    from search.engine import Engine
    from search.settings import Settings

    return Engine.of(Settings.from_environment(collection=name, **settings))
