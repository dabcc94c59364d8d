"""Which format a file is in: by its content first, by its name where that leaves a choice."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import PurePath
from typing import BinaryIO

from indexer.readers.encoding import is_binary, peek
from indexer.readers.formats import Format, by_suffix, formats
from search.errors import ReadError

#: How much of a file is looked at to tell what it is.
_HEAD = 65_536

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: What lies in containers of Office before 2007, and of Outlook, by the kind that shows.
_OLE_STREAMS = (
    ("__properties_version1.0", "msg"),
    ("worddocument", "doc"),
    ("powerpoint document", "ppt"),
    ("workbook", "xls"),
    ("book", "xls"),
)
#: What lies in those that are encrypted, or that only some people may read.
_OLE_ENCRYPTED, _OLE_PROTECTED = "encryptedpackage", "\tdrmcontent"
#: Kinds whose names many programs give to text of another kind, and what that is then read as.
_TEXT_INSTEAD = {"doc": "text", "msg": "text", "ppt": "text", "xls": "csv"}
_PDF = re.compile(rb"%PDF-\d")
#: What compressed files begin with.
_PACKED = (b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
_TAR = (257, b"ustar")
_TAR_SUFFIX = re.compile(r"\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|tbz2|txz|tzst)$", re.IGNORECASE)
_OOXML_PARTS = (
    ("docx", re.compile(r"word/document\d*\.xml")),
    ("pptx", re.compile(r"ppt/presentation\d*\.xml")),
    ("xlsx", re.compile(r"xl/workbook\d*\.(?:xml|bin)")),
)
_ZIPPED_TYPES = (
    (b"application/epub+zip", "epub"),
    (b"application/vnd.oasis.opendocument.text", "odt"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"application/vnd.oasis.opendocument.presentation", "odp"),
)
#: What RAR and 7z archives begin with.
_UNREAD_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_UNREAD_TEXT = ("%!PS", "-----BEGIN ")
_HTML = re.compile(
    r"(?:\s+|<\?xml.*?\?>|<!--.*?-->)*+<(?:!doctype\s+html\b|(?:html|head|body|title)(?=[\s>]))",
    re.IGNORECASE | re.DOTALL,
)
# A spreadsheet in the XML of Excel 2003.
_SPREADSHEET = re.compile(
    r"""\s*+<(?:\?xml|(?:\w+:)?Workbook).*?=["']urn:schemas-microsoft-com:office:spreadsheet["']""",
    re.DOTALL,
)
_ANY_MARKUP = re.compile(r"\s*+<(?:\?|[a-zA-Z])")
_MBOX = re.compile(r"From \S+.*\d{4}\s*\n(?:>?[\w-]+:|\s)")
_MAIL_FIELD = re.compile(
    r"(?:received|return-path|delivered-to|message-id|mime-version|date|from|to|subject):\s",
    re.IGNORECASE,
)
_ANY_FIELD = re.compile(r"[\w-]+:\s|[ \t]+\S")
_FLAT_ODF = re.compile(
    r'\boffice:mimetype="application/vnd\.oasis\.opendocument\.(text|spreadsheet|presentation)'
)
_FLAT_ODF_KINDS = {"text": "odt", "spreadsheet": "ods", "presentation": "odp"}
# "Chapter 2.3" and "notes 2024.5.6" have no suffix but a number.
_SUFFIX = re.compile(r"\.(?!\d+$)[^\s.]{1,12}$")


def worth_opening(name: str) -> bool:
    """Whether a file of that name may be one that can be read."""
    suffix = _suffix(name)
    return not suffix or suffix in by_suffix()


def kind_of(data: bytes | BinaryIO, name: str) -> str | None:
    """The kind of a file, such as "pdf", or None if it is none that can be read. Never raises.

    Args:
        data: The file's bytes, or a stream of them that can be read at any place.
        name: Its name; says what text without marks of its own is meant to be.
    """
    stream = BytesIO(data) if isinstance(data, bytes) else data
    stream.seek(0)
    head = stream.read(_HEAD)
    by_name = by_suffix().get(_suffix(name))
    for known in formats().values():
        if known.recognise is not None and known.recognise(head):
            return known.name
    if head.startswith(_ZIP):  # before PDF: an archive may hold one that is not compressed
        return _zip_kind(stream, by_name)
    if _is_pdf(head):
        return "pdf"
    if head.startswith(_PACKED):
        return "tar" if _TAR_SUFFIX.search(name) else "packed"
    at, mark = _TAR
    if head[at : at + len(mark)] == mark or (by_name and by_name.name == "tar"):
        return "tar"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith(_OLE):
        return _ole_kind(stream, by_name)
    if is_binary(head):
        # A document with a damaged beginning, of which its reader says what is wrong; or a message
        # with a stray NUL, which does not make it anything else.
        return by_name.name if by_name and _may_be_binary(by_name) else None
    return _text_kind(peek(head), by_name, _suffix(name))


def same_by_name(one: str, other: str) -> bool:
    """Whether two files of equal content are of the same kind, as far as their names tell.

    Args:
        one: The name of one.
        other: The name of the other.
    """
    known = by_suffix()
    return known.get(_suffix(one)) is known.get(_suffix(other))


def refusal(data: bytes) -> ReadError:
    """Why a file whose kind is None is not read."""
    if data.startswith(_OLE):
        return _ole_refusal(data)
    if data.startswith(_UNREAD_ARCHIVES):
        return ReadError(
            "Archives of this kind are not read.", "Unpack it, or pack it as .zip, and index again."
        )
    if is_binary(data):
        return ReadError(
            "The file holds something else than text.",
            "Leave it out, or convert it to PDF, Word, HTML or plain text.",
        )
    return ReadError(
        "This kind of file is not read.", "Convert it to PDF, Word, HTML, Markdown or plain text."
    )


def _may_be_binary(known: Format) -> bool:
    return known.binary or known.name in ("mail", "mbox")


def _ole_kind(stream: BinaryIO, by_name: Format | None) -> str | None:
    """Old Office documents and Outlook's messages are containers, told by what is in them."""
    from indexer.readers.ole import root_names

    names = root_names(stream)
    if _OLE_PROTECTED in names or _OLE_ENCRYPTED in names:
        return None
    for name, kind in _OLE_STREAMS:
        if name in names:
            return kind
    old = {kind for _, kind in _OLE_STREAMS}
    return by_name.name if by_name and by_name.name in old and not names else None


def _ole_refusal(data: bytes) -> ReadError:
    """Why a container is not read."""
    from indexer.readers.ole import root_names

    names = root_names(data)
    if _OLE_PROTECTED in names:
        return ReadError(
            "The file may only be read by people its owner named.",
            "Open it in its own program, save an unprotected copy if you may, and index that.",
        )
    if _OLE_ENCRYPTED in names:
        return ReadError(
            "The file is protected with a password.",
            "Open it in its own program, save it without a password and index again.",
        )
    return ReadError(
        "The file is of an old kind that is not read, or damaged.",
        "Open it in its own program, save it as PDF or in a newer format and index again.",
    )


def _text_kind(head: str, by_name: Format | None, suffix: str) -> str | None:
    """The kind of a file that is text, from how it begins and how its name ends."""
    if flat := _FLAT_ODF.search(head):
        return _FLAT_ODF_KINDS[flat[1]]
    if _SPREADSHEET.match(head):
        return "xls"
    if _HTML.match(head):
        return "html"
    if head.startswith("{\\rtf"):
        return "rtf"
    if head.startswith(_UNREAD_TEXT):
        return None
    if by_name and by_name.name not in ("text", "mail", "mbox", *_TEXT_INSTEAD):
        return None if by_name.binary else by_name.name
    if _MBOX.match(head):
        return "mbox"
    if _is_mail(head):
        return "mail"
    if by_name:
        return _instead(by_name.name, head)
    return None if suffix else "text"


def _instead(kind: str, head: str) -> str:
    """What a text is read as that is named as of that kind."""
    if kind not in _TEXT_INSTEAD:
        return kind
    if markup := _ANY_MARKUP.match(head):
        return "xml" if markup[0].endswith("?") else "html"
    return _TEXT_INSTEAD[kind]


def _is_mail(head: str) -> bool:
    """Whether a text begins with the header of a message: only fields, three of them usual."""
    fields = head.lstrip().replace("\r\n", "\n").partition("\n\n")[0].split("\n")
    usual = {line.partition(":")[0].lower() for line in fields if _MAIL_FIELD.match(line)}
    return len(usual) >= 3 and all(map(_ANY_FIELD.match, fields))


def _suffix(name: str) -> str:
    match = _SUFFIX.search(PurePath(name).name.lstrip("."))
    return match[0].lower() if match else ""


def _is_pdf(head: bytes) -> bool:
    """A PDF may begin after some rubbish; a text may speak of PDF headers."""
    if not (match := _PDF.search(head, 0, 1024 + 6)):
        return False
    return not head[: match.start()].strip() or b"endobj" in head


def _zip_kind(stream: BinaryIO, by_name: Format | None) -> str | None:
    """Office documents and e-books are ZIP archives, told by what is in them."""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            declared = b""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                declared = archive.read("mimetype").strip()
    except Exception:  # zipfile lets half a dozen kinds through, struct.error among them
        return by_name.name if by_name and by_name.binary else None
    for prefix, kind in _ZIPPED_TYPES:
        if declared.startswith(prefix):
            return kind
    for kind, part in _OOXML_PARTS:
        if any(map(part.fullmatch, names)):
            return kind
    if "META-INF/container.xml" in names:
        return "epub"
    return by_name.name if by_name and by_name.name in ("zip", "epub") else "zip"
