"""What a query may require of a passage, as data.

Requirements are clauses that must all hold; of a clause's conditions one must. `search.fields`
makes conditions of what is typed, `search.filters` finds the passages that meet them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

#: The last second of the year 9999.
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must stand in the passage one after the other, see `search.phrases`."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """A word of the passage must begin so."""

    start: str


@dataclass(frozen=True, slots=True)
class Pages:
    """The passage must begin on one of these pages, the last included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Headed:
    """Words that must stand one after the other in a heading that the passage stands beneath.

    Attributes:
        words: The words, without diacritics.
        open: Whether the last one need only begin a word.
    """

    words: tuple[str, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """Words that must stand in the document's title or author one after the other.

    Attributes:
        where: "title" or "author".
        words: The words, without diacritics.
        open: Whether the last one need only begin a word.
    """

    where: Literal["title", "author"]
    words: tuple[str, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Lies:
    """The document must lie where this pattern says, see `search.paths`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Kind:
    """The document must be of this kind: a format, a family of formats, or a suffix."""

    name: str


@dataclass(frozen=True, slots=True)
class Language:
    """The document must be written in this language, an ISO 639-1 code."""

    code: str


@dataclass(frozen=True, slots=True)
class Dated:
    """The document must be dated so.

    Attributes:
        side: "before" a day, or "after": on that day or later.
        day: The day, as "2024-06-30".
    """

    side: Literal["before", "after"]
    day: str


@dataclass(frozen=True, slots=True)
class Area:
    """The document must lie in this part of the corpus map, see `search.corpus_map`.

    Attributes:
        drawn: The generation by which the map's axes were laid.
        corners: The corners of a polygon, in thousandths.
    """

    drawn: int
    corners: tuple[tuple[int, int], ...]


#: What is asked of a document as a whole, …
OfFacts = Named | Lies | Kind | Language | Dated
OfDocument = OfFacts | Area
#: … and of a passage.
OfPassage = Phrase | Prefix | Pages | Headed
Condition = OfDocument | OfPassage
Clause = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a passage must meet to be found.

    Attributes:
        clauses: All of them must hold; of each one's conditions at least one.
        excluded: Conditions of which none may hold.
    """

    clauses: tuple[Clause, ...] = ()
    excluded: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.clauses or self.excluded)

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """The phrases of which some must stand in a passage."""
        return tuple(
            condition
            for clause in self.clauses
            for condition in clause
            if isinstance(condition, Phrase)
        )


#: What a query without phrases and filters requires.
NOTHING = Requirements()


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What conditions on a document are held against.

    Attributes:
        version: The document's row.
        key: The number that users see.
        title: Its title, or "".
        kind: Format name.
        author: Who wrote it, or "".
        date: Its own date, such as "2024", "2024-06" or "2024-06-30"; or "".
        language: An ISO 639-1 code, or "".
        paths: Where it lies, with slashes; those inside an archive after the archive's own.
        modified: When its files were last modified, in nanoseconds since 1970.
    """

    version: int
    key: int
    title: str
    kind: str
    author: str
    date: str
    language: str
    paths: tuple[str, ...]
    modified: int

    @property
    def name(self) -> str:
        """The title, or the file's name where there is none: what the document is shown as."""
        return self.title or self.paths[0].rpartition("/")[2]

    @property
    def day(self) -> str:
        """The day it is dated, as "2024-06-30".

        It is the first one that the document's own date can mean; where it has none, that on which
        its file was last modified (UTC).
        """
        if self.date:
            return f"{self.date}-01-01"[:10] if len(self.date) == 4 else f"{self.date}-01"[:10]
        seconds = min(max(0, self.modified // 10**9), _LAST_SECOND)
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
