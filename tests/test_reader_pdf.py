"""PDF."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image
from pypdf import PageObject, PdfReader, PdfWriter
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    ListFlowable,
    PageBreak,
    Paragraph,
    Preformatted,
    SimpleDocTemplate,
    Table,
)

from indexer.readers import read
from search.errors import ReadError
from search.models import Document

STYLES = getSampleStyleSheet()
PROSE = (
    "The ferry leaves the east quay at seven in the morning on every day but Sunday, and it comes"
    " back as soon as the tide allows. Bicycles travel for nothing. Dogs pay half of the fare."
)


def outline(document: Document) -> list[tuple[int | None, str, list[str]]]:
    """Each section as its page, its heading trail and its blocks."""
    return [
        (
            part.page,
            " > ".join(part.headings),
            document.text[part.body : part.end].strip("\n").split("\n\n"),
        )
        for part in document.sections
    ]


def drawn(draw: Callable[[Canvas], None], **options: object) -> bytes:
    """A PDF drawn line by line."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pageCompression=0, **options)
    draw(canvas)
    canvas.save()
    return buffer.getvalue()


def lines(*texts: str, x: float = 72, top: float = 720, leading: float = 14) -> bytes:
    """A PDF of one page with these lines, None being a blank one."""

    def draw(canvas: Canvas) -> None:
        for number, text in enumerate(texts):
            canvas.drawString(x, top - leading * number, text)

    return drawn(draw)


def pages(*texts: str, header: str = "", footer: str = "") -> bytes:
    """A PDF with one line on each page, "" leaving it blank."""

    def draw(canvas: Canvas) -> None:
        for number, text in enumerate(texts, 1):
            canvas.drawString(72, 800, header.format(number))
            canvas.drawString(72, 700, text)
            canvas.drawString(72, 40, footer.format(number))
            canvas.showPage()

    return drawn(draw)


def scanned_pages(canvas: Canvas, count: int, stamp: str = "") -> None:
    """Pages that show a picture and no text."""
    for _ in range(count):
        canvas.drawInlineImage(Image.new("L", (40, 60), 200), 50, 50, 500, 700)
        canvas.drawString(72, 20, stamp)
        canvas.showPage()


def laid_out(*story: object) -> bytes:
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer, pageCompression=0).build(list(story))
    return buffer.getvalue()


def blocks(data: bytes) -> list[str]:
    return read(data, "a.pdf").text.split("\n\n")


def test_headings_paragraphs_lists_tables_and_listings() -> None:
    data = laid_out(
        Paragraph("The ferry", STYLES["Title"]),
        Paragraph(PROSE, STYLES["Normal"]),
        Paragraph("Fares", STYLES["Heading2"]),
        ListFlowable(
            [Paragraph(text, STYLES["Normal"]) for text in ("one", "two")], bulletType="bullet"
        ),
        Table([["Who", "Pays"], ["Dogs", "half"], ["Bicycles", "nothing"]]),
        PageBreak(),
        Paragraph("Baggage", STYLES["Heading3"]),
        Paragraph(PROSE, STYLES["Normal"]),
        Preformatted("if dog:\n    half()", STYLES["Code"]),
    )
    document = read(data, "a.pdf")
    assert (document.title, document.pages, document.textless_pages) == ("The ferry", 2, 0)
    assert outline(document) == [
        (1, "The ferry", [PROSE]),
        (
            1,
            "The ferry > Fares",
            ["• one", "• two", "Who | Pays", "Dogs | half", "Bicycles | nothing"],
        ),
        (2, "The ferry > Fares > Baggage", [PROSE, "if dog:\n    half()"]),
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(
            (
                "This line is as long as a line usually is in this",
                "paragraph. It ends here.",
                "The next paragraph begins after a short last line",
                "and goes on.",
            ),
            [
                "This line is as long as a line usually is in this paragraph. It ends here.",
                "The next paragraph begins after a short last line and goes on.",
            ],
            id="short last line",
        ),
        pytest.param(
            ("A word that was broken at the end of a line is put to-", "gether again, like this."),
            ["A word that was broken at the end of a line is put together again, like this."],
            id="hyphens",
        ),
        pytest.param(
            ("A paragraph comes first and is quite long, then", "", "", "another after a gap"),
            ["A paragraph comes first and is quite long, then", "another after a gap"],
            id="gap",
        ),
        pytest.param(
            ("Take along:", "- a lamp for the way back", "- boots", "1. one", "2. two"),
            ["Take along:", "• a lamp for the way back", "• boots", "1. one", "2. two"],
            id="lists",
        ),
        pytest.param(("Ferries ........ 12",), ["Ferries … 12"], id="leaders"),
        pytest.param(("two   spaces\u00a0here",), ["two spaces here"], id="spaces"),
    ],
)  # fmt: skip
def test_paragraphs(texts: tuple[str, ...], expected: list[str]) -> None:
    assert blocks(lines(*texts)) == expected


def test_pages_are_numbered_and_blank_ones_are_not_scans() -> None:
    document = read(pages("first", "", "third"), "a.pdf")
    assert outline(document) == [(1, "", ["first"]), (3, "", ["third"])]
    assert (document.pages, document.textless_pages, document.scanned) == (3, 0, "")


def test_repeated_headers_and_footers_are_left_out() -> None:
    words = ("alpha", "beta", "gamma", "delta", "epsilon")
    document = read(pages(*words, header="Ferry rules", footer="Page {} of 5"), "a.pdf")
    assert outline(document) == [(number, "", [word]) for number, word in enumerate(words, 1)]


def test_running_heads_of_chapters_are_left_out() -> None:
    """On left pages the chapter, on right ones nothing; no chapter is half of the book."""

    def draw(canvas: Canvas) -> None:
        for number in range(24):
            if number % 2:
                canvas.drawString(72, 800, f"Chapter {'ABCD'[number // 6]} on tides")
            canvas.drawString(72, 700, f"{'abcdefgh'[number % 8]} word {number}")
            canvas.showPage()

    document = read(drawn(draw), "a.pdf")
    assert "on tides" not in document.text
    assert document.pages == len(document.sections) == 24


def test_what_comes_again_within_the_text_is_kept() -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(12):
            canvas.drawString(
                72, 700, "OVERDUE" if 3 < number < 7 else f"word {'abcdefghijkl'[number]}"
            )
            canvas.drawString(72, 688, f"and {'lkjihgfedcba'[number]} goes on")
            canvas.showPage()

    assert read(drawn(draw), "a.pdf").text.count("OVERDUE") == 3


def test_what_stands_on_two_pages_may_be_meant() -> None:
    document = read(pages("one", "two", header="Ferry rules"), "a.pdf")
    assert document.text.count("Ferry rules") == 2


def test_bookmarks_are_headings() -> None:
    def draw(canvas: Canvas) -> None:
        for number, (level, title, text) in enumerate(
            [(0, "Quays", "1 Quays"), (1, "East quay", "East quay"), (0, "Not printed", "words")]
        ):
            canvas.bookmarkPage(str(number))
            canvas.addOutlineEntry(title, str(number), level)
            canvas.drawString(72, 740, f"before {'abc'[number]}")
            canvas.drawString(72, 700, text)
            canvas.drawString(72, 660, f"after {'abc'[number]}")
            canvas.showPage()

    assert outline(read(drawn(draw), "a.pdf")) == [
        (1, "", ["before a"]),
        (1, "1 Quays", ["after a"]),
        (2, "1 Quays", ["before b"]),
        (2, "1 Quays > East quay", ["after b"]),
        (3, "Not printed", ["before c", "words", "after c"]),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Ferries of the west coast", "Ferries of the west coast"),
        ("Microsoft Word - ferry.doc", ""),
        ("ferry_final.indd", ""),
        ("untitled", ""),
        ("", ""),
    ],
)
def test_titles(given: str, expected: str) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setTitle(given)
        canvas.drawString(72, 700, "All of it is as large as this.")

    assert read(drawn(draw), "a.pdf").title == expected


def test_the_largest_line_at_the_top_is_the_title_where_none_is_given() -> None:
    data = laid_out(
        Paragraph("Small words above", STYLES["Normal"]),
        Paragraph("The ferry", STYLES["Title"]),
        Paragraph(PROSE, STYLES["Normal"]),
    )
    assert read(data, "a.pdf").title == "The ferry"


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (3, "No page of the 3 has any text; it is probably a scan."),
        (1, "The only page has no text; it is probably a scan."),
    ],
)
def test_a_scan_is_refused_and_the_remedy_named(count: int, message: str) -> None:
    with pytest.raises(ReadError) as caught:
        read(drawn(lambda canvas: scanned_pages(canvas, count)), "a.pdf")
    assert caught.value.message == message
    assert "--ocr" in caught.value.remedy


def test_blank_pages_are_no_scan() -> None:
    with pytest.raises(ReadError, match="neither text nor pictures"):
        read(pages("", ""), "a.pdf")


def test_pages_that_only_show_a_picture_are_counted() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "A typed page.")
        canvas.showPage()
        canvas.line(72, 700, 300, 700)  # an empty page with a rule
        canvas.showPage()
        scanned_pages(canvas, 5)

    document = read(drawn(draw), "a.pdf")
    assert (document.pages, document.textless_pages) == (7, 5)
    assert document.scanned == "scanned, 5 of 7 pages have no text"


def test_letters_that_cannot_be_told_are_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some fonts do not say which letters their shapes are."""

    def extract(_: PageObject, visitor_text: Callable[..., None], **__: object) -> str:
        unit = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
        visitor_text("\x00\uffff\x03\n", unit, unit, None, 10.0)
        return ""

    monkeypatch.setattr(PageObject, "extract_text", extract)
    with pytest.raises(ReadError, match="The only page has no text"):
        read(pages("\x01\x02\x03\x04"), "a.pdf")


def test_a_stamp_on_each_picture_is_not_its_text() -> None:
    def draw(canvas: Canvas) -> None:
        scanned_pages(canvas, 4, stamp="Scanned at the town library")

    with pytest.raises(ReadError, match="No page of the 4 has any text"):
        read(drawn(draw), "a.pdf")


def test_pages_all_alike_are_kept_where_they_are_all_there_is() -> None:
    assert read(pages("Notice", "Notice", "Notice"), "a.pdf").text.count("Notice") == 3


def test_author_date_and_language_are_kept() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setAuthor("Ada Bell")
        canvas.drawString(72, 700, "words")

    writer = PdfWriter(PdfReader(io.BytesIO(drawn(draw, lang="de-CH"))))
    writer.add_metadata({"/Author": "Ada Bell", "/CreationDate": "D:20240630120000+02'00'"})
    buffer = io.BytesIO()
    writer.write(buffer)
    document = read(buffer.getvalue(), "a.pdf")
    assert (document.author, document.date, document.language) == ("Ada Bell", "2024-06-30", "de")


@pytest.mark.parametrize("name", ["(anonymous)", "Microsoft Office User", "unknown", "admin", ""])
def test_an_author_that_is_none(name: str) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setAuthor(name)
        canvas.drawString(72, 700, "words")

    assert read(drawn(draw), "a.pdf").author == ""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ﬁne oﬃce ﻟﻌ ＡＢ \uf02b/G43/G24/G14 end", "fine office لع AB end"),
        ("⾏ 𝑓(𝑥) ﬅay", "行 f(x) stay"),
        ("10² m, ½ price, №", "10² m, ½ price, №"),  # NFKC would change what is said
        ("zero\u200bwidth cafe\u0301", "zerowidth café"),
        ("T H E  T H I R D  P A R T", "THE THIRD PART"),
        ("very w i c h t i g e r word", "very wichtiger word"),
        ("vitamins A B C D E F G H", "vitamins A B C D E F G H"),
        ("it´s", "it´s"),
    ],
)
def test_letters_become_those_one_would_type(
    written: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def extract(_: PageObject, visitor_text: Callable[..., None], **__: object) -> str:
        unit = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
        visitor_text(f"{written}\n", unit, unit, None, 10.0)
        return ""

    monkeypatch.setattr(PageObject, "extract_text", extract)
    assert blocks(pages("x")) == [expected]


def test_accents_that_tex_draws_before_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    def extract(_: PageObject, visitor_text: Callable[..., None], **__: object) -> str:
        unit = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
        visitor_text(
            "Niels M¨oller, caf´e, ˇCech, na¨ıve\n", unit, unit, {"/BaseFont": "/X+CMR10"}, 10.0
        )
        return ""

    monkeypatch.setattr(PageObject, "extract_text", extract)
    assert blocks(pages("x")) == ["Niels Möller, café, Čech, naïve"]
