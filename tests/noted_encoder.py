"""Notes what an encoder is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pytest

from search.encoders import Encoder


def noted(
    monkeypatch: pytest.MonkeyPatch,
    encoder: Encoder,
    method: Literal["encode_queries", "piece_starts"],
) -> list[list[str]]:
    """The texts that a method of an encoder is given from now on, call by call."""
    calls: list[list[str]] = []
    does = getattr(encoder, method)

    def noting(texts: Sequence[str]) -> Any:
        calls.append(list(texts))
        return does(texts)

    monkeypatch.setattr(encoder, method, noting)
    return calls
