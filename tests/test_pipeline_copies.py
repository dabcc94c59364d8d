"""Files copied, swapped and renamed between two runs: each place holds what lies there now."""

from __future__ import annotations

import io
import shutil
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from conftest import run_index
from killing import held

from search.checking import check
from search.settings import Settings

OLD, NEW = "The text as it was at first.", "Something quite different now."


def archive(**texts: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for name, text in texts.items():
            target.writestr(f"{name}.txt", text)
    return stream.getvalue()


def texts(settings: Settings, folder: Path) -> dict[str, str]:
    """What each place holds, in a collection that is sound."""
    assert check(settings.collections / "default").findings == ()
    return {
        path.relative_to(folder).as_posix(): what.document.text
        for path, what in held(settings).items()
        if what.document is not None
    }


@pytest.mark.parametrize(("first", "second"), ["ab", "ba"])
def test_a_file_copied_and_then_edited(
    settings: Settings, folder: Path, first: str, second: str
) -> None:
    (folder / first).write_text(OLD)
    run_index(settings, folder)
    shutil.copyfile(folder / first, folder / second)
    (folder / first).write_text(NEW)
    run_index(settings, folder)
    assert texts(settings, folder) == {first: NEW, second: OLD}


def test_two_files_that_change_places(settings: Settings, folder: Path) -> None:
    for names in ("ab", "ba"):
        for name, text in zip(names, (OLD, NEW), strict=True):
            (folder / name).write_text(text)
        run_index(settings, folder)
    assert texts(settings, folder) == {"b": OLD, "a": NEW}


def test_a_file_that_goes_round_among_many(settings: Settings, folder: Path) -> None:
    # More than are committed together, so that a content may leave the store before it is found.
    count = 450
    for step in range(2):
        for number in range(count):
            (folder / f"{number:03}").write_text(f"Text {(number + step) % count} of many.")
        run_index(settings, folder)
    expected = {f"{n:03}": f"Text {(n + 1) % count} of many." for n in range(count)}
    assert texts(settings, folder) == expected


def test_an_archive_replaced_by_a_known_one(settings: Settings, folder: Path) -> None:
    (folder / "a.zip").write_bytes(archive(x=OLD))
    (folder / "b.zip").write_bytes(archive(y=NEW))
    run_index(settings, folder)
    shutil.copyfile(folder / "b.zip", folder / "a.zip")
    run_index(settings, folder)
    assert texts(settings, folder) == {"a.zip/y.txt": NEW, "b.zip/y.txt": NEW}


def test_two_equal_messages_of_one_run_both_have_their_attachments(
    settings: Settings, folder: Path
) -> None:
    message = EmailMessage()
    message["Subject"], message["From"] = "Harvest", "ann@example.org"
    message.set_content(OLD)
    message.add_attachment(NEW, filename="plan.txt")
    for name in ("a.eml", "b.eml"):
        (folder / name).write_bytes(bytes(message))
    run_index(settings, folder)
    found = texts(settings, folder)
    assert sorted(found) == ["a.eml", "a.eml/plan.txt", "b.eml", "b.eml/plan.txt"]


def test_a_file_renamed_to_another_format(settings: Settings, folder: Path) -> None:
    (folder / "a.txt").write_text(f"# Heading\n\n{OLD}\n")
    run_index(settings, folder)
    (folder / "a.txt").rename(folder / "a.md")
    run_index(settings, folder)
    (what,) = held(settings).values()
    assert what.document is not None
    assert what.document.kind == "markdown"
