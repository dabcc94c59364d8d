"""RTF as Outlook packs it ([MS-OXRTFCP])."""

from __future__ import annotations

import struct

_PACKED, _PLAIN = 0x75465A4C, 0x414C454D
_WINDOW = 4096
#: What both sides know before the first byte (2.1.2.1).
_KNOWN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def unpack_rtf(data: bytes) -> bytes:
    """The RTF in a property of a message; as much of it as can be unpacked, or b"".

    Never more than the data says, and than nine times the data.
    """
    if len(data) < 16:
        return b""
    _, size, form = struct.unpack_from("<III", data)
    if form == _PLAIN:
        return data[16 : 16 + size]
    return _unpacked(data, size) if form == _PACKED else b""


def _unpacked(data: bytes, size: int) -> bytes:
    """What the window lets come out: bytes as they are, and stretches that came out before."""
    # All that came out, with what was known before it; places in the window are counted in it.
    out = bytearray(_KNOWN)
    at, end = 16, len(data)
    while at < end and len(out) < size + len(_KNOWN):
        flags = data[at]
        at += 1
        for bit in range(8):
            if at + (flags >> bit & 1) >= end:
                at = end
                break
            if not flags >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            place, length = data[at] << 4 | data[at + 1] >> 4, (data[at + 1] & 15) + 2
            at += 2
            back = (len(out) - place) % _WINDOW
            if not back:
                return bytes(out[len(_KNOWN) :])
            for _ in range(length):
                out.append(out[-back] if back <= len(out) else 0)
    return bytes(out[len(_KNOWN) : len(_KNOWN) + size])
