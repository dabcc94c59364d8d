"""Where exported encoders are kept."""

from __future__ import annotations

from pathlib import Path

from search.encoders.cpu import has_int8_dot_products

#: Raised when the way graphs are made changes; older ones in the cache are then left alone.
RECIPE = 5


def precision_here() -> str:
    """The precision that suits this processor: "int8" or "float32"."""
    return "int8" if has_int8_dot_products() else "float32"


def cache_folder(cache: Path, digest: str) -> Path:
    """Where the graph of the model with this digest lies, for this kind of processor.

    Args:
        cache: Folder for exported graphs.
        digest: The model's digest, in hex.
    """
    return cache / "encoders" / f"{digest[:32]}-{RECIPE}-{precision_here()}"
