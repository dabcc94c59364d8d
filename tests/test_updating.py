"""Runs of the indexer that are begun from the page, and those begun elsewhere that it tells of."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from web_site import Site, parsed, site_in

from search.runs import RunState, clear_run, write_run
from web import create_app, progress
from web.catalogue import texts_in
from web.updating import Updating, updating_of

PATIENCE = 120.0
ENGLISH = texts_in("en")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("updating")) as made:
        yield made


def told(text: str) -> list[dict[str, Any]]:
    """The states that server-sent events tell of."""
    lines = [line for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def write_run_of(site: Site, pid: int) -> Path:
    """Pretend that a run is at work; gives the collection's folder."""
    folder = site.engine.collection.folder
    write_run(folder, RunState(pid, "indexing", time.time() - 10.0, 40, 10, 4_000, 1_000, 200, 100))
    return folder


def test_a_run_from_the_page_takes_in_what_is_new(tmp_path: Path) -> None:
    with site_in(tmp_path) as own:
        before = own.engine.counts().documents
        (own.library / "new.txt").write_text("The wasps came in August.")
        answer = own.client.post("/collection/update")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/collection")
        updating = updating_of(own.app)
        assert not updating.begin(), "one at a time"
        states = told("".join(progress.events(own.engine, updating, ENGLISH)))
        assert states[0]["running"]
        assert updating.wait(PATIENCE)
        last = told("".join(progress.events(own.engine, updating, ENGLISH)))[-1]
        assert not last["running"]
        assert not last["failed"], last
        assert last["documents"] == before + 1
        assert re.fullmatch(r"Done in \d+\.\d s\.", last["said"])
        assert own.page("/collection").one("#run").get("data-running") == "false"
        german = own.client.get("/collection", headers={"Accept-Language": "de"}).text
        said = parsed(german).one("#run-said")
        assert re.fullmatch(r"In \d+(,\d)? s erledigt\.", said.text)
        assert said.get("lang") == "de"


def test_only_this_machine_may_have_folders_read(site: Site) -> None:
    app = create_app(site.settings.with_(host="192.0.2.7"), site.engine)
    answer = app.test_client().post(
        "/collection/update", headers={"Host": "192.0.2.7", "Origin": "http://192.0.2.7"}
    )
    assert answer.status_code in (401, 403)
    assert not updating_of(app).own().running
    for headers in (
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
    ):
        assert site.client.post("/collection/update", headers=headers).status_code == 403
    assert site.client.get("/collection/update").status_code == 405
    assert not updating_of(site.app).own().running


def test_a_run_begun_in_another_process_is_told_of(tmp_path: Path) -> None:
    with site_in(tmp_path) as own:
        before = own.engine.counts().documents
        for number in range(40):
            text = " ".join(f"word{number}x{n}" for n in range(600))
            (own.library / f"log {number}.txt").write_text(text)
        running = subprocess.Popen(
            [sys.executable, "-m", "indexer.cli", "index", "--home", str(own.settings.home)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "WHEREIN_CACHE": str(own.settings.cache)},
        )
        try:
            seen: list[dict[str, Any]] = []
            until = time.monotonic() + PATIENCE
            while not (seen and not seen[-1]["running"]) and time.monotonic() < until:
                found = told(own.client.get("/collection/events").text)
                seen += [state for state in found if seen or state["running"]]
        finally:
            running.wait(PATIENCE)
        at_work = [state for state in seen if state["running"]]
        assert at_work, "nothing was told while it was at work"
        assert all(state["elsewhere"] for state in at_work)
        assert {state["run"]["total"] for state in at_work} == {40}
        done = [state["run"]["done"] for state in at_work]
        assert done == sorted(done)
        assert all(0 <= state["run"]["share"] <= 1 for state in at_work)
        assert running.returncode == 0
        assert own.engine.counts().documents == before + 40


def test_how_far_a_run_has_got_is_on_the_page(site: Site) -> None:
    folder = write_run_of(site, os.getppid())
    try:
        page = site.page("/collection")
        (state,) = told(next(progress.events(site.engine, updating_of(site.app), ENGLISH)))
    finally:
        clear_run(folder)
    assert page.one("#run").get("data-running") == "true"
    assert page.one(".update button").get("disabled") is not None
    assert state["run"]["done"] == 10
    assert 0.1 < state["run"]["share"] < 0.2
    assert state["run"]["seconds"] > 10
    assert state["elsewhere"]


def test_a_run_that_was_begun_from_here_is_not_called_another(site: Site) -> None:
    class Mine(Updating):
        def own(self) -> Any:
            return replace(super().own(), running=True, process=4711)

    folder = write_run_of(site, 4711)
    try:
        state = progress.state_of(site.engine, Mine(site.settings), ENGLISH)
    finally:
        clear_run(folder)
    assert (state.running, state.elsewhere) == (True, False)


def test_listening_never_takes_all_threads(site: Site) -> None:
    """Of many that listen to a run only two are kept; the others are told to ask again."""
    folder = write_run_of(site, 4711)
    streams = [progress.events(site.engine, updating_of(site.app), ENGLISH) for _ in range(4)]
    try:
        heads = [next(stream) for stream in streams]
        assert all(told(head)[0]["running"] for head in heads)
        ended = [next(stream, None) for stream in streams[2:]]
        assert ended == [None, None]
        for stream in streams[:2]:
            stream.close()
        again = progress.events(site.engine, updating_of(site.app), ENGLISH)
        next(again)
        clear_run(folder)
        assert not told(next(again))[0]["running"], "there is room again, and the end is told"
    finally:
        clear_run(folder)
        for stream in streams:
            stream.close()


def test_nobody_is_kept_while_nothing_goes_on(site: Site) -> None:
    text = site.client.get("/collection/events").text
    assert text.startswith("retry: 3000\n")
    assert len(told(text)) == 1


def test_what_comes_during_a_run_is_in_the_next(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    updating = Updating(site.settings)
    ran: list[Path | None] = []
    going, begun = threading.Event(), threading.Event()

    def run(folder: Path | None) -> int:
        ran.append(folder)
        begun.set()
        assert going.wait(PATIENCE)
        return 0

    monkeypatch.setattr(updating, "_run", run)
    assert updating.begin()
    assert begun.wait(PATIENCE)
    for _ in range(5):
        updating.take_in(tmp_path)
    assert not updating.begin()
    going.set()
    assert updating.wait(PATIENCE)
    assert ran == [None, tmp_path]
    assert not updating.own().running


def test_a_run_over_what_was_sent_waits_for_one_begun_elsewhere(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run_of(site, 4711)
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        clear_run(folder)

    monkeypatch.setattr("web.updating.time.sleep", pause)
    updating = Updating(site.settings)
    updating._await_others()
    assert len(waits) == 1


def test_a_run_that_cannot_be_started_is_said_and_does_no_harm(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", fail)
    updating = Updating(site.settings)
    assert updating.begin()
    assert updating.wait(PATIENCE)
    assert updating.own().failed


def test_what_a_run_says_of_a_failure_is_said_in_the_language_of_the_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('wherein: The disk is full.')"]
    updating = Updating(site.settings)
    monkeypatch.setattr(updating, "_command", lambda _: command)
    assert updating.begin()
    assert updating.wait(PATIENCE)
    for language, said in (("en", "The disk is full."), ("de", "Die Platte ist voll.")):
        state = progress.state_of(site.engine, updating, texts_in(language))
        assert (state.failed, state.said, state.language) == (True, said, language)


def test_processes_of_one_server_tell_of_a_run_alike(site: Site, tmp_path: Path) -> None:
    worker = """
import sys, time
from pathlib import Path
from search.settings import Settings
from web.updating import Updating
updating = Updating(Settings(home=Path(sys.argv[1])), Path(sys.argv[2]))
updating._command = lambda _: [sys.executable, "-c", "input(); print('Done in 1.0 s.')"]
assert updating.begin()
while updating.own().process is None:
    time.sleep(0.01)
print(updating.own().process, flush=True)
assert updating.wait(60)
print("over", flush=True)
sys.stdin.close()
"""
    here = Updating(site.settings, tmp_path)
    assert not here.own().running
    begun = subprocess.Popen(
        [sys.executable, "-c", worker, str(site.settings.home), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with begun:
        assert begun.stdout is not None
        assert begun.stdin is not None
        pid = int(begun.stdout.readline())
        own = here.own()
        assert (own.running, own.failed, own.process) == (True, False, pid)
        assert not here.begin(), "one at a time"
        folder = write_run_of(site, pid)
        try:
            assert not progress.state_of(site.engine, here, ENGLISH).elsewhere
        finally:
            clear_run(folder)
        begun.stdin.write("\n")
        begun.stdin.flush()
        assert begun.stdout.readline() == "over\n"
    own = here.own()
    assert (own.running, own.failed, own.said) == (False, False, "Done in 1.0 s.")


def test_a_run_whose_process_of_the_server_died_is_none_of_its_own_any_more(
    site: Site, tmp_path: Path
) -> None:
    own = {"running": True, "failed": False, "said": "", "process": 4711}
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(PATIENCE)
    (tmp_path / "updating.json").write_text(json.dumps({"worker": gone.pid, "own": own}))
    assert not Updating(site.settings, tmp_path).own().running
    (tmp_path / "updating.json").write_text("{")
    assert not Updating(site.settings, tmp_path).own().running
