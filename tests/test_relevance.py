"""Whether a change on the disk is one that a walk would see."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.walk import walk, would_walk
from search.schema import WalkRules

PLAIN = WalkRules()

TREE = (
    "a.txt",
    "picture.png",
    ".hidden.txt",
    ".notes/b.txt",
    "node_modules/c.md",
    "env/pyvenv.cfg",
    "env/d.txt",
    "html/objects.inv",
    "html/_sources/e.rst",
    "html/page.html",
    "papers/f.pdf",
    "papers/deep/g.txt",
    "papers/deep/~$g.docx",
    "papers/kept.log",
    "papers/lost.log",
    "drafts/h.txt",
    "inner/drafts/i.txt",
    "inner/j.log",
)


@pytest.fixture
def tree(folder: Path) -> Path:
    for name in TREE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / ".gitignore").write_text("*.log\n/drafts/\n")
    (folder / "papers" / ".whereinignore").write_text("!kept.log\n")
    (folder / "link.txt").symlink_to("a.txt")
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside" / "k.txt").write_text("x")
    (folder / "out").symlink_to(folder.parent / "outside", target_is_directory=True)
    return folder


@pytest.mark.parametrize(
    "rules",
    [
        PLAIN,
        WalkRules(hidden=True),
        WalkRules(follow=True),
        WalkRules(include=("*.txt", "/html/")),
        WalkRules(exclude=("deep", "*.pdf")),
    ],
)
def test_it_says_of_every_file_what_the_walk_does(tree: Path, rules: WalkRules) -> None:
    roots = {tree: rules, tree / "inner": WalkRules(exclude=("*.txt",))}
    found = {file.path for file in walk(roots).files}
    files = {path for path in tree.rglob("*") if path.is_file()} | {tree / "out" / "k.txt"}
    ignore_files = {tree / ".gitignore", tree / "papers" / ".whereinignore"}
    relevant = {path for path in files if would_walk(path, roots)}
    assert found - ignore_files
    assert relevant - ignore_files == found - ignore_files


def test_folders_that_a_walk_enters(tree: Path) -> None:
    entered = {
        path.relative_to(tree).as_posix()
        for path in tree.rglob("*")
        if path.is_dir() and would_walk(path, {tree: PLAIN})
    }
    assert entered == {"html", "papers", "papers/deep", "inner", "inner/drafts"}


def test_what_is_gone_counts_by_its_name(tree: Path) -> None:
    for name in ("gone.txt", "gone folder", "papers/v1.2", "gone/too.txt"):
        assert would_walk(tree / name, {tree: PLAIN}), name
    for name in ("gone.log", ".gone", ".git/index.lock", "a.txt~", "4913", "drafts/gone.txt"):
        assert not would_walk(tree / name, {tree: PLAIN}), name


def test_an_ignore_file_matters_where_it_holds(tree: Path) -> None:
    for name in (".gitignore", "papers/.whereinignore", "papers/deep/.gitignore"):
        assert would_walk(tree / name, {tree: PLAIN})
    assert not would_walk(tree / "drafts" / ".gitignore", {tree: PLAIN})
    assert not would_walk(tree / "node_modules" / ".gitignore", {tree: PLAIN})


def test_roots_themselves_and_what_lies_elsewhere(tree: Path) -> None:
    roots = {tree: PLAIN, tree / "picture.png": PLAIN, tree / ".notes": PLAIN}
    for path in (*roots, tree / ".notes" / "b.txt"):
        assert would_walk(path, roots)
    for path in (tree.parent, tree.parent / "outside" / "k.txt", tree.parent / f"{tree.name}2"):
        assert not would_walk(path, roots)
