"""What all reading processes share: imported once, by the process that they are forked from."""

from __future__ import annotations

from contextlib import suppress

import indexer.worker
from indexer.languages import identifier

__all__ = ["indexer"]

with suppress(OSError):  # no room for temporary files: each worker does without, see language_of
    identifier()
