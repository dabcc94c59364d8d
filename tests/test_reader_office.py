"""Spreadsheets and presentations of Microsoft Office."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pptx
import pytest
import xlsxwriter
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.presentation import Presentation as Deck
from pptx.util import Inches
from test_readers import assert_says, assert_sound

from indexer.readers import read
from search.errors import ReadError
from search.models import Document

HARD = Path(__file__).resolve().parents[2] / "shared" / "hard"
BOX = (Inches(1), Inches(1), Inches(4), Inches(1))


def changed(data: bytes, member: str, change: Callable[[str], str]) -> bytes:
    """A zip file with the text of one member changed; it is left out if nothing remains."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == member:
                content = change(content.decode()).encode()
            if content:
                target.writestr(name, content)
    return buffer.getvalue()


def workbook(fill: Callable[[xlsxwriter.Workbook], object]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    fill(book)
    book.close()
    return buffer.getvalue()


def sheet_of(rows: list[list[object]]) -> bytes:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Mills")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)

    return workbook(fill)


def read_sound(data: bytes, name: str) -> Document:
    document = read(data, name)
    assert_sound(document)
    assert document.kind == name.rpartition(".")[2][:3] + "x"
    return document


def test_sheets_are_headings_and_rows_places() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        first = book.add_worksheet("Mills")
        first.write_row(2, 1, ["Name", "Wheels"])
        first.write_row(3, 1, ["Upper", 2])
        book.add_worksheet("Empty")
        hidden = book.add_worksheet("Hidden")
        hidden.write(0, 0, "secret")
        hidden.hide()
        book.add_chartsheet("Chart")

    document = read_sound(workbook(fill), "a.xlsx")
    assert document.text.split("\n\n") == [
        "Mills",
        "Name | Wheels\nName: Upper | Wheels: 2",
        "Hidden",
        "secret",
    ]
    places = [(section.headings, section.place) for section in document.sections if section.place]
    assert places == [(("Mills",), "rows 3–4"), (("Hidden",), "row 1")]


def test_values_are_written_as_a_person_reads_them() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        formats = {
            "yyyy-mm-dd": datetime.datetime(2024, 6, 30),
            "dd.mm.yy hh:mm": datetime.datetime(2024, 6, 30, 14, 5),
            "hh:mm": datetime.time(9, 30),
            "[h]:mm": datetime.timedelta(hours=36, minutes=5),
        }
        for column, (number_format, value) in enumerate(formats.items()):
            sheet.write_datetime(0, column, value, book.add_format({"num_format": number_format}))
        sheet.write_row(0, len(formats), [5.0, 0.1 + 0.2, -1234567.5, True])
        sheet.write_formula(0, 8, "=1+1", None, 2)

    assert read_sound(workbook(fill), "a.xlsx").text.split("\n\n")[1].split(" | ") == [
        "2024-06-30",
        "2024-06-30 14:05",
        "09:30",
        "36:05",
        "5",
        "0.3",
        "-1234567.5",
        "TRUE",
        "2",
    ]


def test_comments_and_properties_of_a_workbook() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.set_properties(
            {
                "title": "Mill register",
                "author": "Anna Müller",
                "created": datetime.datetime(2023, 4, 5, tzinfo=datetime.UTC),
            }
        )
        sheet = book.add_worksheet("Mills")
        sheet.write("B2", "Upper")
        sheet.write_comment("B2", "Torn down\nin 1901")
        advice = "[Threaded comment] See https://go.microsoft.com/fwlink/?linkid=870924"
        sheet.write_comment("B3", advice + "\n\nComment:\n    Really?")

    document = read_sound(workbook(fill), "a.xlsx")
    assert document.text.split("\n\n") == [
        "Mills",
        "Upper",
        "Comment on B2: Torn down in 1901",
        "Comment on B3: Really?",
    ]
    given = (document.title, document.author, document.date)
    assert given == ("Mill register", "Anna Müller", "2023-04-05")


@pytest.mark.parametrize("suffix", ["xlsm", "xltx", "xltm"])
def test_workbooks_with_macros_and_templates(suffix: str) -> None:
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    other = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    data = changed(
        sheet_of([["text"]]), "[Content_Types].xml", lambda text: text.replace(main, other)
    )
    assert read(data, f"a.{suffix}").text == "Mills\n\ntext"


def test_a_large_sheet_is_summarised() -> None:
    rows: list[list[object]] = [["no", "town"]]
    rows += ([number, ("Ulm", "Bonn")[number % 2]] for number in range(12_000))
    document = read_sound(sheet_of(rows), "a.xlsx")
    assert len(document.text) < 100_000
    assert "no: 0 to 199\ntown: Ulm; Bonn\n" in document.text


def test_a_sheet_with_values_far_apart_is_refused_before_it_fills_the_memory() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "near")
        sheet.write(1_048_575, 16_383, "far")

    with pytest.raises(ReadError, match="stretches over 1,048,576 rows and 16,384 columns"):
        read(workbook(fill), "a.xlsx")


def test_cells_that_are_only_formatted_do_not_count() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Mills")
        sheet.write(0, 0, "near")
        sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))

    assert read_sound(workbook(fill), "a.xlsx").text == "Mills\n\nnear"


@pytest.mark.parametrize(("name", "member"), [("a.xlsx", "xl/x.xml"), ("a.pptx", "ppt/x.xml")])
def test_bombs_are_refused(name: str, member: str) -> None:
    main = "xl/workbook.xml" if name == "a.xlsx" else "ppt/presentation.xml"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(main, "<x/>")
        archive.writestr(member, b" " * (70 * 2**20))
    with pytest.raises(ReadError, match="unpacks to 70 MiB"):
        read(buffer.getvalue(), name)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_part_is_named_as_damage(method: int) -> None:
    main = "xl/worksheets/sheet1.xml"
    buffer = io.BytesIO(sheet_of([["x" * 5_000]]))
    with zipfile.ZipFile(buffer) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        for name, content in parts.items():
            target.writestr(name, content)
        start = target.getinfo(main).header_offset + 30 + len(main)
    data = bytearray(buffer.getvalue())
    data[start + 5 : start + 60] = b"\xff" * 55
    with pytest.raises(ReadError, match="damaged or was cut off"):
        read(bytes(data), "a.xlsx")


@pytest.mark.parametrize("name", ["a.xlsx", "a.pptx"])
def test_damaged_files_are_refused(name: str) -> None:
    data = sheet_of([["x"]]) if name == "a.xlsx" else saved(pptx.Presentation())
    for broken in (data[:900], data[: len(data) // 2], b"PK\x03\x04" + b"\0" * 500):
        with pytest.raises(ReadError, match="damaged or was cut off"):
            read(broken, name)


def saved(deck: Deck) -> bytes:
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def test_slides_are_pages_with_titles_and_notes() -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "The mill"
    slide.placeholders[1].text = "Wheels\nStones"
    slide.notes_slide.notes_text_frame.text = "Say more of this."
    deck.slides.add_slide(deck.slide_layouts[6])
    bare = deck.slides.add_slide(deck.slide_layouts[6])
    bare.element.set("show", "0")
    bare.shapes.add_textbox(*BOX).text_frame.text = "Hidden, without title"
    document = read_sound(saved(deck), "a.pptx")
    assert (document.title, document.pages, document.textless_pages) == ("The mill", 3, 1)
    assert [
        (section.page, section.headings, document.text[section.body : section.end].strip())
        for section in document.sections
    ] == [
        (1, ("The mill",), "Wheels\nStones\n\nNotes: Say more of this."),
        (3, (), "Hidden, without title"),
    ]


def test_text_in_groups_tables_and_charts() -> None:
    deck = pptx.Presentation()
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    shapes.add_group_shape().shapes.add_group_shape().shapes.add_textbox(*BOX).text = "grouped"
    table = shapes.add_table(2, 2, *BOX).table
    for cell, text in zip(table.iter_cells(), ["Code", "Means", "E1", "no\nwater"], strict=True):
        cell.text = text
    data = CategoryChartData()
    data.categories = ["Ulm", "Bonn"]
    data.add_series("Mills", (3, 4))
    chart = shapes.add_chart(XL_CHART_TYPE.PIE, *BOX, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Mills by town"
    assert read_sound(saved(deck), "a.pptx").text.split("\n\n") == [
        "grouped",
        "Code | Means",
        "E1 | no water",
        "Mills by town",
        "Chart of Mills",
        "Ulm, Bonn",
    ]


def test_numbers_and_footers_of_slides_are_left_out() -> None:
    deck = pptx.Presentation()
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    for kind, text in (("sldNum", "7"), ("ftr", "Confidential"), ("body", "Kept")):
        box = shapes.add_textbox(*BOX)
        box.text_frame.text = text
        box._element.nvSpPr.nvPr.get_or_add_ph().set("type", kind)
    assert read_sound(saved(deck), "a.pptx").text == "Kept"


@pytest.mark.parametrize("suffix", ["pptm", "potx", "ppsx", "potm", "ppsm"])
def test_presentations_with_macros_templates_and_shows(suffix: str) -> None:
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_textbox(*BOX).text = "text"
    kind = "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml"
    data = changed(
        saved(deck),
        "[Content_Types].xml",
        lambda text: re.sub(r'(presentation\.xml" ContentType=")[^"]+', rf"\1{kind}", text),
    )
    assert read(data, f"a.{suffix}").text == "text"


def test_a_missing_slide_does_not_take_the_others_with_it() -> None:
    deck = pptx.Presentation()
    for text in ("one", "two", "three"):
        deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_textbox(*BOX).text = text
    document = read_sound(changed(saved(deck), "ppt/slides/slide2.xml", lambda _: ""), "a.pptx")
    assert (document.text, document.pages, document.textless_pages) == ("one\n\nthree", 3, 1)


def test_entities_are_not_resolved() -> None:
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_textbox(*BOX).text = "a TEXT b"
    doctype = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><p:sld'
    data = changed(
        saved(deck),
        "ppt/slides/slide1.xml",
        lambda text: text.replace("<p:sld", doctype, 1).replace("TEXT", "&e;"),
    )
    assert read(data, "a.pptx").text == "a"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pptx/testPPT.pptm", "This has been developed by Rajiv Kumar Nistala."),
        ("pptx/testPPT_comment.pptx", "Comment: I'm afraid I'm going to have to ask you"),
        ("pptx/tbl-cell.pptx", "having custom margins | vert anchor is inherited"),
        ("sheets/test-columnar.xlsx", "Record Number: 2 | Square of the Record Number: 4"),
        ("sheets/testDdeLink.xlsx", "Sheet1"),  # a part it names is missing
        ("sheets/testEXCEL_phonetic.xlsx", "Name: 豊田 | CompanyName: 豊田車会社"),
    ],
)
def test_real_files(name: str, said: str) -> None:
    assert_says(HARD / name, said)
