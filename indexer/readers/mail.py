"""Messages: the text with its header as a document, and the files attached to it.

Pages that a browser saved with all that belongs to them (MHTML) have the form of messages, and are
read here too. Nothing a message refers to is ever fetched.
"""

from __future__ import annotations

import email
import mimetypes
from collections.abc import Iterator, Sequence
from email.message import Message
from io import SEEK_END
from typing import BinaryIO

from indexer.readers import faults_named
from indexer.readers.base import Allowance, DocumentBuilder, Member, shorten
from indexer.readers.encoding import declared_charset, decode
from indexer.readers.html import parse, write_fragment
from indexer.readers.kinds import worth_opening
from indexer.readers.mail_text import (
    decode_words,
    field,
    mend_fields,
    people,
    sent,
    write_plain_text,
)
from indexer.readers.members import name_from, tidy_name, too_large
from indexer.readers.page import content_of
from indexer.readers.page_writer import write
from search.errors import ReadError
from search.models import Document

_TEXTS = ("text/plain", "text/html")
_SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_OUTLOOK = ("application/ms-tnef", "application/vnd.ms-tnef")
_PGP = "-----BEGIN PGP MESSAGE-----"
#: Longest header field shown; lists of hundreds of recipients say nothing about the message.
_FIELD_LIMIT = 500
#: A plain text shorter than this may only say that the message is to be read as HTML, …
_STUB = 300
#: … which has this many times its length.
_FULLER = 3
# Without the system's own list, which differs from one machine to the next.
_SUFFIXES = mimetypes.MimeTypes(filenames=())


def unpack(stream: BinaryIO, _name: str, allowance: Allowance) -> Iterator[Member | Document]:
    """Give a message as a document, then its attachments.

    Raises:
        ReadError: If the message is too large, or encrypted.
    """
    size = stream.seek(0, SEEK_END)
    if size > allowance.largest:
        raise too_large(allowance.largest, size)
    stream.seek(0)
    # The newer policies of the email package raise on header fields that are not well-formed.
    message = email.message_from_bytes(stream.read().lstrip(b"\xef\xbb\xbf\r\n"))
    leaves = list(leaves_of(message))
    texts = [part for part in leaves if _is_text(part)]
    _refuse_encrypted(message, texts)
    yield document_of(message, texts)
    for part in leaves:
        if not _is_text(part) and (member := _attachment(part)):
            yield member


def leaves_of(message: Message) -> Iterator[Message]:
    """The parts of a message that hold something, of several forms of a text one only."""
    waiting = [(message, True)]
    while waiting:
        part, wanted = waiting.pop()
        mend_fields(part)
        inside = _inside(part)
        kind = part.get_content_type()
        if not inside or kind == "message/rfc822":
            if wanted or not _is_text(part):
                yield part
        elif kind == "multipart/alternative":
            best = _best(inside)
            waiting += [(each, wanted and each is best) for each in reversed(inside)]
        elif kind != "message/delivery-status":
            waiting += [(each, wanted) for each in reversed(inside)]


def _inside(part: Message) -> list[Message]:
    """The parts of a part; [] if it is no multipart."""
    payload = part.get_payload()
    found = payload if isinstance(payload, list) else []
    return [each for each in found if isinstance(each, Message)]


def _best(forms: Sequence[Message]) -> Message | None:
    """The form of a text that is read: plain text, unless it only points to the HTML."""
    plain = next((form for form in forms if form.get_content_type() == "text/plain"), None)
    text = _text(plain).strip() if plain else ""
    if len(text) >= _STUB:
        return plain
    # The richest form stands last (RFC 2046, 5.1.4).
    for form in reversed(forms):
        pages = (part for part in form.walk() if part.get_content_type() == "text/html")
        if page := next(pages, None):
            scratch = DocumentBuilder("mail")
            write_fragment(scratch, _text(page))
            is_fuller = len(scratch.build().text) > _FULLER * len(text)
            return form if is_fuller or plain is None else plain
    return plain or (forms[-1] if forms else None)


def _is_text(part: Message) -> bool:
    """Whether a part is text of the message itself, neither a file nor a message in it.

    A part that calls itself multipart here is one whose boundaries were lost.
    """
    kind = part.get_content_type()
    is_text = kind in _TEXTS or part.get_content_maintype() == "multipart"
    return is_text and part.get_content_disposition() != "attachment" and not _name_of(part)


def _text(part: Message) -> str:
    """The text of a part, in whatever encoding and disguise it is."""
    data = _data(part)
    hint = part.get_content_charset("") or declared_charset(data)
    return decode(data, hint) or decode(data.replace(b"\0", b""), hint) or ""


def _data(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _name_of(part: Message) -> str:
    """The file name of a part, or ""."""
    name = decode_words(part.get_filename(""))
    return tidy_name(name) if name else ""


def _refuse_encrypted(message: Message, texts: Sequence[Message]) -> None:
    hidden = message.get_content_type() in ("multipart/encrypted", *_SMIME) and not texts
    if hidden or (len(texts) == 1 and _text(texts[0]).lstrip().startswith(_PGP)):
        raise unread_envelope(message)


def unread_envelope(part: Message) -> ReadError:
    """Why the content of an envelope, which is signed or encrypted, cannot be had."""
    signed = str(part.get_param("smime-type", "")).lower() == "signed-data"
    return ReadError(
        "The message is signed in a form that is not read."
        if signed
        else "The message is encrypted.",
        "Open it in your mail program, save its text and index that.",
    )


def document_of(message: Message, texts: Sequence[Message], kind: str = "mail") -> Document:
    """A message as a document: its header, and its text.

    Args:
        message: The message; its fields are mended already.
        texts: The parts that its text is made of.
        kind: The format it came in.
    """
    builder = DocumentBuilder(kind)
    # What browsers put into the field for the sender of pages they save.
    is_page = field(message, "from").startswith("<Saved by ")
    if not is_page:
        fields = ((name, field(message, name)) for name in ("From", "To", "Cc", "Date", "Subject"))
        lines = (f"{name}: {shorten(text, _FIELD_LIMIT)}" for name, text in fields if text)
        builder.block("\n".join(lines), preformatted=True)
    for part in texts:
        if part.get_content_type() != "text/html":
            write_plain_text(builder, _text(part))
        elif is_page:
            tree = parse(_text(part))
            write(builder, tree, content_of(tree))
        else:
            write_fragment(builder, _text(part))
        builder.leave(1)
    author = "" if is_page else people(message, "from")
    return builder.build(field(message, "subject"), author=author, date=sent(message))


def _attachment(part: Message) -> Member | None:
    """A file attached to a message; None for what only decorates it."""
    name = "attachment"
    try:
        with faults_named("attachment"):
            name = _attachment_name(part)
            if not name:
                return None
            if not worth_opening(name) and part.get_content_type() not in (*_SMIME, *_OUTLOOK):
                return Member(name, None)
            return Member(name, _attached(part, name))
    except ReadError as error:
        return Member(name, error)


def _attachment_name(part: Message) -> str:
    """What a file attached is called; "" if it only belongs to the text, as pictures do."""
    kind = part.get_content_type()
    name = _name_of(part)
    if kind == "message/rfc822":
        inner = next(iter(_inside(part)), part)
        mend_fields(inner)
        name = name_from(name or field(inner, "subject")).removesuffix(".eml") or "forwarded"
        return f"{name}.eml"
    if kind in _OUTLOOK:
        return name or "winmail.dat"
    belongs = part.get("content-id") or part.get("content-location")
    if name or part.get_content_maintype() != "application" or belongs:
        return name
    return "attachment" + (_SUFFIXES.guess_extension(kind) or "")


def _attached(part: Message, name: str) -> bytes:
    """The bytes of a file attached.

    Raises:
        ReadError: They are wrapped up in a way that is not read.
    """
    kind = part.get_content_type()
    if kind in _OUTLOOK:
        raise ReadError(
            f"The attachments are in Outlook's own form ({name}).",
            "Open the message in Outlook, save its attachments and index those.",
        )
    if kind in _SMIME:
        raise unread_envelope(part)
    if kind == "message/rfc822" and (inside := _inside(part)):
        return inside[0].as_bytes()
    return _data(part)
