"""The properties in messages of Outlook ([MS-OXMSG]): of a message, its people and attachments.

Each of them is a storage. Its properties have numbers ([MS-OXPROPS]); short ones stand in one
stream together, long ones have a stream each, named after their number and type.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property

from indexer.readers.base import one_line
from indexer.readers.encoding import decode
from indexer.readers.ole import Container, codec, moment

#: What comes before the short properties, by how deep in a message they stand.
_LEADS = {"outermost": 32, "embedded": 24, "other": 8}
_TEXT, _BYTES_TEXT, _BINARY, _TIME, _STORAGE = 0x001F, 0x001E, 0x0102, 0x0040, 0x000D
_CODEPAGE, _INTERNET_CODEPAGE = 0x3FFD, 0x3FDE
_ATTACHED = 0x3701
#: Properties that have names get numbers from here on, other ones in each message.
_NAMED = 0x8000


class Item:
    """A message, one of its recipients or one of its attachments."""

    def __init__(self, container: Container, path: tuple[str, ...] = (), kind: str = "") -> None:
        """Look at an item.

        Args:
            container: The file.
            path: The storage it is.
            kind: "embedded" for a message in another, "other" for what is no message.

        Raises:
            ReadError: If it cannot be had.
        """
        self._container = container
        self._path = path
        raw = container.read(*path, "__properties_version1.0") or b""
        lead = _LEADS[kind or "outermost"]
        entries = (raw[at : at + 16] for at in range(lead, len(raw) - 15, 16))
        self._short = {int.from_bytes(entry[:4], "little"): entry[8:] for entry in entries}

    def text(self, number: int) -> str:
        """A property that is text; "" if there is none."""
        raw = self._stream(number, _TEXT)
        if raw is not None:
            return raw.decode("utf-16-le", "ignore").replace("\0", "")
        raw = (self._stream(number, _BYTES_TEXT) or b"").replace(b"\0", b"")
        return decode(raw, self.codec) or ""

    def line(self, number: int) -> str:
        """A property that is text, on one line."""
        return one_line(self.text(number))

    def binary(self, number: int) -> bytes | None:
        """A property that is made of bytes; None if there is none."""
        return self._stream(number, _BINARY)

    def binary_size(self, number: int) -> int:
        """How many bytes a property says it has."""
        return self._container.size(*self._path, _stream_name(number, _BINARY))

    def time(self, number: int) -> datetime | None:
        """A property that is a time; None if there is none."""
        raw = self._short.get(number << 16 | _TIME)
        found = moment(int.from_bytes(raw, "little")) if raw else None
        return found.replace(tzinfo=UTC) if found else None

    def number(self, number: int) -> int:
        """A property that is a whole number; 0 if there is none."""
        raw = self._short.get(number << 16 | 3)
        return int.from_bytes(raw[:4], "little") if raw else 0

    def named(self, name: int) -> int:
        """The number that a property with a name, itself a number, has in this message; or 0."""
        return self._names.get(name, 0)

    @property
    def codec(self) -> str:
        """The encoding of texts that are not Unicode, or "" where that is not known."""
        return codec(self.number(_CODEPAGE)) or codec(self.number(_INTERNET_CODEPAGE))

    @property
    def internet_codec(self) -> str:
        """The encoding of what the message brought as it was sent, or ""."""
        return codec(self.number(_INTERNET_CODEPAGE)) or self.codec

    def recipients(self) -> Iterator[Item]:
        """Those the message is for."""
        return self._items("__recip_version1.0_")

    def attachments(self) -> Iterator[Item]:
        """What is attached to the message."""
        return self._items("__attach_version1.0_")

    def embedded(self) -> Item | None:
        """The message that an attachment is; None if it is something else."""
        path = (*self._path, _stream_name(_ATTACHED, _STORAGE))
        if "__properties_version1.0" not in self._container.names(*path):
            return None
        return Item(self._container, path, "embedded")

    def holds_object(self) -> bool:
        """Whether an attachment is an object of another program that shows in the text."""
        return bool(self._container.names(*self._path, _stream_name(_ATTACHED, _STORAGE)))

    def _items(self, prefix: str) -> Iterator[Item]:
        for name in sorted(self._container.names(*self._path)):
            if name.startswith(prefix):
                yield Item(self._container, (*self._path, name), "other")

    def _stream(self, number: int, kind: int) -> bytes | None:
        return self._container.read(*self._path, _stream_name(number, kind))

    @cached_property
    def _names(self) -> dict[int, int]:
        """The numbers of the properties whose names are numbers."""
        raw = self._container.read("__nameid_version1.0", _stream_name(3, _BINARY)) or b""
        entries = struct.iter_unpack("<IHH", raw[: len(raw) // 8 * 8])
        return {name: _NAMED + place for name, kind, place in entries if not kind & 1}


def _stream_name(number: int, kind: int) -> str:
    return f"__substg1.0_{number:04X}{kind:04X}"
