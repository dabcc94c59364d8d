"""PDFs that are encrypted, cut off or damaged, and what is still read of them."""

from __future__ import annotations

import io

import pytest
from pypdf import PageObject, PdfReader, PdfWriter
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.platypus import Paragraph
from test_reader_pdf import PROSE, STYLES, blocks, drawn, laid_out, outline, pages

from indexer.readers import read
from indexer.readers.pdf_fallback import Fallback
from search.errors import ReadError


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


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The pages that pypdf cannot read, by their places; the second, at first."""

    def fragile(page: PageObject, **options: object) -> str:
        if page.page_number in pages_:
            raise RecursionError
        return original(page, **options)

    pages_ = {1}
    original = PageObject.extract_text
    monkeypatch.setattr(PageObject, "extract_text", fragile)
    return pages_


def test_what_pypdf_cannot_read_is_read_by_pdfium(broken: set[int]) -> None:
    expected = [(1, "", ["first"]), (2, "", ["second"]), (3, "", ["third"])]
    assert outline(read(pages("first", "second", "third"), "a.pdf")) == expected
    broken |= {0, 2}
    assert outline(read(pages("first", "second", "third"), "a.pdf")) == expected


def test_a_page_that_neither_can_read_costs_only_that_page(
    broken: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fallback, "lines", lambda *_: None)
    assert outline(read(pages("first", "second", "third"), "a.pdf")) == [
        (1, "", ["first"]),
        (3, "", ["third"]),
    ]
    broken |= {0, 2}
    with pytest.raises(ReadError, match="None of the pages"):
        read(pages("first", "second", "third"), "a.pdf")


def test_what_pypdf_cannot_open_is_read_by_pdfium(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError

    data = laid_out(
        Paragraph("The ferry", STYLES["Title"]),
        Paragraph(PROSE, STYLES["Normal"]),
        Paragraph("<b>Fares</b> are due on board.", STYLES["Normal"]),
    )
    expected = read(data, "a.pdf")
    monkeypatch.setattr("indexer.readers.pdf.PdfReader", refuse)
    assert read(data, "a.pdf") == expected


def test_long_documents_are_read_by_pdfium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.readers.pdf._LONG", 2)
    monkeypatch.setattr(PageObject, "extract_text", lambda *_, **__: pytest.fail("pypdf was asked"))
    assert outline(read(pages("one", "two", "three"), "a.pdf"))[2] == (3, "", ["three"])


def test_too_many_pages_are_refused_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.readers.pdf._PAGE_LIMIT", 2)
    with pytest.raises(ReadError, match="has 3 pages, and 2 are read") as caught:
        read(pages("one", "two", "three"), "a.pdf")
    assert "Split it" in caught.value.remedy
