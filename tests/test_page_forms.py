"""What pages are made of: texts in two languages, filters as chips, documents in their own form."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from browser_library import COMPOST
from conftest import PROJECT, run_index
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from web_site import Site, parsed, settings_for, site_in

from search.engine import Engine
from search.models import Document, Section, Span
from search.queries import parse
from search.settings import Settings
from web import create_app, letters, placing, refining, sanitising, tables
from web.catalogue import LANGUAGES, texts_in
from web.colours import colours
from web.markup import paragraphs

# Texts


#: How names begin that are put together where they are used.
PUT_TOGETHER = (
    "api.types.", "facets.", "kinds.", "map.", "modes.", "pages.", "search.", "slides.", "suggest.",
    "viewer.", "where.",
)  # fmt: skip


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_language_says_the_same_things() -> None:
    first, *others = map(texts_in, LANGUAGES)
    for other in others:
        assert other.names == first.names
        for name, text in first.under("").items():
            assert placeholders(text) == placeholders(other.under("")[name]), name


def test_every_text_is_used_and_every_used_one_is_there() -> None:
    sources = [*(PROJECT / "web").rglob("*.py"), *(PROJECT / "web" / "templates").iterdir()]
    written = "\n".join(path.read_text("utf-8") for path in sources)
    scripts = "\n".join(p.read_text("utf-8") for p in (PROJECT / "web" / "static").glob("*.js"))
    names = texts_in("en").names
    for name in re.findall(r"\bt\(\s*[\"']([a-z_.]+)[\"']\s*[,)]", written):
        assert name in names, name
    for name in re.findall(r"\bsay\(\s*\"([a-z_.]+)\"", scripts):
        assert f"script.{name}" in names, name
    for name in names:
        bare = re.sub(r"\.(one|other)$", "", name)
        if name.startswith("script."):
            assert f'"{name.removeprefix("script.")}"' in scripts, name
        elif not name.startswith(PUT_TOGETHER):
            assert f'"{bare}' in written or f"'{bare}" in written, name


def test_numbers_plurals_and_dates_are_those_of_the_language() -> None:
    en, de = texts_in("en"), texts_in("de")
    assert [en.count("passages", n) for n in (0, 1, 1234)] == [
        "0 passages", "1 passage", "1,234 passages",
    ]  # fmt: skip
    assert [de.count("passages", n) for n in (0, 1, 1234)] == [
        "0 Stellen", "1 Stelle", "1.234 Stellen",
    ]  # fmt: skip
    assert de.date("2024-06-30") == "30. Juni 2024"
    assert de.date("2024-06") == "Juni 2024"
    assert de.language_name("fr") == "Französisch"
    assert de.number(0.25) == "0,25"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with site_in(tmp_path_factory.mktemp("forms")) as made:
        yield made


@pytest.mark.parametrize(
    ("asked", "language"),
    [("de", "de"), ("de-AT,en;q=0.5", "de"), ("fr", "en"), ("", "en"), ("en,de;q=0.9", "en")],
)
def test_the_browser_chooses_the_language(site: Site, asked: str, language: str) -> None:
    response = site.client.get("/", headers={"Accept-Language": asked})
    assert parsed(response.text).one("html").get("lang") == language
    assert "Accept-Language" in response.headers["Vary"]


def test_the_setting_overrules_the_browser(site: Site) -> None:
    app: Flask = create_app(site.settings.with_(language="de"), site.engine)
    page = parsed(app.test_client().get("/", headers={"Accept-Language": "en"}).text)
    assert page.one("html").get("lang") == "de"


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/api/docs", 200, "Die API"),
        ("/api/problems", 200, "Fehler der API"),
        ("/key", 200, "Ihr Schlüssel, bitte"),
        ("/collection", 200, "Die Sammlung „default“"),
        ("/nowhere", 404, "Unter dieser Adresse ist nichts"),
        ("/documents/999999", 404, "Dieses Dokument gibt es nicht"),
    ],
)
def test_every_page_is_in_the_language_of_the_browser(
    site: Site, path: str, status: int, heading: str
) -> None:
    headers = {"Accept-Language": "de", "Accept": "text/html"}
    response = site.client.get(path, headers=headers)
    assert response.status_code == status
    page = parsed(response.text)
    assert page.texts("h1") == [heading]
    assert page.one("html").get("lang") == "de"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/?q=what+is+the&mode=keyword", "Die Frage besteht nur aus sehr häufigen Wörtern"),
        ("/?q=bees+type:zzz", "Keine Stelle erfüllt type:zzz."),
        ("/?q=%3F%21", "In der Frage ist kein Buchstabe und keine Ziffer"),
        ("/?q=before:soon", "before: nimmt ein Datum wie 2024, 2024-06 oder 2024-06-30, nicht"),
    ],
)
def test_what_the_engine_says_is_in_the_language_of_the_browser(
    site: Site, address: str, sentence: str
) -> None:
    page = parsed(site.client.get(address, headers={"Accept-Language": "de"}).text)
    (shown,) = page.all(".notice")
    assert sentence in shown.words
    assert not page.all(".notice[lang=en], .notice [lang=en]")


# Filters


@pytest.mark.parametrize(
    ("text", "labels", "without"),
    [
        ("red wine", [], []),
        ("wine type:pdf", ["type:pdf"], ["wine"]),
        ('wine -"spin cycle" lang:de', ['-"spin cycle"', "lang:de"],
         ["wine lang:de", 'wine -"spin cycle"']),
        ("type:pdf OR type:docx", ["type:pdf", "type:docx"], ["type:docx", "type:pdf"]),
        ("wine area:7;0,0;9,0;9,9", ["area:…"], ["wine"]),
        ("before:soon", [], []),
    ],
)  # fmt: skip
def test_filters_are_chips(text: str, labels: list[str], without: list[str]) -> None:
    found = refining.chips(text)
    assert [chip.label for chip in found] == labels
    assert [chip.without for chip in found] == without


def test_filters_are_put_on_once_exchanged_and_taken_off() -> None:
    assert refining.added("wine", ["type:pdf"]) == "wine type:pdf"
    assert refining.added("wine type:pdf", ["type:pdf"]) == "wine type:pdf"
    assert refining.only("wine after:2020 before:2021", ["after:2024", "before:2025"]) == (
        "wine after:2024 before:2025"
    )
    assert refining.removed("wine TYPE:PDF more", ["type:pdf"]) == "wine more"
    assert refining.removed("type:pdf", ["type:pdf"]) == ""


@given(st.text(max_size=60))
def test_taking_off_a_chip_leaves_a_query_with_one_filter_less(text: str) -> None:
    found = refining.chips(text)
    for chip in found:
        assert len(refining.chips(chip.without)) < len(found)


def test_a_facet_link_does_what_it_says(site: Site) -> None:
    page = site.page("/?q=water+pump+sugar")
    (pdf,) = [link for link in page.all("#facets a") if link.words.startswith("PDF")]
    narrowed = site.page(pdf.get("href") or "")
    assert narrowed.all("#q")[0].get("value") == "water pump sugar type:pdf"
    assert set(narrowed.texts(".results .kind")) == {"PDF"}
    (on,) = narrowed.all("#facets a[aria-current]")
    assert on.get("href") == "/?q=water+pump+sugar"
    assert narrowed.links(".chip") == ["/?q=water+pump+sugar"]


# Forms of documents


def test_html_is_harmless_and_has_its_passage_marked() -> None:
    html = sanitising.harmless(COMPOST)
    passage = "Kitchen scraps, coffee grounds and autumn leaves rot down into dark crumbly humus."
    placed = placing.placed(html, "Compost for beginners", passage)
    assert placed is not None
    assert placed.has_passage
    page = parsed(f"<article>{placed.html}</article>")
    marked = "".join(page.texts("mark.passage"))
    assert re.sub(r"\W", "", marked) == re.sub(r"\W", "", passage)
    assert [text for _, _, text in placed.headings] == ["What goes in", "What stays out"]
    assert page.all("#section-1")
    assert not page.all("style, nav, h1")


def test_a_passage_is_found_line_by_line_where_the_reader_put_lines_elsewhere() -> None:
    html = Markup(
        "<p>The first line stands here.</p><p>An advertisement.</p><p>And the second.</p>"
    )
    placed = placing.placed(html, "", "The first line stands here.\n\nAnd the second.")
    assert placed is not None
    assert "advertisement" not in "".join(parsed(str(placed.html)).texts("mark"))
    lost = placing.placed(html, "", "Something else that is not in there at all.")
    assert lost is not None
    assert not lost.has_passage


@given(st.text(max_size=200), st.text(max_size=40))
def test_any_html_can_be_placed_and_loses_no_text(text: str, passage: str) -> None:
    html = sanitising.harmless(text)
    placed = placing.placed(html, "", passage)
    if placed is not None:
        before = re.sub(r"\s", "", parsed(f"<div>{html}</div>").one("div").text)
        after = re.sub(r"\s", "", parsed(f"<div>{placed.html}</div>").all("div")[0].text)
        assert before == after


def test_very_deep_html_is_no_trouble() -> None:
    html = sanitising.harmless("<div>" * 3000 + "deep water" + "</div>" * 3000)
    assert placing.placed(html, "", "deep water") is None
    shallow = sanitising.harmless("<div>" * 150 + "deep<br> water" + "</div>" * 150)
    placed = placing.placed(shallow, "", "deep water")
    assert placed is not None
    assert placed.has_passage


def test_rows_become_a_table_again_in_their_order() -> None:
    text = "a | b | c\na: 1 | c: 3\na: 4 | b: <b> | c: 6"
    document = Document("", "csv", text, (Section(0, 0, len(text), (), None, "rows 1–3"),))
    second = Span(text.index("a: 4"), len(text))
    html = tables.tables(document, second, [], "Table")
    page = parsed(str(html))
    assert page.texts("thead th") == ["a", "b", "c"]
    assert [row.texts("td") for row in page.all("tbody tr")] == [["1", "", "3"], ["4", "<b>", "6"]]
    assert page.one("#passage").texts("td") == ["4", "<b>", "6"]
    prose = Document("", "csv", "just prose", (Section(0, 0, 10),))
    assert tables.tables(prose, None, [], "Table") is None


def test_the_head_of_a_message_is_read_whatever_it_holds() -> None:
    head = dict(letters.head_of(b"From: =?utf-8?q?J=C3=B6?= <j@x.org>\nSubject: A\n b\n\nFrom: no"))
    assert head == {"from": "Jö <j@x.org>", "subject": "A b"}
    for broken in (b"", b"\xff\xfe", b"From: <<>>@@\nTo: " + b"a," * 9000, b"Date: \x00\n\n"):
        assert isinstance(letters.head_of(broken), list)


def test_code_keeps_its_text_whatever_its_colours() -> None:
    text = 'def f(x):\n    """Doc."""\n\n    return "a" + x  # <end>\n'
    found = colours(text, "f.py")
    assert {one.style for one in found} >= {"hk", "hs", "hc", "hf"}
    html = paragraphs(text, "code", [Span(4, 5)], found)
    assert parsed(f"<div>{html}</div>").one("div").text == text
    assert "<mark>" in html
    assert colours("x", "unknown.zzz") == ()
    assert colours("x = 1\n" * 100_000, "long.py") == ()


def test_an_original_that_is_gone_is_shown_as_text(tmp_path: Path) -> None:
    settings: Settings = settings_for(tmp_path)
    library = tmp_path / "library"
    library.mkdir()
    (library / "compost.html").write_text(COMPOST)
    run_index(settings, library)
    with Engine.of(settings) as engine:
        site = Site(settings, library, engine, create_app(settings, engine))
        number = site.number("compost.html")
        assert site.page(f"/documents/{number}").all(".formatted")
        (library / "compost.html").write_text("<p>Other")
        page = site.page(f"/documents/{number}")
        assert not page.all(".formatted, .views")
        assert "Meat and cheese" in page.text


def test_the_collection_page_groups_what_failed(tmp_path: Path) -> None:
    settings: Settings = settings_for(tmp_path)
    library = tmp_path / "library"
    library.mkdir()
    (library / "a.txt").write_text("Bees.")
    for name in ("one.pdf", "two.pdf"):
        (library / name).write_bytes(b"%PDF-1.4 broken")
    run_index(settings, library)
    with Engine.of(settings) as engine:
        site = Site(settings, library, engine, create_app(settings, engine))
        page = site.page("/collection")
    (group,) = page.all(".failures")
    assert group.texts("li") == [str(library / "one.pdf"), str(library / "two.pdf")]
    assert page.links(".tally a")[0] == "/?q=type:text"
    assert str(library) in page.texts(".plain li")[0]


def test_why_and_similar_are_fragments(site: Site) -> None:
    result = site.page("/?q=leaves+sunlight+sugar").all(".results > li")[0]
    why = site.page(result.one(".why").get("data-load") or "")
    assert {"leaves", "sunlight", "sugar"} <= {word.lower() for word in why.texts("th[scope=row]")}
    address = result.one("a.alike").get("href") or ""
    assert site.page(address).all("main .alikes a")
    assert not site.page(address + "?fragment=1").all("main")
    other = (result.one(".why").get("data-load") or "").rpartition("=")[0] + "=999999"
    assert "no longer among the answers" in site.page(other).text
    site.page("/passages/999999/similar", 404)


def test_the_newest_first_is_by_day(site: Site) -> None:
    page = site.page("/?q=water+pump+leaves&sort=date&k=50")
    hits = {h.passage_id: h for h in site.engine.search(parse("water pump leaves", limit=200)).hits}
    days = site.engine.days([hit.document_id for hit in hits.values()])
    shown = [int(item.get("data-passage") or 0) for item in page.all(".results > li")]
    order = [days[hits[number].document_id] for number in shown]
    assert order == sorted(order, reverse=True)
    assert set(shown) == set(hits)
