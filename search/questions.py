"""What the statements that read the store have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]

#: Most parameters given to one statement.
_PARAMETERS = 500

#: Whether a document ``d`` belongs to a generation, which is given twice.
ALIVE = "d.born <= ? AND (d.died IS NULL OR d.died > ?)"


class Questions:
    """Questions to one consistent state of the store.

    Args:
        connection: A connection that reads that state.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection


def parts(items: list[Any]) -> Iterator[list[Any]]:
    """Items in portions that fit one statement."""
    for start in range(0, len(items), _PARAMETERS):
        yield items[start : start + _PARAMETERS]
