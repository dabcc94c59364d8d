"""The outline of a PDF, its bookmarks, as pypdf reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader

from indexer.readers.base import one_line
from indexer.readers.pdf_headings import Entry

_LIMIT = 5_000
_DEPTH = 8


def outline_of(pdf: PdfReader, pages: int) -> Iterator[Entry]:
    """The entries of a PDF's outline that lead to one of the first ``pages`` pages.

    There are none if it is damaged, and no more than are taken of one file.
    """
    try:
        outline = pdf.outline
    except Exception:
        return
    left = _LIMIT

    def walk(entries: list[Any], level: int) -> Iterator[Entry]:
        nonlocal left
        for entry in entries:
            left -= 1
            if left < 0 or level > _DEPTH:
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
