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

from indexer.readers.formats import formats
from indexer.readers.kinds import kind_of, refusal, same_by_name, worth_opening
from search.errors import ReadError
from search.models import Document

__all__ = [
    "faults_named",
    "formats",
    "kind_of",
    "quiet",
    "read",
    "same_by_name",
    "with_text",
    "worth_opening",
]

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
    known = formats()[kind]
    if known.holds_files:
        raise ReadError(f"The {known.label} holds other files.", "Read those.")
    with quiet():
        reader = known.reader()  # a library that is missing is not the file's fault
        with faults_named(known.label):
            document = reader(data, name)
    return with_text(document)


def with_text(document: Document) -> Document:
    """The document, if it has any text.

    Raises:
        ReadError: It has none.
    """
    if not document.text.strip():
        raise ReadError("The file holds no text.")
    return document


@contextmanager
def faults_named(label: str) -> Iterator[None]:
    """Turn whatever a library raises about a file into a `ReadError` that calls it ``label``.

    Raises:
        ReadError: The library raised anything; its own `ReadError` passes as it is.
    """
    try:
        yield
    except ReadError:
        raise
    except MemoryError as error:
        raise ReadError(
            f"The {label} needs more memory than there is.",
            "Split it into smaller files and index again.",
        ) from error
    except RecursionError as error:
        raise ReadError(
            f"The {label} is nested too deeply.",
            "Save it again in a simpler form and index again.",
        ) from error
    except Exception as error:
        raise ReadError(
            f"The {label} is damaged ({type(error).__name__}).",
            "Open it in its own program, save it again and index again.",
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' warnings and log messages from the user's screen."""
    loggers = [logging.getLogger(name) for name in _CHATTY]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
