"""What the store says of files, documents and passages: one record for each kind of row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from search.models import Document, Passage

#: 0: a passage does not answer the query; from 1 up to this: it does, the better the more.
RELEVANCE_MOST = 3


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
class Judgement:
    """What somebody thinks of a passage as the answer to a query; see `search.judging`.

    Attributes:
        query: The query, as it was understood.
        document: Number of the document that users see.
        passage: Digest of the passage's text.
        text: That text.
        start: Its first character in the document's text, as it was when it was judged.
        end: One past its last.
        relevance: 0: it does not answer; 1 to 3: it does, the better the more.
        judged: When, in seconds since 1970.
    """

    query: str
    document: int
    passage: bytes
    text: str
    start: int
    end: int
    relevance: int
    judged: int


def digest_of(text: str) -> bytes:
    """What a passage is known by in judgements of it."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Counts:
    """Sizes of a collection at one generation."""

    files: int
    documents: int
    passages: int
    failures: int
