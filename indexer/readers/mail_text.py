"""The words of a message: header fields, and plain text with what it quotes of other messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from itertools import groupby

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.dates import iso_date
from indexer.readers.encoding import decode
from indexer.readers.lines import join_lines

#: Where in a message the text stands that was quoted whole below the answer to it.
QUOTED = "quoted message"

_FIELDS = ("from", "to", "cc", "date", "subject", "content-type", "content-disposition")
_WORD = r"=\?[^?\s]+\?[BbQq]\?[^?]*\?="
_WORDS = re.compile(rf"{_WORD}(?:\s+{_WORD})*")

_QUOTE = re.compile(r"(?:[ \t]?>)+[ \t]?")
#: What programs write above a message that they quote or forward without marking its lines.
_DIVIDER = re.compile(r"[ \t]*-{3,} ?[^\W\d_][^\n]{4,40}[^\W\d_] ?-{3,}[ \t]*|[ \t]*_{25,}[ \t]*")
_FORWARDED = re.compile(r"[ \t]*(?:\*|)(?:from|von|de|da|van)(?:\*|) ?:[ \t]*\S", re.IGNORECASE)
_ITEM = re.compile(r"[ \t]*(?:[-*+•·]|\d{1,3}[.)])[ \t]")
_COLUMNS = re.compile(r"\S(?:\t|[ ]{3,})\S")
#: The narrowest column anybody breaks prose at, and lines that nobody broke by hand.
_NARROW, _LONG = 40, 120


def mend_fields(message: Message) -> None:
    """Give the fields that are read here as text, where they hold bytes that say no encoding."""
    for name in _FIELDS:
        raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
        if not raw.isascii():
            message.replace_header(name, decode(raw.encode("utf-8", "surrogateescape")) or "")


def decode_words(text: str) -> str:
    """A header field with its encoded words (RFC 2047) in plain letters, on one line."""
    return one_line(_WORDS.sub(_decoded, text))


def field(message: Message, name: str) -> str:
    """What the field of that name in a message says, on one line; "" if there is none."""
    return decode_words(str(message.get(name, "")))


def people(message: Message, name: str) -> str:
    """The names in an address field of a message; the address of whoever has no name there.

    They are separated by commas; "" if there is no such field.
    """
    found = getaddresses([one_line(str(message.get(name, "")))])
    return ", ".join(filter(None, (decode_words(who) or address for who, address in found)))


def sent(message: Message) -> str:
    """The day a message was sent, where it was sent, as `iso_date` gives it."""
    text = field(message, "date")
    try:
        return iso_date(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError, IndexError):
        return iso_date(text)


def write_plain_text(builder: DocumentBuilder, text: str) -> None:
    """Write the plain text of a message.

    A message quoted whole below the answer is put at a place of its own, so that no passage mixes
    the two; quotations between which the answer stands belong with it.
    """
    lines = [_line(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    start = _quoted_from(lines)
    _write(builder, lines[:start])
    if start < len(lines):
        builder.place(QUOTED)
        _write(builder, lines[start:])
        builder.place("")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a message.

    Attributes:
        depth: How often it was quoted.
        text: What it says, without the marks.
    """

    depth: int
    text: str


def _line(line: str) -> _Line:
    match = _QUOTE.match(line)
    if match is None:
        return _Line(0, line.rstrip())
    return _Line(match[0].count(">"), line[match.end() :].rstrip())


def _quoted_from(lines: Sequence[_Line]) -> int:
    """Where the message begins that is quoted at the end, its introduction included."""
    for index, line in enumerate(lines):
        follows = next((after.text for after in lines[index + 1 :] if after.text), "")
        if not line.depth and _DIVIDER.fullmatch(line.text) and _FORWARDED.match(follows):
            return index if any(before.text for before in lines[:index]) else len(lines)
    start = len(lines)
    while start and (lines[start - 1].depth or not lines[start - 1].text):
        start -= 1
    if not any(line.depth for line in lines[start:]):
        return len(lines)
    # "On Monday, somebody wrote:", perhaps on two lines.
    if start and lines[start - 1].text.endswith(":"):
        start -= 1
        if start and lines[start - 1].text and len(lines[start].text) < _NARROW:
            start -= 1
    return start if any(line.text for line in lines[:start]) else len(lines)


def _write(builder: DocumentBuilder, lines: Sequence[_Line]) -> None:
    for (depth, _), group in groupby(lines, key=lambda line: (line.depth, bool(line.text))):
        for block in _blocks([line.text for line in group]):
            marks = ">" * depth + " " if depth else ""
            builder.block("\n".join(marks + line for line in block.split("\n")), preformatted=True)


def _blocks(lines: Sequence[str]) -> Iterator[str]:
    """The paragraphs in lines without an empty one between them."""
    longest = max(map(len, lines))
    if longest > _LONG:
        yield from map(one_line, lines)
    elif _is_prose(lines, longest):
        yield join_lines(lines, keep_hyphens=True)
    else:
        yield "\n".join(lines)


def _is_prose(lines: Sequence[str], longest: int) -> bool:
    """Whether the lines are one paragraph that was broken to fit a width."""
    return (
        longest >= _NARROW
        and all(len(line) >= 0.6 * longest for line in lines[:-1])
        and not any(_ITEM.match(line) or _COLUMNS.search(line) for line in lines)
    )


def _decoded(match: re.Match[str]) -> str:
    try:
        pieces = decode_header(match[0])
    except (HeaderParseError, ValueError):
        return match[0]
    return "".join(
        piece if isinstance(piece, str) else decode(piece, charset or "") or ""
        for piece, charset in pieces
    )
