"""Readers: the bytes of one file in, one `Document` out.

Two doors: `kind_of` says which format a file is in, `read` reads it. Each format has a module of
its own with a function ``read(data, name)``; it is imported when the first file of that kind turns
up, so that importing this package costs nothing.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from indexer.readers.base import Reader
from indexer.readers.kinds import SUFFIXES, kind_of, refusal, worth_opening
from search.errors import ReadError
from search.models import Document

__all__ = ["SUFFIXES", "kind_of", "read", "worth_opening"]

#: What the formats are called in messages.
_LABELS = {
    "docx": "Word document",
    "html": "HTML page",
    "markdown": "Markdown file",
    "pdf": "PDF",
    "rst": "reStructuredText file",
    "text": "text file",
}

# Libraries that report oddities of a file through logging; what matters of it becomes a ReadError.
_CHATTY = ("pypdf", "docx", "charset_normalizer", "markdown_it")


def read(data: bytes, name: str) -> Document:
    """Read one file.

    Args:
        data: The whole file.
        name: Its name; only the suffix counts, and only where the content leaves a choice.

    Returns:
        The document; it always has some text.

    Raises:
        ReadError: If the file is empty, damaged, encrypted, without text or of no known kind.
    """
    if not data:
        raise ReadError("The file is empty.")
    kind = kind_of(data, name)
    if kind is None:
        raise refusal(data)
    with _quiet():
        reader = _reader(kind)  # outside the try: a library that is missing is not the file's fault
        try:
            document = reader(data, name)
        except ReadError:
            raise
        except MemoryError as error:
            raise ReadError(
                f"The {_LABELS[kind]} needs more memory than there is.",
                "Split it into smaller files and index again.",
            ) from error
        except RecursionError as error:
            raise ReadError(
                f"The {_LABELS[kind]} is nested too deeply.",
                "Save it again in a simpler form and index again.",
            ) from error
        except Exception as error:
            raise ReadError(
                f"The {_LABELS[kind]} is damaged ({type(error).__name__}).",
                "Open it in its own program, save it again and index again.",
            ) from error
    if not document.text.strip():
        raise _textless(document)
    return document


def _reader(kind: str) -> Reader:
    """The function that reads files of ``kind``."""
    reader: Reader = import_module(f"{__name__}.{kind}").read
    return reader


def _textless(document: Document) -> ReadError:
    """Why a document without any text is not worth indexing."""
    if document.pages is None or document.kind != "pdf":
        return ReadError("The file holds no text.")
    pages = (
        "The only page has no"
        if document.pages == 1
        else (f"No page of the {document.pages} has any")
    )
    return ReadError(
        f"{pages} text; it is probably a scan.", "Run text recognition over it and index again."
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' warnings and log messages from the user's screen."""
    loggers = [logging.getLogger(name) for name in _CHATTY]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
