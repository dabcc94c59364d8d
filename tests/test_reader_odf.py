"""OpenDocument: texts, spreadsheets and presentations, packed and flat."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from test_readers import assert_says, assert_sound

from indexer.readers import read
from search.errors import ReadError
from search.models import Document

HARD = Path(__file__).resolve().parents[2] / "shared" / "hard"
NAMES = (
    "office style text table drawing:draw presentation meta xlink svg-compatible:svg form script"
)
KINDS = {"odt": "text", "ods": "spreadsheet", "odp": "presentation"}
DECLARED = " ".join(
    f'xmlns:{name.rpartition(":")[2]}="urn:oasis:names:tc:opendocument:xmlns:'
    f'{name.partition(":")[0]}:1.0"'
    for name in NAMES.split()
)
DUBLIN_CORE = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def flat(kind: str, body: str, *, styles: str = "", meta: str = "") -> bytes:
    mimetype = f"application/vnd.oasis.opendocument.{KINDS[kind]}"
    return (
        f'<?xml version="1.0"?><office:document {DECLARED} {DUBLIN_CORE}'
        f' office:mimetype="{mimetype}"><office:meta>{meta}</office:meta>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:{KINDS[kind]}>{body}</office:{KINDS[kind]}></office:body></office:document>"
    ).encode()


def packed(kind: str, body: str, *, meta: str = "", manifest: str = "") -> bytes:
    """The same as a ZIP archive, as programs save it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{KINDS[kind]}")
        archive.writestr("content.xml", flat(kind, body))
        archive.writestr(
            "meta.xml",
            f"<office:document-meta {DECLARED} {DUBLIN_CORE}><office:meta>{meta}</office:meta>"
            "</office:document-meta>",
        )
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return buffer.getvalue()


def read_flat(kind: str, body: str, *, styles: str = "") -> Document:
    document = read(flat(kind, body, styles=styles), f"a.f{kind}")
    assert_sound(document)
    assert document.kind == kind
    return document


def blocks(body: str) -> list[str]:
    return read_flat("odt", body).text.split("\n\n")


def test_headings_lists_and_tables_in_order() -> None:
    document = read_flat(
        "odt",
        "<text:p text:style-name='P1'>The mill</text:p><text:p>Before.</text:p>"
        "<text:h text:outline-level='1'>Wheels</text:h>"
        "<text:list><text:list-item><text:p>one</text:p><text:p>more of it</text:p><text:list>"
        "<text:list-item><text:p>inner</text:p></text:list-item></text:list></text:list-item>"
        "<text:list-item><text:p>two</text:p></text:list-item></text:list>"
        "<text:section><text:list><text:list-item><text:h text:outline-level='2'>Stones</text:h>"
        "</text:list-item></text:list></text:section>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Code"
        "</text:p></table:table-cell><table:table-cell><text:p>Means</text:p></table:table-cell>"
        "</table:table-row></table:table-header-rows><table:table-row><table:table-cell>"
        "<text:p>E1</text:p></table:table-cell><table:table-cell><text:p>no</text:p><text:p>water"
        "</text:p></table:table-cell></table:table-row></table:table>",
        styles="<style:style style:name='P1' style:parent-style-name='Title'/>",
    )
    assert document.title == "The mill"
    assert [
        (" > ".join(part.headings), document.text[part.body : part.end].strip().split("\n\n"))
        for part in document.sections
    ] == [
        ("The mill", ["Before."]),
        ("The mill > Wheels", ["• one", "more of it", "• inner", "• two"]),
        ("The mill > Wheels > Stones", ["Code | Means", "E1 | no water"]),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p>"
            "</text:deletion></text:changed-region></text:tracked-changes>"
            "<text:p>kept<text:change-start/> and added<text:change-end/></text:p>",
            ["kept and added"],
            id="tracked changes",
        ),
        pytest.param(
            "<text:p>Said<text:note><text:note-citation>1</text:note-citation><text:note-body>"
            "<text:p>By Ann.</text:p></text:note-body></text:note> again.</text:p>"
            "<text:p>Next.</text:p>",
            ["Said[1] again.", "By Ann.", "Next."],
            id="footnote",
        ),
        pytest.param(
            "<text:p>a<text:s text:c='999999999'/>b<text:tab/>c<text:line-break/>d<text:span>e"
            "</text:span></text:p>",
            ["a b c\nde"],
            id="spaces and breaks",
        ),
        pytest.param(
            "<text:p>box<draw:frame><draw:text-box><text:p>inside</text:p></draw:text-box>"
            "</draw:frame> here</text:p>",
            ["box here", "inside"],
            id="text box",
        ),
        pytest.param(
            "<text:table-of-content><text:index-body><text:p>Wheels 7</text:p></text:index-body>"
            "</text:table-of-content><text:p>Text.<office:annotation><text:p>why?</text:p>"
            "</office:annotation></text:p>",
            ["Text."],
            id="contents and comments",
        ),
    ],
)  # fmt: skip
def test_text_wherever_it_stands(body: str, expected: list[str]) -> None:
    assert blocks(body) == expected


@pytest.mark.parametrize("kind", ["odt", "ods", "odp"])
def test_properties_of_packed_and_flat_files(kind: str) -> None:
    bodies = {
        "odt": "<text:p>text</text:p>",
        "ods": sheet(texts("text")),
        "odp": "<draw:page><draw:frame><text:p>text</text:p></draw:frame></draw:page>",
    }
    meta = (
        "<dc:title>Mill register</dc:title><dc:creator>Someone else</dc:creator>"
        "<meta:initial-creator>Anna Müller</meta:initial-creator>"
        "<dc:date>2023-04-05T10:00:00</dc:date><dc:language>de-AT</dc:language>"
    )
    for data, name in (
        (flat(kind, bodies[kind], meta=meta), f"a.f{kind}"),
        (packed(kind, bodies[kind], meta=meta), f"a.{kind}"),
    ):
        document = read(data, name)
        assert_sound(document)
        given = (document.title, document.author, document.date, document.language)
        assert given == ("Mill register", "Anna Müller", "2023-04-05", "de")
        assert document.text.endswith("text")


@pytest.mark.parametrize(("kind", "label"), [("odt", "text document"), ("ods", "spreadsheet")])
def test_encrypted_files_are_refused(kind: str, label: str) -> None:
    data = packed(kind, "", manifest="<encryption-data/>")
    with pytest.raises(ReadError, match=f"The {label} is protected with a password"):
        read(data, f"a.{kind}")


@pytest.mark.parametrize("kind", ["odt", "ods", "odp"])
def test_damaged_files_and_bombs_are_refused(kind: str) -> None:
    with pytest.raises(ReadError, match="damaged or was cut off"):
        read(flat(kind, "<text:p>text</text:p>")[:-60], f"a.f{kind}")
    with pytest.raises(ReadError, match="damaged or was cut off"):
        read(packed(kind, "<text:p>text</text:p>")[:300], f"a.{kind}")
    with pytest.raises(ReadError, match="unpacks to"):
        read(packed(kind, " " * (70 * 2**20)), f"a.{kind}")


@pytest.mark.parametrize("kind", ["odt", "ods", "odp"])
def test_entities_are_not_resolved(kind: str) -> None:
    doctype = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><office:document '
    paragraph = "<text:p>a</text:p><text:p>&e;</text:p>"
    body = {
        "odt": paragraph,
        "ods": sheet(row(paragraph)),
        "odp": f"<draw:page><draw:frame>{paragraph}</draw:frame></draw:page>",
    }[kind]
    data = flat(kind, body).replace(b"<office:document ", doctype)
    assert read(data, f"a.f{kind}").text.split("\n")[-1] == "a"


def sheet(rows: str, name: str = "Mills") -> str:
    return f"<table:table table:name='{name}'>{rows}</table:table>"


def row(*cells: str, repeated: int = 1) -> str:
    inner = "".join(f"<table:table-cell>{cell}</table:table-cell>" for cell in cells)
    return f"<table:table-row table:number-rows-repeated='{repeated}'>{inner}</table:table-row>"


def texts(*values: str) -> str:
    return row(*(f"<text:p>{value}</text:p>" for value in values))


def test_sheets_are_headings_and_rows_places() -> None:
    document = read_flat(
        "ods",
        sheet(row("", repeated=2) + texts("Name", "Wheels") + texts("Upper", "2"))
        + sheet("", "Empty")
        + sheet(texts("secret"), "Hidden"),
    )
    assert document.text.split("\n\n") == [
        "Mills",
        "Name | Wheels\nName: Upper | Wheels: 2",
        "Hidden",
        "secret",
    ]
    places = [(section.headings, section.place) for section in document.sections if section.place]
    assert places == [(("Mills",), "rows 3–4"), (("Hidden",), "row 1")]


def test_dates_are_written_in_one_form_and_comments_kept() -> None:
    cells = (
        "<table:table-row><table:table-cell office:value-type='date'"
        " office:date-value='2024-06-30T00:00:00'><text:p>30.06.24</text:p></table:table-cell>"
        "<table:table-cell office:value-type='percentage' office:value='0.25'><text:p>25 %</text:p>"
        "<office:annotation><text:p>a guess</text:p></office:annotation></table:table-cell>"
        "</table:table-row>"
    )
    assert read_flat("ods", sheet(cells)).text.split("\n\n")[1:] == [
        "2024-06-30 | 25 %",
        "Comment on “25 %”: a guess",
    ]


def test_repeated_rows_and_cells_do_not_explode() -> None:
    filled = (
        "<table:table-row table:number-rows-repeated='1000000'>"
        "<table:table-cell table:number-columns-repeated='16384'><text:p>x</text:p>"
        "</table:table-cell><table:table-cell table:number-columns-repeated='999999999'/>"
        "</table:table-row>"
    )
    document = read_flat("ods", sheet(filled + row("", repeated=999_999_999) + texts("last")))
    assert len(document.text) < 200_000
    assert document.text.endswith("last")
    assert document.sections[-1].place == "row 1001000000"


def test_a_large_sheet_is_summarised() -> None:
    rows = "".join(texts(str(number), ("Ulm", "Bonn")[number % 2]) for number in range(12_000))
    document = read_flat("ods", sheet(texts("no", "town") + rows))
    assert len(document.text) < 100_000
    assert "no: 0 to 199\ntown: Ulm; Bonn\n" in document.text


def test_tables_of_charts_in_a_sheet_are_no_sheets() -> None:
    for kind in ("chart", "spreadsheet"):
        inner = f"<office:body><office:{kind}>{sheet(texts('9'))}</office:{kind}></office:body>"
        shown = f"<draw:object><office:document>{inner}</office:document></draw:object>"
        shapes = f"<table:shapes><draw:frame>{shown}</draw:frame></table:shapes>"
        assert read_flat("ods", sheet(shapes + texts("x"))).text == "Mills\n\nx"


def test_slides_are_pages_with_titles_and_notes() -> None:
    document = read_flat(
        "odp",
        "<draw:page><draw:frame presentation:class='outline'><draw:text-box><text:list>"
        "<text:list-item><text:p>Wheels</text:p></text:list-item></text:list></draw:text-box>"
        "</draw:frame><draw:frame presentation:class='title'><draw:text-box><text:p>The mill"
        "</text:p></draw:text-box></draw:frame><draw:frame presentation:class='footer'>"
        "<draw:text-box><text:p>Confidential</text:p></draw:text-box></draw:frame>"
        "<presentation:notes><draw:frame presentation:class='notes'><draw:text-box>"
        "<text:p>Say more.</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"
        "<draw:page/><draw:page><draw:g><draw:custom-shape><text:p>grouped</text:p>"
        "</draw:custom-shape></draw:g>"
        f"<draw:frame>{sheet(texts('a', 'b'))}</draw:frame></draw:page>",
    )
    assert (document.title, document.pages, document.textless_pages) == ("The mill", 3, 1)
    assert [
        (section.page, section.headings, document.text[section.body : section.end].strip())
        for section in document.sections
    ] == [
        (1, ("The mill",), "• Wheels\n\nNotes: Say more."),
        (3, (), "grouped\n\na | b"),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("odt/testODFwithOOo3.odt", "Another interesting project is [Solr]"),
        ("odt/testODTStyles2.odt", "Identificatie vredegerecht | Vredegerecht Name"),
        ("odt/testODTNoMeta.odt", "Test text"),
        ("sheets/testFooter.ods", "Data 3 | Data 4"),
        ("sheets/testFODS_embeddedChart.fods", "A\n1"),
    ],
)
def test_real_files(name: str, said: str) -> None:
    assert_says(HARD / name, said)
