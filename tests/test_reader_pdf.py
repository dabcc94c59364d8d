"""PDF."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from pypdf import PageObject, PdfReader, PdfWriter
from reportlab.lib.pdfencrypt import StandardEncryption
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


def test_columns_are_read_one_after_the_other() -> None:
    def draw(canvas: Canvas) -> None:
        for x, column in ((72, "left"), (320, "right")):
            for number in range(8):
                canvas.drawString(
                    x, 700 - 14 * number, f"{column} column line {number} goes on and"
                )

    text = read(drawn(draw), "a.pdf").text
    assert text.index("left column line 7") < text.index("right column line 0")


def test_pages_are_numbered_and_blank_ones_counted() -> None:
    document = read(pages("first", "", "third"), "a.pdf")
    assert outline(document) == [(1, "", ["first"]), (3, "", ["third"])]
    assert (document.pages, document.textless_pages) == (3, 1)


def test_repeated_headers_and_footers_are_left_out() -> None:
    words = ("alpha", "beta", "gamma", "delta", "epsilon")
    document = read(pages(*words, header="Ferry rules", footer="Page {} of 5"), "a.pdf")
    assert outline(document) == [(number, "", [word]) for number, word in enumerate(words, 1)]


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
    ("texts", "message"),
    [
        (("", "", ""), "No page of the 3 has any text; it is probably a scan."),
        (("",), "The only page has no text; it is probably a scan."),
    ],
)
def test_scans(texts: tuple[str, ...], message: str) -> None:
    with pytest.raises(ReadError) as caught:
        read(pages(*texts), "a.pdf")
    assert caught.value.message == message
    assert "text recognition" in caught.value.remedy


def test_encrypted_with_a_password() -> None:
    data = drawn(
        lambda canvas: canvas.drawString(72, 700, "secret"), encrypt=StandardEncryption("pass")
    )
    with pytest.raises(ReadError) as caught:
        read(data, "a.pdf")
    assert caught.value.message == "The PDF is encrypted."
    assert caught.value.remedy == "Remove its password and index again."


def test_encrypted_with_an_empty_password() -> None:
    data = drawn(
        lambda canvas: canvas.drawString(72, 700, "open"),
        encrypt=StandardEncryption("", ownerPassword="owner"),
    )
    assert blocks(data) == ["open"]


def test_encrypted_with_aes_and_an_empty_password() -> None:
    pytest.importorskip("cryptography")
    writer = PdfWriter(PdfReader(io.BytesIO(pages("open"))))
    writer.encrypt("", "owner", algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    assert blocks(buffer.getvalue()) == ["open"]


def test_cut_in_half_what_is_left_is_read() -> None:
    data = pages(*(f"This is what stands on page {number}." for number in range(20)))
    document = read(data[: len(data) // 2], "a.pdf")
    assert "This is what stands on page 0." in document.text
    assert "This is what stands on page 19." not in document.text
    assert document.pages == 20
    assert document.textless_pages > 0


def test_cut_off_before_the_first_page() -> None:
    with pytest.raises(ReadError, match="damaged or was cut off"):
        read(pages("first")[:120], "a.pdf")


def test_a_broken_page_costs_only_that_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fragile(page: PageObject, **options: object) -> str:
        if page.page_number in broken:
            raise RecursionError
        return original(page, **options)

    broken = {1}
    original = PageObject.extract_text
    monkeypatch.setattr(PageObject, "extract_text", fragile)
    assert outline(read(pages("first", "second", "third"), "a.pdf")) == [
        (1, "", ["first"]),
        (3, "", ["third"]),
    ]
    broken |= {0, 2}
    with pytest.raises(ReadError, match="None of the pages"):
        read(pages("first", "second", "third"), "a.pdf")


def test_ligatures_and_letter_forms_become_plain_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    def extract(_: PageObject, visitor_text: Callable[..., None]) -> str:
        unit = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
        visitor_text("ﬁne oﬃce ﻟﻌ ＡＢ \uf02b/G43/G24/G14 end\n", unit, unit, None, 10.0)
        return ""

    monkeypatch.setattr(PageObject, "extract_text", extract)
    assert blocks(pages("x")) == ["fine office لع AB end"]
