"""What a walk leaves out, and whether a change on the disk is one that it would see."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexer.globs import compile_globs
from indexer.walk import Walk, walk, would_walk
from search.schema import WalkRules

PLAIN = WalkRules()
HIDDEN = WalkRules(hidden=True)


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def ignore(folder: Path, *lines: str, name: str = ".gitignore") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")


def names(folder: Path, rules: WalkRules = PLAIN) -> list[str]:
    return [file.path.relative_to(folder).as_posix() for file in found(folder, rules).files]


def found(folder: Path, rules: WalkRules = PLAIN) -> Walk:
    return walk({folder: rules})


def test_hidden_files_and_folders_are_left_out_and_counted(folder: Path) -> None:
    fill(folder, ".hidden.txt", ".notes/a.txt", "seen.txt")
    assert names(folder) == ["seen.txt"]
    assert found(folder).ignored == 2
    assert names(folder, HIDDEN) == [".hidden.txt", ".notes/a.txt", "seen.txt"]
    assert found(folder, HIDDEN).ignored == 0


@pytest.mark.parametrize("rules", [PLAIN, HIDDEN])
def test_what_programs_keep_for_themselves_is_left_out(folder: Path, rules: WalkRules) -> None:
    left_out = (".git", "node_modules", "bower_components", "__pycache__", ".hg", ".svn", "env")
    fill(folder, "seen.txt", "env/pyvenv.cfg", *(f"{name}/readme.md" for name in left_out))
    assert names(folder, rules) == ["seen.txt"]
    assert found(folder, rules).ignored == len(left_out)
    assert names(folder / "env", rules) == ["readme.md"]


def test_the_sources_beside_sphinx_pages_are_left_out(folder: Path) -> None:
    fill(folder, "html/page.html", "html/_sources/page.rst", "mine/_sources/text.rst")
    fill(folder, "html/objects.inv")
    assert names(folder) == ["html/page.html", "mine/_sources/text.rst"]


SCRATCH = (
    "~$report.docx",
    ".~lock.report.odt#",
    ".notes.txt.swp",
    "notes.txt~",
    "#notes.txt#",
    ".#notes.txt",
    "notes.tmp",
    "movie.txt.part",
    "setup.txt.crdownload",
    ".goutputstream-A1B2C3",
    "4913",
)


@pytest.mark.parametrize("rules", [PLAIN, HIDDEN, WalkRules(include=("*",))])
def test_what_editors_leave_beside_a_file_is_never_picked_up(
    folder: Path, rules: WalkRules
) -> None:
    fill(folder, *SCRATCH, "report.docx", "#1.txt", "49130", "~a.txt", "notes~/kept.txt")
    assert names(folder, rules) == ["#1.txt", "49130", "notes~/kept.txt", "report.docx", "~a.txt"]
    assert found(folder, rules).ignored == len(SCRATCH)


def test_what_git_ignores_is_left_out(folder: Path) -> None:
    fill(folder, "a.txt", "a.log", "keep.log", "build/b.txt", "sub/build/c.txt", "sub/d.log")
    ignore(folder, "# comment", "*.log", "!keep.log", "/build/")
    assert names(folder) == ["a.txt", "keep.log", "sub/build/c.txt"]
    assert found(folder).ignored == 4  # the ignore file is one of them
    assert set(names(folder, HIDDEN)) > {"a.log", "build/b.txt", "sub/d.log"}


def test_an_ignore_file_holds_in_its_folder_and_beneath(folder: Path) -> None:
    fill(folder, "a.txt", "sub/a.txt", "sub/b.txt", "sub/deep/a.txt", "sub/deep/b.txt")
    ignore(folder, "b.txt")
    ignore(folder / "sub", "/a.txt", "!b.txt")
    ignore(folder / "sub" / "deep", "b.txt")
    assert names(folder) == ["a.txt", "sub/b.txt", "sub/deep/a.txt"]


def test_an_ignore_file_above_the_root_is_not_looked_at(folder: Path) -> None:
    fill(folder, "sub/a.txt")
    ignore(folder, "a.txt")
    assert names(folder) == []
    assert names(folder / "sub") == ["a.txt"]


def test_whereinignore_is_the_stronger(folder: Path) -> None:
    fill(folder, "a.log", "b.log", "sub/a.log", "sub/c.txt")
    ignore(folder, "*.log")
    ignore(folder / "sub", "!c.txt")
    ignore(folder, "!a.log", "c.txt", name=".whereinignore")
    assert names(folder) == ["a.log", "sub/a.log"]


def test_what_an_ignore_file_excepts_stays_hidden(folder: Path) -> None:
    fill(folder, ".git/a.txt", "node_modules/a.txt", ".hidden.txt", "sub/a.txt", "sub/b.md")
    for name in (".gitignore", ".whereinignore"):
        ignore(folder, "*", "!*/", "!*.txt", name=name)
    assert names(folder) == ["sub/a.txt"]


def test_an_ignore_file_as_other_programs_write_it(folder: Path) -> None:
    fill(folder, "a.txt", "b.txt", "Ärger.txt", "kept.txt")
    (folder / ".gitignore").write_bytes(b"\xef\xbb\xbfa.txt\r\nb.txt  \r\n\xc3\x84*\r\n")
    assert names(folder) == ["kept.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes for a name")
def test_an_ignore_file_with_names_of_any_bytes(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    (folder / os.fsdecode(b"caf\xe8.txt")).write_text("x")
    (folder / ".gitignore").write_bytes(b"caf\xe9.txt\n")
    assert [os.fsencode(name) for name in names(folder)] == [b"caf\xe8.txt"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("secret\n".encode("utf-16"), "is not plain text. Save it as UTF-8."),
        (b"#" * 100_001, "has more than 100 kB. Shorten or remove it."),
    ],
)
def test_a_folder_whose_ignore_file_tells_nothing_is_not_looked_through(
    folder: Path, content: bytes, reason: str
) -> None:
    fill(folder, "a.txt", "sub/secret/b.txt")
    (folder / "sub" / ".whereinignore").write_bytes(content)
    assert names(folder) == ["a.txt"]
    assert found(folder).unreadable == {folder / "sub": f"The folder's .whereinignore {reason}"}
    assert not would_walk(folder / "sub" / "secret" / "b.txt", {folder: PLAIN})


def test_a_folder_whose_ignore_file_cannot_be_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, "a.txt")
    ignore(folder / "sub", "secret.txt")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    reason = "The folder's .gitignore cannot be read (Permission denied). Check its permissions."
    assert found(folder).unreadable == {folder / "sub": reason}


def test_a_folder_or_a_lost_link_in_the_place_of_an_ignore_file_names_nothing(
    folder: Path,
) -> None:
    fill(folder, "a.txt", ".gitignore/a.txt")
    (folder / ".whereinignore").symlink_to("nowhere")
    assert names(folder) == ["a.txt"]


def test_only_what_is_included(folder: Path) -> None:
    fill(folder, "a.pdf", "b.txt", "sub/c.pdf", "papers/d.txt", "papers/deep/e.txt", "sub/f.md")
    assert names(folder, WalkRules(include=("*.pdf",))) == ["a.pdf", "sub/c.pdf"]
    assert found(folder, WalkRules(include=("*.pdf",))).ignored == 4
    both = ["a.pdf", "papers/d.txt", "papers/deep/e.txt", "sub/c.pdf"]
    for papers in ("papers", "papers/", "/papers/**", "papers/**"):
        assert names(folder, WalkRules(include=("*.pdf", papers))) == both
    most = WalkRules(include=("papers/", "!deep/"))
    assert names(folder, most) == ["papers/d.txt"]
    assert names(folder, WalkRules(include=("*.png",))) == []


def test_what_is_excluded_is_left_out(folder: Path) -> None:
    fill(folder, "a.txt", "drafts/b.txt", "sub/drafts/c.txt", "sub/d.txt")
    assert names(folder, WalkRules(exclude=("drafts",))) == ["a.txt", "sub/d.txt"]
    assert found(folder, WalkRules(exclude=("drafts",))).ignored == 2
    assert names(folder, WalkRules(exclude=("/drafts/", "sub/*.txt"))) == [
        "a.txt",
        "sub/drafts/c.txt",
    ]
    assert names(folder, WalkRules(include=("*.txt",), exclude=("a.*", "sub"))) == ["drafts/b.txt"]


def test_globs_leave_standing_what_is_left_out_by_default(folder: Path) -> None:
    fill(folder, "a.txt", "b.txt", ".c.txt", "node_modules/d.txt")
    ignore(folder, "b.txt")
    assert names(folder, WalkRules(include=("*.txt",), exclude=("!*",))) == ["a.txt"]


def test_a_pattern_full_of_stars_does_not_take_for_ever() -> None:
    began = time.process_time()
    name = "a" * 250
    assert compile_globs(("*a" * 100 + "*b",)).verdict(name, name) is None
    deep = "a/" * 1000
    assert compile_globs(("**/a/" * 50 + "b",)).verdict("a/", deep) is None
    assert compile_globs(("**/*a*a/" * 50 + "b",)).verdict("a/", deep) is None
    assert compile_globs((" " * 90_000 + "b",)).verdict(name, name) is None
    assert compile_globs(("[" * 90_000,)).verdict(name, name) is None
    assert time.process_time() - began < 2


NAMES = ("a", "b", "ab", "ba", "aab", "abab", "a b", "a-b", "[a]", "a]b", "éé", "x.txt", "y.md")
SEGMENTS = (
    *("a", "b", "*", "?", "**", "a*", "*b", "*a*", "?*?", "a?b", "**b", "a**b", "*.txt", "*.md"),
    *("[ab]", "[!a]*", "[^b]", "[a-b]?", "[b-a]", "*[]-]b", "[[:alpha:]]*", "[[:none:]]"),
    *("\\a", "a\\*", "\\[a\\]", "a\\", "éé"),
)


def random_pattern(choose: random.Random) -> str:
    pattern = "/".join(choose.choices(SEGMENTS, k=choose.choice((1, 1, 1, 2, 2, 3))))
    before = choose.choice(("", "", "/", "!", "!/"))
    return before + pattern + choose.choice(("", "", "/", "  ", "\r"))


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_patterns_mean_what_they_mean_to_git(folder: Path) -> None:
    choose = random.Random(20)
    for number in range(80):
        folders = [folder / f"tree{number}"]
        for _ in range(6):
            folders.append(choose.choice(folders) / choose.choice(NAMES))
            folders[-1].mkdir(parents=True, exist_ok=True)
        for _ in range(25):
            place = choose.choice(folders) / choose.choice(NAMES)
            if not place.exists():
                place.write_text("x")
        for place in dict.fromkeys((folders[0], choose.choice(folders))):
            ignore(place, *(random_pattern(choose) for _ in range(choose.randint(1, 5))))
    plain = {"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder), "PATH": os.environ["PATH"]}
    subprocess.run(["git", "init", "-q", folder], check=True, env=plain)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        check=True,
        env=plain,
        cwd=folder,
        capture_output=True,
    )
    expected = {os.fsdecode(name) for name in listed.stdout.split(b"\0") if name}
    assert len(expected) > 300
    assert set(names(folder)) == {name for name in expected if not name.endswith(".gitignore")}
