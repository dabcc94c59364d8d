"""The pages, as a browser without JavaScript sees them, and the command that serves them."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from urllib.parse import quote_plus, urlsplit

import pytest
from conftest import run_index
from web_site import LEAVES, Site, parsed, site_in, write_pdf

from search.models import Document, Section, Span
from search.rows import DocumentRow
from web import layout, parts
from web.catalogue import texts_in
from web.markup import marked, paragraphs
from web.titles import title_of
from web.wording import breadcrumbs, duration, plural


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("page")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    """A site that a test may break."""
    with site_in(tmp_path) as made:
        yield made


# The search page


def test_the_empty_page_says_what_there_is_and_what_to_ask(site):
    page = site.page("/")
    (invitation,) = page.texts(".invitation")
    assert "Search 5 documents in" in invitation
    assert "Ask a question" in invitation
    assert page.all("#q")[0].get("value") == ""
    assert page.all("#q[autofocus]")
    assert not page.all(".results")


def test_results_are_there_without_javascript(site):
    page = site.page("/?q=leaves+turn+sunlight+into+sugar")
    first = page.all("ol.results > li")[0]
    assert first.texts("h3") == ["How leaves make sugar"]
    assert first.texts(".kind") == ["Markdown"]
    assert first.texts(".path") == ["library › leaves.md"]
    assert {"leaves", "sunlight", "sugar"} <= set(first.texts("mark"))
    assert (
        first.all("h3 a")[0].get("href").startswith(f"/documents/{site.number('leaves.md')}?start=")
    )
    (status,) = page.texts("#status")
    assert re.fullmatch(r"(1–\d+ of )?(at least )?\d+ passages? in \d+ ms", status)
    assert page.all("#q")[0].get("value") == "leaves turn sunlight into sugar"


def test_a_pdf_result_has_its_page_and_opens_there(site):
    page = site.page("/?q=impeller+blocked+by+gravel")
    first = page.all("ol.results > li")[0]
    assert first.texts(".page") == ["page 3"]
    (link,) = first.all("a[href$='/file#page=3']")
    assert link.text == "Open the PDF at page 3"


def test_the_heading_trail_leaves_out_the_title(site):
    page = site.page("/?q=scorching+midday+plant+shuts+pores")
    assert page.all("ol.results > li")[0].texts(".trail") == ["The noon dilemma"]


def test_line_breaks_of_preformatted_text_are_kept(site):
    page = site.page("/?q=take+water+from+the+roots+then+wait&mode=keyword")
    assert "6 CO2 + 6 H2O\n    --light-->\n" in page.all(".text")[0].text


def test_more_passages_of_a_document_are_counted_and_lead_to_them(site):
    path = "/?q=water+leaves+plant+sugar+pump+filter&mode=keyword&per_document=1"
    page = site.page(path)
    (link, *_) = page.all(".links a[href$='#answers']")
    count = int(link.text.split()[0])
    listed = site.page(link.get("href").partition("#")[0]).all("#answers li")
    assert len(listed) == count + 1


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_the_mode_is_kept_and_carried_along(site, mode):
    page = site.page(f"/?q=water+pump&mode={mode}")
    (checked,) = page.all("[name=mode][checked]")
    assert checked.get("value") == mode
    carried = "mode=" in page.links("h3 a")[0]
    assert carried == (mode != "hybrid")


def test_further_pages_go_on_until_all_is_there(site):
    address, seen = "/?q=water+pump+filter&k=2", []
    while address:
        page = site.page(address)
        ranks = [int(item.get("data-passage")) for item in page.all("ol.results > li")]
        assert 1 <= len(ranks) <= 2
        seen += ranks
        further = page.links(".further a[rel=next]")
        address = further[0] if further else ""
    whole = site.page("/?q=water+pump+filter&k=50")
    assert seen == [int(item.get("data-passage")) for item in whole.all("ol.results > li")]
    assert len(seen) >= 4


def test_a_further_page_counts_on_and_leads_back(site):
    page = site.page("/?q=water+pump+filter&k=2&offset=2")
    assert page.one("ol.results").get("start") == "3"
    assert page.texts("#status")[0].startswith("3–4 of ")
    assert page.links(".further a[rel=prev]") == ["/?q=water+pump+filter&k=2"]


def test_nothing_found_says_what_to_try(site):
    page = site.page("/?q=zzzqqq&mode=keyword")
    assert page.texts(".nothing h2") == ["Nothing found"]
    assert page.links(".nothing a") == ["/?q=zzzqqq", "/collection"]
    assert page.texts("#status")[0].startswith("Nothing found in")


def test_only_stop_words_get_a_note(site):
    page = site.page("/?q=what+is+the&mode=keyword")
    assert "very common words" in page.texts(".notice")[0]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/?q=" + "x" * 10_001, "The query has 10,001 characters"),
        ("/?q=%3F%21", "holds no letter or digit"),
        ("/?q=a&mode=magic", "There is no mode 'magic'."),
        ("/?q=a&k=0", "0 hits cannot be asked for."),
        ("/?q=a&k=x", "must be a whole number"),
    ],
)
def test_a_problem_is_a_sentence_on_the_page(site, address, sentence):
    page = site.page(address, 400)
    (shown,) = page.texts(".problem")
    assert sentence in shown
    assert page.all("#q")


@pytest.mark.parametrize("address", ["/?q=", "/?q=++", "/?mode=keyword", "/?utm_source=somewhere"])
def test_an_empty_query_is_an_invitation(site, address):
    assert site.page(address).all(".invitation")


def test_the_fragment_is_what_the_page_holds(site):
    whole = site.page("/?q=bees")
    response = site.client.get("/?q=bees&fragment=1")
    assert response.text.startswith("<section data-status=")
    fragment = parsed(response.text)
    assert fragment.texts(".text") == whole.texts(".text")
    assert site.client.get("/?q=%3F&fragment=1").status_code == 400


def test_an_empty_collection_says_so(tmp_path, settings):
    from search.engine import Engine
    from web import create_app

    (tmp_path / "nothing").mkdir()
    run_index(settings, tmp_path / "nothing")
    with Engine.of(settings) as engine:
        client = create_app(settings, engine).test_client()
        assert "wherein index FOLDER" in client.get("/").text
        assert "The collection is empty" in client.get("/?q=bees").text


def test_pages_are_light(site):
    response = site.client.get("/?q=water+pump+filter+leaves")
    page = parsed(response.text)
    addresses = page.links("link") + [script.get("src") for script in page.all("script")]
    assert len(addresses) == 4
    assert len(response.data) + sum(len(site.client.get(a).data) for a in addresses) < 80_000


@pytest.mark.parametrize("path", ["/", "/?q=bees", "/documents/{}", "/nowhere", "/api/problems"])
def test_every_page_has_what_assistive_technology_needs(site, path):
    response = site.client.get(path.format(site.number("leaves.md")))
    page = parsed(response.text)
    assert page.one("html").get("lang") == "en"
    assert len(page.all("h1")) == 1
    assert page.all("main#main")
    assert page.links("a.skip") == ["#main"]
    assert page.all("title")[0].text
    identifiers = [element.get("id") for element in page.all("[id]")]
    assert len(identifiers) == len(set(identifiers))
    for box in page.all("input:not([type=radio])"):
        assert page.all(f"label[for={box.get('id')}]")


def test_head_of_pages(site):
    for path in ("/", "/?q=bees", f"/documents/{site.number('bees.txt')}"):
        response = site.client.head(path)
        assert (response.status_code, response.data) == (200, b"")


# Documents


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


# Pieces the pages are made of


def test_paragraphs_keep_the_text_to_the_character():
    text = "\n\nA & b\n  <i>\n\n\n\n    code\n\nend\n"
    html = paragraphs(text, "text", [Span(text.index("code"), text.index("code") + 4)])
    assert parsed(f"<div>{html}</div>").text == text
    assert "<mark>code</mark>" in html
    assert "&lt;i&gt;" in html


def test_marks_are_put_around_spans_and_all_is_escaped():
    assert marked("<a> & b", [Span(1, 2), Span(6, 7)]) == (
        "&lt;<mark>a</mark>&gt; &amp; <mark>b</mark>"
    )


def test_contents_drop_the_deepest_headings_first():
    sections = [
        Section(at, at + 1, at + 2, ("top",) if at % 20 == 0 else ("top", f"deep {at}"))
        for at in range(0, 2000, 2)
    ]
    document = Document("", "text", "x" * 2000, tuple(sections))
    entries = layout.contents(document, "other", [Span(0, 2000)])
    assert {entry.depth for entry in entries} == {0}
    assert len(entries) == 100


def test_a_document_without_title_is_called_after_its_file(tmp_path):
    document = Document("", "text", "x", ())
    assert title_of(DocumentRow(1, (tmp_path / "a b.txt",), b"", document, ())) == "a b.txt"
    assert title_of(DocumentRow(1, (), b"", document, ())) == "Untitled"


def test_words_for_numbers_and_paths():
    assert [plural(n, "page") for n in (0, 1, 1234)] == ["0 pages", "1 page", "1,234 pages"]
    assert [duration(ms, texts_in("en")) for ms in (0.2, 12.4, 999.4, 999.6, 12_345)] == [
        "1 ms", "12 ms", "999 ms", "1 s", "12.3 s",
    ]  # fmt: skip
    assert breadcrumbs("/a/b/c/d.txt", ["/a", "/a/b", "/x"]) == ("b", "c", "d.txt")
    assert breadcrumbs("/a/b.txt", ["/a/b.txt"]) == ("b.txt",)
    assert breadcrumbs("/ab/c.txt", ["/a"]) == ("c.txt",)
    assert breadcrumbs("/c.txt", ["/"]) == ("c.txt",)


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


# Static files


def test_static_files_are_kept_for_long_under_their_version_only(site):
    page = site.page("/")
    for address in page.links("link"):
        response = site.client.get(address)
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        again = site.client.get(address, headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304
        name = urlsplit(address).path.rpartition("/")[2]
        assert site.client.get(f"/static/{name}").headers["Cache-Control"] == "no-cache"
        assert site.client.get(f"/static/0123456789/{name}").status_code == 404


# The command


def heed_ctrl_c():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Server:
    """`wherein serve` in a process of its own."""

    def __init__(self, site, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "indexer.cli", "serve", "--home", site.settings.home,
             *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "WHEREIN_CACHE": str(site.settings.cache)},
            # Shells have what they run in the background ignore Ctrl-C, and that is inherited.
            preexec_fn=None if os.name == "nt" else heed_ctrl_c,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def ready(self):
        """The ready line, and the address it names."""
        line = self.process.stdout.readline()
        assert line.startswith("Wherein answers on "), line + self.process.stderr.read()
        return line, urlsplit(line.split()[3])

    def end(self, number):
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=30)
        return self.process.returncode, output, errors


def fetch(address, path, method="GET", body=None, headers=None):
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def test_serve_answers_on_a_free_port_and_ends_on_sigterm(site):
    with Server(site, "--port", "0", "--threads", "2") as server:
        line, address = server.ready()
        counts = site.engine.counts()
        assert line == (
            f"Wherein answers on http://127.0.0.1:{address.port} (collection 'default', "
            f"{counts.documents} documents, {counts.passages} passages). Stop with Ctrl-C.\n"
        )
        status, headers, body = fetch(address, "/api/v1/search?q=" + quote_plus("plum tree"))
        assert (status, headers["Content-Type"]) == (200, "application/json")
        assert "Server" not in headers
        assert json.loads(body)["hits"]
        pdf = f"/documents/{site.number('manual.pdf')}/file"
        content = (site.library / "manual.pdf").read_bytes()
        assert fetch(address, pdf)[::2] == (200, content)
        assert fetch(address, pdf, headers={"Range": "bytes=5-9"})[::2] == (206, content[5:10])
        status, _, body = fetch(address, "/api/v1/search?q=" + "x" * 100_000)
        assert (status, json.loads(body)["code"]) == (400, "invalid-parameter")
        status, _, body = fetch(
            address, "/api/v1/search", "POST", b" " * 70_000, {"Content-Type": "application/json"}
        )
        assert (status, json.loads(body)["code"]) == (413, "body-too-large")
        assert server.end(signal.SIGTERM) == (0, "", "")


def test_serve_ends_on_ctrl_c(site):
    with Server(site, "--port", "0", "--host", "localhost") as server:
        assert server.ready()[1].hostname == "localhost"
        assert server.end(signal.SIGINT) == (0, "", "")


def test_serve_says_what_to_do_about_a_port_in_use(site):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Server(site, "--port", str(port)) as server:
            output, errors = server.process.communicate(timeout=60)
    assert server.process.returncode == 2
    assert output == ""
    assert errors == (
        f"wherein: Port {port} is in use already. "
        "Choose another with --port, or let --port 0 find a free one.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--collection", "nowhere"], "There is no collection 'nowhere' yet."),
        (["--host", "203.0.113.1"], "This machine has no address '203.0.113.1' to listen on."),
        (["--port", "70000"], "There is no port 70000."),
        (["--threads", "0"], "The server needs at least one thread."),
    ],
)
def test_serve_refuses_what_cannot_be(site, arguments, sentence):
    with Server(site, *arguments) as server:
        output, errors = server.process.communicate(timeout=60)
    assert server.process.returncode == 2
    assert output == ""
    assert errors.startswith(f"wherein: {sentence}")
    assert errors.count("\n") == 1


def test_importing_web_loads_no_framework():
    code = "import sys, web, web.serve; print({'flask', 'waitress', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
