"""Compressed files: gzip, bzip2, xz and Zstandard, each with one file in it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol, cast

import zstandard

from indexer.readers.base import Allowance, Member
from indexer.readers.kinds import worth_opening
from indexer.readers.members import tidy_name, unpack_member
from search.errors import ReadError

#: What the decompressors raise about damaged files.
DAMAGE = (zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError, OSError)

_SUFFIX = re.compile(r"\.(?:gz|bz2|xz|zst)$", re.IGNORECASE)
#: Most memory a decompressor may ask for: what `zstd` and `xz -9` keep to, and more.
_MEMORY = 1 << 27
#: How much is given to a decompressor at once. That is little because Zstandard cannot be told how
#: much to give back: as many bytes as these may become 16 MB.
_PIECE = 512
#: Flags in the header of a gzip file: there is a field for programs, there is a name.
_EXTRA, _NAME = 0x04, 0x08


def unpack(stream: BinaryIO, name: str, allowance: Allowance) -> Iterator[Member]:
    """Give the one file in a compressed file.

    Raises:
        ReadError: If it is damaged or cut off, or unpacks to too much.
    """
    path = _name_inside(stream, name)
    if not worth_opening(path):
        yield Member(path, None)
        return
    try:
        member = unpack_member(path, decompressed(stream), None, allowance)
    except EOFError as error:
        raise ReadError(
            "The compressed file was cut off.", "Get it anew, or compress it again."
        ) from error
    except DAMAGE as error:
        raise ReadError(
            "The compressed file is damaged.", "Get it anew, or compress it again."
        ) from error
    yield member


def decompressed(stream: BinaryIO) -> BinaryIO:
    """What a compressed stream stands for; the stream itself if it is not compressed.

    Several compressed files one behind the other are taken as one, as their tools do.
    """
    stream.seek(0)
    head = stream.read(4)
    stream.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    if head.startswith(b"BZh"):
        return cast(BinaryIO, bz2.BZ2File(stream))
    if head.startswith(b"\xfd7zX"):
        return io.BufferedReader(_Frames(stream, lambda: lzma.LZMADecompressor(memlimit=_MEMORY)))
    if head == b"\x28\xb5\x2f\xfd":
        zstd = zstandard.ZstdDecompressor(max_window_size=_MEMORY)
        return io.BufferedReader(_Frames(stream, zstd.decompressobj))
    return stream


class _Decompressor(Protocol):
    """What the decompressors of lzma and zstandard have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class _Frames(io.RawIOBase):
    """A stream decompressed frame by frame; one that ends within a frame raises `EOFError`.

    The libraries' own streams lack either a limit of memory or a complaint about a missing end.
    """

    def __init__(self, stream: BinaryIO, begin: Callable[[], _Decompressor]) -> None:
        self._stream = stream
        self._begin = begin
        self._frame: _Decompressor | None = None
        self._rest = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    # The base class takes any buffer; the one that calls this gives a memoryview.
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            piece = self._rest or self._stream.read(_PIECE)
            self._rest = b""
            if not piece and self._frame is not None:
                raise EOFError
            if not piece:
                return 0
            if self._frame is None:
                piece = piece.lstrip(b"\0")  # padding between frames
            if piece:
                self._ready = memoryview(self._decompress(piece))
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _decompress(self, piece: bytes) -> bytes:
        if self._frame is None:
            self._frame = self._begin()
        try:
            data = self._frame.decompress(piece)
        except (lzma.LZMAError, zstandard.ZstdError) as error:
            if "memory" in str(error).lower():
                raise ReadError(
                    "Unpacking the file takes more memory than is allowed.",
                    "Unpack it and index that.",
                ) from error
            raise
        if self._frame.eof:
            self._rest = self._frame.unused_data
            self._frame = None
        return data


def _name_inside(stream: BinaryIO, name: str) -> str:
    """The name without the suffix; where that leaves none, a gzip file may say what it was."""
    bare = tidy_name(_SUFFIX.sub("", name))
    if "." in bare.strip("."):
        return bare
    return tidy_name(_gzip_name(stream) or bare)


def _gzip_name(stream: BinaryIO) -> str:
    """The name in the header of a gzip file (RFC 1952), or ""."""
    stream.seek(0)
    head = stream.read(4096)
    if head[:2] != b"\x1f\x8b" or len(head) < 12 or not head[3] & _NAME:
        return ""
    start = 12 + int.from_bytes(head[10:12], "little") if head[3] & _EXTRA else 10
    return head[start : max(head.find(b"\0", start), start)].decode("latin-1")
