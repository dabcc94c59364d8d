"""Tar archives, plain or compressed, read once from front to back."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from indexer.readers.base import Allowance, Member, unpacks_to_too_much
from indexer.readers.encoding import decode
from indexer.readers.kinds import worth_opening
from indexer.readers.members import Readable, is_hidden, tidy_path, unpack_member
from indexer.readers.packed import DAMAGE, decompressed
from search.errors import ReadError

#: Most bytes that the headers of one entry may take: long names, access rights, dates.
_HEADERS = 1_000_000


def unpack(stream: BinaryIO, _name: str, allowance: Allowance) -> Iterator[Member]:
    """Give the files in a tar archive; folders, links, devices and hidden files are left out.

    Raises:
        ReadError: If the archive is damaged or cut off, or unpacks to too much; what stands before
            the damage is given first.
    """
    inside = decompressed(stream)
    # What is skipped in a compressed archive must be decompressed all the same.
    most = None if inside is stream else allowance.size
    source = _Source(inside)
    try:
        # Blocks of the size of a header, so that the last one read is the one tarfile stopped at.
        with tarfile.open(
            fileobj=cast(BinaryIO, source),  # only ever read from
            mode="r|",
            bufsize=tarfile.BLOCKSIZE,
            encoding="utf-8",
            errors="surrogateescape",
        ) as archive:
            for entry in _entries(archive, source):
                if entry.isfile():
                    yield from _member(archive, entry, allowance)
                if most is not None and archive.offset > most:
                    raise unpacks_to_too_much()
        if source.stopped_short:
            raise tarfile.ReadError
    except (tarfile.TarError, *DAMAGE) as error:
        raise ReadError(
            "The archive is damaged or was cut off.",
            "Get it anew, or pack it again; the files before the damage were read.",
        ) from error


class _Source:
    """What tarfile reads from.

    Left to itself, tarfile takes headers of any size into memory, and ends without a word at one
    that is damaged.

    Attributes:
        position: How many bytes were read.
        most: How many may be read.
    """

    def __init__(self, stream: Readable) -> None:
        self.position = 0
        self.most = _HEADERS
        self._stream = stream
        self._last = b""
        self._at_end = False

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        self.position += size
        if self.position > self.most:
            raise tarfile.ReadError
        data = self._stream.read(size)
        self._at_end = not data
        self._last = data or self._last
        return data

    @property
    def stopped_short(self) -> bool:
        """Whether the last block read was a header that is damaged or lacks its end.

        After a whole block of data the stream may end; the blocks of zeros that should follow are
        not always there.
        """
        whole = self._at_end and len(self._last) == tarfile.BLOCKSIZE
        return bool(self._last.strip(b"\0")) and not whole


def _entries(archive: tarfile.TarFile, source: _Source) -> Iterator[tarfile.TarInfo]:
    """The entries of an archive, none of which is kept."""
    while entry := archive.next():
        # `offset` is where the next header begins, and all before it belongs to this entry.
        source.most = archive.offset + _HEADERS
        # Not in the type stubs; it grows by an entry each, and nobody asks for it.
        archive.members.clear()  # type: ignore[attr-defined]
        yield entry


def _member(
    archive: tarfile.TarFile, entry: tarfile.TarInfo, allowance: Allowance
) -> Iterator[Member]:
    raw = entry.name.encode("utf-8", "surrogateescape")
    path = tidy_path(decode(raw) or raw.decode("latin-1"))
    if is_hidden(path):
        return
    file = archive.extractfile(entry) if worth_opening(path) else None
    if file is None:
        yield Member(path, None)
    else:
        with file:
            yield unpack_member(path, file, entry.size, allowance)
