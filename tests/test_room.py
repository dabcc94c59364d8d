"""Room that the database no longer uses is given back to the disk, and nobody is harmed by it."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest
from conftest import index_into
from small_collection import findings
from tests_support import put

from indexer.removal import remove
from search import store as store_module
from search.builds import STORE
from search.collection import Collection
from search.collection_writer import CollectionWriter
from search.encoders import HashingEncoder
from search.schema import Manifest, SplitterSpec

ENCODER = HashingEncoder(8)
PATHS = [Path(f"/documents/{number}.txt") for number in range(12)]
#: How long a text is; each stands in the database several times over.
LENGTH = 100_000


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A collection of some megabytes, all of which are used."""
    made = Manifest(ENCODER.spec, SplitterSpec(1, 200), 0.1)
    with CollectionWriter.create(tmp_path / "mine", made) as writer:
        with writer.store.writing() as writing:
            for path in PATHS:
                put(writing, str(path), f"{path.stem} bees ".ljust(LENGTH, "x"), ENCODER)
        writer.activate()
    return tmp_path / "mine"


def database(place: Path) -> Path:
    return place / "0001" / STORE


def spare(place: Path) -> int:
    """How many pages of the database nothing uses."""
    with contextlib.closing(sqlite3.connect(database(place))) as connection:
        return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def make_older(place: Path) -> None:
    """Have the database take itself for one of format 3, whose documents are made anew."""
    with contextlib.closing(sqlite3.connect(database(place))) as connection:
        connection.execute("PRAGMA user_version = 3")


def sound(place: Path) -> bool:
    """Whether all is as it should be, other than the digests, which are not of the real files."""
    return findings(place).keys() <= {"document-hash", "file-hash"}


def give_back(place: Path) -> None:
    with CollectionWriter.open(place) as writer:
        writer.give_back_room()


def test_a_run_gives_back_what_an_older_format_took(place: Path, tmp_path: Path) -> None:
    before = database(place).stat().st_size
    make_older(place)
    Collection(place).close()  # it is brought up to date by whoever opens it
    assert database(place).stat().st_size > before * 1.2
    empty = tmp_path / "empty"
    empty.mkdir()
    with CollectionWriter.open(place) as writer:
        index_into(writer, ENCODER, empty)
    assert database(place).stat().st_size < before * 1.1
    assert spare(place) == 0
    assert sound(place)


def test_what_was_taken_out_no_longer_takes_room(place: Path) -> None:
    before = database(place).stat().st_size
    with CollectionWriter.open(place) as writer:
        assert remove(PATHS[3:], writer) == len(PATHS) - 3
    assert database(place).stat().st_size < before / 3
    assert sound(place)


def test_a_little_room_is_left_for_what_comes_next(place: Path) -> None:
    with CollectionWriter.open(place) as writer:
        remove(PATHS[:1], writer)
    assert spare(place) > 0


def test_who_reads_meanwhile_goes_on_reading_the_same(place: Path) -> None:
    make_older(place)
    with Collection(place) as collection:
        with collection.snapshot() as snapshot:
            before = snapshot.reading.counts()
            give_back(place)
            assert snapshot.reading.counts() == before
        with collection.snapshot() as snapshot:
            assert snapshot.reading.counts() == before
        give_back(place)  # nobody reads the state before any more, so that the log can go too
        log = database(place).with_name(f"{STORE}-wal")
        assert not log.exists() or log.stat().st_size == 0
    assert spare(place) == 0


def test_a_database_in_use_by_another_program_is_left_for_the_next_time(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_older(place)
    Collection(place).close()
    monkeypatch.setattr(store_module, "_PATIENCE", 0.0)
    with contextlib.closing(sqlite3.connect(database(place), isolation_level=None)) as judging:
        judging.execute("BEGIN IMMEDIATE")
        with caplog.at_level(logging.INFO, "wherein"):
            give_back(place)
    assert "Another program is using" in caplog.text
    assert spare(place) > 0
    give_back(place)
    assert spare(place) == 0


def test_a_disk_without_room_is_left_for_the_next_time(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_older(place)
    Collection(place).close()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**6, 10**6))
    with caplog.at_level(logging.INFO, "wherein"):
        give_back(place)
    assert "too little room" in caplog.text
    assert spare(place) > 0
    assert sound(place)
