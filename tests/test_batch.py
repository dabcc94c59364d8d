"""Encoding beside gathering and writing: what overlaps, and what is embedded how often."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import Silent, run_index

from indexer import batch as batching
from indexer import opening
from indexer.batch import Batch, _parts
from search.encoders import HashingEncoder
from search.engine import Engine
from search.queries import parse
from search.settings import Settings


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")


def found(settings: Settings, text: str) -> list[str]:
    with Engine.of(settings) as engine:
        return [Path(hit.path).name for hit in engine.search(parse(text, mode="keyword")).hits]


def test_documents_are_split_while_others_are_encoded(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The encoder does not come back before the next document is split; so it must be."""
    monkeypatch.setattr(batching, "_DOCUMENTS", 1)
    write(folder, a="Apples are red.", b="Bees dance.", c="Cats sleep.")
    splits = threading.Semaphore(0)

    class Counting(Silent):
        def split(self, passages: int) -> None:
            splits.release()

    class Waiting(HashingEncoder):
        def encode_passages(self, texts: Sequence[str]) -> Any:
            if any("Apples" in text for text in texts):
                assert splits.acquire(timeout=60)  # its own
                assert splits.acquire(timeout=60)  # the next one's
            return super().encode_passages(texts)

    report = run_index(settings, folder, encoder=Waiting(), progress=Counting())
    assert (report.added, report.embedded) == (3, 3)
    assert found(settings, "apples") == ["a.txt"]


def test_the_encoder_need_not_wait_until_much_has_gathered(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "_SECONDS", 600.0)
    write(folder, **{f"n{number:03d}": f"Bees, number {number}." for number in range(230)})
    sizes: list[int] = []

    class Noting(HashingEncoder):
        def encode_passages(self, texts: Sequence[str]) -> Any:
            sizes.append(sum("Bees, number" in text for text in texts))
            return super().encode_passages(texts)

    assert run_index(settings, folder, encoder=Noting()).added == 230
    assert list(filter(None, sizes)) == [32, 64, 128, 6]


def test_readers_are_made_ready_while_the_encoder_of_a_new_collection_is_loaded(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def load(*given: object, **more: object) -> HashingEncoder:
        begun.append("encoder")
        return HashingEncoder()

    monkeypatch.setattr(opening, "make_ready", lambda: begun.append("readers"))
    monkeypatch.setattr(opening, "load_encoder", load)
    write(folder, a="Apples are red.")
    assert run_index(settings, folder).added == 1
    assert begun == ["readers", "encoder"]
    run_index(settings, folder)
    assert begun == ["readers", "encoder", "encoder"], "there may be nothing to read this time"


def test_a_text_that_is_being_embedded_is_not_embedded_again(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "_DOCUMENTS", 1)
    same = "# The same\n\nBees dance on the comb."
    for number in range(5):
        (folder / f"{number}.md").write_text(f"{same}\n\n# Other\n\nNumber{number}.", "utf-8")
    encoder, progress = HashingEncoder(), Silent()
    report = run_index(settings, folder, encoder=encoder, progress=progress)
    known = 24  # the texts on unrelated subjects that a new collection is measured with
    assert encoder.texts <= 6 + known
    assert report.embedded == 6
    assert progress.passages == report.passages == 10


def test_an_embedding_that_went_in_between_is_made_again(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, a="Apples are red.")
    monkeypatch.setattr(Batch, "_unknown", lambda *_: {})  # all was known when it was looked up
    assert run_index(settings, folder).added == 1
    assert found(settings, "apples") == ["a.txt"]


def test_what_the_encoder_gets_at_once_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "_ENCODED_TOGETHER", 10)
    hashes = [bytes([number]) for number in range(6)]
    parts = [len(part) for part in _parts(hashes, [3, 3, 4, 5, 6, 30])]
    assert parts == [3, 1, 1, 1]
    assert [*_parts([], [])] == []


@pytest.mark.skipif(not hasattr(__import__("os"), "nice"), reason="there is no niceness here")
def test_an_indexing_process_lets_others_go_first(tmp_path: Path) -> None:
    code = """
import os, sys
from click.testing import CliRunner
from indexer.commands.index import command
from indexer.manners import NICENESS, give_way
before = os.nice(0)
home, folder = sys.argv[1:]
result = CliRunner().invoke(command, ["--home", home, folder], env={"WHEREIN_MODEL": "hashing"})
assert result.exit_code == 0, result.output
assert os.nice(0) == max(before, NICENESS), os.nice(0)
if hasattr(os, "SCHED_IDLE"):
    assert os.sched_getscheduler(0) == os.SCHED_IDLE
give_way()
assert os.nice(0) == max(before, NICENESS), os.nice(0)
"""
    folder = tmp_path / "documents"
    folder.mkdir()
    write(folder, a="Apples are red.")
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "home"), str(folder)],
        cwd=Path(__file__).resolve().parents[1],
        check=True,
    )
