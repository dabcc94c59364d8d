"""What a run would do is what it then does."""

from __future__ import annotations

from pathlib import Path

from conftest import Silent, run_index

from indexer.preview import Preview, preview
from indexer.roots import roots_to_walk
from indexer.worker import Limits
from search.settings import Settings


def look(settings: Settings, *paths: Path) -> Preview:
    return preview(roots_to_walk(paths, None, settings), settings, Silent(), Limits())


def names(paths: object) -> set[str]:
    return {Path(path).name for path in paths}  # type: ignore[attr-defined]


def test_a_first_run(settings: Settings, folder: Path) -> None:
    (folder / "a.txt").write_text("Apples are red.")
    (folder / "b.txt").write_bytes(b"")
    (folder / "c.xyz").write_text("Of no known kind.")
    found = look(settings, folder)
    assert (names(found.new), names(found.unreadable), found.other) == ({"a.txt"}, {"b.txt"}, 1)
    assert (found.passages, found.to_embed) == (1, 1)
    assert found.rate > 0
    assert found.seconds > 0
    assert not settings.home.exists()


def test_a_later_run(settings: Settings, folder: Path) -> None:
    for name in ("same", "edited", "moved", "gone"):
        (folder / f"{name}.txt").write_text(f"This one is {name}.")
    run_index(settings, folder)
    (folder / "edited.txt").write_text("This one is another now.")
    (folder / "moved.txt").rename(folder / "elsewhere.txt")
    (folder / "gone.txt").unlink()
    (folder / "new.txt").write_text("This one is fresh.")
    found = look(settings)
    assert names(found.new) == {"new.txt"}
    assert names(found.changed) == {"edited.txt"}
    assert names(found.moved) == {"elsewhere.txt"}
    assert names(found.gone) == {"gone.txt", "moved.txt"}
    assert (found.unchanged, found.passages, found.to_embed) == (1, 2, 2)
    report = run_index(settings, folder)
    assert (report.added, report.changed, report.moved, report.removed) == (1, 1, 1, 1)
    assert (report.passages, report.embedded) == (found.passages, found.to_embed)
    assert look(settings).rate == 0.0
