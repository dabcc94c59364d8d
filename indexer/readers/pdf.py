"""PDF, read page by page with pypdf; a page it cannot read is given to pdfium.

A page that cannot be read at all costs that page only. A page counts as one without text if a
picture is shown on it, or letters that cannot be told, and no text besides headers and footers. One
on which nothing is shown is blank, not a scan, and does not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from pypdf import PageObject, PasswordType, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError

from indexer.readers import ocr
from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.lines import add_lines
from indexer.readers.pdf_columns import has_columns, in_columns
from indexer.readers.pdf_fallback import Fallback
from indexer.readers.pdf_forms import filled_in
from indexer.readers.pdf_headings import Entry, find_headings
from indexer.readers.pdf_layout import Block, blocks_of
from indexer.readers.pdf_lines import Line, lines_of
from indexer.readers.pdf_outline import outline_of
from indexer.readers.pdf_properties import Properties, properties_of
from indexer.readers.pdf_salvage import with_new_end
from indexer.readers.repeats import without_repeats
from search.errors import ReadError
from search.models import Document

_PAGE_LIMIT = 20_000
# A page with more drawing instructions than this is a map or a plan; pypdf takes minutes for it.
_CONTENT_LIMIT = 20_000_000
# As many such pages, or so many instructions in all, are there to wear the reader down.
_LARGE_PAGES = 8
_ALL_CONTENT_LIMIT = 2_000_000_000
# Longer documents are read by pdfium, which is four times as fast.
_LONG = 3_000
# pypdf keeps what it has read; after so many pages it is told to forget.
_FORGET_AFTER = 200
# Lines in larger type than this, measured by the usual one, are no running heads.
_LARGER = 1.15


@dataclass(frozen=True, slots=True)
class _Found:
    """What a PDF holds.

    Attributes:
        pages: The lines of each page; None where it cannot be read.
        large: Numbers of the pages that unpack to too much; pdfium must not be asked for them.
        outline: Its bookmarks.
        properties: What it says about itself.
        filled_in: What was filled into the form on each page, by its number.
    """

    pages: list[list[Line] | None]
    large: frozenset[int]
    outline: list[Entry]
    properties: Properties
    filled_in: Mapping[int, Sequence[str]]


class _TooLarge(Exception):
    """A page unpacks to more than is read of one."""


def read(data: bytes, _name: str) -> Document:
    """Read a PDF.

    Raises:
        ReadError: If it is encrypted, unpacks to too much, has no text, or is so damaged that no
            page can be read.
    """
    pdf, data, refused = _opened(data)
    with Fallback(data, len(pdf.pages) if pdf else None) as fallback:
        count = len(pdf.pages) if pdf else fallback.pages
        if refused and not count:
            raise _unpacks_to_too_much() if fallback.is_bomb else refused
        if count > _PAGE_LIMIT:
            raise ReadError(
                f"The PDF has {count:,} pages, and {_PAGE_LIMIT:,} are read at the most.",
                "Split it into smaller files and index those.",
            )
        found = _found_by_pypdf(pdf, fallback) if pdf else _found_by_pdfium(fallback)
        if all(page is None for page in found.pages) and not ocr.is_enabled():
            raise ReadError(
                "None of the pages of the PDF can be read.",
                "Print it to a new PDF and index it.",
            )
        lines = _without_edges([page or [] for page in found.pages])
        textless = [
            number
            for number, page in enumerate(lines, 1)
            if not page and (found.pages[number - 1] is None or fallback.draws(number))
        ]
        if not any(lines) and not textless:
            lines = [page or [] for page in found.pages]  # the same on each page, and all there is
        if ocr.is_enabled():
            lines, textless = _recognised(lines, textless, found, fallback)
        is_bomb = fallback.is_bomb
    document = _document([blocks_of(in_columns(page)) for page in lines], found)
    if not document.text:
        if is_bomb:
            raise _unpacks_to_too_much()
        raise _no_text(len(lines), len(textless))
    return replace(document, textless_pages=len(textless))


def _opened(data: bytes) -> tuple[PdfReader | None, bytes, ReadError | None]:
    """The PDF open, with its bytes, which may have been mended; or why pypdf cannot open it.

    Raises:
        ReadError: It unpacks to too much; nothing else should try.
    """
    try:
        return _decrypted(PdfReader(BytesIO(data))), data, None
    except LimitReachedError as error:
        raise _unpacks_to_too_much() from error
    except MemoryError:
        raise
    except ReadError as error:
        return None, data, error
    except Exception:
        mended = with_new_end(data)
    try:
        if mended is not None:
            return _decrypted(PdfReader(BytesIO(mended))), mended, None
    except MemoryError:
        raise
    except ReadError as error:
        return None, data, error
    except Exception:
        mended = None
    message = "The PDF is damaged or was cut off."
    return None, data, ReadError(message, "Get the file once more from where it came from.")


def _unpacks_to_too_much() -> ReadError:
    return ReadError(
        "The PDF unpacks to more than is read from one file.", "Print it to a new PDF and index it."
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


def _found_by_pdfium(fallback: Fallback) -> _Found:
    pages = [fallback.lines(number) for number in range(1, fallback.pages + 1)]
    outline = [entry for entry in fallback.outline() if entry.page <= len(pages)]
    return _Found([*pages], frozenset(), outline, fallback.properties(), {})


def _found_by_pypdf(pdf: PdfReader, fallback: Fallback) -> _Found:
    """What pypdf reads, and pdfium where pypdf fails or finds nothing.

    Raises:
        ReadError: The pages unpack to too much.
    """
    count = len(pdf.pages)
    left = _ALL_CONTENT_LIMIT
    pages: list[list[Line] | None] = []
    large: set[int] = set()
    values: dict[int, list[str]] = {}
    for number in range(1, count + 1):
        if number % _FORGET_AFTER == 0:
            pdf.resolved_objects.clear()
        lines: list[Line] | None = None
        torn = False
        try:
            page = pdf.pages[number - 1]
            left -= _content_size(page)
            lines = fallback.lines(number) if count > _LONG else None
            if lines is None:
                lines, torn = lines_of(page)
            values[number] = _filled_in(page)
        except (_TooLarge, LimitReachedError, MemoryError):
            large.add(number)
        except Exception:
            lines = None
        if left < 0 or len(large) > _LARGE_PAGES or len(large) == count:
            raise _unpacks_to_too_much()
        if number not in large:
            lines = _second_reading(lines, number, fallback, torn=torn)
        pages.append(lines)
    outline = list(outline_of(pdf, len(pages)))
    return _Found(pages, frozenset(large), outline, properties_of(pdf), values)


def _filled_in(page: PageObject) -> list[str]:
    """What was filled into the form on a page; nothing where that is damaged."""
    try:
        return filled_in(page)
    except MemoryError:
        raise
    except Exception:
        return []


def _content_size(page: PageObject) -> int:
    """How many bytes of drawing instructions a page has.

    Raises:
        _TooLarge: More than are read.
    """
    contents = page.get_contents()
    if contents is None and "/Contents" in page:
        raise ValueError("the contents are missing")
    size = len(contents.get_data()) if contents is not None else 0
    if size > _CONTENT_LIMIT:
        raise _TooLarge
    return size


def _second_reading(
    lines: list[Line] | None, number: int, fallback: Fallback, *, torn: bool
) -> list[Line] | None:
    """The lines of a page as pdfium reads them, if pypdf failed or tore the lines of columns."""
    if lines is None or not any(one_line(line.text) for line in lines):
        nothing: list[Line] | None = None if lines is None else []
        return fallback.lines(number) or nothing
    if torn:
        other = fallback.lines(number)
        return other if other and has_columns(other) else lines
    return lines


def _recognised(
    pages: list[list[Line]], textless: list[int], found: _Found, fallback: Fallback
) -> tuple[list[list[Line]], list[int]]:
    """The pages with the text recognised on them, and the numbers of those still without any."""
    asked = [number for number in textless if number not in found.large]
    recognised = ocr.recognise(fallback, asked, found.properties.language)
    for number, lines in zip(asked, _without_edges([recognised[n] for n in asked]), strict=True):
        pages[number - 1] = lines
    return pages, [number for number in textless if not pages[number - 1]]


def _without_edges(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The lines of each page without the headers and footers."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[line.size] += len(line.text)
    usual = max(sizes, key=lambda size: sizes[size], default=0.0)

    def height(line: Line) -> float | None:
        return line.y if line.size <= _LARGER * usual else None

    return without_repeats(pages, key=lambda line: line.text, height=height)


def _document(pages: Sequence[Sequence[Block]], found: _Found) -> Document:
    headings = find_headings(pages, found.outline)
    builder = DocumentBuilder("pdf")
    for number, page in enumerate(pages, 1):
        builder.page(number)
        for entry in headings.at_top.get(number, []):
            builder.heading(entry.level, entry.title)
        for place, block in enumerate(page):
            level = headings.levels.get((number, place))
            if level is None:
                builder.block(block.text, preformatted=block.kind == "code")
            else:
                builder.heading(level, block.text)
        for text in found.filled_in.get(number, ()):
            add_lines(builder, text)
    said = found.properties
    return builder.build(
        said.title or headings.title, author=said.author, date=said.date, language=said.language
    )


def _no_text(pages: int, textless: int) -> ReadError:
    """Why a PDF without any text is not worth indexing."""
    if not textless:
        return ReadError("The PDF holds neither text nor pictures.")
    which = "The only page has no text" if pages == 1 else f"No page of the {pages} has any text"
    if ocr.is_enabled():
        return ReadError(
            f"{which}, and text recognition found none.",
            "See that it is a scan of good quality, in a language tesseract was given.",
        )
    return ReadError(
        f"{which}; it is probably a scan.", "Index it with --ocr to have its text recognised."
    )
