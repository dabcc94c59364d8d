"""Small things that several test files build their cases from."""

from __future__ import annotations

import os
from pathlib import Path

from search.encoders import HashingEncoder
from search.models import Document, Passage, Section
from search.rows import FileRecord
from search.writing import Writing


def put(
    writing: Writing,
    path: str | bytes,
    text: str,
    encoder: HashingEncoder,
    key: int | None = None,
) -> int:
    """Add a document of one passage, on page 2 of 3 under heading "H", at ``path``."""
    digest = text.encode("utf-8", "replace")
    document = Document("Title", "text", text, (Section(0, 0, len(text), ("H",), 2),), 3, 1)
    rows = writing.add_embeddings([digest], encoder.encode_passages([text]))
    version = writing.add_document(
        document, digest, [Passage(0, len(text), ("H",), 2)], [rows[digest]], key
    )
    writing.put_file(FileRecord(Path(os.fsdecode(path)), len(text), 7, digest, version, None))
    return version


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, by name."""
    return sorted(path.name for path in folder.iterdir())
