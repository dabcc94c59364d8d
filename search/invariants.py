"""What must hold of a collection, and how a breach of it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Invariant(Enum):
    """Something that must hold.

    Attributes:
        code: A short name for programs.
        what: What breaks it, in the plural.
        repairable: Whether `search.mending` knows what to do.
    """

    DATABASE = "database", "places where SQLite finds the file damaged"
    MARK = "mark", "marks of a Wherein database that are missing"
    TABLES = "tables", "tables or columns that are not as Wherein makes them", False
    OBJECTS = "objects", "database indexes, triggers or views that are missing or foreign"
    NUMBERS = "generations", "generations that contradict one another"
    ROOT = "root-rules", "indexed folders whose rules cannot be read"
    DOCUMENT_HASH = "document-hash", "documents without the digest of their file"
    DOCUMENT_TEXT = "document-text", "documents whose text or title is not valid UTF-8"
    SECTIONS = "sections", "documents whose sections do not fit their text"
    VERSIONS = "versions", "documents of which several versions are alive"
    UNREACHABLE = (
        "document-files",
        "documents that no file leads to (before they are dropped by mending, `wherein index` "
        "takes up those whose files are still there)",
    )
    FILE_DOCUMENT = "file-document", "files whose document is missing or was removed"
    FILE_HASH = "file-hash", "files whose digest is not one"
    CONTAINER = "container", "files inside a file that is not known"
    PASSAGE_DOCUMENT = "passage-document", "passages of documents that are missing"
    SPAN = "span", "passages that lie outside their document's text"
    PASSAGE_TEXT = "passage-text", "passages whose text is not what their document says there"
    HEADINGS = "headings", "passages whose headings cannot be read"
    FINGERPRINT = "fingerprint", "passages whose fingerprint is not that of their text"
    PASSAGE_EMBEDDING = "passage-embedding", "passages without an embedding"
    VECTOR = "vector", "embeddings of the wrong dimension, not finite or not of length 1"
    JUDGEMENT = "judgement", "judgements of what cannot be"
    UNUSED = "embedding-unused", "embeddings that no passage uses"
    VECTOR_VIEW = "vector-view", "faults of the vector index"
    KEYWORD_VIEW = "keyword-view", "faults of the keyword index"
    LEFTOVER = "leftover", "files and folders left behind by runs that were cut short"
    STRAY = "stray", "files and folders that are not Wherein's; take them away yourself", False

    def __init__(self, code: str, what: str, repairable: bool = True) -> None:
        self.code = code
        self.what = what
        self.repairable = repairable


@dataclass(frozen=True, slots=True)
class Fault:
    """One breach of one invariant.

    Attributes:
        invariant: What does not hold.
        row: Number of the row at fault, or 0.
        example: The same for a person.
    """

    invariant: Invariant
    row: int
    example: str
