"""What a PDF says about itself: title, author, date, language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from pypdf import PdfReader

from indexer.readers.base import one_line
from indexer.readers.dates import iso_date
from indexer.readers.titles import real_author, real_title

T = TypeVar("T")

_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Properties:
    """What a document says about itself; "" where it does not.

    Attributes:
        title: Its title, if a person gave it.
        author: Who wrote it.
        date: When it was made, or else last changed.
        language: What it is written in, as an ISO 639-1 code.
    """

    title: str = ""
    author: str = ""
    date: str = ""
    language: str = ""


def properties(title: object, author: object, dates: Iterable[object], language: str) -> Properties:
    """The properties from what stands in the file.

    Args:
        title: The title as it stands there, whoever gave it.
        author: The author as it stands there.
        dates: The dates there are; the first that is one counts.
        language: A language tag such as "de-CH" (RFC 5646).
    """
    match = _LANGUAGE.match(language.strip())
    return Properties(
        title=real_title(title),
        author=real_author(author),
        date=next(filter(None, map(iso_date, dates)), ""),
        language=match[1].lower() if match else "",
    )


def properties_of(pdf: PdfReader) -> Properties:
    """The properties of a PDF; what is damaged of them is left out."""
    said = _try(lambda: pdf.metadata)
    if said is None:
        return properties("", "", (), _language(pdf))
    return properties(
        _try(lambda: said.title),
        _try(lambda: said.author),
        [_try(lambda: said.creation_date), _try(lambda: said.modification_date)],
        _language(pdf),
    )


def _language(pdf: PdfReader) -> str:
    return one_line(str(_try(lambda: pdf.root_object.get("/Lang")) or ""))


def _try(get: Callable[[], T]) -> T | None:
    """What is got, or None: pypdf raises all kinds of exceptions for damaged properties."""
    try:
        return get()
    except Exception:
        return None
