"""The corpus map after a run, so that it is there when it is asked for."""

from __future__ import annotations

import logging

from search.collection import Collection
from search.errors import WhereinError
from search.map_layout import reducer_for
from search.maps import up_to_date
from search.settings import Settings

_log = logging.getLogger("wherein")


def require_layout(settings: Settings) -> None:
    """Check that the map can be laid out as the settings say, before a long run.

    Raises:
        SettingError: There is no such layout, or the library that it needs is not installed.
    """
    if settings.map_layout is not None:
        reducer_for(settings.map_layout)


def draw_map(settings: Settings) -> None:
    """Draw the map of the collection that the settings name, or put in what is new.

    Where that fails nothing is lost: whoever asks for the map has it drawn then.
    """
    try:
        with Collection(settings.collections / settings.collection) as collection:
            up_to_date(collection, settings.map_layout)
    except WhereinError as error:
        _log.warning("The map could not be drawn: %s", error)
