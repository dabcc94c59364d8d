"""Encoders: what turns text into vectors, and `load_encoder` that finds the one to use."""

from __future__ import annotations

import logging
from pathlib import Path

from search.encoders.base import Embeddings, Encoder, EncoderSpec, PieceVectors, Tokenizer
from search.encoders.gpu import has_gpu
from search.encoders.hashing import HashingEncoder
from search.encoders.libraries import reason
from search.encoders.locate import DEFAULT_MODEL, locate
from search.errors import EncoderError

__all__ = [
    "DEFAULT_MODEL",
    "Embeddings",
    "Encoder",
    "EncoderSpec",
    "HashingEncoder",
    "PieceVectors",
    "Tokenizer",
    "load_encoder",
]

_log = logging.getLogger("wherein")


def load_encoder(
    name: str,
    cache: Path,
    digest: str | None = None,
    threads: int | None = None,
    *,
    in_bulk: bool = False,
) -> Encoder:
    """The encoder called ``name``, by its fast path if that can be.

    Args:
        name: A model's name or folder, or "hashing" for the fake that tests use.
        cache: Folder for exported graphs.
        digest: What the model's digest must be. An export of it in the cache is then opened
            without looking at the model itself.
        threads: How many texts are encoded at once; as many as there are cores, by default.
        in_bulk: Whether many passages are to be encoded; then a GPU, where there is one, is the
            fast path.

    Raises:
        EncoderError: There is no such model, it cannot be loaded, or it has another digest.
    """
    if name == HashingEncoder.NAME:
        return HashingEncoder()
    on_gpu = in_bulk and has_gpu()
    if not on_gpu and digest is not None and (cached := _open_cached(cache, digest, name, threads)):
        return cached
    source = locate(name)
    if digest is not None and source.digest != digest:
        raise EncoderError(
            f"The model {name} is no longer the one this collection was made with.",
            "Put the old model back, or run: wherein reindex",
        )
    if on_gpu:
        from search.encoders.transformer import TransformerEncoder

        return TransformerEncoder(source)
    if cached := _open_cached(cache, source.digest, source.name, threads):
        return cached
    from search.encoders.export import export

    return export(source, cache, threads)


def _open_cached(cache: Path, digest: str, name: str, threads: int | None) -> Encoder | None:
    """The export of the model with this digest; None if there is none, or a damaged one."""
    from search.encoders.cache import cache_folder

    try:
        from search.encoders.onnx import OnnxEncoder
    except ImportError as error:
        raise EncoderError(
            f"ONNX Runtime, which runs the encoders, cannot be loaded: {reason(error)}.",
            "Install it again with: pip install --force-reinstall onnxruntime",
        ) from error
    folder = cache_folder(cache, digest)
    if not folder.is_dir():
        return None
    try:
        return OnnxEncoder(folder, name, digest, threads)
    except EncoderError as error:
        _log.debug("%s", error)
        return None
