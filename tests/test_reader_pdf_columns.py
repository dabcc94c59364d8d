"""Columns, spaced letters and the like: where on a page of a PDF the text stands."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas
from test_reader_pdf import blocks, drawn, outline

from indexer.readers import read

LEFT = (
    "The harbour master keeps a ledger in",
    "which every vessel that enters is re-",
    "corded with its draught, its cargo and",
    "the name of whoever commands it. In a",
    "storm the ledger is closed and the har-",
    "bour chain is raised across the mouth.",
)
RIGHT = (
    "Fees are paid at the customs house be-",
    "fore noon. Fishing boats under ten me-",
    "tres pay nothing, and pilots are free",
    "of all dues. A vessel that stays longer",
    "than a week pays a daily rate that is",
    "set by the council every January first.",
)
IN_ORDER = [
    "The harbour master keeps a ledger in which every vessel that enters is recorded with its"
    " draught, its cargo and the name of whoever commands it. In a storm the ledger is closed and"
    " the harbour chain is raised across the mouth.",
    "Fees are paid at the customs house before noon. Fishing boats under ten metres pay nothing,"
    " and pilots are free of all dues. A vessel that stays longer than a week pays a daily rate"
    " that is set by the council every January first.",
]
ACROSS = (
    "A line as wide as the page is, which goes on below both of the two columns that stand above."
)


def one_after_the_other(canvas: Canvas) -> None:
    for x, column in ((72, LEFT), (310, RIGHT)):
        for number, line in enumerate(column):
            canvas.drawString(x, 700 - 13 * number, line)


def line_by_line(canvas: Canvas, lower: float = 0) -> None:
    for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        canvas.drawString(72, 700 - 13 * number, left)
        canvas.drawString(310, 700 - 13 * number - lower, right)


def in_one_go(canvas: Canvas) -> None:
    """As one text object, whose pieces pypdf joins where they stand on one line."""
    text = canvas.beginText(72, 700)
    for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        text.setTextOrigin(72, 700 - 13 * number)
        text.textOut(left)
        text.setTextOrigin(310, 700 - 13 * number)
        text.textOut(right)
    canvas.drawText(text)


@pytest.mark.parametrize(
    "write",
    [
        one_after_the_other,
        line_by_line,
        in_one_go,
        pytest.param(lambda canvas: line_by_line(canvas, lower=5), id="on other base lines"),
    ],
)
def test_columns_are_read_one_after_the_other(write: object) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 10)
        write(canvas)

    assert blocks(drawn(draw)) == IN_ORDER


def test_what_is_as_wide_as_the_page_parts_the_columns_above_and_below() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Bold", 18)
        canvas.drawString(150, 760, "Harbours of the coast")
        canvas.setFont("Times-Roman", 10)
        line_by_line(canvas)
        canvas.drawString(72, 600, ACROSS)
        canvas.translate(0, -140)
        line_by_line(canvas)

    document = read(drawn(draw), "a.pdf")
    assert outline(document) == [(1, "Harbours of the coast", [*IN_ORDER, ACROSS, *IN_ORDER])]


def test_a_table_is_read_row_by_row() -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(12):
            for x, cell in ((72, f"Vessel number {number}"), (310, f"{number * 13} tonnes")):
                canvas.drawString(x, 700 - 13 * number, cell)

    expected = [f"Vessel number {number} | {number * 13} tonnes" for number in range(12)]
    assert blocks(drawn(draw)) == expected


def test_a_table_of_entries_in_words_is_read_row_by_row() -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(8):
            canvas.drawString(72, 700 - 13 * number, f"Ferry {number} to the outer islands")
            canvas.drawString(310, 700 - 13 * number, f"Leaves from quay {number} at noon")

    assert blocks(drawn(draw))[3] == ("Ferry 3 to the outer islands | Leaves from quay 3 at noon")


def letter_by_letter(canvas: Canvas) -> None:
    for number, letter in enumerate("THE SECOND PART"):
        canvas.drawString(72 + 16 * number, 700, letter)


def with_spacing(canvas: Canvas) -> None:
    text = canvas.beginText(72, 700)
    text.setCharSpace(6)
    text.textOut("THE SECOND PART")
    canvas.drawText(text)


def with_spaces(canvas: Canvas) -> None:
    canvas.drawString(72, 700, "T H E  S E C O N D  P A R T")


@pytest.mark.parametrize("write", [letter_by_letter, with_spacing, with_spaces])
def test_a_heading_in_spaced_letters_is_made_of_words(write: object) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 14)
        write(canvas)
        canvas.setFont("Times-Roman", 10)
        for number, line in enumerate(LEFT):
            canvas.drawString(72, 660 - 13 * number, line)

    assert outline(read(drawn(draw), "a.pdf")) == [(1, "THE SECOND PART", IN_ORDER[:1])]
