"""ZIP archives, taken apart in memory, one member after the other."""

from __future__ import annotations

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import BinaryIO

from indexer.readers.base import Allowance, Member
from indexer.readers.kinds import worth_opening
from indexer.readers.members import decode_names, is_hidden, tidy_path, unpack_member
from search.errors import ReadError

_ENCRYPTED, _UTF_8 = 0x1, 0x800
#: Size of the fixed part of the header before each member.
_HEADER = 30
#: The extra field in which Info-ZIP gives the name in UTF-8, with a checksum of the other name.
_UNICODE_PATH = 0x7075

_METHODS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 96: "JPEG", 97: "WavPack", 98: "PPMd"}
#: What zipfile and the decompressors raise about damaged members.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
)


def unpack(stream: BinaryIO, _name: str, allowance: Allowance) -> Iterator[Member]:
    """Give the files in a ZIP archive, hidden ones and links left out.

    Raises:
        ReadError: If the archive is damaged, encrypted as a whole, or a bomb.
    """
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, struct.error) as error:
        raise ReadError(
            "The archive is damaged or was cut off.", "Get it anew, or pack it again."
        ) from error
    with archive:
        entries = [entry for entry in archive.infolist() if _is_file(entry)]
        _refuse_overlaps(entries)
        if entries and all(entry.flag_bits & _ENCRYPTED for entry in entries):
            raise ReadError(
                "The archive is encrypted.", "Unpack it with its password and index that."
            )
        for entry, name in zip(entries, _names(entries), strict=True):
            path = tidy_path(name)
            if is_hidden(path):
                continue
            if worth_opening(path):
                yield _member(archive, entry, path, allowance)
            else:
                yield Member(path, None)


def _is_file(entry: zipfile.ZipInfo) -> bool:
    """Neither a folder, which some programs mark with a backslash, nor a link."""
    mode = entry.external_attr >> 16
    return not entry.orig_filename.endswith(("/", "\\")) and not stat.S_ISLNK(mode)


def _refuse_overlaps(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse an archive whose members share bytes, by which a few megabytes unpack to petabytes.

    How such archives are made: David Fifield, "A better zip bomb", WOOT 2019.
    """
    places = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    if any(start + _HEADER + size > after for (start, size), (after, _) in pairwise(places)):
        raise ReadError(
            "The files in the archive overlap, as in one made to do harm.",
            "Leave it out, or unpack it into a folder and index that.",
        )


def _names(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """What the members are called; zipfile takes all names that are not UTF-8 to be code page 437.

    The name given in an extra field, if there is one, is the true one.
    """
    old = [entry for entry in entries if not entry.flag_bits & _UTF_8]
    raw = [entry.orig_filename.encode("cp437", "replace") for entry in old]
    decoded = dict(zip(map(id, old), decode_names(raw), strict=True))
    for entry, name in zip(old, raw, strict=True):
        if better := _unicode_path(entry.extra, name):
            decoded[id(entry)] = better
    return [decoded.get(id(entry), entry.orig_filename) for entry in entries]


def _unicode_path(extra: bytes, name: bytes) -> str:
    """The name in the extra field for it; "" if there is none, or it is that of another name."""
    while len(extra) >= 4:
        field, size = struct.unpack("<HH", extra[:4])
        content, extra = extra[4 : 4 + size], extra[4 + size :]
        if field == _UNICODE_PATH and content[1:5] == struct.pack("<L", zlib.crc32(name)):
            return content[5:].decode("utf-8", "replace")
    return ""


def _member(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: str, allowance: Allowance
) -> Member:
    """One file of the archive; only that the archive unpacks to too much is raised."""
    if entry.flag_bits & _ENCRYPTED:
        return Member(
            path, ReadError("The file is encrypted.", "Unpack it with its password and index that.")
        )
    try:
        with archive.open(entry) as file:
            return unpack_member(path, file, entry.file_size, allowance)
    except NotImplementedError:
        method = _METHODS.get(entry.compress_type, f"method {entry.compress_type}")
        problem = ReadError(
            f"The file is compressed in a way that is not known here ({method}).",
            "Unpack it and index that.",
        )
    except _DAMAGE:
        problem = ReadError(
            "The file is damaged in the archive.", "Get the archive anew, or pack it again."
        )
    return Member(path, problem)
