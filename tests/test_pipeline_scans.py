"""Scans: said to be scans, and read when asked."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from conftest import run_index
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from indexer.worker import Limits
from search.engine import Engine
from search.queries import parse
from search.settings import Settings

NEEDS_TESSERACT = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed"
)


def scan(path: Path, *pages: str, text: str = "") -> None:
    """A PDF with pictures of ``pages`` and, if given, one page of ``text``."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842))
    for page in pages:
        picture = Image.new("L", (1240, 1754), 255)
        font = ImageFont.load_default(44)
        ImageDraw.Draw(picture).text((100, 200), page, font=font, fill=0)
        canvas.drawImage(ImageReader(picture), 0, 0, 595, 842)
        canvas.showPage()
    if text:
        canvas.drawString(72, 700, text)
        canvas.showPage()
    canvas.save()
    path.write_bytes(buffer.getvalue())


def found(settings: Settings, text: str) -> list[tuple[str, int | None]]:
    with Engine.of(settings) as engine:
        hits = engine.search(parse(text, "keyword")).hits
    return [(Path(hit.path).name, hit.page) for hit in hits]


def test_a_document_that_is_mostly_scanned_is_reported(settings: Settings, folder: Path) -> None:
    scan(folder / "mixed.pdf", "one", "two", text="The third page has words.")
    report = run_index(settings, folder)
    assert report.scanned == {
        folder / "mixed.pdf": "scanned, 2 of 3 pages have no text",
    }
    assert found(settings, "words") == [("mixed.pdf", 3)]


def test_a_document_with_one_picture_is_not_called_a_scan(settings: Settings, folder: Path) -> None:
    scan(folder / "half.pdf", "one", text="The second page has words.")
    assert run_index(settings, folder).scanned == {}


@NEEDS_TESSERACT
def test_scans_are_read_when_asked_though_they_did_not_change(
    settings: Settings, folder: Path
) -> None:
    scan(folder / "all.pdf", "The lighthouse keys")
    scan(folder / "mixed.pdf", "The harbour master", "A rowing boat", text="Words of text.")
    before = run_index(settings, folder)
    assert "--ocr" in before.failures[folder / "all.pdf"]
    assert run_index(settings, folder).unchanged == 2
    report = run_index(settings, folder, limits=Limits(ocr="eng"))
    assert (report.added, report.changed, report.failures, report.scanned) == (1, 1, {}, {})
    assert found(settings, "lighthouse") == [("all.pdf", 1)]
    assert found(settings, "rowing") == [("mixed.pdf", 2)]
    assert found(settings, "text") == [("mixed.pdf", 3)]
    assert run_index(settings, folder).unchanged == 2
