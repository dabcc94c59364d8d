"""The keyword index: which passages hold a query's words, and how well they fit.

`KeywordIndex` is all that the rest of the program knows of it. Behind it stand a forward index of
our own (`segments`, `forward`), which knows what every passage holds and scores it, and one of two
engines (`postings`: `whoosh_postings` or `tantivy_postings`), which finds the passages. `view`
keeps the two in step on disk.
"""

from search.keywords.engines import (
    CHOICE,
    CHOICE_DRAFT,
    ENGINES,
    choose_engine,
    chosen_engine,
    engine_in,
)
from search.keywords.forward import Scores
from search.keywords.index import KeywordIndex
from search.keywords.latency import describe_keywords
from search.keywords.publishing import (
    KEYWORDS,
    KEYWORDS_DRAFT,
    KEYWORDS_OLD,
    drop_damaged_keywords,
    publish_keywords,
)
from search.keywords.view import stamp

__all__ = [
    "CHOICE",
    "CHOICE_DRAFT",
    "ENGINES",
    "KEYWORDS",
    "KEYWORDS_DRAFT",
    "KEYWORDS_OLD",
    "KeywordIndex",
    "Scores",
    "choose_engine",
    "chosen_engine",
    "describe_keywords",
    "drop_damaged_keywords",
    "engine_in",
    "publish_keywords",
    "stamp",
]
