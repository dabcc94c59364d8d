"""How near questions come that have nothing to do with a collection, measured after a run."""

from __future__ import annotations

import logging

from search.collection import Collection
from search.encoders import Encoder
from search.errors import WhereinError
from search.settings import Settings
from search.unanswered import Calibration

_log = logging.getLogger("wherein")


def measure_unrelated(settings: Settings, encoder: Encoder) -> None:
    """Measure it for the collection that the settings name, unless what is known still holds.

    Where that fails nothing is lost: the first search measures it then.

    Args:
        settings: They name the collection.
        encoder: The collection's.
    """
    try:
        with (
            Collection(settings.collections / settings.collection) as collection,
            collection.snapshot() as snapshot,
        ):
            Calibration(settings.cache).bars(collection, snapshot, encoder)
    except WhereinError as error:
        _log.warning("How near unrelated questions come could not be measured: %s", error)
