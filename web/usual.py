"""The language that goes without saying: the one most documents of the collection are in."""

from __future__ import annotations

from functools import lru_cache

from search.collection import Collection
from search.engine import Engine

#: How many documents are asked for theirs.
_ASKED = 500


def usual_language(engine: Engine) -> str:
    """The language of most documents, as its code; English where none is known.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    collection = engine.collection
    with collection.store.reading() as reading:
        generation = reading.meta("generation")
    return _most_frequent(collection, generation)


# To ask takes some time in a collection of long documents, and the answer rarely changes.
@lru_cache(maxsize=1)
def _most_frequent(collection: Collection, _generation: int) -> str:
    with collection.store.reading() as reading:
        found = reading.languages(_ASKED)
    return next(filter(None, found), "en")
