"""OLE2 containers ([MS-CFB]), which Office kept its files in until 2007, and Outlook still does.

A container is a small file system: storages, which are like folders, and streams, which are like
files. It is read with olefile, which gives what is there of a damaged one; what would let a hostile
one take any time or memory is refused before.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import SEEK_END, BytesIO
from typing import BinaryIO

import olefile

from indexer.readers.dates import iso_date
from indexer.readers.encoding import decode
from indexer.readers.ooxml import Properties, damaged, real_author
from indexer.readers.titles import real_title
from search.errors import ReadError

#: What every container begins with.
MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Where Office says who wrote a document ([MS-OLEPS]).
_SUMMARY = "\x05SummaryInformation"
_TITLE, _AUTHOR, _CREATED, _SAVED, _CODEPAGE = 2, 4, 12, 13, 1
_STRING, _WIDE_STRING, _TIME, _SHORT = 30, 31, 64, 2
_UTF8, _UTF16 = 65001, 1200
#: Properties of a document that are looked at, and characters of one of them.
_PROPERTIES_LIMIT, _STRING_LIMIT = 1000, 4000
#: Times in containers are counted from here, in tenths of a microsecond.
_EPOCH = datetime(1601, 1, 1)
#: No program that writes such files is older.
_EARLIEST = 1985


class Container:
    """An OLE2 file that is open."""

    def __init__(self, file: bytes | BinaryIO, label: str) -> None:
        """Open a container.

        Args:
            file: Its bytes, or a stream of them that can be read at any place.
            label: What its format is called in messages.

        Raises:
            ReadError: If it is damaged too much to find anything in it.
        """
        stream = BytesIO(file) if isinstance(file, bytes) else file
        self._label = label
        if not _is_plausible(stream):
            raise damaged(label)
        try:
            self._file = olefile.OleFileIO(stream)
        except Exception as error:  # olefile lets all kinds through, RecursionError among them
            raise damaged(label) from error

    def names(self, *storage: str) -> list[str]:
        """What lies in a storage, by the path of names that leads there; () is the whole file."""
        entry = self._entry(storage)
        return [] if entry is None else [kid.name for kid in entry.kids]

    def read(self, *path: str) -> bytes | None:
        """The bytes of a stream, or as many as are there; None if there is no such stream.

        Raises:
            ReadError: If it cannot be had.
        """
        entry = self._entry(path)
        if entry is None or entry.entry_type != olefile.STGTY_STREAM:
            return None
        try:
            data: bytes = self._file.openstream(list(path)).read()
        except Exception as error:
            raise damaged(self._label) from error
        return data

    def size(self, *path: str) -> int:
        """How many bytes a stream says it has; 0 if there is none."""
        entry = self._entry(path)
        return 0 if entry is None else int(entry.size)

    def properties(self) -> Properties:
        """What the document says of itself; nothing where that is damaged."""
        try:
            data = self.read(_SUMMARY)
        except ReadError:
            data = None
        given = dict(_summary(data)) if data else {}
        title, author = (str(given.get(key, "")) for key in (_TITLE, _AUTHOR))
        dates = (given.get(key) for key in (_SAVED, _CREATED))
        return Properties(
            title=real_title(title),
            author=real_author(author),
            date=next((iso_date(day) for day in dates if isinstance(day, datetime)), ""),
        )

    def _entry(self, path: tuple[str, ...]) -> olefile.OleDirectoryEntry | None:
        node = self._file.root
        for name in path:
            node = None if node is None else node.kids_dict.get(name.lower())
        return node


def root_names(file: bytes | BinaryIO) -> frozenset[str]:
    """The names in the outermost storage, in lower case; none if they cannot be had."""
    try:
        return frozenset(name.lower() for name in Container(file, "").names())
    except ReadError:
        return frozenset()


def moment(ticks: int) -> datetime | None:
    """The time that stands in a container as a number, in UTC; None if it is none."""
    try:
        found = _EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
    return found if found.year >= _EARLIEST else None


def codec(codepage: int) -> str:
    """The name Python has for a code page of Windows, or "" for one it does not know."""
    named = {_UTF8: "utf-8", _UTF16: "utf-16-le", 10000: "mac_roman", 20127: "ascii"}
    if codepage in named:
        return named[codepage]
    name = {20866: "koi8-r", 21866: "koi8-u", 50220: "iso2022_jp", 51932: "euc_jp"}.get(codepage)
    if 28591 <= codepage <= 28605:
        name = f"iso8859-{codepage - 28590}"
    for candidate in filter(None, (name, f"cp{codepage}")):
        try:
            "".encode(candidate)
        except LookupError:
            continue
        return candidate
    return ""


def _is_plausible(stream: BinaryIO) -> bool:
    """Whether the header describes a container of this size, so that no table of it is endless."""
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    header = stream.read(512)
    stream.seek(0)
    if len(header) < 512 or not header.startswith(MAGIC):
        return False
    shift, small_shift = struct.unpack_from("<HH", header, 30)
    (tables,) = struct.unpack_from("<I", header, 44)
    if shift not in (9, 12) or small_shift != 6:
        return False
    # Each sector of the table has a number for a sector of the file; some room is left over.
    return bool(tables <= 2 * size // (1 << (2 * shift - 2)) + 128)


def _summary(data: bytes) -> Iterator[tuple[int, str | datetime]]:
    """The properties in a property set that are text or times, by their numbers."""
    found = dict(_raw_properties(data))
    page = found.get(_CODEPAGE, 0)
    named = codec(page & 0xFFFF) if isinstance(page, int) else ""
    for key, value in found.items():
        if isinstance(value, bytes):
            text = value.decode(named, "replace") if named.startswith("utf") else ""
            yield key, (text or decode(value.rstrip(b"\0"), named) or "").partition("\0")[0]
        elif isinstance(value, str | datetime):
            yield key, value


def _raw_properties(data: bytes) -> Iterator[tuple[int, bytes | str | int | datetime]]:
    """The properties as they stand in a property set; those that lie outside of it are left out."""
    try:
        (start,) = struct.unpack_from("<I", data, 44)
        _, count = struct.unpack_from("<II", data, start)
    except struct.error:
        return
    for number in range(min(count, _PROPERTIES_LIMIT)):
        try:
            key, offset = struct.unpack_from("<II", data, start + 8 + 8 * number)
            kind, value = struct.unpack_from("<II", data, start + offset)
            at = start + offset + 8
            if kind == _SHORT:
                yield key, value
            elif kind == _STRING:
                yield key, data[at : at + min(value, _STRING_LIMIT)]
            elif kind == _WIDE_STRING:
                text = data[at : at + 2 * min(value, _STRING_LIMIT)].decode("utf-16-le", "ignore")
                yield key, text.partition("\0")[0]
            elif kind == _TIME:
                (ticks,) = struct.unpack_from("<Q", data, at - 4)
                if day := moment(ticks):
                    yield key, day
        except struct.error:
            continue
