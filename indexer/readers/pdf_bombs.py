"""PDFs made to unpack to more than there is memory for, told before pdfium opens them.

pypdf keeps limits of its own; pdfium unpacks a stream to as much as a gigabyte, and each one as
often as it is drawn. So the streams are unpacked here first, without keeping what comes out.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator

# A stream begins after its dictionary, of which the end is enough to tell what is in it.
_STREAM = re.compile(rb"stream\r?\n")
_DICTIONARY = 1_000
_ASCII85 = re.compile(rb"/(?:ASCII85Decode|A85)\b")
_HEX = re.compile(rb"/(?:ASCIIHexDecode|AHx)\b")
_LZW = re.compile(rb"/(?:LZWDecode|LZW)\b")
_IMAGE = re.compile(rb"/Subtype\s*/Image\b")
_WIDTH, _HEIGHT = re.compile(rb"/Width\s+(\d+)"), re.compile(rb"/Height\s+(\d+)")
# As much as pypdf unpacks of one stream; pictures are larger, and unpacked only to be drawn.
_MOST = 75_000_000
_MOST_NESTED = 4
# Twelve bits of LZW can stand for some four thousand bytes.
_LZW_RATIO = 1_400

#: The picture of a page may have so many pixels; larger ones are not drawn.
MOST_PIXELS = 250_000_000


def unpacks_to_too_much(data: bytes) -> bool:
    """Whether a stream of a PDF, other than a picture, unpacks to more than is read of one."""
    return any(
        _exceeds(packed, dictionary)
        for packed, dictionary in _streams(data)
        if not _IMAGE.search(dictionary)
    )


def has_huge_picture(data: bytes) -> bool:
    """Whether a picture in a PDF says it has more pixels than are drawn."""
    for _, dictionary in _streams(data):
        width, height = _WIDTH.search(dictionary), _HEIGHT.search(dictionary)
        if width and height and int(width[1][:9]) * int(height[1][:9]) > MOST_PIXELS:
            return True
    return False


def _streams(data: bytes) -> Iterator[tuple[memoryview, bytes]]:
    """The streams of a PDF, each with the end of its dictionary."""
    view = memoryview(data)
    for match in _STREAM.finditer(data):
        before = data[max(0, match.start() - _DICTIONARY) : match.start()]
        # What "endstream" ends has been seen already.
        if not before.endswith(b"end"):
            end = data.find(b"endstream", match.end())
            yield (
                view[match.end() : end if end >= 0 else len(data)],
                before[before.rfind(b" obj") + 1 :],
            )


def _exceeds(packed: memoryview | bytes, dictionary: bytes) -> bool:
    if _ASCII85.search(dictionary) or _HEX.search(dictionary):
        packed = _from_ascii(bytes(packed), dictionary)
    if _LZW.search(dictionary) and len(packed) * _LZW_RATIO > _MOST:
        return True
    for _ in range(_MOST_NESTED):
        if len(packed) < 2 or packed[0] & 15 != 8 or (packed[0] << 8 | packed[1]) % 31:
            return False
        try:
            packed = zlib.decompressobj().decompress(packed, _MOST + 1)
        except zlib.error:
            return False
        if len(packed) > _MOST:
            return True
    return True


def _from_ascii(text: bytes, dictionary: bytes) -> bytes:
    try:
        if _ASCII85.search(dictionary):
            return base64.a85decode(text.strip().removesuffix(b"~>"))
        return bytes.fromhex(text.decode("ascii").strip().removesuffix(">"))
    except ValueError:
        return b""
