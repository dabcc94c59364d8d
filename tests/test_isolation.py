"""Readers gone wrong, each in its own way: they cost the file they were given and nothing else."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import run_index

from indexer.isolation import ReaderPool
from indexer.readers.formats import by_suffix, formats
from indexer.walk import FoundFile
from indexer.worker import Finished, Left, Limits, Opened, Read, Refused
from search.engine import Engine
from search.queries import parse
from search.settings import Settings

#: Somebody else's reader, which does what the file says.
READER = """
import os, socket, sys, time
from indexer.readers.base import DocumentBuilder
from indexer.readers.formats import Format

EVIL = Format("evil", "evil file", (".evil",), "evil_reader")

def read(data, name):
    words = data.decode().split()
    builder = DocumentBuilder("evil")
    match words[0]:
        case "exit":
            os._exit(7)
        case "abort":
            os.abort()
        case "hang":
            while True:
                time.sleep(0.01)
        case "eat":
            hoard = []
            while True:
                hoard.append(bytearray(10_000_000))
        case "call":
            socket.create_connection(("127.0.0.1", int(words[1])))
        case "shout":
            print("noise", file=sys.stderr)
            os.write(2, b"more noise")
        case "fail":
            raise RuntimeError("no idea")
    builder.block(data.decode())
    return builder.build("Evil", author="Somebody", date="2024-06", language="en")
"""


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with a reader for ``.evil`` files, installed as packages are."""
    package = tmp_path / "site"
    (package / "evil-1.0.dist-info").mkdir(parents=True)
    (package / "evil_reader.py").write_text(READER)
    (package / "evil-1.0.dist-info" / "METADATA").write_text("Name: evil\nVersion: 1.0\n")
    (package / "evil-1.0.dist-info" / "entry_points.txt").write_text(
        "[wherein.readers]\nevil = evil_reader:EVIL\n"
    )
    monkeypatch.syspath_prepend(str(package))
    formats.cache_clear()
    by_suffix.cache_clear()
    yield
    monkeypatch.undo()
    sys.modules.pop("evil_reader", None)
    formats.cache_clear()
    by_suffix.cache_clear()


def found(path: Path) -> FoundFile:
    status = path.stat()
    return FoundFile(path, status.st_size, status.st_mtime_ns)


def outcomes(files: list[Path], limits: Limits) -> dict[str, str]:
    """What comes of files: "ok", or why they were refused."""
    result = {}
    with ReaderPool(limits, lambda _file, _digest: True) as pool:
        for file, messages in pool.read(map(found, files)):
            why = [m.failure for m in messages if isinstance(m, Read | Refused) and m.failure]
            result[file.path.name] = why[0] if why else "ok"
    return result


def put(folder: Path, **files: str) -> list[Path]:
    for name, text in files.items():
        (folder / f"{name}.evil").write_text(text)
    return sorted(folder.iterdir())


def test_another_package_can_add_a_reader(evil: None, settings: Settings, folder: Path) -> None:
    put(folder, a="plain words of a strange format")
    assert run_index(settings, folder).added == 1
    with Engine.of(settings) as engine:
        (hit,) = engine.search(parse("strange", "keyword")).hits
    assert (hit.kind, hit.title, hit.author) == ("evil", "Evil", "Somebody")
    assert (hit.date, hit.language) == ("2024-06", "en")


def test_a_reader_that_cannot_be_loaded_is_left_out(
    evil: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "site" / "evil_reader.py").write_text("raise RuntimeError('broken')")
    assert "evil" not in formats()
    assert "pdf" in formats()
    assert "cannot be loaded" in caplog.text


def test_crashes_hangs_and_gluttons_cost_their_own_file_only(evil: None, folder: Path) -> None:
    files = put(
        folder,
        a="fine",
        b="exit",
        c="fine",
        d="abort",
        e="hang",
        f="fine",
        g="eat",
        h="fail",
        i="fine",
    )
    result = outcomes(files, Limits(seconds=3.0, memory=300_000_000))
    assert {name for name, end in result.items() if end == "ok"} == {
        "a.evil",
        "c.evil",
        "f.evil",
        "i.evil",
    }
    assert result["b.evil"].startswith("The reader crashed on this file (exit code 7).")
    assert "signal 6" in result["d.evil"]
    assert "took longer than 3 seconds" in result["e.evil"]
    assert "memory" in result["g.evil"]
    assert "damaged (RuntimeError)" in result["h.evil"]


def test_readers_cannot_use_the_network(evil: None, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        put(folder, a=f"call {server.getsockname()[1]}")
        result = outcomes([folder / "a.evil"], Limits())
        with pytest.raises(TimeoutError):
            server.accept()
    assert "PermissionError" in result["a.evil"]


def test_what_libraries_shout_is_not_heard(
    evil: None, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WHEREIN_DEBUG", raising=False)
    put(folder, a="shout")
    assert outcomes([folder / "a.evil"], Limits()) == {"a.evil": "ok"}
    assert capfd.readouterr() == ("", "")


def test_results_come_in_the_order_of_the_files(folder: Path) -> None:
    for number in range(40):
        (folder / f"{number:02}.txt").write_text(
            f"Number {number}. " * (1 + 40_000 // (number + 1))
        )
    files = [found(path) for path in sorted(folder.iterdir())]
    with ReaderPool(Limits(), lambda _file, _digest: True, workers=2) as pool:
        taken = [(file, list(messages)) for file, messages in pool.read(files)]
    assert [file for file, _ in taken] == files
    for number, (_, messages) in enumerate(taken):
        opened, read, finished = messages
        assert isinstance(opened, Opened)
        assert isinstance(read, Read)
        assert read.document is not None
        assert read.document.text.startswith(f"Number {number}.")
        assert isinstance(finished, Finished)


def test_what_is_not_wanted_is_not_read(folder: Path) -> None:
    (folder / "a.txt").write_text("Known already.")
    with ReaderPool(Limits(), lambda _file, _digest: False) as pool:
        ((_, messages),) = pool.read([found(folder / "a.txt")])
        assert [type(message) for message in messages] == [Opened, Left]


def test_a_file_deleted_between_walk_and_read(folder: Path) -> None:
    path = folder / "a.txt"
    path.write_text("Soon gone.")
    gone = found(path)
    path.unlink()
    with ReaderPool(Limits(), lambda _file, _digest: True) as pool:
        ((_, messages),) = pool.read([gone])
        (refused,) = messages
    assert refused == Refused("The file was gone when it was to be read.")


def test_a_pool_that_is_closed_early_leaves_no_process(evil: None, folder: Path) -> None:
    import psutil

    put(folder, a="fine", b="hang", c="hang")
    before = set(psutil.Process().children(recursive=True))
    with ReaderPool(Limits(seconds=100.0), lambda _file, _digest: True) as pool:
        _, messages = next(iter(pool.read(map(found, sorted(folder.iterdir())))))
        assert isinstance(next(messages), Opened)
    left = [
        process
        for process in set(psutil.Process().children(recursive=True)) - before
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ]
    # What starts processes stays; nothing that reads does.
    assert all("forkserver" in " ".join(process.cmdline()) for process in left)


def test_an_error_of_whoever_is_asked_reaches_whoever_reads(folder: Path) -> None:
    (folder / "a.txt").write_text("Text.")

    def broken(_file: FoundFile, _digest: bytes) -> bool:
        raise ValueError("The store is gone.")

    with ReaderPool(Limits(), broken) as pool:
        ((_, messages),) = pool.read([found(folder / "a.txt")])
        with pytest.raises(ValueError, match="store is gone"):
            list(messages)
