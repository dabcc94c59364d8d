"""Following a folder: what is saved is found, without anybody asking for a run."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.opening import open_for_indexing
from indexer.pipeline import Report
from indexer.watching import follow
from indexer.worker import Limits
from search.engine import Engine
from search.queries import parse
from search.schema import WalkRules
from search.settings import Settings

#: How long a report may take at the very most; usually it is there within two seconds.
PATIENCE = 60.0

Reports = Callable[[Callable[[Report], bool]], Report]


@pytest.fixture
def followed(settings: Settings, folder: Path) -> Iterator[Reports]:
    """The folder, followed; gives the next report for which something holds."""
    reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
    stop = threading.Event()
    thread = threading.Thread(
        target=follow,
        args=({folder: WalkRules()}, settings, Limits(), reports.put),
        kwargs={"stop": stop},
    )
    thread.start()

    def wait_for(wanted: Callable[[Report], bool]) -> Report:
        while True:
            report = reports.get(timeout=PATIENCE)
            if wanted(report):
                return report

    wait_for(lambda _: True)
    yield wait_for
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def found(settings: Settings, text: str) -> list[str]:
    with Engine.of(settings) as engine:
        return [Path(hit.path).name for hit in engine.search(parse(text, "keyword")).hits]


def test_what_is_saved_edited_moved_and_deleted_is_followed(
    settings: Settings, folder: Path, followed: Reports
) -> None:
    path = folder / "sub" / "a.txt"
    path.parent.mkdir()
    path.write_text("Apples are red.")
    followed(lambda report: report.added == 1)
    assert found(settings, "apples") == ["a.txt"]
    path.write_text("Pears are green.")
    followed(lambda report: report.changed == 1)
    assert found(settings, "apples") == []
    assert found(settings, "pears") == ["a.txt"]
    path.rename(folder / "b.txt")
    followed(lambda report: report.moved == 1)
    assert found(settings, "pears") == ["b.txt"]
    (folder / "c.txt").write_text("Keeps the folder from being empty.")
    followed(lambda report: report.added == 1)
    (folder / "b.txt").unlink()
    followed(lambda report: report.removed == 1)
    assert found(settings, "pears") == []


def test_temporary_files_of_editors_are_not_picked_up(
    settings: Settings, folder: Path, followed: Reports
) -> None:
    for name in (".a.txt.swp", "a.txt~", "~$a.docx", "#a.txt#", "a.txt.part"):
        (folder / name).write_text("Apples, half written.")
    (folder / "draft.tmp").write_text("Apples are red.")
    (folder / "draft.tmp").replace(folder / "a.txt")
    report = followed(lambda report: report.added > 0)
    assert report.added == 1
    assert found(settings, "apples") == ["a.txt"]


def test_another_writer_is_waited_for(settings: Settings, folder: Path, followed: Reports) -> None:
    writer, _ = open_for_indexing(settings)
    with writer:
        (folder / "a.txt").write_text("Apples are red.")
    followed(lambda report: report.added == 1)
    assert found(settings, "apples") == ["a.txt"]
