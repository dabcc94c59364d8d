"""What the store says of files, documents and passages: one record for each kind of row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from search.models import Document, Passage


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of one path.

    Attributes:
        path: The path.
        size: Size in bytes when it was last looked at.
        modified: Modification time then, in nanoseconds since 1970.
        content_hash: Digest of its content, or None if it could not be read.
        document: Row of its document's version, or None if it is none.
        failure: Why it is no document, or None.
    """

    path: Path
    size: int
    modified: int
    content_hash: bytes | None
    document: int | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A passage with what is needed to show it as a hit or to index its words.

    ``document`` is the number users see. ``path`` is None once the document's last file is gone.
    """

    id: int
    document: int
    path: Path | None
    title: str
    kind: str
    start: int
    end: int
    page: int | None
    headings: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """The living version of a document.

    Attributes:
        key: The number that users see.
        paths: Where it lies.
        content_hash: SHA-256 of the file it was read from.
        document: The document itself.
        passages: Its passages, in reading order.
    """

    key: int
    paths: tuple[Path, ...]
    content_hash: bytes
    document: Document
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Sizes of a collection at one generation."""

    files: int
    documents: int
    passages: int
    failures: int
