"""Opening a collection to be indexed into, with the encoder that fits it."""

from __future__ import annotations

from indexer.isolation import make_ready
from indexer.splitter import splitter_for
from search.builds import exists
from search.calibration import nearness_threshold
from search.collection_writer import CollectionWriter
from search.encoders import DEFAULT_MODEL, Encoder, load_encoder
from search.errors import CollectionMismatch
from search.schema import Manifest
from search.settings import Settings


def open_for_indexing(
    settings: Settings, encoder: Encoder | None = None
) -> tuple[CollectionWriter, Encoder]:
    """Open the collection that the settings name for writing, or make it, with its encoder.

    Args:
        settings: Name, model, splitter and keyword engine; model and splitter must be the
            collection's if given.
        encoder: The encoder to use in place of the one that would be loaded.

    Returns:
        The collection, locked until it is closed, and the encoder.

    Raises:
        CollectionMismatch: It was made with another model, splitter or format, or its keyword
            engine is not installed.
        CollectionLocked: Another process is writing to it.
        EncoderError: The encoder cannot be loaded.
        SettingError: There is no such keyword engine.
        StorageError: The disk is full, read-only or damaged.
    """
    folder = settings.collections / settings.collection
    if not exists(folder):
        make_ready()
        encoder = encoder or load_encoder(
            settings.model or DEFAULT_MODEL,
            settings.cache,
            threads=settings.encoder_threads,
            in_bulk=True,
        )
        writer = CollectionWriter.create(folder, manifest_for(encoder, settings.passage_pieces))
        # Another process may have made the collection while the encoder was being loaded.
        if not exists(folder):
            try:
                writer.use_keyword_engine(settings.keyword_engine)
                writer.use_vector_index(settings.vector_index)
                writer.activate()
            except BaseException:
                writer.close()
                raise
            return writer, encoder
        writer.close()
    writer = CollectionWriter.open(folder)
    try:
        writer.use_keyword_engine(settings.keyword_engine)
        writer.use_vector_index(settings.vector_index)
        return writer, fitting_encoder(settings, writer.store.manifest, encoder)
    except BaseException:
        writer.close()
        raise


def manifest_for(encoder: Encoder, pieces: int | None) -> Manifest:
    """The manifest of a new build.

    Args:
        encoder: What embeds the passages; it is asked now what it gives for unrelated texts.
        pieces: Longest passage in pieces, or None for as many as suit the encoder.

    Raises:
        EncoderError: The model failed.
    """
    return Manifest(encoder.spec, splitter_for(encoder.spec, pieces), nearness_threshold(encoder))


def fitting_encoder(
    settings: Settings, manifest: Manifest, given: Encoder | None = None
) -> Encoder:
    """The encoder a collection was made with.

    Args:
        settings: May name a model and a passage length, which must be the collection's.
        manifest: What the collection was made with.
        given: The encoder to use in place of the one that would be loaded.

    Raises:
        CollectionMismatch: It was made with another model or splitter.
        EncoderError: The encoder cannot be loaded.
    """
    made_with = manifest.encoder
    if given is None and settings.model not in (None, made_with.name):
        given = load_encoder(
            str(settings.model), settings.cache, threads=settings.encoder_threads, in_bulk=True
        )
    encoder = given or load_encoder(
        made_with.name, settings.cache, made_with.digest, settings.encoder_threads, in_bulk=True
    )
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
