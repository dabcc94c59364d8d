"""What a run would do, without doing it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from indexer.batch import texts_to_embed
from indexer.changes import Changes, compare
from indexer.isolation import ReaderPool
from indexer.opening import fitting_encoder, manifest_for
from indexer.progress import Progress
from indexer.recognition import Recognition
from indexer.walk import Walk, walk
from indexer.worker import Left, Limits, Read, Refused
from search.builds import exists
from search.collection import Collection
from search.encoders import DEFAULT_MODEL, Encoder, load_encoder
from search.rows import FileRecord
from search.schema import WalkRules
from search.settings import Settings
from search.store import Store

#: How many passages are embedded to learn how fast this machine is.
_SAMPLE = 128


@dataclass(slots=True)
class Preview:
    """What a run would do.

    Attributes:
        new: Files that hold something new.
        changed: Files that hold something else than before.
        moved: Files whose content is known: moved, copied, or only touched.
        gone: Files that are no longer there.
        unreadable: Files that could not be read, with the reason.
        unchanged: How many files would not be opened.
        other: How many files are of kinds that are not read.
        ignored: How many files and folders are left out by rules.
        withheld: Folders found empty or missing, with how many files of theirs would be kept.
        passages: Passages of the new and changed files.
        to_embed: Those of them that would have to be embedded.
        rate: Passages this machine embeds in a second, as just measured; 0 if there are none.
        seconds: How long the run would take, as far as can be told.
    """

    new: list[Path] = field(default_factory=list)
    changed: list[Path] = field(default_factory=list)
    moved: list[Path] = field(default_factory=list)
    gone: tuple[Path, ...] = ()
    unreadable: dict[Path, str] = field(default_factory=dict)
    unchanged: int = 0
    other: int = 0
    ignored: int = 0
    withheld: Mapping[Path, int] = field(default_factory=dict)
    passages: int = 0
    to_embed: int = 0
    rate: float = 0.0
    seconds: float = 0.0


def preview(
    roots: Mapping[Path, WalkRules],
    settings: Settings,
    progress: Progress,
    limits: Limits,
    *,
    retry: bool = False,
    prune: bool = False,
) -> Preview:
    """Go through ``roots`` as `indexer.pipeline.index` does, but write nothing.

    New and changed files are read and cut into passages, so that what is said of them is true; a
    sample of these is embedded, to measure how fast that is here and now.

    Args:
        roots: Absolute paths of folders and files, each with the rules for what lies beneath.
        settings: Name the collection, which need not be there yet, and the model.
        progress: Is told how the preview goes on.
        limits: What reading one file may take.
        retry: Look again at what could not be read.
        prune: Count as gone what lay in roots found empty or missing.

    Returns:
        What a run would do.

    Raises:
        CollectionMismatch: The collection was made with another model, splitter or newer format.
        EncoderError: The encoder cannot be loaded or failed.
        StorageError: The collection cannot be read.
        CollectionLocked: Its format is older, and another process is writing to it.
    """
    found = walk(roots)
    with _opened(settings) as (store, encoder, pieces):
        known: list[FileRecord] = []
        if store is not None:
            with store.reading() as reading:
                known = list(reading.files())
        changes = compare(list(roots), found, known, retry=retry, prune=prune)
        result = _beginning(found, changes)
        progress.begin(len(changes.look), sum(file.size for file, _ in changes.look))
        records = {file.path: record for file, record in changes.look if record is not None}
        recognition = Recognition(store, records, retry=retry)
        fresh: dict[bytes, str] = {}
        began = time.monotonic()
        with ReaderPool(limits, recognition.wanted) as pool:
            for file, messages in pool.read([file for file, _ in changes.look]):
                before = records.get(file.path)
                documents = []
                for message in messages:
                    if isinstance(message, Left):
                        result.moved.append(file.path)
                    elif isinstance(message, Read) and message.document is not None:
                        documents.append(message.document)
                    elif isinstance(message, Read | Refused):
                        member = message.member if isinstance(message, Read) else ""
                        result.unreadable[file.path / member] = message.failure
                if documents:
                    (result.new if before is None else result.changed).append(file.path)
                for document in documents:
                    texts = texts_to_embed(document, encoder, pieces)
                    result.passages += len(texts)
                    progress.split(len(texts))
                    progress.encoded(len(texts))
                    fresh.update(_unknown(texts, store))
                progress.opened(file.size)
        reading_seconds = time.monotonic() - began
    result.to_embed = len(fresh)
    sample = list(fresh.values())[:: max(1, len(fresh) // _SAMPLE)][:_SAMPLE]
    if sample:
        began = time.monotonic()
        encoder.encode_passages(sample)
        result.rate = len(sample) / max(1e-6, time.monotonic() - began)
    # Reading runs beside embedding, but on the same cores.
    result.seconds = reading_seconds + (result.to_embed / result.rate if result.rate else 0.0)
    return result


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Store | None, Encoder, int]]:
    """The store, if there is one, its encoder and its longest passage."""
    folder = settings.collections / settings.collection
    if exists(folder):
        with Collection(folder) as collection:
            manifest = collection.manifest
            encoder = fitting_encoder(settings, manifest)
            yield collection.store, encoder, manifest.splitter.pieces
    else:
        encoder = load_encoder(settings.model or DEFAULT_MODEL, settings.cache)
        yield None, encoder, manifest_for(encoder, settings.passage_pieces).splitter.pieces


def _beginning(found: Walk, changes: Changes) -> Preview:
    return Preview(
        gone=changes.gone,
        unreadable=dict(found.unreadable),
        unchanged=changes.unchanged,
        other=found.other,
        ignored=found.ignored,
        withheld=changes.withheld,
    )


def _unknown(texts: Mapping[bytes, str], store: Store | None) -> dict[bytes, str]:
    if store is None:
        return dict(texts)
    with store.reading() as reading:
        there = reading.embeddings(list(texts))
    return {digest: text for digest, text in texts.items() if digest not in there}
