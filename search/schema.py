"""The tables of a collection's database, and the manifest that says what its embeddings depend on.

::

    meta        generation, published, manifest
    roots       folders and files the user asked to have indexed, and by what rules
    files       one row a path: what was seen there, and which document it is or why it is none; a
                file inside another, in an archive say, has the path, a NUL and its path in there
    documents   one row a version of a document's text; ``born`` and ``died`` are generations. The
                text stands last: SQLite walks all of a long one to read what stands behind it
    passages    spans of a document's text, with a copy of what they span: cutting it out of a long
                text anew for every hit would cost more than the room it takes; passages that say
                the same have the same ``fingerprint`` (`search.sameness`)
    embeddings  float16 vectors by what was embedded, shared by all passages of the same text
    judgements  what somebody thinks of a passage as the answer to a query; of no generation. They
                name the document by its key and the passage by the digest of its text, which they
                keep, so that they outlive the rows of both when a document is indexed anew

A version is part of generation g if it was born at or before g and had not died by then. A document
keeps its ``key`` from version to version; that is the number users see.
"""

from __future__ import annotations

import msgspec

from search.encoders.base import EncoderSpec

#: Version of the tables; written to SQLite's user_version.
FORMAT = 4
#: Marks the file as Wherein's ("Wher"); written to SQLite's application_id.
APPLICATION_ID = 0x57686572

TABLES = """
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE roots (
    path BLOB PRIMARY KEY,
    rules BLOB NOT NULL DEFAULT x'7b7d'
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    pages INTEGER,
    textless_pages INTEGER NOT NULL,
    born INTEGER NOT NULL,
    died INTEGER,
    author TEXT NOT NULL DEFAULT '',
    date TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    sections BLOB NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX documents_by_key ON documents (key);
CREATE INDEX documents_by_content ON documents (content_hash);
CREATE INDEX documents_by_birth ON documents (born);
CREATE INDEX documents_by_death ON documents (died) WHERE died IS NOT NULL;

CREATE TABLE files (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    content_hash BLOB,
    document INTEGER REFERENCES documents (id),
    failure TEXT
) STRICT;
CREATE INDEX files_by_document ON files (document);
CREATE INDEX files_by_content ON files (content_hash);

CREATE TABLE embeddings (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    vector BLOB NOT NULL
) STRICT;

CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id),
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    page INTEGER,
    headings TEXT NOT NULL,
    text TEXT NOT NULL,
    embedding INTEGER NOT NULL REFERENCES embeddings (id),
    place TEXT NOT NULL DEFAULT '',
    fingerprint INTEGER
) STRICT;
CREATE INDEX passages_by_document ON passages (document);
CREATE INDEX passages_by_embedding ON passages (embedding);
CREATE INDEX passages_by_fingerprint ON passages (fingerprint) WHERE fingerprint IS NOT NULL;

CREATE TABLE judgements (
    id INTEGER PRIMARY KEY,
    query TEXT NOT NULL,
    document INTEGER NOT NULL,
    passage BLOB NOT NULL,
    text TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    relevance INTEGER NOT NULL,
    judged INTEGER NOT NULL,
    UNIQUE (query, document, passage)
) STRICT;
"""

#: What brings the tables of an older format to the next one, by the older one's number.
UPGRADES = {
    1: """
ALTER TABLE roots ADD COLUMN rules BLOB NOT NULL DEFAULT x'7b7d';
ALTER TABLE documents ADD COLUMN author TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN date TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE passages ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE passages ADD COLUMN fingerprint INTEGER;
CREATE INDEX passages_by_fingerprint ON passages (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX files_by_content ON files (content_hash)
""",
    2: """
CREATE TABLE judgements (
    id INTEGER PRIMARY KEY,
    query TEXT NOT NULL,
    document INTEGER NOT NULL,
    passage BLOB NOT NULL,
    text TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    relevance INTEGER NOT NULL,
    judged INTEGER NOT NULL,
    UNIQUE (query, document, passage)
) STRICT
""",
    3: """
CREATE TABLE documents_anew (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    pages INTEGER,
    textless_pages INTEGER NOT NULL,
    born INTEGER NOT NULL,
    died INTEGER,
    author TEXT NOT NULL DEFAULT '',
    date TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    sections BLOB NOT NULL,
    text TEXT NOT NULL
) STRICT;
INSERT INTO documents_anew
    SELECT id, key, content_hash, title, kind, pages, textless_pages, born, died, author, date,
        language, sections, text
    FROM documents;
DELETE FROM sqlite_sequence WHERE name = 'documents_anew';
INSERT INTO sqlite_sequence
    SELECT 'documents_anew', seq FROM sqlite_sequence WHERE name = 'documents';
DROP TABLE documents;
ALTER TABLE documents_anew RENAME TO documents;
CREATE INDEX documents_by_key ON documents (key);
CREATE INDEX documents_by_content ON documents (content_hash);
CREATE INDEX documents_by_birth ON documents (born);
CREATE INDEX documents_by_death ON documents (died) WHERE died IS NOT NULL
""",
}


class WalkRules(msgspec.Struct, frozen=True):
    """Which files beneath a root are looked at.

    Attributes:
        include: If any, only files that one of these globs matches, such as "*.pdf" or "papers/**".
        exclude: Files and folders that one of these globs matches are left out.
        follow: Follow symbolic links, also out of the root.
        hidden: Look at hidden files and folders too, and at what ignore files name.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    follow: bool = False
    hidden: bool = False


class SplitterSpec(msgspec.Struct, frozen=True):
    """What the cut of passages depends on.

    Attributes:
        version: Version of the splitting rules.
        pieces: Longest passage in pieces of the encoder's tokenizer.
    """

    version: int
    pieces: int


class Manifest(msgspec.Struct, frozen=True):
    """What the passages and embeddings of a collection depend on.

    Attributes:
        encoder: The encoder's name, digest, dimension and prompts; its vectors have length 1.
        splitter: How documents were cut into passages.
        near: Least cosine at which a passage counts as near a query in meaning; what this encoder
            gives for unrelated texts lies below (see `search.calibration`).
    """

    encoder: EncoderSpec
    splitter: SplitterSpec
    near: float
