"""What was filled into the forms of PDFs."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject
from reportlab.pdfgen.canvas import Canvas
from test_readers import assert_sound

from indexer.readers import read
from search.models import Document

PDFS = Path(__file__).resolve().parents[2] / "shared" / "hard" / "pdf"


def form(*fill: Callable[[Canvas], object]) -> bytes:
    """A PDF with a page for each function, which draws on it."""
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    for draw in fill:
        canvas.drawString(72, 800, "Application")
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def field(y: int, value: str, **named: str) -> Callable[[Canvas], None]:
    return lambda canvas: canvas.acroForm.textfield(x=100, y=y, value=value, **named)


def read_sound(data: bytes) -> Document:
    document = read(data, "a.pdf")
    assert_sound(document)
    return document


def blocks(data: bytes) -> list[str]:
    return read_sound(data).text.split("\n\n")


def changed(data: bytes, change: Callable[[DictionaryObject], object]) -> bytes:
    """The PDF after something was done to each of its widgets."""
    writer = PdfWriter(PdfReader(io.BytesIO(data)))
    for page in writer.pages:
        for widget in page.get("/Annots", ()):
            change(widget.get_object())
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def test_values_stand_on_their_page_from_top_to_bottom_after_their_names() -> None:
    def first(canvas: Canvas) -> None:
        field(300, "Ulm", name="f1", tooltip="Town:")(canvas)
        field(500, "Ada Lovelace", name="Applicant")(canvas)
        field(400, "", name="empty", tooltip="Nothing")(canvas)

    document = read_sound(form(first, field(500, "42", name="topmostSubform[0].f2_01[0]")))
    assert document.text.split("\n\n") == [
        "Application", "Applicant: Ada Lovelace", "Town: Ulm", "Application", "42",
    ]  # fmt: skip
    assert [section.page for section in document.sections] == [1, 2]


@pytest.mark.parametrize("name", ["Text1", "textfield", "undefined", "x", "a_b", "fld[0]"])
def test_names_that_programs_gave_are_not_shown(name: str) -> None:
    assert blocks(form(field(500, "42", name=name)))[1:] == ["42"]


def test_passwords_and_hidden_fields_are_left_out() -> None:
    def fill(canvas: Canvas) -> None:
        canvas.acroForm.textfield(x=100, y=500, value="secret", fieldFlags="password")
        canvas.acroForm.textfield(x=100, y=400, value="unseen", annotationFlags="hidden")

    assert blocks(form(fill)) == ["Application"]


def test_choices_are_shown_as_people_read_them() -> None:
    def fill(canvas: Canvas) -> None:
        options = [("Germany", "de"), ("Norway", "no")]
        canvas.acroForm.choice(value="no", options=options, tooltip="Country", x=100, y=500)

    assert blocks(form(fill))[1:] == ["Country: Norway"]


def test_boxes_that_are_ticked_are_named() -> None:
    def fill(canvas: Canvas) -> None:
        canvas.acroForm.checkbox(x=100, y=500, checked=True, tooltip="I have a boat")
        canvas.acroForm.checkbox(x=100, y=400, checked=False, tooltip="I have a mill")

    assert blocks(form(fill))[1:] == ["I have a boat"]


def test_lines_of_a_value_stay_lines() -> None:
    def split(widget: DictionaryObject) -> None:
        widget[NameObject("/V")] = TextStringObject("Mill Lane 1\rUlm")

    data = changed(form(field(500, "x", tooltip="Address")), split)
    assert blocks(data)[1:] == ["Address: Mill Lane 1\nUlm"]


def test_the_field_above_a_widget_speaks_for_it() -> None:
    def move_up(widget: DictionaryObject) -> None:
        keys = [NameObject(key) for key in ("/V", "/FT", "/TU")]
        widget[NameObject("/Parent")] = DictionaryObject({key: widget.pop(key) for key in keys})

    data = changed(form(field(500, "Ada", tooltip="Name")), move_up)
    assert blocks(data)[1:] == ["Name: Ada"]


def test_fields_that_lie_in_themselves_and_odd_values_cost_themselves() -> None:
    def circle(widget: DictionaryObject) -> None:
        del widget["/V"]
        widget[NameObject("/Parent")] = widget.indirect_reference or widget
        widget[NameObject("/Rect")] = ArrayObject()

    assert blocks(changed(form(field(500, "x")), circle)) == ["Application"]
    odd = changed(
        form(field(500, "x")), lambda widget: widget.update({NameObject("/V"): ArrayObject()})
    )
    assert blocks(odd) == ["Application"]


def test_a_form_that_is_nothing_but_its_values_is_read() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    field(500, "Ada", tooltip="Name")(canvas)
    canvas.showPage()
    canvas.save()
    assert blocks(stream.getvalue()) == ["Name: Ada"]


@pytest.mark.parametrize(
    ("name", "said", "not_said"),
    [
        ("annotation-text-widget.pdf", "Single line, length 10: Lorem ipsu", "TextField"),
        ("issue19389.pdf", "Text: This should be visible", "This should be hidden"),
        ("bug1770750.pdf", "A", "/Ch"),
    ],
)
def test_real_files(name: str, said: str, not_said: str) -> None:
    path = next(PDFS.rglob(name), None)
    if path is None:
        pytest.skip(f"{name} is not there")
    text = read_sound(path.read_bytes()).text
    assert said in text.split("\n\n")
    assert not_said not in text
