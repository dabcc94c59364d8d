"""Spreadsheets of Excel 5 to 2003, and binary ones of later versions."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from ole_files import container
from small_files import LEGACY
from test_readers import assert_sound

from indexer.readers import biff, kind_of, read
from search.errors import ReadError
from search.models import Document

SHEETS = Path(__file__).resolve().parents[2] / "shared" / "hard" / "sheets"
BIFF8, BIFF5 = 0x0600, 0x0500


def read_sound(data: bytes, name: str = "a.xls") -> Document:
    document = read(data, name)
    assert_sound(document)
    return document


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def beginning(form: int, version: int = BIFF8) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", version, form, 0, 0, 0, 0))


def cell(row: int, column: int, value: float) -> bytes:
    return record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def workbook(*sheets: bytes, before: bytes = b"", version: int = BIFF8) -> bytes:
    """The records of a workbook whose sheets are called A, B, and so on."""
    start = beginning(5, version) + before
    names = [bytes([65 + n]) for n in range(len(sheets))]
    lead = b"\0" if version == BIFF8 else b""
    size = len(record(0x85, bytes(7) + lead + b"A"))
    at = len(start) + size * len(sheets) + 4
    listed = b""
    for name, sheet in zip(names, sheets, strict=True):
        listed += record(0x85, struct.pack("<IHB", at, 0, 1) + lead + name)
        at += len(beginning(16, version)) + len(sheet) + 4
    body = b"".join(beginning(16, version) + sheet + record(10) for sheet in sheets)
    return start + listed + record(10) + body


def saved(records: bytes) -> bytes:
    # Excel's own workbooks are never so short that they would lie among the small streams.
    return container({"Workbook": records.ljust(5000, b"\0")})


def test_sheets_values_dates_and_comments() -> None:
    document = read_sound((LEGACY / "values.xls").read_bytes())
    assert document.kind == "xls"
    assert document.text.split("\n\n") == [
        "Mühlen",
        "Name | Wheels | Built | Share | Open\n"
        "Name: Obere Mühle | Wheels: 2 | Built: 1901-05-17 | Share: 0.3 | Open: TRUE\n"
        "Name: 水車小屋 | Wheels: 3 | Built: 2024-06-30 | Share: 0.3 | Open: TRUE\n"
        "Name: Together | Wheels: 5",
        "Comment on A2: Torn down in 1901",
        "Comment on B3: Really?",
        "Hidden",
        "secret",
    ]
    given = (document.title, document.author, document.date)
    assert given == ("Mill register", "Anna Müller", "2023-04-05")
    places = [(section.headings, section.place) for section in document.sections if section.place]
    assert places == [(("Mühlen",), "rows 1–4"), (("Hidden",), "row 1")]


@pytest.mark.parametrize("suffix", ["xls", "xlt", "xlsx", "bin"])
def test_names_do_not_matter(suffix: str) -> None:
    data = (LEGACY / "harbour.xls").read_bytes()
    assert kind_of(data, f"a.{suffix}") == "xls"
    assert read_sound(data, f"a.{suffix}").title == "The harbour book"


def test_a_small_workbook_made_by_hand() -> None:
    assert read_sound(saved(workbook(cell(0, 0, 5), cell(2, 1, 7)))).text == "A\n\n5\n\nB\n\n7"


def test_values_far_apart_are_refused_before_they_fill_the_memory() -> None:
    far = cell(0, 0, 1) + cell(65_535, 255, 2)
    # One such sheet is just bearable; all of them are in memory together.
    with pytest.raises(ReadError, match="stretches over 65,536 rows and 256 columns"):
        read(saved(workbook(far, far)), "a.xls")


def test_many_values_in_one_record_count() -> None:
    many = record(0xBD, struct.pack("<HH", 9, 3) + bytes(6 * 3) + struct.pack("<H", 5))
    sheet = biff.scan(workbook(many)).sheets["A"]
    assert (sheet.rows, sheet.columns) == (10, 6)


def test_a_workbook_behind_a_password() -> None:
    data = saved(workbook(cell(0, 0, 1), before=record(0x2F, bytes(54))))
    with pytest.raises(ReadError) as caught:
        read(data, "a.xls")
    assert caught.value.message == "The spreadsheet is protected with a password."
    assert "without a password" in caught.value.remedy


def test_comments_of_excel_5() -> None:
    note = record(0x1C, struct.pack("<HHH", 4, 27, 5) + b"caf\xe9!")
    assert biff.scan(workbook(note, version=BIFF5)).sheets["A"].comments == [("AB5", "café!")]


def test_a_chart_on_a_sheet_takes_nothing_from_it() -> None:
    chart = beginning(0x20) + cell(900, 200, 1) + record(10)
    sheet = biff.scan(workbook(cell(1, 1, 1) + chart + cell(3, 0, 1))).sheets["A"]
    assert (sheet.rows, sheet.columns) == (4, 2)


@pytest.mark.parametrize("data", [b"\x09\x04\x06\0\0\0\x10\0" + bytes(50), b"\x09\x00\x04\0" * 9])
def test_versions_before_5_are_named(data: bytes) -> None:
    with pytest.raises(ReadError, match=r"format from before Excel 5\.") as caught:
        read(data, "a.xls")
    assert "LibreOffice" in caught.value.remedy


@pytest.mark.parametrize(
    "data",
    [
        container({"Workbook": b""}),
        container({"Workbook": bytes(5000)}),
        saved(workbook(cell(0, 0, 1))[:70]),
        bytes(range(256)) * 9,
    ],
)
def test_damage_is_named(data: bytes) -> None:
    with pytest.raises(ReadError, match="The spreadsheet is damaged or was cut off"):
        read(data, "a.xls")


def binary(rows: dict[int, dict[int, str]]) -> bytes:
    """A workbook as Excel writes it with the suffix .xlsb."""

    def part(kind: int, body: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return head + bytes([len(body)]) + body

    def text(said: str) -> bytes:
        return struct.pack("<I", len(said)) + said.encode("utf-16-le")

    sheet = part(129) + part(148, struct.pack("<4I", 0, max(rows), 0, 9)) + part(145)
    for row, cells in rows.items():
        sheet += part(0, struct.pack("<I", row) + bytes(21))
        for column, said in cells.items():
            sheet += part(6, struct.pack("<II", column, 0) + text(said))
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relation = '<Relationship Id="r1" Type="{}/{}" Target="{}"/>'
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        "{}</Relationships>"
    )
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations.format(
            relation.format(related, "officeDocument", "xl/workbook.bin")
        ),
        "xl/_rels/workbook.bin.rels": relations.format(
            relation.format(related, "worksheet", "worksheets/sheet1.bin")
        ),
        "xl/workbook.bin": part(131) + part(143)
        + part(156, struct.pack("<II", 0, 1) + text("r1") + text("Mills")) + part(144) + part(132),
        "xl/worksheets/sheet1.bin": sheet + part(146) + part(130),
    }  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_binary_workbooks() -> None:
    document = read_sound(binary({0: {0: "Name", 1: "Town"}, 1: {0: "Upper", 1: "Ulm"}}), "a.xlsb")
    assert document.kind == "xlsx"
    assert document.text.split("\n\n")[0] == "Mills"
    assert "Upper" in document.text


def test_binary_workbooks_with_values_far_apart() -> None:
    with pytest.raises(ReadError, match="stretches over 1,048,576 rows and 16,384 columns"):
        read(binary({0: {0: "near"}, 1_048_575: {16_383: "far"}}), "a.xlsb")


MARKUP = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<DocumentProperties xmlns="urn:schemas-microsoft-com:office:office"><Title>Mill register</Title>
<Author>Ann</Author><LastSaved>2024-06-30T10:00:00Z</LastSaved></DocumentProperties>
<Worksheet ss:Name="Mills"><Table><Row><Cell><Data ss:Type="String">Name</Data></Cell>
<Cell><Data ss:Type="String">Wheels</Data></Cell><Cell><Data ss:Type="String">Built</Data></Cell>
</Row><Row ss:Index="4"><Cell><Data ss:Type="String">Upper</Data></Cell><Cell ss:Index="3">
<Data ss:Type="DateTime">1901-05-17T00:00:00.000</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">Lower</Data></Cell><Cell><Data ss:Type="Number">2.50</Data></Cell>
</Row></Table></Worksheet>
<Worksheet ss:Name="Spare"><Table><Row><Cell><Data ss:Type="Boolean">1</Data></Cell></Row></Table>
</Worksheet></Workbook>"""


@pytest.mark.parametrize("name", ["a.xls", "a.xml", "a"])
def test_spreadsheets_in_xml(name: str) -> None:
    document = read_sound(MARKUP.encode(), name)
    assert document.kind == "xls"
    assert document.text.split("\n\n") == [
        "Mills", "Name | Wheels | Built\nUpper | 1901-05-17\nLower | 2.5", "Spare", "TRUE",
    ]  # fmt: skip
    given = (document.title, document.author, document.date)
    assert given == ("Mill register", "Ann", "2024-06-30")
    assert [section.place for section in document.sections if section.place] == [
        "rows 1–5", "row 1",
    ]  # fmt: skip


def test_spreadsheets_in_xml_that_were_cut_off_are_read_as_far_as_they_go() -> None:
    data = MARKUP[: MARKUP.index('<Row><Cell><Data ss:Type="String">Lower')].encode()
    assert "Upper" in read_sound(data).text
    with pytest.raises(ReadError, match="damaged or was cut off"):
        read(MARKUP[:250].encode(), "a.xls")


def test_numbers_of_rows_and_columns_that_are_none() -> None:
    odd = MARKUP.replace('Index="4"', 'Index="9999999"').replace('Index="3"', 'Index="-1"')
    assert "Name: Upper | Wheels: 1901-05-17" in read_sound(odd.encode()).text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("testComment.xls", "Comment on A1: Author: Here is a comment"),
        ("testEXCEL-charts.xls", "baz | 2 | 9"),
        ("testEXCEL_5.xls", "Written and saved in Microsoft Excel X for Mac"),
        ("testEXCEL_dateFormats.xls", "1996-08-10"),
        ("testEXCEL_headers_footers.xls", "Name: John Smith82 | Address: 82 Corporate HQ"),
    ],
)
def test_real_files(name: str, said: str) -> None:
    path = SHEETS / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    document = read_sound(path.read_bytes(), name)
    assert document.kind == "xls"
    assert said in document.text
