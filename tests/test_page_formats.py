"""What the pages show of formats whose parts are rows, times, lines, slides and files in files."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from conftest import run_index
from web_site import BEES, Site, settings_for, write_pdf, write_scan

from indexer.readers.formats import formats
from search.engine import Engine
from search.models import Span
from web import create_app
from web.catalogue import LANGUAGES, texts_in
from web.looks import Look, look_of
from web.markup import paragraphs
from web.wording import kind_label, origin, whereabouts

NOTICE = "The pontoon will be closed for repairs of its decking from May to the end of the season."
TABLE = "berth,boat,<b>remarks</b>\n" + "".join(
    f"B{number},Kestrel,owes the winter storage fee since October {number} <script>\n"
    for number in range(60)
)
CODE = '''"""Tides."""


def high_water(port: str, day: int) -> float:
    """When the water stands highest; the harmonic constituents are those of the almanac."""
    hours = {"Holm": 4.5, "Wick": 6.25}

    return hours[port] + day * 0.84
'''
SUBTITLES = "".join(
    f"{number + 1}\n00:{number * 10 // 60:02}:{number * 10 % 60:02},000 --> "
    f"00:{number * 10 // 60:02}:{number * 10 % 60 + 5:02},000\n"
    f"Open the sea cock before you start engine number {number}.\n\n"
    for number in range(18)
)
GERMAN = "Die Bienen waren vor dem Frühstück ausgeschwärmt und hingen im Pflaumenbaum. " * 3


def write_library(folder: Path) -> Path:
    """A folder with one document or more of each kind that is shown in a way of its own."""
    folder.mkdir()
    (folder / "fees.csv").write_text(TABLE)
    (folder / "tides.py").write_text(CODE)
    (folder / "course.srt").write_text(SUBTITLES)
    (folder / "bienen.txt").write_text(GERMAN)
    for name in ("gate", "quay", "office"):
        (folder / f"{name}.md").write_text(f"# At the {name}\n\nFirst.\n\n## Notice\n\n{NOTICE}\n")
    write_scan(folder / "deed.pdf", pages=4)
    message = EmailMessage()
    message["From"] = "Jo Penrose <jo@example.org>"
    message["To"] = "harbour@example.org"
    message["Subject"] = "Where the masts are kept"
    message["Date"] = "Mon, 03 Jun 2024 09:12:00 +0200"
    message.set_content("The unstepped masts lie on trestles behind the chandler's shed.\n")
    attached = b"mast,boat\n1,Sandpiper\n2,Vesper\n"
    message.add_attachment(attached, maintype="text", subtype="csv", filename="masts.csv")
    (folder / "masts.eml").write_bytes(bytes(message))
    write_pdf(folder / "manual.pdf")
    with ZipFile(folder / "all.zip", "w", ZIP_DEFLATED) as archive:
        archive.writestr("inner/bees.txt", BEES)
        archive.write(folder / "manual.pdf", "inner/manual.pdf")
    (folder / "manual.pdf").unlink()
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place = tmp_path_factory.mktemp("formats")
    settings, library = settings_for(place), write_library(place / "library")
    report = run_index(settings, library)
    assert not report.failures, report.failures
    with Engine.of(settings) as engine:
        yield Site(settings, library, engine, create_app(settings, engine))


# Results


@pytest.mark.parametrize(
    ("query", "title", "kind", "facts"),
    [
        ("trestles+behind+chandler", "Where the masts are kept", "Message",
         ["Jo Penrose", "3 June 2024"]),
        ("harmonic+constituents+almanac", "tides.py", "Code", ["lines 4–8"]),
        ("Pflaumenbaum", "bienen.txt", "Text", ["German"]),
        ("impeller+gravel", "Pond pump manual", "PDF", ["Kim Weir", "1 January 2000", "page 3"]),
        ("plum+tree", "bees.txt", "Text", []),
    ],
)  # fmt: skip
def test_a_result_tells_who_when_and_where(
    site: Site, query: str, title: str, kind: str, facts: list[str]
) -> None:
    first = site.page(f"/?q={query}&mode=keyword").all("ol.results > li")[0]
    assert first.texts("h3") == [title]
    assert first.texts(".kind") == [kind]
    assert first.texts(".fact") == facts


def test_rows_and_times_are_told(site: Site) -> None:
    places = site.page("/?q=winter+storage+fee&mode=keyword&k=50").texts(".page")
    assert places
    assert all(place.startswith("rows ") for place in places)
    first = site.page("/?q=sea+cock&mode=keyword").texts(".page")[0]
    assert first in ("00:00:00–00:00:55", "00:01:00–00:01:55", "00:02:00–00:02:55")


def test_a_passage_that_many_documents_have_is_shown_once_and_counted(site: Site) -> None:
    results = site.page("/?q=pontoon+decking+repairs&mode=keyword").all("ol.results > li")
    shown = [result for result in results if NOTICE in result.text]
    assert len(shown) == 1
    assert "also in 2 documents" in shown[0].texts(".links span")
    hit = site.get("/api/v1/search?q=pontoon+decking+repairs&mode=keyword")["hits"][0]
    assert hit["also_in"] == 2


def test_rows_of_a_table_are_set_as_rows_and_nothing_in_them_is_markup(site: Site) -> None:
    result = site.page("/?q=winter+storage+fee&mode=keyword").all("ol.results > li")[0]
    hit = site.get("/api/v1/search?q=winter+storage+fee&mode=keyword")["hits"][0]
    assert result.all(".text")[0].text == hit["text"]
    assert len(result.all(".row")) == len(hit["text"].split("\n"))
    assert {"berth:", "boat:"} <= set(result.texts(".row i"))
    assert "storage" in result.texts(".row mark")
    assert not result.all("script, b")


# The viewer


def test_every_passage_of_every_format_is_marked_exactly(site: Site) -> None:
    seen = set()
    with site.engine.collection.store.reading() as reading:
        rows = [reading.document(key) for key in reading.document_keys()]
    for row in rows:
        assert row is not None
        for passage in row.passages:
            span = f"start={passage.start}&end={passage.end}&q=the+boat+berth+water+hours&view=text"
            (found,) = site.page(f"/documents/{row.key}?{span}").all("#passage")
            assert found.text == row.document.text[passage.start : passage.end]
            seen.add(row.document.kind)
    assert seen == {"csv", "code", "subtitles", "text", "markdown", "pdf", "mail"}


def test_places_are_set_apart_and_listed(site: Site) -> None:
    page = site.page(f"/documents/{site.number('course.srt')}")
    places = [section.place for section in site.row("course.srt").document.sections]
    assert len(places) > 1
    assert page.texts(".page-mark") == places
    assert page.texts(".contents li") == places
    for link in page.links(".contents a"):
        assert page.all(link)


def test_code_is_set_as_code_under_the_names_it_defines(site: Site) -> None:
    page = site.page(f"/documents/{site.number('tides.py')}")
    assert page.texts("article h2") == ["high_water"]
    code = [element.text for element in page.all("p.code code")]
    assert code[1].endswith('\n    hours = {"Holm": 4.5, "Wick": 6.25}')
    assert code[2] == "    return hours[port] + day * 0.84"
    assert page.texts(".page-mark") == ["line 1", "lines 4–8"]


def test_a_scan_says_so_and_what_to_do(site: Site) -> None:
    page = site.page(f"/documents/{site.number('deed.pdf')}")
    (notice,) = page.texts(".about .notice")
    assert notice.startswith("Scanned, 3 of 4 pages have no text.")
    assert "--ocr" in notice
    assert page.texts(".about .links span") == ["4 pages"]
    assert not site.page(f"/documents/{site.number('manual.pdf')}").all(".notice")
    document = site.get(f"/api/v1/documents/{site.number('deed.pdf')}")
    assert document["scanned"] == "scanned, 3 of 4 pages have no text"
    assert list(site.get("/api/v1/status")["scanned"]) == [str(site.library / "deed.pdf")]


def test_who_when_and_in_what_language_stands_in_the_viewer(site: Site) -> None:
    def facts(name: str) -> list[str]:
        return site.page(f"/documents/{site.number(name)}").texts(".about .fact")

    assert facts("masts.eml") == ["Jo Penrose", "3 June 2024"]
    assert facts("bienen.txt") == ["German"]
    assert facts("tides.py") == []


# Files in files


@pytest.mark.parametrize(
    ("name", "holder"), [("manual.pdf", "all.zip"), ("masts.csv", "masts.eml")]
)
def test_of_a_file_in_another_that_other_is_handed_out(site: Site, name: str, holder: str) -> None:
    number = site.number(name)
    page = site.page(f"/documents/{number}")
    (link,) = page.all(".about .links a")
    assert link.words == f"Download {holder}, which holds it"
    assert page.texts(".about .path")[0].startswith(f"library › {holder} › ")
    with site.client.get(link.get("href") or "") as response:
        assert response.mimetype == "application/octet-stream"
        assert response.headers["Content-Disposition"] == f"attachment; filename={holder}"
        assert response.data == (site.library / holder).read_bytes()


def test_a_pdf_in_an_archive_is_not_offered_to_be_opened(site: Site) -> None:
    page = site.page("/?q=impeller+gravel&mode=keyword")
    assert page.texts("h3")[0] == "Pond pump manual"
    assert not page.all("a[href*='/file']")


def test_the_api_tells_the_file_from_the_path_inside_it(site: Site) -> None:
    document = site.get(f"/api/v1/documents/{site.number('bees.txt')}")
    assert document["locations"] == [
        {"path": str(site.library / "all.zip"), "member": "inner/bees.txt"}
    ]
    assert document["paths"] == [str(site.library / "all.zip" / "inner" / "bees.txt")]
    assert document["original_url"] == f"/documents/{document['id']}/file"
    message = site.get(f"/api/v1/documents/{site.number('masts.eml')}")
    assert message["locations"] == [{"path": str(site.library / "masts.eml"), "member": ""}]


def test_an_archive_that_changed_is_not_handed_out(tmp_path: Path) -> None:
    settings, library = settings_for(tmp_path), write_library(tmp_path / "library")
    run_index(settings, library)
    with Engine.of(settings) as engine:
        site = Site(settings, library, engine, create_app(settings, engine))
        number = site.number("bees.txt")
        with ZipFile(library / "all.zip", "a") as archive:
            archive.writestr("secret.txt", "not indexed")
        site.page(f"/documents/{number}/file", 404)
        (library / "bees.txt").write_text(BEES)
        run_index(settings, library)
        with site.client.get(f"/documents/{number}/file") as response:
            assert response.headers["Content-Disposition"] == "attachment; filename=bees.txt"
            assert response.data == BEES.encode()


# Words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_format_has_a_name(language: str) -> None:
    say = texts_in(language)
    for name in formats():
        assert kind_label(name, say) != name, name
    assert kind_label("palmdoc", say) == "palmdoc"


def test_words_for_places_dates_and_languages() -> None:
    say = texts_in("en")
    assert whereabouts("pdf", 1204, "", say) == "page 1,204"
    assert whereabouts("pptx", 3, "", say) == whereabouts("odp", 3, "", say) == "slide 3"
    assert whereabouts("xlsx", None, "rows 2–41", say) == "rows 2–41"
    assert whereabouts("text", None, "", say) == ""
    dates = ["2024", "2024-06", "2024-06-03", "", "2024-13-01", "soon"]
    assert [say.date(date) for date in dates] == [
        "2024", "June 2024", "3 June 2024", "", "2024-13-01", "soon",
    ]  # fmt: skip
    assert [say.language_name(code) for code in ("de", "zz", "")] == ["German", "zz", ""]
    assert origin("A. Weir", "2024", "de", "en", say) == ("A. Weir", "2024", "German")
    assert origin("", "", "de", "de", say) == ()


@pytest.mark.parametrize(
    ("paragraph", "kind", "look"),
    [
        ("a = 1", "code", Look.CODE),
        ("berth: B1 | boat: Kestrel\na caption", "csv", Look.ROWS),
        ("one cell", "csv", Look.PROSE),
        ("a | b\nc | d", "docx", Look.ROWS),
        ("a | b\nand prose about it", "docx", Look.PROSE),
        ("if a:\n    b()", "markdown", Look.CODE),
        ("Roses are red,\nviolets are blue.", "text", Look.PROSE),
        ("import numpy\nprint(1)", "ipynb", Look.CODE),
        ("!pip install numpy", "ipynb", Look.CODE),
        ("frame.head()", "ipynb", Look.CODE),
        ("In this notebook we plot.", "ipynb", Look.PROSE),
        ("Names", "ipynb", Look.PROSE),
    ],
)
def test_paragraphs_are_told_apart(paragraph: str, kind: str, look: Look) -> None:
    assert look_of(paragraph, kind) is look


def test_marks_are_kept_across_cells_rows_and_paragraphs() -> None:
    text = "name: <a> | b\nc: d | e\n\nrest"
    whole = paragraphs(text, "csv", [Span(0, len(text))])
    assert whole.count("<mark>") == 7, "one for each name, value and paragraph"
    assert "<mark>name:</mark>" in whole
    assert "<mark> &lt;a&gt;</mark>" in whole
    assert paragraphs(text, "csv", [Span(6, 9)]).count("<mark>&lt;a&gt;</mark>") == 1
