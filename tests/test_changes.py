"""What is new, changed, unchanged and gone."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.changes import Changes, compare, within
from indexer.walk import FoundFile, walk
from search.rows import FileRecord
from search.schema import WalkRules


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def record(file: FoundFile, failure: str | None = None) -> FileRecord:
    document = 1 if failure is None else None
    return FileRecord(file.path, file.size, file.modified, b"digest", document, failure)


def known(*roots: Path) -> list[FileRecord]:
    """What the store would know after a run over ``roots``."""
    return [record(file) for file in walk(dict.fromkeys(roots, WalkRules())).files]


def changes(
    records: list[FileRecord], *roots: Path, retry: bool = False, prune: bool = False
) -> Changes:
    seen = walk(dict.fromkeys(roots, WalkRules()))
    return compare(roots, seen, records, retry=retry, prune=prune)


def gone(found: Changes, folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in found.gone)


def looked_at(found: Changes) -> list[str]:
    return [file.path.name for file, _ in found.look]


def test_new_changed_unchanged_and_gone(folder: Path) -> None:
    write(folder, "changed.txt", "gone.txt", "same.txt")
    before = known(folder)
    (folder / "changed.txt").write_text("longer")
    (folder / "gone.txt").unlink()
    write(folder, "new.txt")
    found = changes(before, folder)
    assert [(file.path.name, was is not None) for file, was in found.look] == [
        ("changed.txt", True),
        ("new.txt", False),
    ]
    assert (found.unchanged, gone(found, folder), dict(found.withheld)) == (1, ["gone.txt"], {})


@pytest.mark.parametrize("seconds", [-3600, -0.001, 0.001, 10_000_000_000])
def test_another_time_is_a_change_earlier_or_later(folder: Path, seconds: float) -> None:
    write(folder, "a.txt")
    before = known(folder)
    shifted = before[0].modified + int(seconds * 1e9)
    os.utime(folder / "a.txt", ns=(shifted, shifted))
    assert looked_at(changes(before, folder)) == ["a.txt"]
    assert changes(known(folder), folder).unchanged == 1


def test_what_could_not_be_read_is_looked_at_again_when_asked(folder: Path) -> None:
    write(folder, "bad.txt", "good.txt", "mails.mbox", "box.zip")
    before = [
        replace(one, failure="Damaged.") if one.path.name == "bad.txt" else one
        for one in known(folder)
    ]
    mails, box = (replace(before[-1], path=folder / name) for name in ("mails.mbox", "box.zip"))
    before += [
        replace(mails, member="1/picture.doc", failure="Damaged."),
        replace(mails, member="2.txt"),
        replace(box, member="fine.txt"),
    ]
    assert looked_at(changes(before, folder)) == []
    again = changes(before, folder, retry=True)
    assert looked_at(again) == ["bad.txt", "mails.mbox"]
    assert all(was is not None and not was.member for _, was in again.look)
    assert again.unchanged == 2


def test_a_file_goes_with_all_that_is_in_it(folder: Path) -> None:
    write(folder, "box.zip", "stays.txt")
    before = known(folder)
    before += [replace(before[0], member=f"{number}.txt") for number in range(3)]
    (folder / "box.zip").unlink()
    assert gone(changes(before, folder), folder) == ["box.zip"]
    only_inside = [one for one in before if one.member]
    assert gone(changes(only_inside, folder), folder) == ["box.zip"]


def test_what_is_inside_says_nothing_of_the_file_itself(folder: Path) -> None:
    write(folder, "box.zip")
    (box,) = known(folder)
    inside = replace(box, member="a.txt", size=9)
    for order in ([box, inside], [inside, box]):
        assert changes(order, folder).unchanged == 1
    assert changes([inside], folder).look == ((walk({folder: WalkRules()}).files[0], None),)


def test_only_what_lies_beneath_the_roots_can_go(tmp_path: Path) -> None:
    one, two, other = tmp_path / "one", tmp_path / "two", tmp_path / "one and more"
    write(tmp_path, "one/a.txt", "one/stays.txt", "two/b.txt", "one and more/c.txt")
    before = known(one, two, other)
    for path in (one / "a.txt", two / "b.txt", other / "c.txt"):
        path.unlink()
    assert gone(changes(before, one), tmp_path) == ["one/a.txt"]


@pytest.mark.parametrize("missing", [False, True])
def test_a_root_that_is_suddenly_empty_or_missing_keeps_its_files(
    tmp_path: Path, missing: bool
) -> None:
    write(tmp_path, "disk/a.txt", "disk/sub/b.txt", "other/c.txt", "other/d.txt")
    disk, other = tmp_path / "disk", tmp_path / "other"
    before = known(disk, other)
    shutil.rmtree(disk)
    if not missing:
        (disk / "sub").mkdir(parents=True)
    (other / "c.txt").unlink()
    found = changes(before, disk, other)
    assert found.withheld == {disk: 2}
    assert gone(found, tmp_path) == ["other/c.txt"]
    assert found.unchanged == 1
    pruned = changes(before, disk, other, prune=True)
    assert pruned.withheld == {}
    assert gone(pruned, tmp_path) == ["disk/a.txt", "disk/sub/b.txt", "other/c.txt"]


def test_a_file_that_was_a_root_goes_only_when_asked(folder: Path) -> None:
    write(folder, "a.txt")
    root = folder / "a.txt"
    before = known(root)
    root.unlink()
    assert changes(before, root).withheld == {root: 1}
    assert gone(changes(before, root, prune=True), folder) == ["a.txt"]


def test_a_folder_of_many_files_that_is_suddenly_empty_keeps_them(folder: Path) -> None:
    write(folder, "a.txt", *(f"disk/sub/{number}.txt" for number in range(20)))
    before = known(folder)
    shutil.rmtree(folder / "disk")
    (folder / "disk").mkdir()
    found = changes(before, folder)
    assert (found.withheld, found.gone) == ({folder / "disk": 20}, ())
    assert len(changes(before, folder, prune=True).gone) == 20
    (folder / "disk").rmdir()
    assert len(changes(before, folder).gone) == 20


def test_a_folder_of_a_few_files_may_be_emptied(folder: Path) -> None:
    write(folder, "a.txt", *(f"inbox/{number}.txt" for number in range(19)))
    before = known(folder)
    shutil.rmtree(folder / "inbox")
    (folder / "inbox").mkdir()
    found = changes(before, folder)
    assert (found.withheld, len(found.gone)) == ({}, 19)


def test_most_of_a_root_may_be_deleted(folder: Path) -> None:
    write(folder, "a.txt", *(f"old/{number}.txt" for number in range(50)))
    before = known(folder)
    shutil.rmtree(folder / "old")
    assert (changes(before, folder).withheld, len(changes(before, folder).gone)) == ({}, 50)


@pytest.mark.parametrize("prune", [False, True])
def test_nothing_is_known_to_be_gone_beneath_a_folder_that_cannot_be_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, prune: bool
) -> None:
    write(folder, "a.txt", "locked/b.txt", "locked/deep/c.txt", "locked too/d.txt")
    before = known(folder)
    (folder / "locked too" / "d.txt").unlink()
    original = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = changes(before, folder, prune=prune)
    assert gone(found, folder) == ["locked too/d.txt"]
    assert found.withheld == {}


def test_a_missing_root_beneath_another_keeps_its_files_by_itself(folder: Path) -> None:
    write(folder, "a.txt", "b.txt", "inner/c.txt")
    inner = folder / "inner"
    before = known(folder, inner)
    shutil.rmtree(inner)
    (folder / "b.txt").unlink()
    found = changes(before, folder, inner)
    assert (gone(found, folder), found.withheld) == (["b.txt"], {inner: 1})


def test_a_root_is_walked_though_the_one_around_it_cannot_be(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "a.txt", "inner/b.txt", "inner/c.txt")
    inner = folder / "inner"
    before = known(folder, inner)
    (inner / "b.txt").unlink()
    original = os.scandir

    def refuse(path: Path) -> object:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert gone(changes(before, folder, inner), folder) == ["inner/b.txt"]


def test_what_is_left_out_by_new_rules_goes(folder: Path) -> None:
    write(folder, "a.txt", "b.txt", "sub/c.txt")
    before = known(folder)
    (folder / ".whereinignore").write_text("sub/\nb.txt\n")
    assert gone(changes(before, folder), folder) == ["b.txt", "sub/c.txt"]


def test_within_goes_by_folders_not_by_letters() -> None:
    roots = [Path("/home/me/docs"), Path("/srv/a.txt")]
    for inside in ("/home/me/docs", "/home/me/docs/a/b.txt", "/srv/a.txt"):
        assert within(Path(inside), roots)
    for outside in ("/home/me/docs2/a.txt", "/home/me", "/srv/a.txt.old", "/"):
        assert not within(Path(outside), roots)
    assert within(Path("/etc/hosts"), [Path("/")])
    assert not within(Path("/etc/hosts"), [])


def test_many_files_are_compared_quickly() -> None:
    root = Path("/nowhere")
    records = [
        FileRecord(root / str(number % 300) / f"{number}.txt", 1, 1, b"", 1, None)
        for number in range(10_000)
    ]
    seen = walk({root: WalkRules()})
    began = time.process_time()
    assert compare([root], seen, records).withheld == {root: 10_000}
    assert time.process_time() - began < 0.5


def test_unchanged_files_are_checked_at_five_thousand_a_second_or_more(folder: Path) -> None:
    write(folder, *(f"{number % 10}/{number}.txt" for number in range(1000)))
    (folder / ".gitignore").write_text("*.log\nbuild/\n/dist\n**/cache/*.txt\n")
    before = known(folder)
    began = time.process_time()
    assert changes(before, folder).unchanged == 1000
    assert time.process_time() - began < 0.2
