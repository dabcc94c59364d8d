"""PDF, read with pypdf page by page: a page that fails costs that page only."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pypdf import PageObject, PasswordType, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.pdf_headings import Entry, find_headings
from indexer.readers.pdf_layout import blocks_of
from indexer.readers.pdf_lines import Line, lines_of
from indexer.readers.pdf_salvage import with_new_end
from indexer.readers.repeats import without_repeats
from indexer.readers.titles import real_title
from search.errors import ReadError
from search.models import Document

_PAGE_LIMIT = 10_000
# A page with more drawing instructions than this is a map or a plan; pypdf takes minutes for it.
_CONTENT_LIMIT = 20_000_000
_OUTLINE_LIMIT = 5_000
_OUTLINE_DEPTH = 8


def read(data: bytes, _name: str) -> Document:
    """Read a PDF.

    Raises:
        ReadError: If it is encrypted, or so damaged that no page can be read.
    """
    pdf = _open(data)
    pages = [_lines(page) for page in _pages(pdf)]
    if pages and all(page is None for page in pages):
        raise ReadError(
            "None of the pages of the PDF can be read.", "Print it to a new PDF and index again."
        )
    lines = without_repeats([page or [] for page in pages], key=lambda line: line.text)
    blocks = [blocks_of(page) for page in lines]
    headings = find_headings(blocks, list(_outline(pdf, len(blocks))))
    builder = DocumentBuilder("pdf")
    for number, page in enumerate(blocks, 1):
        builder.page(number)
        for entry in headings.at_top.get(number, []):
            builder.heading(entry.level, entry.title)
        for place, block in enumerate(page):
            level = headings.levels.get((number, place))
            if level is None:
                builder.block(block.text, preformatted=block.kind == "code")
            else:
                builder.heading(level, block.text)
    return builder.build(_title(pdf) or headings.title)


def _open(data: bytes) -> PdfReader:
    """The PDF ready to be read, mended if its end is missing.

    Raises:
        ReadError: If it is encrypted or nothing can be made of it.
    """
    try:
        return _decrypted(PdfReader(BytesIO(data)))
    except (ReadError, MemoryError):
        raise
    except Exception as error:
        mended = with_new_end(data)
        if mended is None:
            raise _damaged() from error
    try:
        return _decrypted(PdfReader(BytesIO(mended)))
    except ReadError:
        raise
    except Exception as error:
        raise _damaged() from error


def _damaged() -> ReadError:
    return ReadError(
        "The PDF is damaged or was cut off.", "Get the file once more from where it came from."
    )


def _decrypted(pdf: PdfReader) -> PdfReader:
    """The PDF with its pages accessible; many are encrypted with an empty password."""
    try:
        if pdf.is_encrypted and pdf.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise ReadError("The PDF is encrypted.", "Remove its password and index again.")
        if not len(pdf.pages):
            raise ValueError("no pages")
    except FileNotDecryptedError as error:
        raise ReadError("The PDF is encrypted.", "Remove its password and index again.") from error
    except DependencyError as error:
        raise ReadError(
            "The PDF is encrypted with AES, which cannot be undone here.",
            "Install the package cryptography and index again.",
        ) from error
    return pdf


def _pages(pdf: PdfReader) -> Iterator[PageObject | None]:
    """The pages, None for one that cannot even be found."""
    for number in range(min(len(pdf.pages), _PAGE_LIMIT)):
        try:
            yield pdf.pages[number]
        except Exception:
            yield None


def _lines(page: PageObject | None) -> list[Line] | None:
    """The lines of a page, or None if they cannot be had."""
    if page is None:
        return None
    try:
        contents = page.get_contents()
        if contents is None or len(contents.get_data()) > _CONTENT_LIMIT:
            return []
        return lines_of(page)
    except Exception:
        return None


def _outline(pdf: PdfReader, pages: int) -> Iterator[Entry]:
    """The entries of the outline that lead to a page; none if it is damaged."""
    try:
        outline = pdf.outline
    except Exception:
        return
    left = _OUTLINE_LIMIT

    def walk(entries: list[Any], level: int) -> Iterator[Entry]:
        nonlocal left
        for entry in entries:
            left -= 1
            if left < 0 or level > _OUTLINE_DEPTH:
                return
            if isinstance(entry, list):
                yield from walk(entry, level + 1)
            elif found := _entry(pdf, entry, level):
                yield found

    yield from (entry for entry in walk(outline, 1) if 1 <= entry.page <= pages)


def _entry(pdf: PdfReader, destination: Any, level: int) -> Entry | None:
    try:
        number = pdf.get_destination_page_number(destination)
        title = one_line(str(destination.title or ""))
    except Exception:
        return None
    return Entry(level, title, number + 1) if number is not None and title else None


def _title(pdf: PdfReader) -> str:
    """The title the PDF gives itself, if it is one a person would have given."""
    try:
        return real_title(pdf.metadata and pdf.metadata.title)
    except Exception:
        return ""
