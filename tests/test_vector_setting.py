"""How vectors are searched is a setting that a collection remembers and `wherein status` tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import run_index

from indexer.commands.reindex import command as reindex
from indexer.commands.status import command
from search.engine import Engine
from search.errors import SettingError
from search.queries import parse
from search.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", cache=tmp_path / "cache", model="hashing")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "documents"
    place.mkdir()
    for number in range(30):
        (place / f"{number}.txt").write_text(f"Lantern {number} hangs in valley {number * 7}.")
    return place


def said(settings: Settings, *options: str) -> str:
    done = CliRunner().invoke(command, ["--home", str(settings.home), *options])
    assert done.exit_code == 0, done.output
    return done.output


def index_of(settings: Settings) -> dict[str, object]:
    found: dict[str, object] = json.loads(said(settings, "--json"))["vector_index"]
    return found


def test_a_collection_keeps_the_kind_it_was_given(settings: Settings, folder: Path) -> None:
    run_index(settings, folder)
    assert index_of(settings)["kind"] == "exact"
    assert "  vectors: exact, all are compared\n" in said(settings)
    run_index(settings.with_(vector_index="hnsw"), folder)
    found = index_of(settings)
    assert (found["kind"], found["covered"], found["recall"]) == ("hnsw", 30, 1.0)
    assert "graph over 30 of 30, search breadth 128, finds 100.0% of the ten" in said(settings)
    (folder / "new.txt").write_text("Juniper grows there.")
    run_index(settings, folder)
    found = index_of(settings)
    assert (found["asked_for"], found["rows"], found["covered"]) == ("hnsw", 31, 30)
    with Engine.of(settings) as engine:
        hits = engine.search(parse("juniper grows there", mode="semantic")).hits
        assert hits[0].text == "Juniper grows there."
    run_index(settings.with_(vector_index="exact"), folder)
    assert index_of(settings)["kind"] == "exact"


def test_a_new_build_is_of_the_kind_asked_for(settings: Settings, folder: Path) -> None:
    run_index(settings, folder)
    done = CliRunner().invoke(
        reindex, ["--home", str(settings.home), "--model", "hashing", "--vector-index", "hnsw"]
    )
    assert done.exit_code == 0, done.output
    assert index_of(settings)["kind"] == "hnsw"


def test_other_kinds_are_refused() -> None:
    with pytest.raises(SettingError, match="vector_index cannot be 'ivf'") as caught:
        Settings(vector_index="ivf")
    assert "auto or exact or hnsw" in caught.value.remedy
