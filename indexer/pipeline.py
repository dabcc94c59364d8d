"""A run of the indexer: walk → changes → reader → splitter → encoder → store → views."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from indexer import readers
from indexer.batch import Batch
from indexer.changes import compare
from indexer.progress import Progress
from indexer.splitter import splitter_for
from indexer.walk import FoundFile, resolve_roots, walk
from search.calibration import nearness_threshold
from search.collection import CollectionWriter, exists
from search.encoders import DEFAULT_MODEL, Encoder, load_encoder
from search.errors import CollectionMismatch, ReadError, WhereinError
from search.rows import FileRecord
from search.schema import Manifest
from search.settings import Settings

#: Readers see what a long run has committed after this many seconds, …
_PUBLISH_AFTER = 20.0
#: … or later, so that publishing takes no more than this share of the time.
_PUBLISH_SHARE = 0.05


@dataclass(slots=True)
class Report:
    """What a run did.

    Attributes:
        added: New documents.
        changed: Documents with new content.
        moved: Files whose content was known: moved, copied, or only touched.
        removed: Documents whose last file is gone.
        unchanged: Files not opened, because nothing about them had changed.
        other: Files left out because their kind is not read.
        passages: Passages of the documents added and changed.
        embedded: Passages that had to be embedded.
        failures: Files that could not be read, with the reason.
        withheld: Folders found empty whose documents were kept all the same.
        seconds: How long it took.
        interrupted: Whether the run was stopped before its end.
    """

    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    other: int = 0
    passages: int = 0
    embedded: int = 0
    failures: dict[Path, str] = field(default_factory=dict)
    withheld: tuple[Path, ...] = ()
    seconds: float = 0.0
    interrupted: bool = False


def open_for_indexing(
    settings: Settings, encoder: Encoder | None = None
) -> tuple[CollectionWriter, Encoder]:
    """Open the collection that the settings name for writing, or make it, with its encoder.

    Args:
        settings: Name, model and splitter; the latter two must be the collection's if given.
        encoder: The encoder to use in place of the one that would be loaded.

    Raises:
        CollectionMismatch: It was made with another model, splitter or format.
        CollectionLocked: Another process is writing to it.
        EncoderError: The encoder cannot be loaded.
        StorageError: The disk is full, read-only or damaged.
    """
    folder = settings.collections / settings.collection
    if not exists(folder):
        encoder = encoder or load_encoder(settings.model or DEFAULT_MODEL, settings.cache)
        writer = CollectionWriter.create(folder, manifest_for(encoder, settings.passage_pieces))
        # Another process may have made the collection while the encoder was being loaded.
        if not exists(folder):
            try:
                writer.activate()
            except BaseException:
                writer.close()
                raise
            return writer, encoder
        writer.close()
    writer = CollectionWriter.open(folder)
    try:
        return writer, _fitting_encoder(settings, writer.store.manifest, encoder)
    except BaseException:
        writer.close()
        raise


def manifest_for(encoder: Encoder, pieces: int | None) -> Manifest:
    """The manifest of a new build."""
    return Manifest(encoder.spec, splitter_for(encoder.spec, pieces), nearness_threshold(encoder))


def index(
    roots: Sequence[Path],
    writer: CollectionWriter,
    encoder: Encoder,
    progress: Progress,
    max_file_mb: int = 200,
    *,
    retry: bool = False,
) -> Report:
    """Bring the collection up to what lies in ``roots``.

    Only what is new or changed is read (with ``retry`` also what could not be read before), and
    only passages never seen before are embedded. What has been committed stays, however the run
    ends; ctrl-C ends it early with a report.

    Raises:
        UsageError: A root is not there.
        EncoderError: The encoder failed.
        StorageError: The disk is full or read-only; what was committed before is kept.
    """
    run = _Run(resolve_roots(roots), writer, encoder, progress, max_file_mb)
    try:
        run.look_through(retry=retry)
    except KeyboardInterrupt:
        run.report.interrupted = True
    except WhereinError:
        run.publish_what_there_is()
        raise
    return run.finish()


class _Run:
    def __init__(
        self,
        roots: list[Path],
        writer: CollectionWriter,
        encoder: Encoder,
        progress: Progress,
        max_file_mb: int,
    ) -> None:
        self.report = Report()
        self._began = self._published = time.monotonic()
        self._publish_cost = 0.0
        self._roots = roots
        self._writer = writer
        self._store = writer.store
        self._progress = progress
        self._limit = max_file_mb * 1_000_000
        pieces = writer.store.manifest.splitter.pieces
        self._batch = Batch(writer.store, encoder, pieces, progress)

    def look_through(self, *, retry: bool) -> None:
        found = walk(self._roots)
        with self._store.reading() as reading:
            known_roots = reading.roots()
            changes = compare(self._roots, found, reading.files(), retry=retry)
        self.report.unchanged = changes.unchanged
        self.report.other = found.other
        self.report.withheld = changes.withheld
        self.report.failures.update(found.unreadable)
        new_roots = [root for root in self._roots if root not in known_roots]
        if new_roots:
            with self._store.writing() as writing:
                for root in new_roots:
                    writing.add_root(root)
        self._progress.begin(len(changes.look), sum(file.size for file, _ in changes.look))
        for file, record in changes.look:
            self._take(file, record)
            self._progress.opened(file.size)
            self._publish_if_due()
        self._batch.commit()
        if changes.gone:
            with self._store.writing() as writing:
                self.report.removed = sum(writing.remove_file(path) for path in changes.gone)

    def finish(self) -> Report:
        self._writer.publish()
        self.report.passages = self._batch.passages
        self.report.embedded = self._batch.embedded
        self.report.seconds = time.monotonic() - self._began
        return self.report

    def publish_what_there_is(self) -> None:
        """After a failure: show readers what was committed, if the disk lets us."""
        try:
            self._writer.publish()
        except WhereinError:
            return  # the failure that brought us here is the one to report

    def _publish_if_due(self) -> None:
        waited = time.monotonic() - self._published
        if waited > max(_PUBLISH_AFTER, self._publish_cost / _PUBLISH_SHARE):
            began = time.monotonic()
            self._batch.commit()
            self._writer.publish()
            self._published = time.monotonic()
            self._publish_cost = self._published - began

    def _take(self, file: FoundFile, record: FileRecord | None) -> None:
        """Read one file as far as needed and hand it to the batch."""
        try:
            data, file = _read(file, self._limit)
        except ReadError as error:
            self._fail(file, None, error)
            return
        digest = hashlib.sha256(data).digest()
        with self._store.reading() as reading:
            same = reading.document_with(digest)
        seen = FileRecord(file.path, file.size, file.modified, digest, same, None)
        if same is not None:
            self.report.moved += 1
            self._batch.add_record(seen)
            return
        if self._batch.add_copy(seen):
            self.report.moved += 1
            return
        try:
            document = readers.read(data, file.path.name)
        except ReadError as error:
            self._fail(file, digest, error)
            return
        key = self._key_to_keep(record)
        if record is not None and record.document is not None:
            self.report.changed += 1
        else:
            self.report.added += 1
        self._batch.add_document(document, digest, [seen], key)

    def _fail(self, file: FoundFile, digest: bytes | None, error: ReadError) -> None:
        self.report.failures[file.path] = str(error)
        self._batch.add_record(
            FileRecord(file.path, file.size, file.modified, digest, None, str(error))
        )

    def _key_to_keep(self, record: FileRecord | None) -> int | None:
        """The number of the document that was at this path, unless other paths hold it too."""
        if record is None or record.document is None:
            return None
        with self._store.reading() as reading:
            return reading.sole_key(record.document)


def _read(file: FoundFile, limit: int) -> tuple[bytes, FoundFile]:
    """A file's bytes, and its size and time as they were while it was read.

    Raises:
        ReadError: It is too large, cannot be read, or changes while it is read.
    """
    if file.size > limit:
        raise ReadError(
            f"The file has {file.size / 1e6:,.0f} MB, more than the limit of "
            f"{limit / 1e6:,.0f} MB.",
            "Raise the limit with --max-file-mb.",
        )
    try:
        for _ in range(2):
            with file.path.open("rb") as stream:
                data = stream.read(limit + 1)
            status = file.path.stat()
            now = FoundFile(file.path, status.st_size, status.st_mtime_ns)
            if now == file and len(data) == file.size:
                return data, file
            file = now
    except OSError as error:
        raise ReadError(
            f"The file cannot be opened ({error.strerror}).", "Check its permissions."
        ) from None
    raise ReadError("The file changed while it was read.", "Index again when it is at rest.")


def _fitting_encoder(settings: Settings, manifest: Manifest, given: Encoder | None) -> Encoder:
    made_with = manifest.encoder
    if given is None and settings.model not in (None, made_with.name):
        given = load_encoder(str(settings.model), settings.cache)
    encoder = given or load_encoder(made_with.name, settings.cache, made_with.digest)
    if encoder.spec.digest != made_with.digest:
        raise CollectionMismatch(
            f"Collection {settings.collection!r} was made with the model {made_with.name}, "
            f"not with {encoder.spec.name}.",
            f"Leave --model out, or run: wherein reindex --model {encoder.spec.name}",
        )
    wanted = splitter_for(encoder.spec, settings.passage_pieces or manifest.splitter.pieces)
    if wanted != manifest.splitter:
        raise CollectionMismatch(
            f"Collection {settings.collection!r} was made with passages of "
            f"{manifest.splitter.pieces} pieces (splitter {manifest.splitter.version}), not of "
            f"{wanted.pieces} (splitter {wanted.version}).",
            f"Leave --passage-pieces out, or run: wherein reindex --passage-pieces {wanted.pieces}",
        )
    return encoder
