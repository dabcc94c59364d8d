"""Which files are looked at."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from conftest import run_index

from indexer.walk import walk
from search.engine import Engine
from search.errors import UsageError
from search.queries import parse
from search.settings import Settings


def names(folder: Path, *roots: Path) -> list[str]:
    return [file.path.relative_to(folder).as_posix() for file in walk(roots or [folder]).files]


def test_files_of_known_kinds_in_order(folder: Path) -> None:
    for name in ("b.txt", "a.md", "sub/c.html", "picture.png", "README"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    found = walk([folder])
    assert [file.path.name for file in found.files] == ["README", "a.md", "b.txt", "c.html"]
    assert found.other == 1


def test_hidden_files_and_folders_are_left_out(folder: Path) -> None:
    for name in (".git/a.txt", ".hidden.txt", "seen.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    assert names(folder) == ["seen.txt"]
    assert names(folder, folder / ".git") == [".git/a.txt"]


def test_the_sources_beside_sphinx_pages_are_left_out(folder: Path) -> None:
    for name in ("html/page.html", "html/_sources/page.rst", "mine/_sources/text.rst"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "html" / "objects.inv").write_text("# Sphinx inventory")
    assert names(folder) == ["html/page.html", "mine/_sources/text.rst"]


def test_a_file_named_twice_is_found_once(folder: Path) -> None:
    (folder / "a.txt").write_text("x")
    assert names(folder, folder, folder / "a.txt", folder) == ["a.txt"]


def test_a_file_of_unknown_kind_is_looked_at_if_named(folder: Path) -> None:
    (folder / "a.xyz").write_text("x")
    assert names(folder) == []
    assert names(folder, folder / "a.xyz") == ["a.xyz"]


def test_links_are_not_followed_and_loops_end(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("x")
    (folder / "a.txt").write_text("x")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "self").symlink_to("self")
    (folder / "out").symlink_to(tmp_path / "outside", target_is_directory=True)
    (folder / "secret.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    assert names(folder) == ["a.txt"]
    assert [f.path.name for f in walk([folder / "out"]).files] == ["secret.txt"]


def test_a_root_that_is_a_loop_or_not_there(folder: Path) -> None:
    (folder / "self").symlink_to("self")
    for root in (folder / "self", folder / "nowhere", folder / "a\x00b"):
        with pytest.raises(UsageError, match="There is no file or folder"):
            walk([root])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_what_is_no_regular_file_is_left_alone(folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    assert names(folder) == []
    assert names(folder, folder / "pipe.txt") == []


def test_a_folder_that_cannot_be_listed_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "locked").mkdir()
    (folder / "a.txt").write_text("x")
    original = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = walk([folder])
    assert [file.path.name for file in found.files] == ["a.txt"]
    assert found.unreadable == {
        folder / "locked": "The folder cannot be listed (Permission denied)."
    }


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes for a name")
def test_names_of_any_bytes(settings: Settings, folder: Path) -> None:
    strange = [
        b"with space.txt",
        "emoji 😀.txt".encode(),
        b"new\nline.txt",
        b"caf\xe9 latin1.txt",
        b"-dash.txt",
    ]
    for number, name in enumerate(strange):
        path = os.fsencode(folder) + b"/" + name
        with open(path, "w") as file:  # noqa: PTH123 - the name is bytes
            file.write(f"strange document{number}")
    assert run_index(settings, folder).added == len(strange)
    with Engine.of(settings) as engine:
        hits = engine.search(parse("strange", "keyword")).hits
        assert len(hits) == len(strange)
        for hit in hits:
            hit.path.encode()
    assert run_index(settings, folder).unchanged == len(strange)
