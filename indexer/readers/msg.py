"""Messages that Outlook saved: the text with its header as a document, and the files attached.

They are put into the form of messages as they are sent, and read as those are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import HeaderParser
from email.utils import format_datetime, formataddr
from io import SEEK_END
from typing import BinaryIO

from indexer.readers import faults_named
from indexer.readers.base import Allowance, Member
from indexer.readers.encoding import declared_charset, decode
from indexer.readers.kinds import worth_opening
from indexer.readers.lines import BULLET
from indexer.readers.mail import document_of, leaves_of, unread_envelope
from indexer.readers.mapi import Item
from indexer.readers.members import name_from, tidy_name, too_large
from indexer.readers.ole import Container
from indexer.readers.rtf_packed import unpack_rtf
from indexer.readers.rtf_text import parse
from indexer.readers.styled import Paragraph
from search.errors import ReadError
from search.models import Document

_LABEL = "message"
_CLASS, _SUBJECT, _HEADER, _BODY, _RTF, _HTML = 0x001A, 0x0037, 0x007D, 0x1000, 0x1009, 0x1013
#: When it was sent, came, was begun.
_TIMES = (0x0039, 0x0E06, 0x3007)
#: Who wrote it, who sent it: name and addresses, the one used in the world first.
_SENDERS = ((0x0042, (0x5D02, 0x0065)), (0x0C1A, (0x5D01, 0x0C1F)))
#: For whom it is: a person's name and addresses, in which of the fields; all of them as one text.
_NAME, _ADDRESSES, _FIELD = 0x3001, (0x39FE, 0x3003), 0x0C15
_FIELDS = ((1, "To", 0x0E04), (2, "Cc", 0x0E03))
#: Of an attachment: its names, what it holds, its type.
_NAMES, _DATA, _TYPE = (0x3707, 0x3704, 0x3001), 0x3701, 0x370E
#: What a contact says besides its text, and an appointment; those above 0x8000 by their names.
_FACTS = {
    "IPM.CONTACT": (
        ("Name", 0x3001), ("Title", 0x3A17), ("Department", 0x3A18), ("Company", 0x3A16),
        ("Phone", 0x3A08), ("Home phone", 0x3A09), ("Mobile", 0x3A1C), ("Fax", 0x3A24),
        ("E-mail", 0x8083), ("E-mail", 0x8093), ("E-mail", 0x80A3), ("Address", 0x3A15),
        ("Web page", 0x3A51),
    ),
    "IPM.APPOINTMENT": (("Begins", 0x820D), ("Ends", 0x820E), ("Place", 0x8208)),
    "IPM.TASK": (("Begins", 0x8104), ("Due", 0x8105)),
}  # fmt: skip
_NAMED = 0x8000
_SIGNED, _ENVELOPE = "IPM.NOTE.SMIME.MULTIPARTSIGNED", "IPM.NOTE.SMIME"
#: How deep messages may lie in one another.
_DEEPEST = 4


def unpack(stream: BinaryIO, _name: str, allowance: Allowance) -> Iterator[Member | Document]:
    """Give a message as a document, then its attachments.

    Raises:
        ReadError: If the message is too large, damaged or encrypted.
    """
    size = stream.seek(0, SEEK_END)
    if size > allowance.largest:
        raise too_large(allowance.largest, size)
    item = Item(Container(stream, _LABEL))
    kind = item.line(_CLASS).upper()
    if kind.startswith(_ENVELOPE) and kind != _SIGNED:
        raise unread_envelope(Message())
    message = _with_text(MIMEMultipart("alternative"), item, kind)
    names = (item.line(number) for name, addresses in _SENDERS for number in (name, *addresses))
    document = document_of(message, list(leaves_of(message)), "msg")
    # A name with a comma in it passes for two in the header.
    yield replace(document, author=next(filter(None, names), ""))
    for attached in item.attachments():
        yield _member(attached, allowance, signed=kind == _SIGNED)


def _with_text(message: Message, item: Item, kind: str) -> Message:
    """A message of several forms, given the header and the text of an item."""
    for name, value in _header(item):
        if value:
            message[name] = value
    facts = "\n".join(_facts(item, kind))
    plain = item.text(_BODY).strip()
    page = "" if facts else _page(item)
    if not plain and not page:
        plain = _from_rtf(item.binary(_RTF) or b"")
    if plain or facts or not page:
        message.attach(_text("\n\n".join(filter(None, (facts, plain))), "plain"))
    if page:
        message.attach(_text(page, "html"))
    return message


def _text(text: str, form: str) -> MIMEText:
    return MIMEText(text.encode("utf-8", "ignore").decode("utf-8"), form, "utf-8")


def _header(item: Item) -> Iterator[tuple[str, str]]:
    """The fields of the header that say something."""
    yield "From", next(filter(None, (_person(item, *sender) for sender in _SENDERS)), "")
    people = list(item.recipients())
    for number, name, display in _FIELDS:
        of_field = (who for who in people if who.number(_FIELD) == number)
        addresses = (_person(who, _NAME, _ADDRESSES) for who in of_field)
        yield name, ", ".join(filter(None, addresses)) or item.line(display)
    brought = HeaderParser().parsestr(item.text(_HEADER)).get("Date", "")
    times = (item.time(number) for number in _TIMES)
    yield "Date", str(brought) or next((format_datetime(when) for when in times if when), "")
    yield "Subject", item.line(_SUBJECT)


def _person(item: Item, name: int, addresses: tuple[int, ...]) -> str:
    """Somebody's name and address, as far as they are there; those only Exchange knows are not."""
    who = item.line(name)
    known = (item.line(address) for address in addresses)
    address = next((one for one in known if "@" in one and one.isascii() and " " not in one), "")
    return formataddr((who if who != address else "", address)) if address else who


def _facts(item: Item, kind: str) -> Iterator[str]:
    """What an item that is no message says besides its text, a line each."""
    for name, number in _FACTS.get(kind, ()):
        known = item.named(number) if number >= _NAMED else number
        when = item.time(known)
        if text := f"{when:%Y-%m-%d %H:%M} UTC" if when else item.line(known):
            yield f"{name}: {text}"


def _page(item: Item) -> str:
    """The text as HTML; "" if there is none."""
    raw = item.binary(_HTML)
    if raw is None:
        return item.text(_HTML)
    return decode(raw, declared_charset(raw) or item.internet_codec) or ""


def _from_rtf(packed: bytes) -> str:
    """The text in packed RTF."""
    content = parse(unpack_rtf(packed).decode("latin-1"))
    lines = (
        BULLET * item.style.listed + item.text
        if isinstance(item, Paragraph)
        else " | ".join(item.cells)
        for item in content.items
    )
    return "\n\n".join(lines)


def _member(attached: Item, allowance: Allowance, *, signed: bool) -> Member:
    """An attachment as a file of its own; a message in this one as one that was sent."""
    name = "attachment"
    try:
        with faults_named("attachment"):
            name = _file_name(attached, signed=signed)
            return Member(name, _content(attached, name, allowance))
    except ReadError as error:
        return Member(name, error)


def _file_name(attached: Item, *, signed: bool) -> str:
    """What an attachment is called."""
    if inner := attached.embedded():
        name = name_from(inner.line(_SUBJECT) or attached.line(_NAME))
        return f"{name or 'forwarded'}.eml"
    if signed and attached.line(_TYPE) == "multipart/signed":
        return "signed.eml"
    name = next(filter(None, map(attached.line, _NAMES)), "")
    return tidy_name(name) if name else "attachment"


def _content(attached: Item, name: str, allowance: Allowance) -> bytes | ReadError | None:
    """The bytes of an attachment; None if it is of a kind that is not read."""
    if inner := attached.embedded():
        return _sent(inner, allowance, 1).as_bytes()
    if attached.holds_object() or not worth_opening(name):
        return None
    return _bytes(attached, allowance)


def _bytes(attached: Item, allowance: Allowance) -> bytes | ReadError:
    """The bytes of an attachment that is a file."""
    size = attached.binary_size(_DATA)
    if size > allowance.largest:
        return too_large(allowance.largest, size)
    data = attached.binary(_DATA)
    if data is None:
        return ReadError(
            "The attachment is not in the message, which only says where it lies.",
            "Open the message in Outlook, save the attachment and index that.",
        )
    allowance.take(len(data))
    return data


def _sent(item: Item, allowance: Allowance, depth: int) -> Message:
    """A message in another with all that is attached to it."""
    message = MIMEMultipart("mixed")
    for name, value in _header(item):
        if value:
            message[name] = value
    kind = item.line(_CLASS).upper()
    message.attach(_with_text(MIMEMultipart("alternative"), item, kind))
    for attached in item.attachments():
        inner = attached.embedded()
        name = _file_name(attached, signed=False)
        if inner and depth < _DEEPEST:
            part: Message = MIMEMessage(_sent(inner, allowance, depth + 1))
        elif inner or attached.holds_object() or not worth_opening(name):
            continue
        else:
            data = _bytes(attached, allowance)
            part = MIMEApplication(data if isinstance(data, bytes) else b"")
        part.add_header("Content-Disposition", "attachment", filename=name)
        message.attach(part)
    return message
