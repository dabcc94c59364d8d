"""Containers of old Office files: what is in them, and what hostile ones may not do."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from pathlib import Path

import olefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ole_files import Tree, container, message, summary
from small_files import LEGACY

from indexer.readers import kind_of, read
from indexer.readers.ole import Container, codec, moment, root_names
from search.errors import ReadError

HARD = Path(__file__).resolve().parents[2] / "shared" / "hard"
LONG = bytes(range(256)) * 100


def streams(data: bytes) -> dict[str, bytes]:
    """The streams of a container that has no storages."""
    file = olefile.OleFileIO(io.BytesIO(data))
    return {path[0]: file.openstream(path).read() for path in file.listdir()}


def test_streams_and_storages_are_found_whatever_their_case_and_length() -> None:
    opened = Container(
        container({"Short": b"few", "Long": LONG, "Empty": b"", "Folder": {"Inner": b"deep"}}), "x"
    )
    assert sorted(opened.names()) == ["Empty", "Folder", "Long", "Short"]
    assert opened.names("folder") == ["Inner"]
    assert (opened.read("SHORT"), opened.read("long"), opened.read("Empty")) == (b"few", LONG, b"")
    assert opened.read("Folder", "Inner") == b"deep"
    assert (opened.size("Long"), opened.size("None")) == (len(LONG), 0)
    assert opened.read("None") is opened.read("Folder") is opened.read("Short", "x") is None


def test_what_a_document_says_of_itself() -> None:
    when = datetime(2024, 6, 30, tzinfo=UTC)
    given = Container(
        container({"\x05SummaryInformation": summary(title="Mühlen", author="Ann", saved=when)}), ""
    ).properties()
    assert (given.title, given.author, given.date) == ("Mühlen", "Ann", "2024-06-30")


def test_titles_and_authors_that_programs_wrote_are_none() -> None:
    data = container({"\x05SummaryInformation": summary(title="Document1", author="User")})
    given = Container(data, "x").properties()
    assert (given.title, given.author, given.date) == ("", "", "")


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, 200), byte=st.integers(0, 255), end=st.integers(0, 400))
def test_spoilt_properties_cost_at_most_themselves(at: int, byte: int, end: int) -> None:
    said = bytearray(summary(title="Mills", author="Ann", saved=datetime(2024, 6, 30, tzinfo=UTC)))
    said[at % len(said)] = byte
    opened = Container(container({"\x05SummaryInformation": bytes(said[:end])}), "x")
    assert opened.properties().language == ""


@pytest.mark.parametrize("ticks", [0, 1, 2**63, 2**64 - 1])
def test_times_that_are_none(ticks: int) -> None:
    assert moment(ticks) is None


@pytest.mark.parametrize(
    ("page", "name"),
    [(1252, "cp1252"), (65001, "utf-8"), (28605, "iso8859-15"), (936, "cp936"), (0, ""), (9, "")],
)
def test_code_pages(page: int, name: str) -> None:
    assert codec(page) == name


def spoilt(at: int, form: str, *numbers: int) -> bytes:
    data = bytearray(container({"WordDocument": LONG}))
    struct.pack_into(f"<{form}", data, at, *numbers)
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", id="magic alone"),
        pytest.param(spoilt(30, "H", 60_000), id="sectors of 2**60000 bytes"),
        pytest.param(spoilt(32, "H", 40), id="small sectors that are large"),
        pytest.param(spoilt(44, "I", 0xFFFFFFFF), id="four billion tables"),
        pytest.param(
            spoilt(68, "II", 0, (2**32 - 110) // 127 + 1)[:44]
            + b"\xff" * 4
            + spoilt(68, "II", 0, (2**32 - 110) // 127 + 1)[48:],
            id="a list of tables that is a circle",
        ),
        pytest.param(spoilt(48, "I", 0x7FFFFFFF), id="a directory out of the file"),
        pytest.param(container({"a": b"b"})[:600], id="cut off"),
    ],
)
def test_hostile_containers_are_refused(data: bytes) -> None:
    with pytest.raises(ReadError, match="The thing is damaged"):
        Container(data, "thing")
    assert root_names(data) == frozenset()


def test_a_circle_of_sectors_gives_no_more_than_is_declared() -> None:
    data = bytearray(container({"WordDocument": LONG}))
    (table,) = struct.unpack_from("<I", data, 76)
    struct.pack_into("<I", data, 512 * (table + 1), 0)  # the sector after the first is the first
    assert len(Container(bytes(data), "x").read("WordDocument") or b"") <= len(LONG)


def test_a_circle_in_the_directory_ends() -> None:
    data = bytearray(container({"a": b"1", "b": b"2"}))
    (directory,) = struct.unpack_from("<I", data, 48)
    for entry in (1, 2):
        struct.pack_into("<II", data, 512 * (directory + 1) + 128 * entry + 68, 1, 2)
    assert set(Container(bytes(data), "x").names()) <= {"a", "b"}


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        pytest.param(container({"WordDocument": b"x"}), "a.txt", "doc", id="doc by content"),
        pytest.param(container({"Workbook": b"x"}), "a", "xls", id="xls by content"),
        pytest.param(container({"Book": b"x"}), "a.doc", "xls", id="old xls named doc"),
        pytest.param(container({"PowerPoint Document": b"x"}), "a.pps", "ppt", id="ppt"),
        pytest.param(container(message({0x37: "s"})), "a", "msg", id="msg by content"),
        pytest.param(container({"WordDocument": b"x"})[:700], "a.doc", "doc", id="cut off doc"),
        pytest.param(container({"WordDocument": b"x"})[:700], "a.txt", None, id="cut off, named"),
        pytest.param(container({"EncryptedPackage": b"x"}), "a.docx", None, id="encrypted docx"),
        pytest.param(container({"EncryptedPackage": b"x"}), "a.doc", None, id="encrypted, as doc"),
        pytest.param(container({"Contents": b"x"}), "a.doc", None, id="another program's"),
        pytest.param(b"{\\rtf1 x}", "a.doc", "rtf", id="rtf named doc"),
        pytest.param(b"<html><p>x", "a.doc", "html", id="html named doc"),
        pytest.param(b"<table><tr><td>x", "a.xls", "html", id="a piece of html named xls"),
        pytest.param(b"words", "a.doc", "text", id="text named doc"),
        pytest.param(b"a\tb\n1\t2\n", "a.xls", "csv", id="table named xls"),
        pytest.param(b"<?xml version='1.0'?><Workbook/>", "a.xls", "xml", id="xml named xls"),
        pytest.param(
            b'<x/>Set xmlns="urn:schemas-microsoft-com:office:spreadsheet" first.',
            "a.txt",
            "text",
            id="text about xml",
        ),
        pytest.param(b"From: a\nTo: b\nSubject: c\n\nwords", "a.msg", "mail", id="mail named msg"),
        pytest.param(b"Date: x\nSubject: c\nMIME-Version: 1.0\n\nw", "a.doc", "mail", id="mhtml"),
        pytest.param(b"\x09\x04\x06\0\0\0\x10\0", "a.xls", "xls", id="xls without container"),
    ],
)
def test_kinds(data: bytes, name: str, kind: str | None) -> None:
    assert kind_of(data, name) == kind


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"EncryptedPackage": b"x"}, "The file is protected with a password."),
        ({"\tDRMContent": b"x"}, "The file may only be read by people its owner named."),
        ({"Contents": b"x"}, "The file is of an old kind that is not read, or damaged."),
    ],
)
def test_containers_that_are_not_read(tree: Tree, message: str) -> None:
    with pytest.raises(ReadError) as caught:
        read(container(tree), "a.docx")
    assert caught.value.message == message
    assert caught.value.remedy


@pytest.mark.parametrize("name", sorted(path.name for path in LEGACY.glob("*.[dxp][olp][cst]")))
def test_cut_off_anywhere_they_are_read_or_refused(name: str) -> None:
    data = (LEGACY / name).read_bytes()
    for part in range(1, 16):
        try:
            assert read(data[: len(data) * part // 16], name).text
        except ReadError as error:
            assert error.message.endswith(".")


def test_a_real_workbook_behind_a_password() -> None:
    path = HARD / "sheets" / "testEXCEL_protected_passtika.xlsx"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    with pytest.raises(ReadError, match="protected with a password"):
        read(path.read_bytes(), path.name)
