"""Rerankers: cross-encoders, which read question and passage together, for the second stage.

They tell better than embeddings whether a passage answers, and take some hundred times as long, so
that only the first hits are shown to them (`search.reranking`), and only if the user names one.
"""

from __future__ import annotations

import logging
from pathlib import Path

from search.encoders.libraries import reason
from search.encoders.locate import locate
from search.errors import EncoderError
from search.rerankers.base import Reranker

__all__ = ["Reranker", "load_reranker"]

_log = logging.getLogger("wherein")


def load_reranker(name: str, cache: Path, threads: int | None = None) -> Reranker:
    """The cross-encoder called ``name``, by its fast path if that can be.

    Args:
        name: The folder of a model, or the name of one on its hub.
        cache: Folder for exported graphs.
        threads: How many pairs are scored at once; as many as there are cores, by default.

    Raises:
        EncoderError: There is no such model, it is none that can rerank, or cannot be loaded.
    """
    source = locate(name)
    try:
        from search.rerankers.onnx import OnnxReranker, folder_of
    except ImportError as error:
        raise EncoderError(
            f"ONNX Runtime, which runs rerankers, cannot be loaded: {reason(error)}.",
            "Install it again with: pip install --force-reinstall onnxruntime",
        ) from error
    folder = folder_of(cache, source.digest)
    if folder.is_dir():
        try:
            return OnnxReranker(folder, source.name, threads)
        except EncoderError as error:
            _log.debug("%s", error)
    from search.rerankers.export import export

    return export(source, cache, threads)
