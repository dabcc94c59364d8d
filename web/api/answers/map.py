"""The corpus map, as types."""

from __future__ import annotations

from pydantic import BaseModel


class MapGrouping(BaseModel):
    """One way to tell the documents on the map apart.

    Attributes:
        names: The groups' names; that of a cluster says what sets it apart.
        of: The group of each document, a place among the names.
    """

    names: list[str]
    of: list[int]


class MapAnswer(BaseModel):
    """Where the documents lie: documents of like meaning lie near one another.

    Attributes:
        generation: Which state of the collection it shows; it may be a little older.
        drawn: The state by which its axes were laid; places on maps with the same number compare.
        total: How many documents the collection has; of very many, some are drawn by lot.
        documents: The documents' numbers.
        x: How far to the right each lies, -1000 to 1000.
        y: How far up each lies, likewise.
        clusters: By what they are about.
        kinds: By their formats.
        folders: By the folders they lie in.
    """

    generation: int
    drawn: int
    total: int
    documents: list[int]
    x: list[int]
    y: list[int]
    clusters: MapGrouping
    kinds: MapGrouping
    folders: MapGrouping


class MapPlace(BaseModel):
    """Where a query lies on the map.

    Attributes:
        drawn: As in the map.
        x: How far to the right, -1000 to 1000; null if it has no meaning, only filters.
        y: How far up, likewise.
        note: Why it has no place, if that is for another reason.
    """

    drawn: int
    x: int | None
    y: int | None
    note: str | None


class MapDocument(BaseModel):
    """A document on the map.

    Attributes:
        id: Its number.
        title: Its title, or its file name if it has none.
        kind: Its format.
        date: When it was written, as its file says, or empty.
        path: Where it lies.
        url: Its page, relative to the server.
    """

    id: int
    title: str
    kind: str
    date: str
    path: str
    url: str
