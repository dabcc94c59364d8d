"""OLE2 containers and Outlook messages for tests, written as [MS-CFB] and [MS-OXMSG] say."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

SECTOR, SMALL, CUTOFF = 512, 64, 4096
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
STORAGE, STREAM, ROOT = 1, 2, 5
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

#: What lies in a container: bytes are streams, mappings are storages.
Tree = Mapping[str, "bytes | Tree"]


@dataclass
class Entry:
    """An entry of the directory."""

    name: str
    kind: int
    child: int = FREE
    right: int = FREE
    start: int = END
    size: int = 0

    def packed(self) -> bytes:
        name = self.name.encode("utf-16-le")
        head = struct.pack("<64sHBBIII", name, len(name) + 2, self.kind, 1, FREE, self.right,
                           self.child)  # fmt: skip
        return head + bytes(36) + struct.pack("<IQ", self.start, self.size)


def container(tree: Tree) -> bytes:
    """A container that holds what a tree says."""
    entries = [Entry("Root Entry", ROOT)]
    data: dict[int, bytes] = {}
    _add(entries, data, 0, tree)
    chains: list[bytes] = []
    small = b""
    small_table: list[int] = []
    for number, content in data.items():
        entry = entries[number]
        entry.size = len(content)
        if 0 < len(content) < CUTOFF:
            entry.start = len(small_table)
            small_table += _chain(entry.start, -(-len(content) // SMALL))
            small += _padded(content, SMALL)
        elif content:
            chains.append(content)
            entry.start = -len(chains)  # becomes its sector below
    if small:
        chains.append(small)
        entries[0].start, entries[0].size = -len(chains), len(small)
    table: list[int] = []
    sectors = b""
    starts = []
    for content in chains:
        starts.append(len(table))
        table += _chain(len(table), -(-len(content) // SECTOR))
        sectors += _padded(content, SECTOR)
    for entry in entries:
        if entry.start < 0:
            entry.start = starts[-entry.start - 1]
    directory = b"".join(entry.packed() for entry in entries)
    small_fat = struct.pack(f"<{len(small_table)}I", *small_table)
    places = []
    for content, filler in ((directory, b"\0"), (small_fat, b"\xff")):
        places.append(len(table) if content else END)
        table += _chain(len(table), -(-len(content) // SECTOR))
        sectors += _padded(content, SECTOR, filler)
    tables = 1
    while tables * SECTOR // 4 < len(table) + tables:
        tables += 1
    own = list(range(len(table), len(table) + tables))
    table += [FAT] * tables
    sectors += _padded(struct.pack(f"<{len(table)}I", *table), SECTOR, b"\xff")
    header = struct.pack(
        "<8s16x5H6x10I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, tables,
        places[0], 0, CUTOFF, places[1], -(-len(small_fat) // SECTOR), END, 0, own[0],
    )  # fmt: skip
    return header + struct.pack("<108I", *own[1:], *[FREE] * (109 - tables)) + sectors


def _add(entries: list[Entry], data: dict[int, bytes], parent: int, tree: Tree) -> None:
    before = -1
    for name in sorted(tree, key=lambda name: (len(name), name.upper())):
        content, number = tree[name], len(entries)
        entries.append(Entry(name, STREAM if isinstance(content, bytes) else STORAGE))
        if before < 0:
            entries[parent].child = number
        else:
            entries[before].right = number
        before = number
        if isinstance(content, bytes):
            data[number] = content
        else:
            _add(entries, data, number, content)


def _chain(start: int, length: int) -> list[int]:
    return [*range(start + 1, start + length), END] if length else []


def _padded(data: bytes, size: int, filler: bytes = b"\0") -> bytes:
    return data + filler * (-len(data) % size)


def summary(**given: str | datetime) -> bytes:
    """The stream in which Office says what a document is: title, author, saved, codepage 65001."""
    numbers = {"title": 2, "author": 4, "created": 12, "saved": 13}
    found = [(1, struct.pack("<II", 2, 65001))]
    for name, value in given.items():
        if isinstance(value, datetime):
            found.append((numbers[name], struct.pack("<IQ", 64, ticks(value))))
        else:
            raw = value.encode() + b"\0"
            found.append((numbers[name], struct.pack("<II", 30, len(raw)) + _padded(raw, 4)))
    at = 8 + 8 * len(found)
    listed = b""
    for number, raw in found:
        listed += struct.pack("<II", number, at)
        at += len(raw)
    body = listed + b"".join(raw for _, raw in found)
    head = struct.pack("<HHI16xI16xI", 0xFFFE, 0, 0x20006, 1, 48)
    return head + struct.pack("<II", len(body) + 8, len(found)) + body


def ticks(when: datetime) -> int:
    """A time as containers count it."""
    return int((when - EPOCH).total_seconds()) * 10_000_000


#: The properties of an item of a message by their numbers.
Values = Mapping[int, "str | bytes | int | datetime | Tree"]


def item(values: Values, lead: int = 8, *, wide: bool = True) -> dict[str, bytes | Tree]:
    """A message, a recipient or an attachment as the storage it is.

    Args:
        values: Its properties.
        lead: Bytes before the short ones: 32 for a message, 24 for one in another.
        wide: Whether texts are Unicode; else they are in code page 1252.
    """
    tree: dict[str, bytes | Tree] = {}
    short = bytes(lead)
    for number, value in values.items():
        match value:
            case int():
                short += struct.pack("<HHIQ", 3, number, 6, value)
            case datetime():
                short += struct.pack("<HHIQ", 0x40, number, 6, ticks(value))
            case str() if wide:
                tree[f"__substg1.0_{number:04X}001F"] = value.encode("utf-16-le")
            case str():
                tree[f"__substg1.0_{number:04X}001E"] = value.encode("cp1252")
            case bytes():
                tree[f"__substg1.0_{number:04X}0102"] = value
            case _:
                tree[f"__substg1.0_{number:04X}000D"] = value
    return {**tree, "__properties_version1.0": short}


def message(
    values: Values,
    recipients: Sequence[Values] = (),
    attachments: Sequence[Values] = (),
    *,
    embedded: bool = False,
    wide: bool = True,
) -> dict[str, bytes | Tree]:
    """A message as the storage it is; `container` makes a file of it."""
    tree = item(values, 24 if embedded else 32, wide=wide)
    for number, values_of in enumerate(recipients):
        tree[f"__recip_version1.0_#{number:08X}"] = item(values_of, wide=wide)
    for number, values_of in enumerate(attachments):
        tree[f"__attach_version1.0_#{number:08X}"] = item(values_of, wide=wide)
    return tree
