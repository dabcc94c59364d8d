"""Killed in the middle: the collection opens with what was committed, and the next run goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run_index

from search.collection import Collection
from search.engine import Engine
from search.queries import parse
from search.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

#: Indexes as the command does, in small transactions, and says a line for every commit and
#: publication, so that the parent can kill it at a random one of these, or shortly after.
CHILD = """
import sys
from pathlib import Path
from indexer import batch, pipeline
from search.settings import Settings
from search.store import Store

batch._DOCUMENTS = 3
pipeline._PUBLISH_AFTER = -1.0
pipeline._PUBLISH_SHARE = float("inf")

class Watch:
    def begin(self, files, size):
        print("began", flush=True)
    def opened(self, size):
        print("opened", flush=True)
    def split(self, passages):
        pass
    def encoded(self, passages):
        print("encoded", flush=True)

settings = Settings(home=Path(sys.argv[1]), cache=Path(sys.argv[2]), model="hashing")
writer, encoder = pipeline.open_for_indexing(settings)
with writer:
    pipeline.index([Path(sys.argv[3])], writer, encoder, Watch())
"""


def documents(settings: Settings) -> dict[str, str]:
    """Text by file name, as the store has it; every passage must be its span of the text."""
    with (
        Collection(settings.collections / "default") as opened,
        opened.store.reading() as reading,
    ):
        found = {}
        for key in reading.document_keys():
            row = reading.document(key)
            assert row is not None
            assert row.passages
            for path in row.paths:
                found[path.name] = row.document.text
        ids = [row.id for row in reading.passages_between(0, reading.meta("generation"))]
        assert len(reading.passages(ids, reading.meta("generation"))) == len(ids)
        return found


def searchable(settings: Settings) -> set[str]:
    with Engine.of(settings) as engine:
        hits = engine.search(parse("everywhere", "keyword", 200, 1)).hits
        with engine.collection.snapshot() as snapshot:
            assert len(snapshot.vectors) == len(snapshot.keywords)
        return {Path(hit.path).name for hit in hits}


def kill_while_indexing(settings: Settings, folder: Path, events: int) -> None:
    """Run the indexer and kill it after so many of its lines."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(settings.home), str(settings.cache), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        for _, _ in zip(range(events), child.stdout, strict=False):
            pass
        os.kill(child.pid, signal.SIGKILL)
        child.wait()


def test_ten_kills_lose_nothing_that_was_committed(settings: Settings, folder: Path) -> None:
    source = random.Random()
    expected = {}
    for number in range(60):
        name = f"{number:02d}.txt"
        expected[name] = f"Document number {number} with a word that is everywhere."
        (folder / name).write_text(expected[name], "utf-8")
    run_index(settings, folder / "00.txt")
    committed = documents(settings)
    for turn in range(10):
        if turn % 3 == 2:
            name = f"{turn:02d}.txt"
            expected[name] = f"Edited in turn {turn}, still everywhere."
            (folder / name).write_text(expected[name], "utf-8")
        kill_while_indexing(settings, folder, source.randint(1, 25))
        now = documents(settings)
        assert now.keys() >= committed.keys()
        for name, text in now.items():
            assert text == expected[name] or text == committed.get(name)
        assert searchable(settings) == now.keys()
        committed = now
    report = run_index(settings, folder)
    assert report.failures == {}
    assert documents(settings) == expected
    assert searchable(settings) == expected.keys()
    assert run_index(settings, folder).unchanged == 60
