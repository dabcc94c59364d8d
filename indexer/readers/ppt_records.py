"""The records of old presentations ([MS-PPT], 2.3.1), which hold data or further records."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_HEAD = struct.Struct("<HHI")
_CONTAINER = 0xF
#: Holds records though it does not say so: what programs added after PowerPoint 97.
_ADDED = 0x138B
#: Deeper than any presentation; drawings nest the groups of shapes in them.
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Record:
    """A record, somewhere in a stream.

    Attributes:
        kind: What it is.
        instance: Which of several.
        data: The stream.
        start: Where in it begins what it holds.
        end: Where that ends.
        nested: Whether it holds further records.
    """

    kind: int
    instance: int
    data: bytes
    start: int
    end: int
    nested: bool

    @property
    def body(self) -> bytes:
        """What it holds."""
        return self.data[self.start : self.end]

    def children(self) -> Iterator[Record]:
        """The records in it, in order; those that reach beyond its end are cut off there."""
        at = self.start
        while self.nested and at + _HEAD.size <= self.end:
            record = record_at(self.data, at, self.end)
            yield record
            at = record.end

    def descendants(self, *kinds: int, depth: int = _DEEPEST) -> Iterator[Record]:
        """The records of these kinds in it, at any depth, in order; none that lie in another."""
        for child in self.children():
            if child.kind in kinds:
                yield child
            elif depth:
                yield from child.descendants(*kinds, depth=depth - 1)

    def number(self, at: int) -> int:
        """The whole number of four bytes at a place in it; 0 where it ends before."""
        raw = self.data[self.start + at : min(self.start + at + 4, self.end)]
        return int.from_bytes(raw, "little") if len(raw) == 4 else 0


def record_at(data: bytes, at: int, end: int) -> Record:
    """The record that begins at a place of a stream.

    Args:
        data: The stream.
        at: The place; the head of a record must fit behind it.
        end: What it may not reach beyond.
    """
    head, kind, size = _HEAD.unpack_from(data, at)
    start = at + _HEAD.size
    nested = head & 0xF == _CONTAINER or kind == _ADDED
    return Record(kind, head >> 4, data, start, min(start + size, end), nested)
