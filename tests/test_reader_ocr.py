"""Text recognition, and PDFs made to unpack to more than there is memory for."""

from __future__ import annotations

import io
import shutil
import stat
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from test_reader_pdf import drawn, outline
from test_reader_pdf_columns import IN_ORDER, line_by_line

from indexer.readers import ocr, read
from search.errors import ReadError, UsageError

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="the program tesseract is not installed"
)


@pytest.fixture(autouse=True)
def _disabled_again() -> Iterator[None]:
    yield
    ocr.disable()


def harbours(canvas: Canvas) -> None:
    canvas.setFont("Times-Bold", 18)
    canvas.drawString(72, 760, "Harbours of the coast")
    canvas.setFont("Times-Roman", 10)
    line_by_line(canvas)


def scan(data: bytes, *, turned: int = 0, typed: str = "", **options: str) -> bytes:
    """A PDF of pictures of the pages of another, after one page that is not a picture."""

    def draw(canvas: Canvas) -> None:
        if typed:
            canvas.drawString(72, 700, typed)
            canvas.showPage()
        with pypdfium2.PdfDocument(data) as pdf:
            for page in pdf:
                picture = page.render(scale=200 / 72, grayscale=True).to_pil()
                picture = picture.rotate(turned, expand=True)
                width, height = picture.width * 72 / 200, picture.height * 72 / 200
                canvas.setPageSize((width, height))
                canvas.drawImage(ImageReader(picture), 0, 0, width, height)
                canvas.showPage()

    return drawn(draw, **options)


@needs_tesseract
def test_a_scan_is_read_with_title_columns_and_paragraphs() -> None:
    ocr.enable()
    document = read(scan(drawn(harbours)), "a.pdf")
    assert document.title == "Harbours of the coast"
    assert (document.pages, document.textless_pages) == (1, 0)
    assert outline(document) == [(1, "Harbours of the coast", IN_ORDER)]


@needs_tesseract
def test_a_page_that_lies_on_its_side_is_read() -> None:
    if "osd" not in ocr._installed(str(shutil.which("tesseract"))):
        pytest.skip("tesseract's data for the direction of the writing is not installed")
    ocr.enable("eng")
    assert "The harbour master keeps a ledger" in read(scan(drawn(harbours), turned=90), "a").text


@needs_tesseract
def test_only_pages_without_text_are_recognised() -> None:
    data = scan(drawn(harbours), typed="A typed page: l1 O0.")
    assert read(data, "a.pdf").scanned == ""  # one of two is not most
    assert read(data, "a.pdf").textless_pages == 1
    ocr.enable()
    document = read(data, "a.pdf")
    assert document.text.startswith("A typed page: l1 O0.")
    assert "pilots are free" in document.text
    assert document.textless_pages == 0


def stub(folder: Path, script: str) -> None:
    """A program named tesseract that does something else."""
    program = folder / "tesseract"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


LISTS = 'if [ "$1" = --list-langs ]; then printf "List of languages:\\ndeu\\neng\\n"; exit; fi\n'


def test_it_is_off_until_enabled() -> None:
    assert not ocr.is_enabled()
    with pytest.raises(ReadError, match="probably a scan"):
        read(scan(drawn(harbours)), "a.pdf")


def test_without_tesseract_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as caught:
        ocr.enable()
    assert "tesseract" in caught.value.message
    assert "apt install tesseract-ocr" in caught.value.remedy
    assert not ocr.is_enabled()


@pytest.mark.parametrize(
    ("languages", "message", "remedy"),
    [
        ("deu+fra", "cannot read fra", "tesseract-ocr-fra"),
        ("--psm 3", "no list of languages", "deu+eng"),
        ("../eng", "no list of languages", "deu+eng"),
    ],
)
def test_languages_that_are_not_there(
    languages: str, message: str, remedy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stub(tmp_path, LISTS)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(UsageError, match=message) as caught:
        ocr.enable(languages)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("asked", "said", "given"),
    [("", "de", "deu"), ("", "fr", "eng"), ("", "", "eng"), ("deu+eng", "en", "deu+eng")],
)
def test_the_language_is_the_one_asked_for_or_that_of_the_document(
    asked: str, said: str, given: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = "5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t90\\t30\\t96\\t%s\\n"
    stub(tmp_path, LISTS + f'cat > /dev/null; printf "head\\n{row}" "$4"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    ocr.enable(asked)
    options = {"lang": said} if said else {}
    assert read(scan(drawn(harbours), **options), "a.pdf").text == given


@pytest.mark.parametrize("script", ["sleep 30", "cat > /dev/null; exit 1", "printf nonsense"])
def test_a_page_that_is_not_recognised_stays_without_text(
    script: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stub(tmp_path, LISTS + script.replace("sleep", "exec sleep"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("indexer.readers.ocr._SECONDS_A_PAGE", 0.5)
    ocr.enable()
    with pytest.raises(ReadError, match="text recognition found none"):
        read(scan(drawn(harbours)), "a.pdf")
    assert read(scan(drawn(harbours), typed="words"), "a.pdf").textless_pages == 1


# What is made to wear a reader down.


def packed(size: int) -> bytes:
    """That many spaces, compressed."""
    compress = zlib.compressobj(9)
    parts = [compress.compress(b" " * 1_000_000) for _ in range(size // 1_000_000)]
    return b"".join(parts) + compress.flush()


def pdf(*objects: bytes) -> bytes:
    """A PDF of one page, with its contents as object 4 and anything else from 5 on."""
    head = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /XObject << /X 5 0 R >> >> >>",
    )
    text, places = b"%PDF-1.7\n", []
    for number, each in enumerate((*head, *objects), 1):
        places.append(len(text))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(places) + 1
    return text + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(text))
    )


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


FLATE = b"/Filter /FlateDecode"
SHOW = stream(b"q 500 0 0 700 0 0 cm /X Do Q")
FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] "


def bombs() -> dict[str, bytes]:
    much = packed(1_500_000_000)
    twice = zlib.compress(much, 9)
    objects = stream(much, b"/Type /ObjStm /N 3 /First 20 " + FLATE)
    return {
        "page": pdf(stream(much, FLATE)),
        "packed twice": pdf(stream(twice, b"/Filter [/FlateDecode /FlateDecode]")),
        "form": pdf(SHOW, stream(much, FORM + FLATE)),
        "form in hex": pdf(
            SHOW, stream(much.hex().encode() + b">", FORM + b"/Filter [/AHx /FlateDecode]")
        ),
        "no end": pdf(stream(much, FLATE))[:-150],
        "objects": b"%PDF-1.7\n5 0 obj\n" + objects + b"\nendobj\ntrailer << /Root 1 0 R >>",
    }


def test_a_stream_that_inflates_to_gigabytes_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pypdfium2.PdfPage.get_textpage", lambda _: pytest.fail("pdfium was asked"))
    for name, data in bombs().items():
        assert len(data) < 4_000_000
        start = time.monotonic()
        with pytest.raises(ReadError, match="unpacks to more than is read"):
            read(data, f"{name}.pdf")
        assert time.monotonic() - start < 15, name


def test_a_page_that_unpacks_to_too_much_costs_only_that_page() -> None:
    page = drawn(lambda canvas: canvas.drawString(72, 700, "words"))
    writer = pypdfium2.PdfDocument(page)
    writer.import_pages(pypdfium2.PdfDocument(pdf(stream(packed(30_000_000), FLATE))))
    buffer = io.BytesIO()
    writer.save(buffer)
    document = read(buffer.getvalue(), "a.pdf")
    assert (document.text, document.pages, document.textless_pages) == ("words", 2, 1)


@pytest.mark.parametrize("declared", ["in place", "elsewhere"])
def test_a_picture_of_a_thousand_million_pixels_is_never_drawn(
    declared: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stub(tmp_path, LISTS + "echo asked >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("pypdfium2.PdfPage.render", lambda *_, **__: pytest.fail("it was drawn"))
    size = b"31623" if declared == "in place" else b"6 0 R"
    picture = b"/Type /XObject /Subtype /Image /Width %s /Height %s /ColorSpace /DeviceGray" % (
        size,
        size,
    )
    data = pdf(
        SHOW, stream(packed(1_000_000), picture + b" /BitsPerComponent 1 " + FLATE), b"31623"
    )
    ocr.enable()
    with pytest.raises(ReadError, match="text recognition found none"):
        read(data, "a.pdf")


@needs_tesseract
def test_a_page_as_large_as_a_field_is_drawn_small(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    render = pypdfium2.PdfPage.render

    def watched(page: pypdfium2.PdfPage, **options: object) -> object:
        bitmap = render(page, **options)
        sizes.append(bitmap.width * bitmap.height)
        return bitmap

    def draw(canvas: Canvas) -> None:
        canvas.setPageSize((60_000, 80_000))
        canvas.drawInlineImage(Image.new("L", (30, 40), 200), 0, 0, 60_000, 80_000)

    monkeypatch.setattr("indexer.readers.ocr._MOST_PIXELS", 1_000_000)
    monkeypatch.setattr(pypdfium2.PdfPage, "render", watched)
    ocr.enable()
    with pytest.raises(ReadError, match="text recognition found none"):
        read(drawn(draw), "a.pdf")
    assert len(sizes) == 1
    assert sizes[0] <= 1_010_000
