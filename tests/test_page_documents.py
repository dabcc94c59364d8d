"""The pages of documents and their original files, as a browser without JavaScript has them."""

import pytest
from conftest import run_index
from web_site import LEAVES, Site, site_in, write_pdf

from search.models import Section, Span
from web import parts


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("page")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    """A site that a test may break."""
    with site_in(tmp_path) as made:
        yield made


def test_every_passage_is_marked_exactly(site):
    seen = 0
    with site.engine.collection.store.reading() as reading:
        rows = [reading.document(key) for key in reading.document_keys()]
    for row in rows:
        for passage in row.passages:
            place = f"start={passage.start}&end={passage.end}&view=text"
            page = site.page(f"/documents/{row.key}?{place}")
            (found,) = page.all("#passage")
            assert found.text == row.document.text[passage.start : passage.end]
            assert not found.all("mark")
            seen += 1
    assert seen >= 10


def test_words_of_the_query_are_marked_within_the_passage_only(site):
    hit = site.get("/api/v1/search?q=plant+pores&k=1")["hits"][0]
    page = site.page(hit["url"].partition("#")[0] + "&view=text")
    assert page.texts("#passage mark") == ["plant", "pores"]
    assert page.all("#passage")[0].text == hit["text"]
    assert page.texts("mark") == page.texts("#passage mark")


def test_a_passage_across_sections_is_marked_piece_by_piece(site):
    row = site.row("leaves.md")
    text = row.document.text
    page = site.page(f"/documents/{row.key}?start=3&end={len(text) - 3}&view=text")
    assert len(page.all("#passage")) == 1
    pieces = [element.text for element in page.all(".passage")]
    assert len(pieces) > 3
    assert "".join("".join(pieces).split()) == "".join(text[3:-3].split())


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("-5", "6", (0, 6)),
        ("0", "999999999999999999999999", (0, None)),
        ("5", "5", None),
        ("9", "3", None),
        ("99999999", "999999999", None),
        ("", "", 400),
        ("x", "9", 400),
        ("1.5", "9", 400),
    ],
)
def test_places_are_checked_and_clamped(site, start, end, shown):
    row = site.row("bees.txt")
    path = f"/documents/{row.key}?start={start}&end={end}"
    if shown == 400:
        assert "must be a whole number" in site.page(path, 400).text
        return
    page = site.page(path)
    found = [element.text for element in page.all("#passage")]
    assert found == ([] if shown is None else [row.document.text[slice(*shown)]])


def test_a_place_without_an_end_marks_nothing(site):
    assert not site.page(f"/documents/{site.number('bees.txt')}?start=3").all("#passage")


def test_a_document_without_a_place_shows_all_of_its_text(site):
    row = site.row("leaves.md")
    page = site.page(f"/documents/{row.key}")
    shown = page.all("article")[0].text
    for section in row.document.sections[1:]:
        assert row.document.text[section.start : section.end].split() == [
            word for word in row.document.text[section.start : section.end].split() if word in shown
        ]
    assert "    6 CO2 + 6 H2O".strip() in shown


def test_headings_are_headings_and_the_title_is_not_repeated(site):
    page = site.page(f"/documents/{site.number('leaves.md')}")
    assert page.texts("h1") == ["How leaves make sugar"]
    assert page.texts("article :is(h2, h3)") == ["The noon dilemma", "Empty heading", "Recipe"]
    assert page.texts(".contents li") == ["The noon dilemma", "Empty heading", "Recipe"]
    for link in page.links(".contents a"):
        assert page.all(link)


def test_pages_of_a_pdf_are_set_apart(site):
    page = site.page(f"/documents/{site.number('manual.pdf')}")
    assert page.texts(".page-mark") == ["page 1", "page 2", "page 3"]
    assert "3 pages" in page.texts(".about .links")[0]


def test_a_document_at_two_paths_shows_both(site):
    page = site.page(f"/documents/{site.number('bees.txt')}")
    assert page.texts(".about .path") == ["library › bees.txt", "library › copies › bees again.txt"]
    assert page.texts("h1") == ["bees.txt"]


def test_the_way_back_leads_to_the_results(site):
    number = site.number("leaves.md")
    page = site.page(f"/documents/{number}?q=plant+%26+pores&mode=keyword")
    assert page.links(".back a") == ["/?q=plant+%26+pores&mode=keyword"]
    assert site.page(f"/documents/{number}").links(".back a") == ["/"]
    assert site.page(f"/documents/{number}?q=%3F").links(".back a") == ["/"]


def test_the_answers_in_a_document_are_listed_in_order(site):
    hit = site.get("/api/v1/search?q=pump+filter+impeller&k=1")["hits"][0]
    page = site.page(hit["url"].partition("#")[0])
    assert len(page.all("#answers [aria-current]")) == 1
    pages = [int(text.split()[1]) for text in page.texts("#answers .page")]
    assert pages == sorted(pages)
    for link in page.links("#answers a"):
        assert site.page(link.partition("#")[0]).all("#passage")


def test_a_missing_document_is_a_page(site):
    assert "The collection has no document 999." in site.page("/documents/999", 404).text
    site.page("/documents/" + "9" * 5000, 404)
    site.page("/documents/x", 404)


# Very long documents


LONG = "".join(f"Line {number} of a log that never ends.\n" for number in range(3000))


@pytest.fixture
def long_site(tmp_path, settings, monkeypatch):
    from search.engine import Engine
    from web import create_app

    monkeypatch.setattr(parts, "WHOLE", 50_000)
    monkeypatch.setattr(parts, "PART", 20_000)
    library = tmp_path / "library"
    library.mkdir()
    (library / "long.txt").write_text(LONG)
    run_index(settings, library)
    with Engine.of(settings) as engine:
        yield Site(settings, library, engine, create_app(settings, engine))


def test_a_very_long_document_is_shown_part_by_part(long_site):
    row = long_site.row("long.txt")
    page = long_site.page(f"/documents/{row.key}")
    spans = parts.parts_of(row.document.text, row.document.sections)
    assert len(spans) > 3
    assert page.texts(".pager span") == [f"Part 1 of {len(spans)}"] * 2
    shown = ""
    address = f"/documents/{row.key}"
    for number in range(len(spans)):
        page = long_site.page(address)
        assert len(page.all("article")[0].text) < 40_000
        shown += "".join(element.text for element in page.all(".body"))
        following = page.links(".pager a[rel=next]")
        assert bool(following) == (number + 1 < len(spans))
        address = following[0] if following else ""
    assert shown == row.document.text


def test_the_part_with_the_passage_is_shown(long_site):
    row = long_site.row("long.txt")
    boundary = parts.parts_of(row.document.text, row.document.sections)[1].end
    for start, end in ((60_000, 60_100), (boundary - 50, boundary + 50)):
        page = long_site.page(f"/documents/{row.key}?start={start}&end={end}")
        assert page.all("#passage")[0].text == row.document.text[start:end]


@pytest.mark.parametrize(("part", "shown"), [("0", 1), ("-3", 1), ("2", 2), ("999", -1)])
def test_parts_are_clamped(long_site, part, shown):
    row = long_site.row("long.txt")
    count = len(parts.parts_of(row.document.text, row.document.sections))
    page = long_site.page(f"/documents/{row.key}?part={part}")
    assert page.texts(".pager span")[0] == f"Part {shown if shown > 0 else count} of {count}"


def test_parts_end_before_headings_if_they_can(monkeypatch):
    monkeypatch.setattr(parts, "WHOLE", 100)
    monkeypatch.setattr(parts, "PART", 100)
    sections = [Section(at, at, at + 40) for at in range(0, 400, 40)]
    spans = parts.parts_of("x" * 400, sections)
    assert [span.start for span in spans] == [0, 80, 160, 240, 320][: len(spans)]
    assert spans[-1].end == 400
    assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]]
    words = "word " * 100
    assert all(words[span.start - 1] == " " for span in parts.parts_of(words, [])[1:])
    assert parts.parts_of("y" * 400, [])[0] == Span(0, 100)


# Originals


def test_a_pdf_is_shown_in_place(site):
    address = f"/documents/{site.number('manual.pdf')}/file"
    with site.client.get(address) as response:
        assert response.status_code == 200
        assert response.mimetype == "application/pdf"
        assert response.headers["Content-Disposition"].startswith("inline")
        assert response.data == (site.library / "manual.pdf").read_bytes()
        etag = response.headers["ETag"]
        modified = response.headers["Last-Modified"]
    for headers in ({"If-None-Match": etag}, {"If-Modified-Since": modified}):
        with site.client.get(address, headers=headers) as response:
            assert (response.status_code, response.data) == (304, b"")


def test_a_pdf_is_served_in_ranges(site):
    address = f"/documents/{site.number('manual.pdf')}/file"
    content = (site.library / "manual.pdf").read_bytes()
    with site.client.get(address, headers={"Range": "bytes=10-19"}) as response:
        assert response.status_code == 206
        assert response.headers["Content-Range"] == f"bytes 10-19/{len(content)}"
        assert response.data == content[10:20]
    with site.client.get(address, headers={"Range": "bytes=999999999-"}) as response:
        assert response.status_code == 416
        assert response.headers["Content-Range"] == f"bytes */{len(content)}"
    with site.client.head(address) as response:
        assert (response.status_code, response.data) == (200, b"")
        assert int(response.headers["Content-Length"]) == len(content)


def test_other_originals_are_to_be_saved(site):
    with site.client.get(f"/documents/{site.number('leaves.md')}/file") as response:
        assert response.mimetype == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.data == LEAVES.encode()


def test_a_changed_original_is_not_served(own_site):
    number = own_site.number("manual.pdf")
    write_pdf(own_site.library / "manual.pdf", "second edition")
    page = own_site.page(f"/documents/{number}/file", 404)
    assert "has changed since it was indexed" in page.text


def test_a_copy_stands_in_for_an_original_that_is_gone(own_site):
    number = own_site.number("bees.txt")
    (own_site.library / "bees.txt").unlink()
    with own_site.client.get(f"/documents/{number}/file") as response:
        assert response.status_code == 200
        assert "bees again.txt" in response.headers["Content-Disposition"]
    (own_site.library / "copies" / "bees again.txt").unlink()
    own_site.page(f"/documents/{number}/file", 404)
    page = own_site.page(f"/documents/{number}")
    assert "no longer where it was" in page.text
