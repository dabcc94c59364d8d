"""Building a collection anew from its stored text, beside the one that answers meanwhile."""

from __future__ import annotations

from contextlib import closing

from indexer.announcing import announced
from indexer.batch import Batch
from indexer.opening import manifest_for
from indexer.progress import Progress
from search.collection import Collection
from search.collection_writer import CollectionWriter
from search.encoders import load_encoder
from search.judging import carry_judgements
from search.settings import Settings


def reindex(settings: Settings, progress: Progress) -> int:
    """Split and embed every document of the collection again, and put the result in its place.

    No source file is read, so documents whose files are gone from the disk are kept. Until the end,
    and after a run that was stopped, the collection answers as before.

    Args:
        settings: Name of the collection; the model, the passage length and the keyword engine to
            use, if others.
        progress: Watches the run.

    Returns:
        How many documents there are.

    Raises:
        CollectionMissing: There is no such collection.
        CollectionLocked: Another process is writing to it.
        EncoderError: The encoder cannot be loaded.
        StorageError: The disk is full, read-only or damaged.
        CollectionMismatch: Its format is newer than this program, or its keyword engine is not
            installed.
        SettingError: There is no such keyword engine.
    """
    folder = settings.collections / settings.collection
    with Collection(folder) as old:
        name = settings.model or old.manifest.encoder.name
        encoder = load_encoder(name, settings.cache, threads=settings.encoder_threads, in_bulk=True)
        pieces = settings.passage_pieces or old.manifest.splitter.pieces
        manifest = manifest_for(encoder, pieces)
        with (
            CollectionWriter.create(folder, manifest) as writer,
            old.store.reading() as reading,
            announced(folder, "reindexing", progress) as watched,
        ):
            writer.use_keyword_engine(settings.keyword_engine)
            writer.use_vector_index(settings.vector_index)
            records = {record.location: record for record in reading.files()}
            keys = reading.document_keys()
            watched.begin(len(keys), 0)
            with writer.store.writing() as writing:
                for root, rules in reading.roots().items():
                    writing.put_root(root, rules)
            with closing(Batch(writer.store, encoder, manifest.splitter.pieces, watched)) as batch:
                for key in keys:
                    row = reading.document(key)
                    if row is not None:
                        files = [records[path] for path in row.paths]
                        batch.add_document(row.document, row.content_hash, files, key)
                    watched.opened(0)
                for record in records.values():
                    if record.document is None:
                        batch.add_record(record)
                batch.commit()
            writer.publish()
            # Last, since judging goes on meanwhile.
            carry_judgements(old.store, writer.store)
            writer.activate()
            return batch.documents
