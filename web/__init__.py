"""The search page and the JSON API over one collection.

Importing this package costs nothing; Flask is loaded when an application is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from search.engine import Engine
    from search.settings import Settings

__all__ = ["create_app"]


def create_app(settings: Settings, engine: Engine | None = None) -> Flask:
    """The WSGI application that answers for the collection that the settings name.

    Args:
        settings: Names the collection, and the host whose name requests may bear.
        engine: The engine to ask; opened from the settings if left out. Whoever made the
            application closes it: ``web.state.engine_of(app).close()``.

    Raises:
        CollectionError: There is no such collection, it is damaged or cannot be read, its format is
            newer than this program, or it is older and another process is writing to it.
        EncoderError: The reranker that the settings name cannot be loaded.
        SettingError: An origin that is to be allowed is none.
    """
    from web.application import build

    return build(settings, engine)
