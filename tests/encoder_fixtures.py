"""Fixtures of encoder tests; a module has them with ``pytest_plugins = ("encoder_fixtures",)``."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from encoder_zoo import BUILDERS, Made, Zoo, sentence_transformer

from search.encoders import cache, load_encoder
from search.encoders.libraries import hush


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """No connection can be opened; a test that lets one be tried empties this list.

    Each module of encoder tests uses it for all of its tests.
    """
    hush()
    tried: list[Any] = []

    def refuse(*address: Any) -> NoReturn:
        tried.append(address)
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield tried
    assert not tried


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """The tiny models by name, each exported in full precision when it is first asked for."""
    root = tmp_path_factory.mktemp("zoo")
    made: dict[str, Made] = {}

    def get(name: str) -> Made:
        if name not in made:
            folder = root / name
            BUILDERS[name](folder)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(cache, "has_int8_dot_products", lambda: False)
                encoder = load_encoder(str(folder), root / "cache")
            made[name] = Made(folder, encoder, sentence_transformer(folder))
        return made[name]

    return get
