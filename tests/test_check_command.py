"""`wherein check`, `wherein export` and `wherein import`, as a person meets them."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from conftest import run_index
from small_collection import add, ask, findings, place, spoil

from indexer.commands import check, export, import_
from search.engine import Engine
from search.errors import CollectionMissing, UsageError
from search.queries import parse
from search.settings import Settings

__all__ = ["place"]


class Shell:
    """Runs a command on the collections of one home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, command: click.Command, *arguments: str | Path) -> Result:
        words = [*map(str, arguments), "--home", str(self.home)]
        result = CliRunner().invoke(command, words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result


@pytest.fixture
def wherein(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "home")


@pytest.fixture
def mine(wherein: Shell, tmp_path: Path) -> Path:
    folder = wherein.home / "collections" / "mine"
    add(folder, tmp_path / "a.txt", create=True)
    return folder


def test_check_says_that_all_is_well(wherein: Shell, mine: Path) -> None:
    done = wherein(check.command, "--collection", "mine")
    assert done.exit_code == 0
    assert done.output.startswith("Collection 'mine': 1 document, 4 passages checked in ")
    assert done.output.endswith(" s; all is well.\n")


def test_check_names_each_fault_and_repair_mends_it(wherein: Shell, mine: Path) -> None:
    spoil(mine, "UPDATE passages SET text = '\x1b[31mWasps' WHERE id = 3")
    done = wherein(check.command, "--collection", "mine")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "Collection 'mine' has faults:",
        "  passages whose text is not what their document says there: 1, such as passage 3 of "
        "document 1",
        "Mend them with: wherein check --repair --collection mine",
    ]
    done = wherein(check.command, "--collection", "mine", "--repair")
    assert done.exit_code == 0
    assert "copied anew" in done.output
    assert "all is well" in done.output


def test_what_cannot_be_mended_is_still_reported(wherein: Shell, mine: Path) -> None:
    (mine / "letter.txt").write_text("x")
    done = wherein(check.command, "--collection", "mine", "--repair")
    assert done.exit_code == 1
    assert "letter.txt (cannot be repaired)" in done.output


def test_check_speaks_json(wherein: Shell, mine: Path) -> None:
    spoil(mine, "DELETE FROM files")
    done = wherein(check.command, "--collection", "mine", "--json")
    assert done.exit_code == 1
    said = json.loads(done.output)
    assert said["documents"] == 1
    (finding,) = said["findings"]
    assert finding["code"] == "document-files"
    assert (finding["count"], finding["repairable"]) == (1, True)
    assert said["repaired"] == []
    said = json.loads(wherein(check.command, "--collection", "mine", "--json", "--repair").output)
    assert (said["findings"], said["documents"]) == ([], 0)
    assert said["repaired"]


def test_check_of_a_collection_that_is_not_there(wherein: Shell) -> None:
    with pytest.raises(CollectionMissing):
        wherein(check.command, "--collection", "none")


def test_export_and_import(wherein: Shell, mine: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.wherein"
    done = wherein(export.command, file, "--collection", "mine")
    assert done.output.startswith("Collection 'mine': 1 document, 4 passages written to ")
    with pytest.raises(UsageError, match="--force"):
        wherein(export.command, file, "--collection", "mine")
    assert wherein(export.command, file, "--collection", "mine", "--force").exit_code == 0
    done = wherein(import_.command, file, "--collection", "copy")
    assert done.output.splitlines() == [
        "Collection 'copy': 1 document, 4 passages imported.",
        "  model: hashing (8 dimensions); searching loads it",
    ]
    with pytest.raises(UsageError, match="--replace"):
        wherein(import_.command, file, "--collection", "copy")
    assert wherein(import_.command, file, "--collection", "copy", "--replace").exit_code == 0


def test_import_says_where_the_documents_lay(
    wherein: Shell, tmp_path: Path, settings: Settings, folder: Path
) -> None:
    (folder / "bees.txt").write_text("Bees dance.")
    run_index(settings, folder)
    file = tmp_path / "x.wherein"
    wherein(export.command, file, "--collection", "default")
    done = wherein(import_.command, file, "--collection", "copy")
    assert f"  read from: {folder}" in done.output.splitlines()
    assert "would look there, on this machine" in done.output


def test_what_was_incomplete_is_read_again_by_the_next_run(
    settings: Settings, folder: Path
) -> None:
    (folder / "bees.txt").write_text("Bees dance on the comb to tell the others the way.")
    (folder / "boats.txt").write_text("Boats lie in the harbour over winter.")
    run_index(settings, folder)
    place = settings.collections / settings.collection
    every = "SELECT d.key, p.text, p.headings FROM passages p JOIN documents d ON d.id = document"
    before = ask(place, every)
    (first,) = ask(place, "SELECT document FROM passages WHERE embedding = 1")
    spoil(place, "UPDATE embeddings SET vector = zeroblob(3) WHERE id = 1")
    spoil(place, ("UPDATE documents SET sections = x'3f' WHERE id != ?", first))
    shell = Shell(settings.home)
    assert shell(check.command, "--repair").exit_code == 0
    report = run_index(settings, folder)
    assert (report.changed, report.unchanged) == (2, 0)
    assert findings(place) == {}
    assert sorted(ask(place, every)) == sorted(before)
    with Engine.of(settings) as engine:
        assert len(engine.search(parse("bees boats", "hybrid")).hits) == 2
