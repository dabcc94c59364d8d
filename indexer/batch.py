"""Documents on their way into the store: split, encoded together, committed together."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from indexer.progress import Progress
from indexer.readers import same_by_name
from indexer.splitter import split
from search.context import embedded_text
from search.encoders import Encoder
from search.models import Document, Passage
from search.rows import FileRecord
from search.store import Store

#: A batch is committed once this many passages wait to be encoded, …
_PASSAGES = 256
#: … or this many documents, …
_DOCUMENTS = 200
#: … or after this many seconds, so that little is redone after a crash.
_SECONDS = 5.0
#: How many passages go to the encoder at once; between calls a run can be stopped.
_ENCODED_TOGETHER = 64


@dataclass(slots=True)
class _Pending:
    document: Document
    content_hash: bytes
    passages: list[Passage]
    texts: list[str]
    hashes: list[bytes]
    key: int | None
    replaces: int | None
    files: list[FileRecord] = field(default_factory=list)


class Batch:
    """Collects documents and file records, and commits them in transactions of some size.

    Args:
        store: Where they go.
        encoder: Embeds their passages.
        pieces: Longest passage, in the encoder's pieces.
        progress: Is told of passages split and embedded.

    Attributes:
        documents: How many documents were committed.
        passages: How many passages they have.
        embedded: How many passages had to be embedded.
        removed: How many documents went because the archive they lay in no longer holds them.
    """

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        pieces: int,
        progress: Progress,
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._pieces = pieces
        self._progress = progress
        self._documents: dict[tuple[bytes, str], _Pending] = {}
        self._records: list[FileRecord] = []
        self._members: list[tuple[Path, set[str]]] = []
        self._waiting = 0
        self._since = time.monotonic()
        self.documents = self.passages = self.embedded = self.removed = 0

    def add_document(
        self,
        document: Document,
        content_hash: bytes,
        files: list[FileRecord],
        key: int | None = None,
        replaces: int | None = None,
    ) -> None:
        """Take in a new version of a document, read from ``files`` of equal content.

        Args:
            document: The document; it is cut into passages at once.
            content_hash: Digest of what it was read from.
            files: What is known of each file that holds it, but for its document, which is filled
                in when it is committed.
            key: The number that users see, if it has one already.
            replaces: The version that was there before, whose number it gets unless that version
                lives on at another path.

        Raises:
            EncoderError: As `commit`, which may be due.
            StorageError: As `commit`.
        """
        passages = split(document, self._encoder, self._pieces)
        texts = _texts(document, passages)
        hashes = [_hash(text) for text in texts]
        pending = _Pending(document, content_hash, passages, texts, hashes, key, replaces, files)
        self._documents[content_hash, document.kind] = pending
        self._waiting += len(passages)
        self._progress.split(len(passages))
        self.commit_if_due()

    def add_copy(self, record: FileRecord) -> bool:
        """Take in a file if its content waits in this batch already.

        Args:
            record: What is known of the file, but for its document.

        Returns:
            Whether it does; if not, nothing was done.
        """
        for (content_hash, _), pending in self._documents.items():
            here = pending.files[0].location.name
            if content_hash == record.content_hash and same_by_name(here, record.location.name):
                pending.files.append(record)
                return True
        return False

    def add_record(self, record: FileRecord) -> None:
        """Take in a file that needs no new document: a failure, or one the store knows.

        Raises:
            EncoderError: As `commit`, which may be due.
            StorageError: As `commit`.
        """
        self._records.append(record)
        self.commit_if_due()

    def keep_members(self, path: Path, members: set[str]) -> None:
        """Note that the file ``path`` now holds ``members`` and nothing else."""
        self._members.append((path, members))

    def commit_if_due(self) -> None:
        """Commit if enough has gathered, or enough time has passed.

        Raises:
            EncoderError: As `commit`.
            StorageError: As `commit`.
        """
        if (
            self._waiting >= _PASSAGES
            or len(self._documents) + len(self._records) >= _DOCUMENTS
            or time.monotonic() - self._since > _SECONDS
        ):
            self.commit()

    def commit(self) -> None:
        """Encode what waits and write all of it in one transaction.

        Raises:
            EncoderError: The encoder failed; nothing was written.
            StorageError: The disk is full, read-only or damaged; nothing was written.
        """
        fresh = self._encode_unknown()
        if self._documents or self._records or self._members:
            with self._store.writing() as writing:
                known = writing.add_embeddings(*fresh)
                wanted = [digest for p in self._documents.values() for digest in p.hashes]
                known.update(writing.embeddings(wanted))
                # What is known already first: a version that is replaced may live on elsewhere.
                for record in self._records:
                    writing.put_file(record)
                for pending in self._documents.values():
                    key = pending.key
                    if pending.replaces is not None:
                        key = writing.sole_key(pending.replaces)
                    version = writing.add_document(
                        pending.document,
                        pending.content_hash,
                        pending.passages,
                        [known[digest] for digest in pending.hashes],
                        key,
                    )
                    for record in pending.files:
                        writing.put_file(replace(record, document=version))
                for path, members in self._members:
                    self.removed += writing.keep_members(path, members)
        self.embedded += len(fresh[0])
        self.documents += len(self._documents)
        self.passages += sum(len(p.passages) for p in self._documents.values())
        self._documents.clear()
        self._records.clear()
        self._members.clear()
        self._waiting = 0
        self._since = time.monotonic()

    def _encode_unknown(
        self,
    ) -> tuple[list[bytes], np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
        """Embed the texts that the store has no embedding of, each once."""
        texts = {
            digest: text
            for pending in self._documents.values()
            for digest, text in zip(pending.hashes, pending.texts, strict=True)
        }
        total = self._waiting
        with self._store.reading() as reading:
            for digest in reading.embeddings(list(texts)):
                del texts[digest]
        self._progress.encoded(total - len(texts))
        hashes = sorted(texts, key=lambda digest: len(texts[digest]))
        parts = []
        for start in range(0, len(hashes), _ENCODED_TOGETHER):
            part = hashes[start : start + _ENCODED_TOGETHER]
            parts.append(self._encoder.encode_passages([texts[digest] for digest in part]))
            self._progress.encoded(len(part))
        empty = np.zeros((0, self._encoder.spec.dimension), dtype=np.float32)
        return hashes, np.concatenate(parts) if parts else empty


def texts_to_embed(document: Document, encoder: Encoder, pieces: int) -> dict[bytes, str]:
    """What would be embedded for a document, by its 16-byte hash.

    Args:
        document: The document.
        encoder: Its tokenizer counts pieces; nothing is embedded.
        pieces: Longest passage in pieces.
    """
    texts = _texts(document, split(document, encoder, pieces))
    return {_hash(text): text for text in texts}


def _texts(document: Document, passages: list[Passage]) -> list[str]:
    return [
        embedded_text(document.title, p.headings, document.text[p.start : p.end]) for p in passages
    ]


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
