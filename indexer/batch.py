"""Documents on their way into the store: split, encoded together, committed together.

While one load of them is encoded in a thread of its own, the next is gathered and split, and the
one before is written; so the encoder, which takes nearly all of the time, hardly ever waits.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.progress import Progress
from indexer.readers import same_by_name
from indexer.splitter import split
from search.context import embedded_text
from search.encoders import Encoder
from search.models import Document, Passage
from search.rows import FileRecord
from search.store import Store
from search.writing import Writing

#: A load is handed to the encoder once so many passages have gathered, of which the first load has
#: the fewest, lest the encoder wait for it, and each has twice as many as the one before; …
_FEWEST, _PASSAGES = 32, 256
#: … or this many documents, …
_DOCUMENTS = 200
#: … or after this many seconds, so that little is redone after a crash.
_SECONDS = 5.0
#: How many characters go to the encoder at once; between calls a run can be stopped.
_ENCODED_TOGETHER = 100_000
#: Seconds between two looks at how far the encoder has come.
_GLANCE = 0.2

_Fresh = tuple[list[bytes], npt.NDArray[np.float32]]


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


@dataclass(slots=True)
class _Load:
    """What is written in one transaction, and what is being embedded for it."""

    documents: dict[tuple[bytes, str], _Pending] = field(default_factory=dict)
    records: list[FileRecord] = field(default_factory=list)
    members: list[tuple[Path, set[str]]] = field(default_factory=list)
    passages: int = 0
    fresh: Future[_Fresh] = field(default_factory=Future)
    embedding: frozenset[bytes] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.documents or self.records or self.members)

    def texts(self) -> dict[bytes, str]:
        """What stands in the passages, each text once, by its hash."""
        return {
            digest: text
            for pending in self.documents.values()
            for digest, text in zip(pending.hashes, pending.texts, strict=True)
        }

    def copy_of(self, record: FileRecord) -> _Pending | None:
        """The document that a file of the same content was read as."""
        for (content_hash, _), pending in self.documents.items():
            here = pending.files[0].location.name
            if content_hash == record.content_hash and same_by_name(here, record.location.name):
                return pending
        return None


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
        self._load = _Load()
        self._encoding: _Load | None = None
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="encoding")
        self._told: deque[int] = deque()
        self._stopped = threading.Event()
        self._since = time.monotonic()
        self._enough = _FEWEST
        self.documents = self.passages = self.embedded = self.removed = 0

    def close(self) -> None:
        """Have the encoder stop soon; what was not committed is forgotten."""
        self._stopped.set()
        self._ahead.shutdown(cancel_futures=True)

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
        self._load.documents[content_hash, document.kind] = pending
        self._load.passages += len(passages)
        self._progress.split(len(passages))
        self._tell()
        self.commit_if_due()

    def add_copy(self, record: FileRecord) -> bool:
        """Take in a file if its content waits in this batch already.

        Args:
            record: What is known of the file, but for its document.

        Returns:
            Whether it does; if not, nothing was done.
        """
        for load in (self._load, self._encoding):
            pending = load.copy_of(record) if load else None
            if pending is not None:
                pending.files.append(record)
                return True
        return False

    def add_record(self, record: FileRecord) -> None:
        """Take in a file that needs no new document: a failure, or one the store knows.

        Raises:
            EncoderError: As `commit`, which may be due.
            StorageError: As `commit`.
        """
        self._load.records.append(record)
        self.commit_if_due()

    def keep_members(self, path: Path, members: set[str]) -> None:
        """Note that the file ``path`` now holds ``members`` and nothing else."""
        self._load.members.append((path, members))

    def commit_if_due(self) -> None:
        """Hand on what has gathered if it is enough, or enough time has passed.

        It goes to the encoder; what went there before is written.

        Raises:
            EncoderError: As `commit`.
            StorageError: As `commit`.
        """
        if (
            self._load.passages >= self._enough
            or len(self._load.documents) + len(self._load.records) >= _DOCUMENTS
            or time.monotonic() - self._since > _SECONDS
        ):
            self._hand_on()

    def commit(self) -> None:
        """Encode what waits and write all of it.

        Raises:
            EncoderError: The encoder failed; what it was to encode was not written.
            StorageError: The disk is full, read-only or damaged; nothing more was written.
        """
        self._hand_on()
        if self._encoding is not None:
            encoded, self._encoding = self._encoding, None
            self._write(encoded)

    def _hand_on(self) -> None:
        """Give what has gathered to the encoder, and write what it was given before."""
        self._since = time.monotonic()
        if not self._load:
            return
        self._enough = min(2 * self._enough, _PASSAGES)
        load, self._load = self._load, _Load()
        before, self._encoding = self._encoding, load
        texts = self._unknown(load, before)
        load.embedding = frozenset(texts)
        load.fresh = self._ahead.submit(self._encode, texts)
        if before is not None:
            self._write(before)

    def _unknown(self, load: _Load, before: _Load | None) -> dict[bytes, str]:
        """The texts of a load that nothing is known of yet, and that are not being embedded."""
        texts = load.texts()
        with self._store.reading() as reading:
            for digest in reading.embeddings(list(texts)):
                del texts[digest]
        if before is not None:
            for digest in before.embedding:
                texts.pop(digest, None)
        self._progress.encoded(load.passages - len(texts))
        return texts

    def _write(self, load: _Load) -> None:
        """Write a load in one transaction, once it is encoded."""
        while not load.fresh.done():
            wait([load.fresh], _GLANCE)  # with a limit, so that ctrl-C comes through everywhere
            self._tell()
        fresh = load.fresh.result()
        self._tell()
        with self._store.writing() as writing:
            known = self._embeddings(load, fresh, writing)
            # What is known already first: a version that is replaced may live on elsewhere.
            for record in load.records:
                writing.put_file(record)
            for pending in load.documents.values():
                self._write_document(pending, known, writing)
            for path, members in load.members:
                self.removed += writing.keep_members(path, members)
        self.embedded += len(fresh[0])
        self.documents += len(load.documents)
        self.passages += load.passages

    def _write_document(
        self, pending: _Pending, known: Mapping[bytes, int], writing: Writing
    ) -> None:
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

    def _embeddings(self, load: _Load, fresh: _Fresh, writing: Writing) -> Mapping[bytes, int]:
        """Where the embeddings of a load's passages stand in the store, by hash of the text."""
        known = writing.add_embeddings(*fresh)
        texts = load.texts()
        known.update(writing.embeddings([digest for digest in texts if digest not in known]))
        # One that was known when the load was handed on may have gone since with its last passage.
        lost = {digest: text for digest, text in texts.items() if digest not in known}
        if lost:
            known.update(writing.add_embeddings(*self._encode(lost)))
        return known

    def _encode(self, texts: Mapping[bytes, str]) -> _Fresh:
        """Embed texts, those of like length together; in the encoding thread."""
        hashes = sorted(texts, key=lambda digest: len(texts[digest]))
        parts = []
        for part in _parts(hashes, [len(texts[digest]) for digest in hashes]):
            if self._stopped.is_set():
                break  # nobody waits for what comes of it
            parts.append(self._encoder.encode_passages([texts[digest] for digest in part]))
            self._told.append(len(part))
        empty = np.zeros((0, self._encoder.spec.dimension), dtype=np.float32)
        return hashes, np.concatenate(parts) if parts else empty

    def _tell(self) -> None:
        """Pass on what the encoding thread has done, in the thread that watches are used in."""
        while self._told:
            self._progress.encoded(self._told.popleft())


def _parts(hashes: Sequence[bytes], lengths: Sequence[int]) -> Iterable[Sequence[bytes]]:
    """Cut into parts of no more than `_ENCODED_TOGETHER` characters; a longer text is one alone."""
    start = size = 0
    for place, length in enumerate(lengths):
        if place > start and size + length > _ENCODED_TOGETHER:
            yield hashes[start:place]
            start, size = place, 0
        size += length
    if start < len(hashes):
        yield hashes[start:]


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
