"""Which format a file is in: by its content first, by its name where that leaves a choice."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import PurePath

from indexer.readers.encoding import is_binary, peek
from search.errors import ReadError

_KINDS = {
    ".docm": "docx",
    ".docx": "docx",
    ".dotm": "docx",
    ".dotx": "docx",
    ".htm": "html",
    ".html": "html",
    ".log": "text",
    ".markdown": "markdown",
    ".md": "markdown",
    ".mkd": "markdown",
    ".pdf": "pdf",
    ".rst": "rst",
    ".text": "text",
    ".txt": "text",
    ".xhtml": "html",
}

#: Lower-case suffixes of the files worth opening; those without any suffix are too.
SUFFIXES = frozenset(_KINDS)

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF = re.compile(rb"%PDF-\d")
_WORD_PART = re.compile(r"word/document\d*\.xml")
_TEXTUAL_FORMATS = ("{\\rtf", "%!PS", "-----BEGIN ")
_HTML = re.compile(
    r"(?:\s+|<\?xml.*?\?>|<!--.*?-->)*+<(?:!doctype\s+html\b|(?:html|head|body|title)(?=[\s>]))",
    re.IGNORECASE | re.DOTALL,
)
# "Chapter 2.3" and "notes 2024.5.6" have no suffix but a number.
_SUFFIX = re.compile(r"\.(?!\d+$)[^\s.]{1,12}$")


def worth_opening(name: str) -> bool:
    """Whether a file of that name may be one that can be read."""
    suffix = _suffix(name)
    return not suffix or suffix in SUFFIXES


def kind_of(data: bytes, name: str) -> str | None:
    """The kind of a file, such as "pdf", or None if it is none that can be read. Never raises.

    Args:
        data: The whole file.
        name: Its name; says what text without marks of its own is meant to be.
    """
    suffix = _suffix(name)
    if _is_pdf(data):
        return "pdf"
    if data.startswith(_ZIP):
        return _zip_kind(data, suffix)
    if is_binary(data):
        # A Word document or PDF with a damaged beginning; its reader says what is wrong with it.
        kind = _KINDS.get(suffix)
        return kind if kind in ("docx", "pdf") and not data.startswith(_OLE) else None
    head = peek(data)
    if _HTML.match(head):
        return "html"
    if head.startswith(_TEXTUAL_FORMATS):
        return None
    return _KINDS.get(suffix) if suffix else "text"


def refusal(data: bytes) -> ReadError:
    """Why a file whose kind is None is not read."""
    if data.startswith(_OLE):
        return ReadError(
            "The file is encrypted or in an Office format from before 2007.",
            "Open it in its own program, save it as .docx without a password and index again.",
        )
    if is_binary(data):
        return ReadError(
            "The file holds something else than text.",
            "Leave it out, or convert it to PDF, Word, HTML or plain text.",
        )
    return ReadError(
        "This kind of file is not read.", "Convert it to PDF, Word, HTML, Markdown or plain text."
    )


def _suffix(name: str) -> str:
    match = _SUFFIX.search(PurePath(name).name.lstrip("."))
    return match[0].lower() if match else ""


def _is_pdf(data: bytes) -> bool:
    """A PDF may begin after some rubbish; a text may speak of PDF headers."""
    if not (match := _PDF.search(data, 0, 1024 + 6)):
        return False
    return not data[: match.start()].strip() or b"endobj" in data


def _zip_kind(data: bytes, suffix: str) -> str | None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
    except Exception:  # zipfile lets half a dozen kinds through, struct.error among them
        return "docx" if _KINDS.get(suffix) == "docx" else None
    return "docx" if any(map(_WORD_PART.fullmatch, names)) else None
