"""What the store says of files, documents and passages: one record for each kind of row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from search.models import Document, Passage


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of one path.

    Attributes:
        path: The path of a file on disk.
        size: Size in bytes when it was last looked at.
        modified: Modification time then, in nanoseconds since 1970.
        content_hash: Digest of its content, or None if it could not be read.
        document: Row of its document's version, or None if it is none.
        failure: Why it is no document, or None.
        member: The path inside that file, for what lies in an archive or is attached to a message.
    """

    path: Path
    size: int
    modified: int
    content_hash: bytes | None
    document: int | None
    failure: str | None
    member: str = ""

    @property
    def location(self) -> Path:
        """The path as it is shown: that of the file, with the path inside it added."""
        return self.path / self.member if self.member else self.path


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A passage with what is needed to show it as a hit or to index its words.

    ``document`` is the number users see. ``path`` is None once the document's last file is gone.
    The attributes are otherwise those of `search.models.Passage` and `search.models.Document`;
    ``fingerprint`` is shared by passages that say the same (`search.sameness`).
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
    place: str = ""
    author: str = ""
    date: str = ""
    language: str = ""
    fingerprint: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """The living version of a document.

    Attributes:
        key: The number that users see.
        paths: Where it lies; see `FileRecord.location`.
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
