"""The search page as a browser without JavaScript sees it, and what every page has."""

import re
from urllib.parse import urlsplit

import pytest
from conftest import run_index
from web_site import parsed, site_in


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("page")) as made:
        yield made


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


# Static files


def test_only_what_draws_pdfs_in_the_background_may_run_webassembly(site):
    (style,) = [a for a in site.page("/").links("link") if a.endswith(".css")]
    folder = style.rpartition("/")[0]
    worker = site.client.get(f"{folder}/vendor/pdfjs/pdf.worker.min.mjs")
    policy = worker.headers["Content-Security-Policy"]
    assert "script-src 'wasm-unsafe-eval';" in policy
    assert policy.startswith("default-src 'none';")
    for path in ("/", style, f"{folder}/vendor/pdfjs/pdf.min.mjs", f"{folder}/pdf.js"):
        assert "wasm" not in site.client.get(path).headers["Content-Security-Policy"]
    for name, kind in (
        ("wasm/jbig2.wasm", "application/wasm"),
        ("cmaps/UniJIS-UCS2-H.bcmap", "application/octet-stream"),
        ("fonts/LiberationSans-Regular.ttf", "font/ttf"),
    ):
        response = site.client.get(f"{folder}/vendor/pdfjs/{name}")
        assert (response.status_code, response.mimetype) == (200, kind)


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
