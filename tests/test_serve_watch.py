"""`wherein serve --watch`: what is saved is searchable through the server a moment later."""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import quote_plus

import psutil
import pytest
from conftest import run_index
from serving import PATIENCE, serving

from search.settings import Settings
from web import following


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """The next line of output that has ``words`` in it."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return line
    raise AssertionError(f"{words!r} was never said: {seen}")


def found(address: str, query: str) -> list[str]:
    """The file names that the API finds by words."""
    url = f"{address}/api/v1/search?mode=keyword&q={quote_plus(query)}"
    with urllib.request.urlopen(url, timeout=30) as response:
        return [Path(hit["path"]).name for hit in json.load(response)["hits"]]


def test_an_edited_file_becomes_searchable(settings: Settings, folder: Path) -> None:
    (folder / "log.txt").write_text("The bees swarmed before breakfast.\n")
    run_index(settings, folder)
    with serving(settings, "--watch") as server:
        address = line_with(server, "Wherein answers on ").split()[3]
        line_with(server, f"Following {folder}")
        assert found(address, "kestrel") == []
        (watch,) = psutil.Process(server.pid).children()
        assert "watch" in watch.cmdline()
        (folder / "log.txt").write_text("A kestrel hovered above the weir.\n")
        line_with(server, "1 changed")
        assert found(address, "kestrel") == ["log.txt"]
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=PATIENCE)
        assert (server.returncode, errors) == (0, "")
        assert not watch.is_running() or watch.status() == psutil.STATUS_ZOMBIE


def test_a_process_that_cannot_be_started_is_told_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", str(settings.home / "no" / "python"))
    with following.following(settings):
        pass
    (message,) = caplog.messages
    assert message.startswith("wherein watch cannot be started (No such file or directory).")
    assert "what is indexed can be searched all the same" in message


def test_a_process_that_ends_by_itself_is_told_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: queue.SimpleQueue[str] = queue.SimpleQueue()
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: told.put(record.getMessage()))
    monkeypatch.setattr(following, "_command", lambda _: [sys.executable, "-c", "exit(2)"])
    log = logging.getLogger("wherein.web")
    log.addHandler(handler)
    try:
        with following.following(settings):
            message = told.get(timeout=PATIENCE)
    finally:
        log.removeHandler(handler)
    assert message.startswith("wherein watch has ended (exit code 2).")


def test_a_process_that_does_not_end_is_killed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reading, writing = os.pipe()
    stubborn = (
        "import os, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "os.write(int(sys.argv[1]), b'x'); signal.pause()"
    )
    monkeypatch.setattr(
        following, "_command", lambda _: [sys.executable, "-c", stubborn, str(writing)]
    )
    monkeypatch.setattr(following, "_PATIENCE", 0.1)
    os.set_inheritable(writing, True)
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command: start(command, pass_fds=[writing]))
    before = set(psutil.Process().children())
    with following.following(settings):
        assert os.read(reading, 1) == b"x"
        assert set(psutil.Process().children()) - before
    assert set(psutil.Process().children()) == before
    assert caplog.messages == []
    os.close(reading)
    os.close(writing)
