"""Fixtures that every test file may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import browser, shown_at, shown_site  # noqa: F401 - fixtures
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from indexer import pipeline
from indexer.opening import open_for_indexing
from indexer.pipeline import Report
from indexer.progress import Progress
from indexer.walk import resolve_roots
from indexer.worker import Limits
from search.collection_writer import CollectionWriter
from search.encoders import Encoder, HashingEncoder
from search.engine import Engine
from search.schema import WalkRules
from search.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"

hypothesis_settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("default")


class Silent:
    """A `Progress` that counts and shows nothing."""

    def __init__(self) -> None:
        self.files = self.passages = 0

    def begin(self, files: int, size: int) -> None:
        """Nothing to show."""

    def opened(self, size: int) -> None:
        self.files += 1

    def split(self, passages: int) -> None:
        """Nothing to show."""

    def encoded(self, passages: int) -> None:
        self.passages += passages


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder for exported encoders; the default model is exported into it only once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a collection in a temporary folder, embedded by hashing."""
    return Settings(home=tmp_path / "home", cache=tmp_path / "cache", model="hashing")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to put documents into."""
    path = tmp_path / "documents"
    path.mkdir()
    return path


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty folder to put files into that are sent."""
    path = tmp_path / "inbox"
    path.mkdir()
    return path


def run_index(
    settings: Settings,
    *roots: Path,
    encoder: HashingEncoder | None = None,
    progress: Progress | None = None,
    rules: WalkRules | None = None,
    limits: Limits | None = None,
    **asked: Any,
) -> Report:
    """Index ``roots`` as the command does; ``asked`` is retry, prune or at_rest."""
    writer, used = open_for_indexing(settings, encoder)
    with writer:
        return index_into(
            writer,
            used,
            *roots,
            progress=progress,
            rules=rules,
            limits=limits or Limits.of(settings),
            **asked,
        )


def index_into(
    writer: CollectionWriter,
    encoder: Encoder,
    *roots: Path,
    progress: Progress | None = None,
    rules: WalkRules | None = None,
    limits: Limits | None = None,
    **asked: Any,
) -> Report:
    """Index ``roots`` into a collection that is open already."""
    with writer.store.reading() as reading:
        known = reading.roots()
    wanted = {root: rules or known.get(root, WalkRules()) for root in resolve_roots(roots)}
    return pipeline.index(
        wanted, writer, encoder, progress or Silent(), limits or Limits(), **asked
    )


@pytest.fixture
def indexed(settings: Settings, folder: Path) -> Iterator[Callable[..., Engine]]:
    """Write files by name, index them, and open the collection."""
    engines: list[Engine] = []

    def build(**files: str) -> Engine:
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text, "utf-8")
        run_index(settings, folder)
        engines.append(Engine.of(settings))
        return engines[-1]

    yield build
    for engine in engines:
        engine.close()
