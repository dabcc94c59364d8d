"""Archives and messages in folders that change: what lies in them comes and goes with them."""

from __future__ import annotations

import io
import itertools
import shutil
import zipfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from conftest import run_index

from indexer.batch import Batch
from search.collection import Collection
from search.encoders import HashingEncoder
from search.engine import Engine
from search.queries import parse
from search.settings import Settings


def packed(**members: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


def found(settings: Settings, text: str) -> list[str]:
    """Where the hits lie, beneath the folder."""
    with Engine.of(settings) as engine:
        hits = engine.search(parse(text, "keyword", 50)).hits
    return [hit.path.partition("/documents/")[2] for hit in hits]


def known(settings: Settings) -> dict[str, str | None]:
    """Every place that is known, with why it is none if it is none."""
    with Collection(settings.collections / "default") as opened, opened.store.reading() as reading:
        return {
            record.location.as_posix().partition("/documents/")[2]: record.failure
            for record in reading.files()
        }


def test_what_lies_in_an_archive_is_found_there(settings: Settings, folder: Path) -> None:
    inner = packed(deep__md="# Deep\n\nTreasure lies below.")
    (folder / "all.zip").write_bytes(packed(a__txt="Apples are red.", inner__zip=inner))
    report = run_index(settings, folder)
    assert (report.added, report.failures) == (2, {})
    assert found(settings, "apples") == ["all.zip/a.txt"]
    assert found(settings, "treasure") == ["all.zip/inner.zip/deep.md"]
    encoder = HashingEncoder()
    assert run_index(settings, folder, encoder=encoder).unchanged == 1
    assert encoder.calls == 0


def test_a_changed_archive_embeds_only_what_is_new_in_it(settings: Settings, folder: Path) -> None:
    path = folder / "all.zip"
    path.write_bytes(packed(a__txt="Apples are red.", b__txt="Bees fly.", c__txt="Cats sleep."))
    run_index(settings, folder)
    path.write_bytes(packed(a__txt="Apples are red.", b__txt="Bees dance."))
    encoder = HashingEncoder()
    report = run_index(settings, folder, encoder=encoder)
    assert (report.changed, report.removed, encoder.texts) == (1, 1, 1)
    assert found(settings, "dance") == ["all.zip/b.txt"]
    assert found(settings, "fly") == found(settings, "sleep") == []
    assert set(known(settings)) == {"all.zip", "all.zip/a.txt", "all.zip/b.txt"}


def test_an_archive_that_goes_takes_everything_along(settings: Settings, folder: Path) -> None:
    (folder / "all.zip").write_bytes(packed(a__txt="Apples are red.", b__txt="Bees fly."))
    (folder / "b.txt").write_text("Bees fly.")
    run_index(settings, folder)
    (folder / "all.zip").unlink()
    assert run_index(settings, folder).removed == 1
    assert found(settings, "apples") == []
    assert found(settings, "bees") == ["b.txt"]
    assert set(known(settings)) == {"b.txt"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("many", "fewer"),
        ("many", "copy"),
        ("many", "copy of another kind"),
        ("many", "damaged"),
        ("none", "fewer"),
        ("none", "copy"),
    ],
)
def test_a_run_cut_short_after_any_commit_leaves_nothing_of_an_archive(
    settings: Settings, folder: Path, before: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is cut short, the next one too: the third finds all as if none had been."""
    monkeypatch.setattr("indexer.batch._DOCUMENTS", 1)
    many = packed(a__txt="Apples are red.", b__pdf=b"%PDF-1.4 broken", c__txt="Cats sleep.")
    afters = {
        "fewer": packed(a__txt="Apples are red."),
        "copy": packed(x__txt="Xylophones ring.", y__txt="Yaks graze."),
        "copy of another kind": b"%PDF-1.4 damaged",
        "damaged": packed(a__txt="Apples are red." * 99)[:-30],
    }
    (folder / "copy.zip").write_bytes(afters["copy"])
    (folder / "copy of another kind.zip").write_bytes(afters["copy of another kind"])
    path = folder / "it.zip"
    cut = itertools.count(1)
    for number in cut:
        shutil.rmtree(settings.home, ignore_errors=True)
        path.unlink(missing_ok=True)
        run_index(settings, folder)
        if before == "many":
            path.write_bytes(many)
            run_index(settings, folder)
        path.write_bytes(many if before == "none" else afters[after])
        first = run_cut_short(settings, folder, number, monkeypatch)
        path.write_bytes(afters[after])
        second = run_cut_short(settings, folder, number, monkeypatch)
        run_index(settings, folder)
        inside = {place for place in known(settings) if place.startswith("it.zip")}
        expected = {
            "fewer": {"it.zip", "it.zip/a.txt"},
            "copy": {"it.zip", "it.zip/x.txt", "it.zip/y.txt"},
        }.get(after, {"it.zip"})
        assert inside == expected, number
        if not first and not second:
            break
    assert number > 1


def run_cut_short(
    settings: Settings, folder: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Index and stop right after the ``number``-th commit; whether it came to that."""
    commits = itertools.count(1)
    write = Batch._write

    def counted(batch: Batch, load: Any) -> None:
        write(batch, load)
        if next(commits) == number:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "_write", counted)
        return run_index(settings, folder).interrupted


def test_an_archive_that_moves_is_not_read_again(settings: Settings, folder: Path) -> None:
    (folder / "old.zip").write_bytes(packed(a__txt="Apples are red.", bad__txt=b"\0\1\2" * 99))
    run_index(settings, folder)
    (folder / "old.zip").rename(folder / "new.zip")
    encoder = HashingEncoder()
    report = run_index(settings, folder, encoder=encoder)
    assert (encoder.calls, report.removed, report.moved) == (0, 0, 1)
    assert found(settings, "apples") == ["new.zip/a.txt"]
    assert set(known(settings)) == {"new.zip", "new.zip/a.txt", "new.zip/bad.txt"}


def test_two_equal_archives_of_one_run_hold_the_same_documents(
    settings: Settings, folder: Path
) -> None:
    (folder / "one.zip").write_bytes(packed(a__txt="Apples are red."))
    shutil.copy(folder / "one.zip", folder / "two.zip")
    report = run_index(settings, folder)
    assert (report.added, report.moved) == (1, 1)
    (folder / "one.zip").unlink()
    assert run_index(settings, folder).removed == 0
    assert found(settings, "apples") == ["two.zip/a.txt"]


def test_two_equal_files_that_cannot_be_read_are_both_listed(
    settings: Settings, folder: Path
) -> None:
    for name in ("a.pdf", "b.pdf"):
        (folder / name).write_bytes(b"%PDF-1.7 and nothing else")
    report = run_index(settings, folder)
    assert {path.name for path in report.failures} == {"a.pdf", "b.pdf"}
    assert len(set(report.failures.values())) == 1


def test_a_bad_file_in_an_archive_is_listed_by_its_place(settings: Settings, folder: Path) -> None:
    (folder / "all.zip").write_bytes(packed(a__pdf=b"%PDF-1.7 cut", b__txt="Bees fly."))
    report = run_index(settings, folder)
    assert [path.relative_to(folder).as_posix() for path in report.failures] == ["all.zip/a.pdf"]
    assert found(settings, "bees") == ["all.zip/b.txt"]
    assert run_index(settings, folder).unchanged == 1
    again = run_index(settings, folder, retry=True)
    assert (again.unchanged, len(again.failures)) == (0, 1)
    assert found(settings, "bees") == ["all.zip/b.txt"]


def test_attachments_come_and_go_with_their_message(settings: Settings, folder: Path) -> None:
    message = EmailMessage()
    message["Subject"], message["From"] = "Harvest", "Ann <ann@example.org>"
    message["Date"] = "Sun, 30 Jun 2024 10:00:00 +0000"
    message.set_content("The plan is attached.")
    message.add_attachment("Pears in October.", filename="plan.txt")
    (folder / "harvest.eml").write_bytes(bytes(message))
    assert run_index(settings, folder).added == 2
    assert found(settings, "pears") == ["harvest.eml/plan.txt"]
    shutil.copy(folder / "harvest.eml", folder / "copy.eml")
    run_index(settings, folder)
    (folder / "harvest.eml").unlink()
    run_index(settings, folder)
    assert found(settings, "pears") == ["copy.eml/plan.txt"]
    assert found(settings, "attached") == ["copy.eml"]
