"""One file and everything in it: nesting, damage, limits, and what each part says."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_readers import assert_sound

from indexer.parts import Part, parts
from indexer.readers.base import Allowance, Member
from search.errors import ReadError
from search.models import Document

HARD = Path(__file__).resolve().parents[2] / "shared" / "hard"
WORDS = b"The reed warbler weaves its nest among the stems of the reeds."
MESSAGE = b"From: Ada <a@b.org>\nTo: c@d\nSubject: The engine\n\nIt weaves patterns.\n"


def parts_of(data: bytes, name: str, allowance: Allowance | None = None) -> list[Part]:
    return list(parts(io.BytesIO(data), name, allowance or Allowance()))


def told(data: bytes, name: str, allowance: Allowance | None = None) -> dict[str, str | None]:
    """What each part says, or why it does not."""
    found: dict[str, str | None] = {}
    for part in parts_of(data, name, allowance):
        assert part.member not in found
        content = part.content
        if isinstance(content, Document):
            assert_sound(content)
        found[part.member] = (
            content.text if isinstance(content, Document) else content and content.message
        )
    return found


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(members: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def with_attachment(name: str, data: bytes) -> bytes:
    head = b"Content-Type: multipart/mixed; boundary=cut\n\n--cut\n\nSee below.\n--cut\n"
    part = f"Content-Disposition: attachment; filename={name}\n\n".encode()
    return MESSAGE.partition(b"\n\n")[0] + b"\n" + head + part + data + b"\n--cut--\n"


def test_a_file_that_holds_no_others_is_its_only_part() -> None:
    (part,) = parts_of(WORDS, "a.txt")
    assert part.member == ""
    assert part.digest == hashlib.sha256(WORDS).digest()
    assert isinstance(part.content, Document)
    assert part.content.text == WORDS.decode()
    assert part.content.language == "en"


def test_the_language_a_file_declares_is_kept() -> None:
    page = b'<html lang="da"><title>t</title><p>' + WORDS
    (part,) = parts_of(page, "a.html")
    assert isinstance(part.content, Document)
    assert part.content.language == "da"


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "a.txt", "The file is empty."),
        (b"", "a.zip", "The file is empty."),
        (b"\0\1\2", "a.bin", "The file holds something else than text."),
        (b"words", "a.xyz", "This kind of file is not read."),
        (zipped({}), "a.zip", "The archive holds no file that is read."),
        (zipped({".hidden.txt": b"x"}), "a.zip", "The archive holds no file that is read."),
        (tarred([]), "a.tar", "The archive holds no file that is read."),
    ],
)
def test_files_of_which_nothing_can_be_read(data: bytes, name: str, message: str) -> None:
    assert told(data, name) == {"": message}


def test_members_are_read_and_counted() -> None:
    page = b"<title>t</title><p>page"
    data = zipped({"a.txt": WORDS, "b/c.html": page, "d.png": b"\x89PNG\r\n\x1a\n"})
    text, html, picture = parts_of(data, "x.zip")
    assert (text.member, html.member, picture.member) == ("a.txt", "b/c.html", "d.png")
    assert text.digest == hashlib.sha256(WORDS).digest()
    assert html.digest == hashlib.sha256(page).digest()
    assert isinstance(html.content, Document)
    assert html.content.kind == "html"
    assert (picture.content, picture.digest) == (None, b"")


def test_a_member_of_no_known_kind_is_a_failure_only_if_its_name_promises_more() -> None:
    noise = bytes(range(256)) * 9
    assert told(zipped({"program": noise, "a.txt": noise}), "x.zip") == {
        "program": None,
        "a.txt": "The file holds something else than text.",
    }


def test_a_member_that_fails_costs_that_member_only() -> None:
    data = zipped({"a.pdf": b"%PDF-1.4\n", "b.txt": b"good", "c.txt": b"", "d.zip": b"PK\3\4"})
    assert told(data, "x.zip") == {
        "a.pdf": "The PDF is damaged or was cut off.",
        "b.txt": "good",
        "c.txt": "The file is empty.",
        "d.zip": "The archive is damaged or was cut off.",
    }


def test_a_damaged_archive_gives_what_could_be_read_then_the_failure() -> None:
    data = tarred([("a.txt", b"good"), ("b.txt", b"x" * 9000)])[:4000]
    first, last = parts_of(data, "x.tar")
    assert first.member == "a.txt"
    assert last.member == ""
    assert last.digest == hashlib.sha256(data).digest()
    assert "cut off" in str(last.content)


def test_archives_in_archives() -> None:
    inner = zipped({"a/b.txt": b"deep", "note.txt.gz": gzip.compress(b"packed")})
    data = gzip.compress(tarred([("docs/inner.zip", inner), ("top.txt", b"shallow")]))
    assert told(data, "x.tar.gz") == {
        "docs/inner.zip/a/b.txt": "deep",
        "docs/inner.zip/note.txt.gz/note.txt": "packed",
        "top.txt": "shallow",
    }


def test_nesting_ends_at_the_depth_allowed() -> None:
    data = b"deep"
    for number in range(4):
        data = zipped({"a.txt" if not number else f"{number}.zip": data})
    assert told(data, "x.zip") == {"3.zip/2.zip/1.zip/a.txt": "deep"}
    allowance = Allowance(depth=3)
    beside = zipped({"x.zip": data, "after.txt": b"still read"})
    assert told(beside, "y.zip", allowance) == {
        "x.zip/3.zip/2.zip": "The archive lies in too many others, one in the other.",
        "after.txt": "still read",
    }
    assert allowance.depth == 3


def test_an_archive_that_holds_itself() -> None:
    path = HARD / "archives" / "quine.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    (message,) = told(path.read_bytes(), path.name).values()
    assert message == "The compressed file lies in too many others, one in the other."


def test_what_archives_unpack_to_is_counted_over_all_of_them() -> None:
    bomb = gzip.compress(bytes(400_000))
    inner = zipped({f"{number}.txt.gz": bomb for number in range(5)})
    data = zipped({"1.zip": inner, "2.zip": inner, "3.txt": b"never reached"})
    found = told(data, "x.zip", Allowance(size=1_000_000))
    reason = "The archive unpacks to more than is read from one file."
    assert list(found.items())[-3:] == [
        ("1.zip/2.txt.gz", reason),
        ("1.zip", reason),
        ("", reason),
    ]


def test_large_files_are_refused_and_large_archives_read() -> None:
    allowance = Allowance(largest=1000)
    large = b"words " * 999
    assert "more than the limit" in (told(large, "a.txt", allowance)[""] or "")
    found = told(tarred([("a.txt", large), ("b.txt", b"small")]), "x.tar", allowance)
    assert "more than the limit" in (found["a.txt"] or "")
    assert found["b.txt"] == "small"


def test_equal_names_are_told_apart() -> None:
    data = tarred([("a.txt", b"one"), ("a.txt", b"two"), ("a (2).txt", b"three"), ("a.txt", b"4")])
    assert told(data, "x.tar") == {
        "a.txt": "one",
        "a (2).txt": "two",
        "a (2) (2).txt": "three",
        "a (3).txt": "4",
    }


def test_many_equal_names_take_no_quadratic_time() -> None:
    data = tarred([("a.png", b"")] * 5000)
    members = {part.member for part in parts_of(data, "x.tar")}
    assert len(members) == 5000
    assert "a (5000).png" in members


def test_a_message_and_its_attachments() -> None:
    data = with_attachment("inner.zip", b"not a zip")
    own, attachment = parts_of(with_attachment("a.txt", b"attached words"), "m.eml")
    assert (own.member, attachment.member) == ("", "a.txt")
    assert own.digest == hashlib.sha256(with_attachment("a.txt", b"attached words")).digest()
    assert isinstance(own.content, Document)
    assert own.content.title == "The engine"
    found = told(zipped({"m.eml": data}), "x.zip")
    assert "See below." in (found["m.eml"] or "")
    assert list(found) == ["m.eml", "m.eml/inner.zip"]


def test_messages_of_a_mailbox() -> None:
    message = b"From x Mon Jun 01 04:28:28 2009\n" + with_attachment("a.txt", b"attached")
    found = told(message + b"\n" + message, "all.mbox")
    assert list(found) == [
        "0001 The engine.eml",
        "0001 The engine.eml/a.txt",
        "0002 The engine.eml",
        "0002 The engine.eml/a.txt",
    ]


@pytest.mark.parametrize("error", [RecursionError, MemoryError, KeyError, tarfile.ReadError])
def test_any_exception_of_an_opener_becomes_a_read_error(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(stream: BinaryIO, name: str, allowance: Allowance) -> Iterator[Member]:
        yield Member("a.txt", b"before")
        raise error

    monkeypatch.setattr("indexer.readers.zip.unpack", fail)
    before, failed = parts_of(zipped({"a.txt": b"x"}), "x.zip")
    assert before.member == "a.txt"
    assert failed.member == ""
    assert isinstance(failed.content, ReadError)
    assert failed.content.message.startswith("The archive ")
    assert isinstance(failed.content.__cause__, error)


def test_text_that_was_read_is_kept_when_the_rest_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(stream: BinaryIO, name: str, allowance: Allowance) -> Iterator[Document]:
        yield Document("t", "mail", "words", ())
        raise KeyError

    monkeypatch.setattr("indexer.readers.mail.unpack", fail)
    own, rest = parts_of(MESSAGE, "m.eml")
    assert isinstance(own.content, Document)
    assert (own.member, rest.member) == ("", "…")
    assert isinstance(rest.content, ReadError)


def test_parts_come_one_at_a_time() -> None:
    allowance = Allowance()
    found = parts(io.BytesIO(zipped({"a.txt": b"one", "b.txt": b"two"})), "x.zip", allowance)
    next(found)
    assert allowance.members == Allowance().members - 1
    found.close()
    assert allowance.depth == Allowance().depth


@pytest.mark.parametrize("folder", ["archives", "mail"])
def test_awkward_real_files(folder: str) -> None:
    if not (HARD / folder).is_dir():
        pytest.skip(f"{HARD / folder} is not there")
    for path in sorted((HARD / folder).iterdir()):
        with path.open("rb") as stream:
            found = list(parts(stream, path.name, Allowance()))
        assert found, path
        for part in found:
            if isinstance(part.content, Document):
                assert_sound(part.content)
            elif part.content is not None:
                assert part.content.__cause__ is None or path.name == "testZIP_corrupted_oom.zip"


_INNER = zipped({"a.txt": WORDS, "b/ü.md": b"# T\n\nwords", "c.html": b"<p>x"})
_TAR = tarred([("a.txt", WORDS), ("ü" * 99 + ".md", b"words"), ("inner.zip", _INNER)])
_SEEDS = {
    "x.zip": _INNER,
    "x.tar": _TAR,
    "x.tar.gz": gzip.compress(_TAR),
    "x.tar.xz": lzma.compress(_TAR),
    "x.txt.bz2": bz2.compress(WORDS),
    "x.eml": with_attachment("a.txt", b"attached"),
    "x.mbox": b"From x Mon Jun 01 04:28:28 2009\n" + with_attachment("x.zip", _INNER),
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(sorted(_SEEDS)),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=6), st.integers(0, 40))),
)
def test_damage_of_any_kind_gives_sound_parts(
    name: str, changes: list[tuple[float, bytes, int]]
) -> None:
    data = _SEEDS[name]
    for where, new, dropped in changes:
        at = int(where * len(data))
        data = data[:at] + new + data[at + dropped :]
    found = parts_of(data, name, Allowance(size=10_000_000, largest=1_000_000))
    assert found
    assert len({part.member for part in found}) == len(found)
    for part in found:
        part.member.encode()
        if isinstance(part.content, Document):
            assert_sound(part.content)
