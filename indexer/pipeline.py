"""A run of the indexer: walk → changes → reader → splitter → encoder → store → views."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.announcing import announced
from indexer.batch import Batch
from indexer.changes import Changes, compare
from indexer.isolation import ReaderPool
from indexer.progress import Progress
from indexer.readers import same_by_name
from indexer.recognition import Recognition
from indexer.walk import FoundFile, Walk, walk
from indexer.worker import Finished, Left, Limits, Message, Opened, Read, Refused
from search.collection_writer import CollectionWriter
from search.encoders import Encoder
from search.errors import WhereinError
from search.rows import FileRecord
from search.schema import WalkRules

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
        other: Files left out because their kind is not read, those in archives included.
        ignored: Files and folders left out by rules: hidden ones, ignore files, globs.
        passages: Passages of the documents added and changed.
        embedded: Passages that had to be embedded.
        postponed: Files left for a later run, because they were being written.
        failures: Files that could not be read, with the reason.
        scanned: Documents most of whose pages hold no text, with a sentence that says so.
        withheld: Folders found empty or missing whose documents were kept all the same, with how
            many files that are.
        seconds: How long it took.
        interrupted: Whether the run was stopped before its end.
    """

    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    other: int = 0
    ignored: int = 0
    postponed: int = 0
    passages: int = 0
    embedded: int = 0
    failures: dict[Path, str] = field(default_factory=dict)
    scanned: dict[Path, str] = field(default_factory=dict)
    withheld: Mapping[Path, int] = field(default_factory=dict)
    seconds: float = 0.0
    interrupted: bool = False


def index(
    roots: Mapping[Path, WalkRules],
    writer: CollectionWriter,
    encoder: Encoder,
    progress: Progress,
    limits: Limits,
    *,
    retry: bool = False,
    prune: bool = False,
    at_rest: float = 0.0,
) -> Report:
    """Bring the collection up to what lies beneath ``roots``.

    Only what is new or changed is read (with ``retry`` also what could not be read before), and
    only passages never seen before are embedded. What has been committed stays, however the run
    ends; ctrl-C ends it at once with a report, and leaves it to whoever opens the collection next
    to bring the views up to what was committed.

    Args:
        roots: Absolute paths of folders and files, each with the rules for what lies beneath.
        writer: The collection.
        encoder: Embeds its passages.
        progress: Is told how the run goes on.
        limits: What reading one file may take.
        retry: Look again at what could not be read; so does reading scanned pages, which also
            looks again at documents with pages without text.
        prune: Take out the documents of roots found empty or missing.
        at_rest: Leave files for a later run that were modified less than so many seconds ago.

    Returns:
        What was done; `Report.interrupted` says whether ctrl-C ended it.

    Raises:
        EncoderError: The encoder failed.
        StorageError: The disk is full or read-only; what was committed before is kept.
    """
    with announced(writer.folder, "indexing", progress) as watched:
        run = _Run(roots, writer, encoder, watched, limits)
        try:
            run.look_through(retry=retry, prune=prune, at_rest=at_rest)
            run.publish()
            writer.give_back_room()
        except KeyboardInterrupt:
            run.report.interrupted = True
        except WhereinError:
            run.publish_what_there_is()
            raise
        finally:
            run.close()
    return run.finish()


class _Run:
    def __init__(
        self,
        roots: Mapping[Path, WalkRules],
        writer: CollectionWriter,
        encoder: Encoder,
        progress: Progress,
        limits: Limits,
    ) -> None:
        self.report = Report()
        self._began = self._published = time.monotonic()
        self._publish_cost = 0.0
        self._roots = roots
        self._writer = writer
        self._store = writer.store
        self._progress = progress
        self._limits = limits
        pieces = writer.store.manifest.splitter.pieces
        self._batch = Batch(writer.store, encoder, pieces, progress)
        self._known: dict[Path, FileRecord] = {}
        self._recognition = Recognition(writer.store, self._known)
        # Files with the content of another one of this run, which is being read at this moment.
        self._twins: list[FileRecord] = []
        self._refused: dict[bytes, str] = {}

    def look_through(self, *, retry: bool, prune: bool, at_rest: float) -> None:
        found = walk(self._roots)
        reads_scans = self._limits.ocr is not None
        retry = retry or reads_scans
        with self._store.reading() as reading:
            known_roots = reading.roots()
            again = reading.textless_files() if reads_scans else set()
            changes = compare(
                list(self._roots),
                found,
                reading.files(),
                retry=retry,
                prune=prune,
                again=again,
            )
        self._note(found, changes)
        changed_roots = {
            root: rules for root, rules in self._roots.items() if known_roots.get(root) != rules
        }
        if changed_roots:
            with self._store.writing() as writing:
                for root, rules in changed_roots.items():
                    writing.put_root(root, rules)
        now = time.time()
        look = [
            (file, record)
            for file, record in changes.look
            if not 0 <= now - file.modified / 1e9 < at_rest
        ]
        self.report.postponed = len(changes.look) - len(look)
        self._progress.begin(len(look), sum(file.size for file, _ in look))
        self._known = {file.path: record for file, record in look if record is not None}
        self._recognition = Recognition(self._store, self._known, retry=retry, again=again)
        with ReaderPool(self._limits, self._recognition.wanted) as pool:
            for file, messages in pool.read([file for file, _ in look]):
                self._take(file, messages)
                self._progress.opened(file.size)
                self._publish_if_due()
        self._settle_twins()
        self._batch.commit()
        if changes.gone:
            with self._store.writing() as writing:
                self.report.removed += sum(writing.remove_file(path) for path in changes.gone)

    def finish(self) -> Report:
        self.report.removed += self._batch.removed
        self.report.passages = self._batch.passages
        self.report.embedded = self._batch.embedded
        self.report.seconds = time.monotonic() - self._began
        return self.report

    def close(self) -> None:
        self._batch.close()

    def publish(self) -> None:
        self._writer.publish()

    def publish_what_there_is(self) -> None:
        """After a failure: show readers what was committed, if the disk lets us."""
        try:
            self._writer.publish()
        except WhereinError:
            return  # the failure that brought us here is the one to report

    def _note(self, found: Walk, changes: Changes) -> None:
        self.report.unchanged = changes.unchanged
        self.report.other = found.other
        self.report.ignored = found.ignored
        self.report.withheld = changes.withheld
        self.report.failures.update(found.unreadable)

    def _publish_if_due(self) -> None:
        waited = time.monotonic() - self._published
        if waited > max(_PUBLISH_AFTER, self._publish_cost / _PUBLISH_SHARE):
            began = time.monotonic()
            self._writer.publish()  # what is committed; the encoder goes on meanwhile
            self._published = time.monotonic()
            self._publish_cost = self._published - began

    def _take(self, file: FoundFile, messages: Iterator[Message]) -> None:
        """Hand to the batch whatever comes of a file.

        What says that all of it was read is written last, so that a run that is cut short leaves it
        to be looked at again.
        """
        digest: bytes | None = None
        members: set[str] = set()
        own: Read | None = None
        for message in messages:
            match message:
                case Opened():
                    digest = message.digest
                    file = FoundFile(file.path, message.size, message.modified)
                case Read(member=""):
                    own = message
                case Read():
                    if not members:
                        self._batch.add_record(self._unfinished(file.path))
                    members.add(message.member)
                    self._take_document(file, message)
                case Refused(failure=failure):
                    self._keep_members(file.path, members)
                    self._fail(file, digest, "", failure)
                case Left():
                    self._take_known(file, digest or b"")
                    return
                case Finished(other=other):
                    self.report.other += other
                    self._keep_members(file.path, members)
                    self._take_end(file, digest, own)

    def _keep_members(self, path: Path, members: set[str]) -> None:
        """Let go of what no longer lies in a file.

        To be called before the record that calls the file done: what follows that one is lost if
        the run is cut short between the two.
        """
        if path in self._known or members:
            self._batch.keep_members(path, members)

    def _take_end(self, file: FoundFile, digest: bytes | None, own: Read | None) -> None:
        """Take what a file says itself, or that it says nothing but what lies in it."""
        if own is None:
            self._batch.add_record(_record(file, digest))
        else:
            self._take_document(file, own)

    def _unfinished(self, path: Path) -> FileRecord:
        """Stands for a file until all that is in it is written; it is taken for changed."""
        before = self._known.get(path)
        return FileRecord(path, -1, -1, None, before.document if before else None, None)

    def _take_document(self, file: FoundFile, message: Read) -> None:
        if message.document is None:
            self._fail(file, message.digest or None, message.member, message.failure)
            return
        record = _record(file, message.digest, member=message.member)
        if message.member and (self._take_stored(record) or self._batch.add_copy(record)):
            self.report.moved += 1
            return
        before = self._record_at(file.path, message.member)
        if before is not None and before.document is not None:
            self.report.changed += 1
        else:
            self.report.added += 1
        if message.document.scanned:
            self.report.scanned[record.location] = message.document.scanned
        replaces = before.document if before is not None else None
        self._batch.add_document(message.document, message.digest, [record], replaces=replaces)

    def _take_known(self, file: FoundFile, digest: bytes) -> None:
        """A file that was not read, because its content is known."""
        before = self._known.get(file.path)
        record = _record(file, digest)
        if before is not None and before.content_hash == digest:
            self.report.moved += 1
            self._batch.add_record(
                replace(record, document=before.document, failure=before.failure)
            )
        elif self._take_stored(record):
            self.report.moved += 1
        else:
            self._twins.append(record)

    def _take_stored(self, record: FileRecord) -> bool:
        """Take a file whose content the store has already; False if it has not.

        What lies in an archive of known content lies in this one too, and nothing else does.
        """
        with self._store.reading() as reading:
            like = reading.file_with(record.content_hash or b"")
            inside = [] if like is None else reading.inside(like)
        if like is None or not same_by_name(like.location.name, record.location.name):
            return False
        members = set()
        if inside and not record.member:
            self._batch.add_record(self._unfinished(record.path))
        for inner in inside:
            member = inner.member[len(like.member) :].lstrip("/")
            place = f"{record.member}/{member}" if record.member else member
            members.add(place)
            self._batch.add_record(replace(inner, path=record.path, member=place))
        if not record.member:
            self._keep_members(record.path, members)
        self._batch.add_record(replace(record, document=like.document))
        return True

    def _settle_twins(self) -> None:
        """Files whose content was being read when they came, or went from the store since."""
        if not self._twins:
            return
        self._batch.commit()
        again = []
        for record in self._twins:
            found = FoundFile(record.path, record.size, record.modified)
            failure = self._refused.get(record.content_hash or b"")
            if self._take_stored(record):
                self.report.moved += 1
            elif failure is not None:
                self._keep_members(found.path, set())
                self._fail(found, record.content_hash, "", failure)
            else:
                again.append(found)
        self._batch.commit()
        with ReaderPool(self._limits, lambda _file, _digest: True) as pool:
            for found, messages in pool.read(again):
                self._take(found, messages)

    def _fail(self, file: FoundFile, digest: bytes | None, member: str, failure: str) -> None:
        record = _record(file, digest, failure, member)
        self.report.failures[record.location] = failure
        if digest is not None:
            self._refused[digest] = failure
        self._batch.add_record(record)

    def _record_at(self, path: Path, member: str) -> FileRecord | None:
        """What was known of a place before."""
        if not member:
            return self._known.get(path)
        with self._store.reading() as reading:
            return reading.file(path, member)


def _record(
    file: FoundFile, digest: bytes | None, failure: str | None = None, member: str = ""
) -> FileRecord:
    """What is known of a file so far; the batch adds the document."""
    return FileRecord(file.path, file.size, file.modified, digest, None, failure, member)
