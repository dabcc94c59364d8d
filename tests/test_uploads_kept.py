"""Files that are put into the folder for uploads: their names, and what leaves nothing there."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from tests_support import names_in

from web import names, readable
from web.problems import RequestError
from web.uploads import Uploads

SUFFIXES = frozenset({".txt", ".pdf", ".md"})


@pytest.fixture
def uploads(inbox: Path) -> Uploads:
    return Uploads(inbox, 1_000, 5_000)


def test_no_file_takes_the_place_of_another(uploads: Uploads, inbox: Path) -> None:
    for content in (b"first", b"second", b"first", b"third"):
        uploads.keep("report.pdf", io.BytesIO(content))
    uploads.keep("REPORT.PDF", io.BytesIO(b"fourth"))
    kept = {path.name: path.read_bytes() for path in inbox.iterdir()}
    assert kept["report.pdf"] == b"first"
    assert kept["report (2).pdf"] == b"second"
    assert kept["report (3).pdf"] == b"third"
    assert b"fourth" in kept.values()
    assert len(kept) == 4


def test_files_of_one_name_sent_at_once_are_all_kept(inbox: Path) -> None:
    uploads = Uploads(inbox, 1_000, 50_000)
    readable.suffixes()
    threads = [
        threading.Thread(target=uploads.keep, args=("a.txt", io.BytesIO(b"%d" % number)))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {path.read_bytes() for path in inbox.iterdir()} == {b"%d" % n for n in range(12)}


def test_a_file_that_goes_while_the_folder_is_looked_through_stops_nothing(
    uploads: Uploads, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "other.txt").write_bytes(b"1")
    listed = os.scandir

    def scan(path: Path) -> nullcontext[list[os.DirEntry[str]]]:
        with listed(path) as entries:
            found = list(entries)
        (inbox / "other.txt").unlink(missing_ok=True)
        return nullcontext(found)

    monkeypatch.setattr(os, "scandir", scan)
    assert uploads.keep("a.txt", io.BytesIO(b"2")).new


def test_there_is_an_end_to_numbers(
    uploads: Uploads, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "NUMBERED", 2)
    uploads.keep("a.txt", io.BytesIO(b"1"))
    uploads.keep("a.txt", io.BytesIO(b"2"))
    with pytest.raises(RequestError, match=r"2 files called 'a\.txt'"):
        uploads.keep("a.txt", io.BytesIO(b"3"))
    assert len(names_in(inbox)) == 2


def test_a_disk_without_links_keeps_files_too(
    uploads: Uploads, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    uploads.keep("a.txt", io.BytesIO(b"1"))
    uploads.keep("a.txt", io.BytesIO(b"2"))
    assert [(inbox / name).read_bytes() for name in names_in(inbox)] == [b"2", b"1"]


# Names


@pytest.mark.parametrize(
    "name",
    [
        "../a.txt", "..\\a.txt", "/etc/cron.d/a.txt", "C:\\Windows\\a.txt", "//host/share/a.txt",
        "a/../../b.txt", "%2e%2e/a.txt", "..", ".", "", "   ", "a.txt/", "a.txt\\",
        "a\0.txt", "a.txt\0.pdf", "a\n.txt", "a\r\nSet-Cookie: x.txt", "\x1b[2Ja.txt", "a\x7f.txt",
        ".txt", ".bashrc.txt", "..a.txt", "~$a.txt", "~a.txt", ".wherein-0.part",
        "CON", "con.txt", "NUL.txt", "nul .txt", "aux.md", "COM1.txt", "lpt9.pdf", "COM¹.txt",
        "conin$.txt", "Con.tar.txt",
        "x" * 300 + ".txt", "é" * 150 + ".txt", "a." + "t" * 300,
        "a\u202etxt.exe", "\u202egpj.txt", "a\u200b.txt", "a\ufeff.txt", "a\u2028b.txt",
        "a\u2066.txt", "a\ud800.txt", "a\u00ad.txt",
        "a∕b.txt".replace("∕", "\uff0f"), "a\uff3cb.txt", "\u2025/a.txt", "\u2024a.txt",
        "\uff0e\uff0e.txt", "a⁄..⁄b.exe",
        "a.exe", "a.txt.exe", "a.pdf.", "a.txt ", "a.TXT.", "README", "a.", "a.txt:stream",
        "a.\u0440df", "a.тхт", "a.pdf\u00a0",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_or_deceive_are_refused(
    uploads: Uploads, inbox: Path, name: str
) -> None:
    if name in ("a.txt ", "a.pdf\u00a0"):  # spaces around a name are only taken off
        assert names.checked(name, SUFFIXES) == name.strip()
        return
    with pytest.raises(RequestError) as refused:
        uploads.keep(name, io.BytesIO(b"harm"))
    assert refused.value.code == "file-refused"
    assert refused.value.remedy
    assert not names_in(inbox)
    assert names_in(inbox.parent) == ["inbox"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Was ist das?.pdf", "Was ist das_.pdf"),
        ('a<b>:"c"|d*.txt', "a_b___c__d_.txt"),
        ("Gru\u0308\u00dfe aus Ko\u0308ln.txt", "Grüße aus Köln.txt"),
        ("حديقة الأعشاب.txt", "حديقة الأعشاب.txt"),
        ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
        ("報告書.PDF", "報告書.PDF"),
        ("a.b.c.md", "a.b.c.md"),
        ("'; rm -rf ~; '.txt", "'; rm -rf ~; '.txt"),
        ("<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"),
        ("-rf.txt", "-rf.txt"),
        ("console.txt", "console.txt"),
        ("x" * 196 + ".txt", "x" * 196 + ".txt"),
    ],
)
def test_names_of_people_are_kept(uploads: Uploads, inbox: Path, name: str, kept: str) -> None:
    assert uploads.keep(name, io.BytesIO(b"x")).name == kept
    assert names_in(inbox) == [kept]


def test_what_can_be_read_is_what_the_indexer_says() -> None:
    from indexer.readers.formats import by_suffix

    assert readable.suffixes() == frozenset(by_suffix())


@pytest.fixture
def unasked() -> Iterator[None]:
    readable.suffixes.cache_clear()
    yield
    readable.suffixes.cache_clear()


@pytest.mark.usefixtures("unasked")
@pytest.mark.parametrize("said", [b"", b"no list\n", None])
def test_an_indexer_that_cannot_be_asked_is_a_sentence(
    uploads: Uploads, inbox: Path, monkeypatch: pytest.MonkeyPatch, said: bytes | None
) -> None:
    def run(command: list[str], **_: object) -> Any:
        if said is None:
            raise subprocess.TimeoutExpired(command, 60.0)
        return subprocess.CompletedProcess(command, 0, said, b"")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(RequestError, match="which files can be read") as refused:
        uploads.keep("a.txt", io.BytesIO(b"x"))
    assert refused.value.code == "not-stored"
    assert not names_in(inbox)


@pytest.mark.usefixtures("unasked")
def test_what_readers_of_others_say_first_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: object) -> Any:
        return subprocess.CompletedProcess(command, 0, b'Hello.\n[".txt"]\n', b"")

    monkeypatch.setattr(subprocess, "run", run)
    assert readable.suffixes() == {".txt"}


# Links, and what else may lie in the way


def test_a_link_in_the_way_is_not_followed(uploads: Uploads, inbox: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (inbox / "a.txt").symlink_to(secret)
    (inbox / "b.txt").symlink_to(tmp_path / "not yet there.txt")
    (inbox / "c.txt").mkdir()
    os.mkfifo(inbox / "d.txt")
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        assert uploads.keep(name, io.BytesIO(b"secret")).name == f"{name[0]} (2).txt"
    assert secret.read_text() == "secret"
    assert not (tmp_path / "not yet there.txt").exists()


def test_a_folder_that_became_a_link_is_not_written_to(
    uploads: Uploads, inbox: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    inbox.rename(elsewhere)
    inbox.symlink_to(elsewhere)
    with pytest.raises(RequestError, match="is gone"):
        uploads.keep("a.txt", io.BytesIO(b"x"))
    assert not names_in(elsewhere)


# Sizes and the disk


def test_a_file_that_is_too_large_leaves_nothing(uploads: Uploads, inbox: Path) -> None:
    for size in (None, 1_001):
        with pytest.raises(RequestError) as refused:
            uploads.keep("a.txt", io.BytesIO(b"x" * 1_001), size)
        assert refused.value.code == "body-too-large"
    assert not names_in(inbox)
    assert uploads.keep("a.txt", io.BytesIO(b"x" * 1_000)).size == 1_000


def test_the_folder_may_hold_only_so_much(uploads: Uploads, inbox: Path) -> None:
    for number in range(5):
        uploads.keep(f"{number}.txt", io.BytesIO(bytes([48 + number]) * 1_000))
    for size in (None, 1_000):  # that it is full is known before or after
        with pytest.raises(RequestError) as refused:
            uploads.keep("more.txt", io.BytesIO(b"x" * 1_000), size)
        assert refused.value.code == "not-stored"
    assert len(names_in(inbox)) == 5


def test_a_disk_without_links_that_fails_leaves_nothing(
    uploads: Uploads, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(RequestError, match="cannot be written"):
        uploads.keep("a.txt", io.BytesIO(b"1"))
    assert not names_in(inbox), "no empty file has taken the name"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_leaves_nothing(
    uploads: Uploads, inbox: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RequestError) as refused:
        uploads.keep("a.txt", io.BytesIO(b"x"))
    assert refused.value.code == "not-stored"
    is_full = number in (errno.ENOSPC, errno.EDQUOT)
    assert ("The disk is full" in refused.value.message) == is_full
    assert not names_in(inbox)


def test_who_breaks_off_leaves_nothing(uploads: Uploads, inbox: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(3)

    with pytest.raises(RequestError):
        uploads.keep("a.txt", Broken(b"half of it"))
    assert not names_in(inbox)


def test_a_draft_that_a_killed_server_left_is_taken_away_in_time(
    uploads: Uploads, inbox: Path
) -> None:
    old, young = inbox / ".wherein-old.part", inbox / ".wherein-young.part"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    uploads.keep("a.txt", io.BytesIO(b"x"))
    assert names_in(inbox) == [".wherein-young.part", "a.txt"]


def test_a_draft_is_looked_at_by_no_run() -> None:
    from indexer.ignoring import is_scratch

    assert is_scratch(".wherein-0123456789abcdef.part")


def test_files_are_not_to_be_run(uploads: Uploads, inbox: Path) -> None:
    uploads.keep("a.txt", io.BytesIO(b"#!/bin/sh"))
    assert not stat.S_IMODE((inbox / "a.txt").stat().st_mode) & 0o111
