"""Disks, folders and files at their worst: a clear sentence each, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Silent, index_into, run_index

from indexer.opening import open_for_indexing
from search.engine import Engine
from search.queries import parse
from search.settings import Settings

NOT_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")


def wherein(
    *arguments: str | Path, limits: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the command, under another command that limits what it may do."""
    return subprocess.run(
        [*limits, sys.executable, "-m", "indexer.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "WHEREIN_MODEL": "hashing"},
    )


def bound_by_permissions() -> tuple[str, ...]:
    """A command under which permissions hold, for root too."""
    if os.getuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root without setpriv cannot be bound by permissions")
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@NOT_WINDOWS
def test_a_read_only_home_can_be_searched_but_not_indexed_into(
    settings: Settings, folder: Path
) -> None:
    (folder / "a.txt").write_text("Kept under glass.")
    run_index(settings, folder)
    limits = bound_by_permissions()
    folders = [settings.home, *(p for p in settings.home.rglob("*") if p.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        found = wherein("search", "glass", "--home", settings.home, limits=limits)
        refused = wherein("index", folder, "--home", settings.home, limits=limits)
        status = wherein("status", "--home", settings.home, limits=limits)
        new = wherein("index", folder, "--home", settings.home, "--collection", "n", limits=limits)
    finally:
        for path in folders:
            path.chmod(0o755)
    assert (found.returncode, found.stderr) == (0, "")
    assert "Kept under *glass*." in found.stdout
    assert status.returncode == 0
    for done in (refused, new):
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert "cannot be written to" in done.stderr
        assert "--home or WHEREIN_HOME" in done.stderr


@NOT_WINDOWS
def test_an_unreadable_file_and_an_unreadable_folder(settings: Settings, folder: Path) -> None:
    (folder / "locked").mkdir()
    (folder / "secret.txt").write_text("Nobody may read this.")
    (folder / "fine.txt").write_text("Everybody may read this.")
    limits = bound_by_permissions()
    (folder / "secret.txt").chmod(0o000)
    (folder / "locked").chmod(0o000)
    done = wherein("index", "--home", settings.home, folder, limits=limits)
    (folder / "locked").chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 added" in done.stdout
    assert "secret.txt: The file cannot be opened (Permission denied)." in done.stdout
    assert "locked: The folder cannot be listed (Permission denied)." in done.stdout


FULL_DISK = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
sys.argv = ["wherein", *sys.argv[1:]]
from indexer.cli import main
main()
"""


@NOT_WINDOWS
def test_a_disk_that_fills_up_during_a_run(settings: Settings, folder: Path) -> None:
    (folder / "a.txt").write_text("Indexed while there was room.")
    run_index(settings, folder)
    for number in range(200):
        (folder / f"{number}.txt").write_text(f"Number{number} of many. " * 200)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, "index", folder, "--home", settings.home],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "disk" in done.stderr
    with Engine.of(settings) as engine:
        assert engine.search(parse("room", "keyword")).hits
    report = run_index(settings, folder)
    assert report.failures == {}
    with Engine.of(settings) as engine:
        assert engine.counts().documents == 201


def test_two_processes_index_at_once(settings: Settings, folder: Path) -> None:
    (folder / "a.txt").write_text("Text.")
    writer, encoder = open_for_indexing(settings)
    with writer:
        done = wherein("index", "--home", settings.home, folder)
        index_into(writer, encoder, folder)
    assert done.returncode == 2
    assert done.stderr == (
        "wherein: Another process is writing to collection 'default'. "
        "Wait until it is done, or use another one with --collection.\n"
    )
    again = wherein("index", "--home", settings.home, folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert "nothing new; 1 unchanged" in again.stdout


def test_a_folder_that_vanishes_during_the_run(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"Number {number}.")

    class Vandal(Silent):
        def opened(self, size: int) -> None:
            shutil.rmtree(folder, ignore_errors=True)

    writer, encoder = open_for_indexing(settings)
    with writer:
        report = index_into(writer, encoder, folder, progress=Vandal())
    # How many were read before depends on how far reading is ahead.
    assert report.added + len(report.failures) == 3
    assert all("was gone" in reason for reason in report.failures.values())


AWKWARD = [
    'unbalanced " quote',
    "title: type:pdf -minus OR AND NOT ()",
    "* ? [a-z]* .* (",
    "'; DROP TABLE documents; --",
    "\u202eright to left\u202c \u200bzero\u200bwidth",
    "word " * 1999,
    "x" * 10_000,
    "表 ภาษาไทย हिन्दी 😀 word",
    "a" + "\u0301" * 500,
]


@pytest.mark.parametrize("text", AWKWARD, ids=range(len(AWKWARD)))
@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_any_query_is_answered(settings: Settings, folder: Path, text: str, mode: str) -> None:
    (folder / "a.txt").write_text("A word of text.", "utf-8")
    run_index(settings, folder)
    with Engine.of(settings) as engine:
        answer = engine.search(parse(text, mode))
    assert len(answer.hits) <= 1
