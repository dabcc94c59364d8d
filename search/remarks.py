"""What an answer says besides its hits, in sentences."""

from __future__ import annotations

from pathlib import Path

from search.asking import Asked
from search.collection import Snapshot
from search.fields import typed
from search.filters import TEXTS_READ, Allowed, Filters
from search.models import Mode, Query
from search.requirements import Clause, Kind, Language, Requirements

NOT_NEAR = "Nothing is near enough in meaning; these passages share words with the query."
EMPTY = "The collection is empty; index a folder first."
_ONLY_COMMON = (
    "The query holds only very common words, which keyword search leaves out; "
    "ask with rarer ones or in another mode."
)
_NOT_ALL_READ = (
    f"Only {TEXTS_READ:,} passages were read to find the phrases; narrow the search down with "
    "path: or another filter."
)

#: How many types or languages are named at the most.
_NAMED = 5


def on_words(query: Query, mode: Mode, asked: Asked) -> list[str]:
    """What is to be said of the words that are searched for.

    Args:
        query: The query.
        mode: How it is searched.
        asked: The words.
    """
    if mode is Mode.KEYWORD and query.meaning and not asked.words:
        return [_ONLY_COMMON]
    return []


def on_requirements(
    allowed: Allowed, query: Query, filters: Filters, build: Path, snapshot: Snapshot
) -> list[str]:
    """What is to be said where the requirements leave nothing, or not all was looked at.

    Args:
        allowed: What they leave.
        query: The query.
        filters: Finds what single conditions leave.
        build: The build that the snapshot is of.
        snapshot: What is searched.

    Raises:
        StorageError: The collection cannot be read.
    """
    if not allowed.complete:
        return [_NOT_ALL_READ]
    if len(allowed.ids):
        return []
    for clause in query.requirements.clauses:
        alone = filters.allowed(build, snapshot, Requirements((clause,)))
        if not len(alone.ids):
            return [
                f"No passage meets {' OR '.join(map(typed, clause))}.",
                *_there_is(clause, snapshot),
            ]
    return ["No passage meets all that the query requires."]


def _there_is(clause: Clause, snapshot: Snapshot) -> list[str]:
    """Which types or languages there are, where a clause asks for nothing but others."""
    found: list[Kind] | list[Language]
    if all(isinstance(condition, Kind) for condition in clause):
        found = [Kind(name) for name in snapshot.reading.kinds()]
    elif all(isinstance(condition, Language) for condition in clause):
        codes = (code.lower()[:2] for code in snapshot.reading.languages() if code)
        found = [Language(code) for code in dict.fromkeys(codes)]
    else:
        return []
    if not found:
        return []
    named = ", ".join(map(typed, found[:_NAMED]))
    return [f"There are: {named}." if len(found) <= _NAMED else f"The most frequent are: {named}."]
