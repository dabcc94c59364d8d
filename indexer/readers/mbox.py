"""Mailboxes: the messages in a file of the Unix form, which may be larger than memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from typing import BinaryIO

from indexer.readers.base import Allowance, Member
from indexer.readers.mail_text import field, mend_fields
from indexer.readers.members import name_from, too_large
from search.errors import ReadError

#: The line before each message: sender and time. Messages may have lines in their text that begin
#: with the same word; programs should, but not all do, put ">" before those.
_FROM = re.compile(rb"From (?=.*\b\d\d?:\d\d\b|.*\b\d{4}\s*$)")
_QUOTED_FROM = re.compile(rb">+From ")
#: Most of a line taken at once; messages in a single line exist.
_LINE = 1 << 16
#: How much of a message is looked at for its subject.
_HEADER = 1 << 16
#: Mozilla's programs leave deleted messages in the file, with this bit set, until it is compacted.
_DELETED = 0x8


def unpack(stream: BinaryIO, _name: str, allowance: Allowance) -> Iterator[Member]:
    """Give the messages of a mailbox.

    They are called by their number and subject, and keep those names when mail is added at the end.
    Nothing is taken from the allowance: the messages have no more bytes than the mailbox itself.

    Raises:
        ReadError: If there is no message in it.
    """
    number = 0
    for number, (data, size) in enumerate(_messages(stream, allowance.largest), 1):
        message = BytesHeaderParser().parsebytes(data[:_HEADER])
        mend_fields(message)
        if _is_deleted(field(message, "x-mozilla-status")):
            continue
        subject = name_from(field(message, "subject"))
        path = f"{number:04d} {subject}".rstrip() + ".eml"
        fits = size <= allowance.largest
        yield Member(path, data if fits else too_large(allowance.largest, size))
    if not number:
        raise ReadError("The mailbox holds no message.")


def _messages(stream: BinaryIO, most: int) -> Iterator[tuple[bytes, int]]:
    """Each message with its size; of one that is larger than ``most`` only the beginning."""
    stream.seek(0)
    lines: list[bytes] = []
    size = kept = 0
    begun = fresh = False
    blank = True
    while line := stream.readline(_LINE):
        if blank and _FROM.match(line):
            if begun:
                yield b"".join(lines), size
            lines, size, kept, begun = [], 0, 0, True
        elif begun:
            if fresh and _QUOTED_FROM.match(line):
                line = line[1:]
            size += len(line)
            if kept <= most:
                lines.append(line)
                kept += len(line)
        blank = fresh and line in (b"\n", b"\r\n")
        fresh = line.endswith(b"\n")
    if begun:
        yield b"".join(lines), size


def _is_deleted(status: str) -> bool:
    try:
        return bool(int(status, 16) & _DELETED)
    except ValueError:
        return False
