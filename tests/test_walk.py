"""Which files are found beneath a root, whatever lies there."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import run_index

from indexer.walk import FoundFile, Walk, resolve_roots, walk
from search.engine import Engine
from search.errors import UsageError
from search.queries import parse
from search.schema import WalkRules
from search.settings import Settings

FOLLOW = WalkRules(follow=True)
NOT_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
ANY_BYTES = pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any name")


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def found(*roots: Path, rules: WalkRules | None = None) -> Walk:
    return walk(dict.fromkeys(resolve_roots(roots), rules or WalkRules()))


def names(folder: Path, *roots: Path, rules: WalkRules | None = None) -> list[str]:
    files = found(*(roots or [folder]), rules=rules).files
    return [file.path.relative_to(folder).as_posix() for file in files]


def test_files_of_known_kinds_in_order(folder: Path) -> None:
    fill(folder, "b.txt", "a.md", "sub/c.html", "picture.png", "README")
    assert names(folder) == ["README", "a.md", "b.txt", "sub/c.html"]
    assert found(folder).other == 1


def test_a_file_that_is_a_root_is_looked_at_whatever_its_kind(folder: Path) -> None:
    fill(folder, "a.xyz", ".hidden.txt", "~$a.docx", "node_modules/b.txt")
    assert names(folder) == []
    roots = [folder / name for name in ("a.xyz", ".hidden.txt", "~$a.docx", "node_modules")]
    assert names(folder, *roots) == [".hidden.txt", "a.xyz", "node_modules/b.txt", "~$a.docx"]


def test_a_file_named_twice_is_found_once(folder: Path) -> None:
    fill(folder, "a.txt", "sub/b.txt")
    roots = (folder, folder / "a.txt", folder / "sub", folder / ".." / folder.name)
    assert names(folder, *roots) == ["a.txt", "sub/b.txt"]


def test_a_root_beneath_a_root_has_its_own_rules(folder: Path) -> None:
    fill(folder, "a.txt", "sub/b.txt", "sub/b.md", "sub/deep/c.txt", "sub/deep/c.md")
    roots = {
        folder: WalkRules(exclude=("*.md",)),
        folder / "sub": WalkRules(include=("*.md",)),
        folder / "sub" / "deep": WalkRules(),
    }
    expected = ["a.txt", "sub/b.md", "sub/deep/c.md", "sub/deep/c.txt"]
    for order in (roots, dict(reversed(roots.items()))):
        files = walk(order).files
        assert [file.path.relative_to(folder).as_posix() for file in files] == expected


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    fill(tmp_path, "outside/secret.txt", "documents/a.txt")
    (folder / "out").symlink_to(tmp_path / "outside", target_is_directory=True)
    (folder / "secret.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    assert names(folder) == ["a.txt"]
    assert names(tmp_path / "outside", folder / "out") == ["secret.txt"]


def test_links_that_lead_out_are_followed_when_asked(folder: Path, tmp_path: Path) -> None:
    fill(tmp_path, "outside/b.txt", "outside/deep/c.txt", "other/d.txt", "documents/a.txt")
    (folder / "out").symlink_to(tmp_path / "outside", target_is_directory=True)
    (folder / "d.txt").symlink_to(tmp_path / "other" / "d.txt")
    assert names(folder, rules=FOLLOW) == ["a.txt", "d.txt", "out/b.txt", "out/deep/c.txt"]


def test_links_within_the_root_find_nothing_twice(folder: Path) -> None:
    fill(folder, "sub/a.txt")
    (folder / "again").symlink_to(folder / "sub", target_is_directory=True)
    (folder / "again.txt").symlink_to("sub/a.txt")
    assert names(folder, rules=FOLLOW) == ["sub/a.txt"]


def test_no_file_twice_through_several_links(folder: Path, tmp_path: Path) -> None:
    fill(tmp_path, "outside/a.txt", "outside/deep/b.txt")
    outside = tmp_path / "outside"
    (folder / "1").symlink_to(outside / "deep", target_is_directory=True)
    (folder / "2").symlink_to(outside, target_is_directory=True)
    (folder / "3.txt").symlink_to(outside / "a.txt")
    (folder / "4.txt").symlink_to(outside / "a.txt")
    assert names(folder, rules=FOLLOW) == ["1/b.txt", "2/a.txt"]


def test_a_link_left_out_hides_no_other_to_the_same_file(folder: Path, tmp_path: Path) -> None:
    fill(tmp_path, "outside/a.txt")
    for name in ("1.tmp", "2.txt"):
        (folder / name).symlink_to(tmp_path / "outside" / "a.txt")
    assert names(folder, rules=FOLLOW) == ["2.txt"]


@pytest.mark.parametrize("rules", [WalkRules(), FOLLOW])
def test_loops_end(folder: Path, tmp_path: Path, rules: WalkRules) -> None:
    fill(folder, "a.txt", "sub/b.txt")
    fill(tmp_path, "outside/c.txt")
    (folder / "self").symlink_to("self")
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "top").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "outside" / "back").symlink_to(folder, target_is_directory=True)
    (tmp_path / "outside" / "round").symlink_to(tmp_path, target_is_directory=True)
    expected = ["a.txt", "sub/b.txt", *(["top/outside/c.txt"] if rules.follow else [])]
    assert names(folder, rules=rules) == expected


def test_a_link_that_leads_nowhere_is_named_when_links_are_followed(folder: Path) -> None:
    (folder / "disk").symlink_to(folder.parent / "not connected")
    assert found(folder).unreadable == {}
    reasons = found(folder, rules=FOLLOW).unreadable
    assert reasons == {folder / "disk": "The link leads nowhere (No such file or directory)."}


def test_a_root_that_is_a_loop_or_not_there(folder: Path) -> None:
    (folder / "self").symlink_to("self")
    for root in (folder / "self", folder / "nowhere", folder / "a\x00b"):
        with pytest.raises(UsageError, match="There is no file or folder"):
            resolve_roots([root], known=[folder])


def test_a_known_root_that_is_not_there_does_not_end_the_walk_of_others(folder: Path) -> None:
    fill(folder, "a.txt")
    lost = folder / "lost"
    roots = resolve_roots([lost, folder / "a.txt"], known={lost})
    seen = walk(dict.fromkeys(roots, WalkRules()))
    assert [file.path.name for file in seen.files] == ["a.txt"]
    assert seen.unreadable.keys() == seen.missing == {lost}


def test_a_root_whose_folder_became_a_file_is_missing(folder: Path) -> None:
    fill(folder, "sub")
    assert walk({folder / "sub" / "deeper": WalkRules()}).missing == {folder / "sub" / "deeper"}


@NOT_WINDOWS
def test_what_is_no_regular_file_is_never_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "pipe.txt")
    os.mkfifo(folder / ".gitignore")
    os.mkfifo(folder / ".whereinignore")
    (folder / "null.txt").symlink_to("/dev/null")
    monkeypatch.chdir(folder)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind("socket.txt")
        assert names(folder) == []
        assert names(folder, rules=FOLLOW) == []
        reason = "It is neither a file nor a folder."
        for name in ("pipe.txt", "socket.txt"):
            assert found(folder / name).unreadable == {folder / name: reason}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (FileNotFoundError(2, "No such file or directory"), "No such file or directory"),
    ],
)
def test_a_folder_that_cannot_be_listed_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str
) -> None:
    fill(folder, "a.txt", "locked/b.txt")
    original = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "locked":
            raise error
        return original(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert names(folder) == ["a.txt"]
    assert found(folder).unreadable == {
        folder / "locked": f"The folder cannot be listed ({reason})."
    }


@NOT_WINDOWS
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read all")
def test_a_folder_without_permission_is_named(folder: Path) -> None:
    fill(folder, "a.txt", "locked/b.txt", "unlookable/c.txt")
    (folder / "locked").chmod(0o000)
    (folder / "unlookable").chmod(0o400)
    try:
        assert names(folder) == ["a.txt"]
        assert found(folder).unreadable.keys() == {
            folder / "locked",
            folder / "unlookable" / "c.txt",
        }
    finally:
        (folder / "locked").chmod(0o700)
        (folder / "unlookable").chmod(0o700)


@pytest.fixture
def after_listing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Has something done when the first folder has been listed and nothing in it looked at."""

    def arrange(act: Callable[[], None]) -> None:
        original = os.scandir
        acts = [act]

        def listed(path: Path) -> os.DirEntry[str]:
            listing = original(path)
            entries = list(listing)
            listing.close()
            while acts:
                acts.pop()()

            class Listing(list):  # type: ignore[type-arg]
                def __enter__(self) -> Listing:
                    return self

                def __exit__(self, *_: object) -> None: ...

            return Listing(entries)  # type: ignore[return-value]

        monkeypatch.setattr(os, "scandir", listed)

    return arrange


def test_what_vanishes_while_it_is_looked_through_is_not_taken_for_looked_at(
    folder: Path, after_listing: Callable[[Callable[[], None]], None]
) -> None:
    fill(folder, "a.txt", "sub/b.txt", "stays.txt")

    def vanish() -> None:
        (folder / "a.txt").unlink()
        (folder / "sub" / "b.txt").unlink()
        (folder / "sub").rmdir()

    after_listing(vanish)
    seen = found(folder)
    assert [file.path.name for file in seen.files] == ["stays.txt"]
    assert seen.unreadable.keys() == {folder / "a.txt", folder / "sub"}


@NOT_WINDOWS
def test_what_becomes_a_pipe_while_it_is_looked_through_is_left_alone(
    folder: Path, after_listing: Callable[[Callable[[], None]], None]
) -> None:
    fill(folder, "a.txt")

    def swap() -> None:
        (folder / "a.txt").unlink()
        os.mkfifo(folder / "a.txt")

    after_listing(swap)
    assert found(folder).files == ()


def test_folders_with_nothing_in_them_are_told_apart(folder: Path) -> None:
    fill(folder, "other/a.xyz", "hidden/.a")
    (folder / "bare").mkdir()
    assert found(folder).empty == {folder / "bare"}


@ANY_BYTES
def test_names_that_differ_only_by_case_are_two_files(folder: Path) -> None:
    fill(folder, "Notes.txt", "notes.txt", "NOTES.TXT")
    assert names(folder) == ["NOTES.TXT", "Notes.txt", "notes.txt"]


@ANY_BYTES
def test_a_path_longer_than_the_system_takes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(folder, "a.txt")
    monkeypatch.chdir(folder)
    for _ in range(20):
        Path("d" * 250).mkdir()
        monkeypatch.chdir("d" * 250)
    Path("deep.txt").write_text("x")
    assert names(folder) == ["a.txt"]
    (reason,) = found(folder).unreadable.values()
    assert reason == "The folder cannot be listed (File name too long)."


def test_a_time_the_store_cannot_keep(folder: Path) -> None:
    fill(folder, "a.txt")
    year_2286 = 10_000_000_000
    os.utime(folder / "a.txt", (0, year_2286))
    if (folder / "a.txt").stat().st_mtime != year_2286:
        pytest.skip("neither can this disk")
    assert found(folder).files == (FoundFile(folder / "a.txt", 1, 2**63 - 1),)


@ANY_BYTES
def test_names_of_any_bytes(settings: Settings, folder: Path) -> None:
    strange = [
        b"with space.txt",
        "emoji 😀.txt".encode(),
        b"new\nline.txt",
        b"caf\xe9 latin1.txt",
        b"-dash.txt",
        b"latin\xe9 folder/a.txt",
    ]
    for number, name in enumerate(strange):
        path = os.fsencode(folder) + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "w") as file:  # noqa: PTH123 - the name is bytes
            file.write(f"strange document{number}")
    assert run_index(settings, folder).added == len(strange)
    with Engine.of(settings) as engine:
        hits = engine.search(parse("strange", "keyword")).hits
        assert len(hits) == len(strange)
        for hit in hits:
            hit.path.encode()
    assert run_index(settings, folder).unchanged == len(strange)
