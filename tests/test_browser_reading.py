"""What somebody does with a document they opened, done in a real browser."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from urllib.parse import quote_plus
from urllib.request import urlopen

import pytest

pytest.importorskip("playwright.sync_api")

from browser import opened, searched
from browser_library import LONG_WORD, SENTENCE
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

pytestmark = pytest.mark.long


@pytest.fixture
def page(browser: Browser, shown_at: str) -> Iterator[Page]:
    with opened(browser, shown_at) as made:
        yield made


def found(base: str, query: str) -> str:
    """The address of the best passage for a query."""
    with urlopen(f"{base}/api/v1/search?mode=keyword&k=1&q={quote_plus(query)}") as answer:
        return str(json.load(answer)["hits"][0]["url"]).replace("&mode=keyword", "")


def test_a_pdf_opens_at_its_page_with_the_passage_marked_on_it(page: Page) -> None:
    page.goto("/?q=bilge+alarm+float+switch+stuck+in+weed")
    searched(page)
    page.locator(".results h3 a", has_text="Handbook of the launch").first.click()
    expect(page.locator("#pages[data-ready=marked]")).to_be_visible()
    sheet = page.locator("#sheet-7")
    expect(sheet.locator("canvas")).to_be_visible()
    marks = sheet.locator(".on-page")
    assert marks.count() >= 1
    expect(page.locator("#sheet-3 .on-page")).to_have_count(0)
    # The mark lies where the sentence is drawn: there the canvas is not white.
    line = sheet.locator(".textLayer span", has_text=SENTENCE[:20]).bounding_box()
    boxes = [box for box in (mark.bounding_box() for mark in marks.all()) if box]
    assert line
    assert any(abs(box["y"] - line["y"]) < 6 and box["width"] > 100 for box in boxes), (line, boxes)
    assert 0 < line["y"] < 900, "the mark is in sight"
    assert page.locator("#text").is_hidden()


def test_the_sentence_that_carries_the_meaning_is_marked_on_the_page(page: Page) -> None:
    def answer(route: Route) -> None:
        number = route.request.url.rpartition("=")[2]
        meaning = {"sentence": {"start": 0, "end": 0}, "words": []}
        text = page.locator("#text").get_attribute("data-passage-text") or ""
        start = text.index(SENTENCE[4:20])
        meaning["sentence"] = {"start": start, "end": start + 16}
        route.fulfill(json={"meanings": {number: meaning}})

    page.route("**/api/v1/meanings*", answer)
    page.goto("/?q=bilge+alarm+float+switch+stuck+in+weed")
    page.locator(".results h3 a", has_text="Handbook of the launch").first.click()
    expect(page.locator("#pages[data-ready=marked]")).to_be_visible()
    mark = page.locator("#sheet-7 .meant-on-page")
    expect(mark).to_have_count(1)
    there, all_of_it = mark.bounding_box(), page.locator("#sheet-7 .on-page").first.bounding_box()
    assert there
    assert all_of_it
    assert there["width"] < all_of_it["width"]


#: How dark the middle of the page is that was drawn first, 0 to 255.
INK = """canvas => {
  const at = [canvas.width >> 1, canvas.height >> 1];
  return 255 - canvas.getContext("2d").getImageData(...at, 1, 1).data[1];
}"""


@pytest.mark.parametrize("mode", ["1", "RGBA"], ids=["fax", "jpeg2000"])
def test_scans_are_drawn(page: Page, shown_at: str, mode: str) -> None:
    """Their pictures are unpacked by decoders in WebAssembly, which pages may not run."""
    drawn = io.BytesIO()
    Image.new("RGB", (300, 400), "black").convert(mode).save(drawn, "PDF")
    names = {"1": b"CCITTFaxDecode", "RGBA": b"JPXDecode"}
    assert names[mode] in drawn.getvalue(), "this Pillow packs pictures in another way"
    page.route(
        "**/file",
        lambda route: route.fulfill(body=drawn.getvalue(), content_type="application/pdf"),
    )
    page.goto(found(shown_at, "bilge alarm float switch"))
    expect(page.locator("#sheet-1[data-drawn]")).to_be_visible()
    assert page.locator("#sheet-1 canvas").evaluate(INK) > 200


def test_chinese_and_japanese_are_drawn_without_fonts_in_the_file(
    page: Page, shown_at: str
) -> None:
    content = io.BytesIO()
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    canvas = Canvas(content, invariant=True)
    canvas.setFont("HeiseiMin-W3", 40)
    canvas.drawString(60, 500, "東京の天気")
    canvas.save()
    page.route(
        "**/file",
        lambda route: route.fulfill(body=content.getvalue(), content_type="application/pdf"),
    )
    page.goto(found(shown_at, "bilge alarm float switch"))
    expect(page.locator("#sheet-1 .textLayer")).to_contain_text("東京の天気")


def test_only_pages_in_sight_are_drawn(page: Page, shown_at: str) -> None:
    page.goto(found(shown_at, "bilge alarm float switch"))
    expect(page.locator("#pages[data-ready=marked]")).to_be_visible()
    expect(page.locator(".sheet-of-paper")).to_have_count(12)
    assert page.locator("#sheet-1[data-drawn]").count() == 0
    page.locator("#sheet-1").scroll_into_view_if_needed()
    expect(page.locator("#sheet-1[data-drawn]")).to_have_count(1)


def test_the_contents_of_a_pdf_lead_to_its_pages(page: Page, shown_at: str) -> None:
    page.goto(found(shown_at, "bilge alarm float switch"))
    expect(page.locator("#pages[data-ready=marked]")).to_be_visible()
    page.locator(".contents a", has_text="Winter").click()
    expect(page.locator("#sheet-12[data-drawn]")).to_be_in_viewport()


def test_the_text_of_a_pdf_is_one_link_away(page: Page, shown_at: str) -> None:
    page.goto(found(shown_at, "bilge alarm float switch"))
    page.locator(".views a", has_text="As text").click()
    expect(page.locator("#passage")).to_contain_text("bilge alarm")
    expect(page.locator("#pages")).to_have_count(0)


def test_a_pdf_that_cannot_be_drawn_is_read_as_text(page: Page, shown_at: str) -> None:
    page.route("**/file", lambda route: route.fulfill(body=b"no PDF", content_type="text/plain"))
    page.goto(found(shown_at, "bilge alarm float switch"))
    expect(page.locator(".about .notice")).to_contain_text("its text is shown instead")
    expect(page.locator("#passage")).to_be_visible()


def test_html_keeps_its_form_and_has_the_passage_marked(page: Page, shown_at: str) -> None:
    page.goto(found(shown_at, "kitchen scraps coffee grounds humus"))
    expect(page.locator(".formatted mark.passage").first).to_be_visible()
    marked = "".join(page.locator(".formatted mark.passage").all_inner_texts())
    assert re.sub(r"\W", "", marked).startswith("Kitchenscrapscoffeegroundsandautumnleaves")
    expect(page.locator(".formatted em mark")).to_have_text("scraps")
    expect(page.locator(".formatted td")).to_have_count(2)
    assert page.locator(".formatted style, .formatted nav, .formatted script").count() == 0


def test_contents_lead_to_headings(page: Page, shown_at: str) -> None:
    page.goto(found(shown_at, "plant shuts its pores scorching midday"))
    links = page.locator(".contents a")
    expect(links).to_have_count(3)
    links.nth(2).click()
    assert page.url.endswith("#section-3")
    expect(page.locator("#section-3")).to_have_text("Recipe")


def test_rows_are_a_table_with_the_found_ones_marked(page: Page, shown_at: str) -> None:
    page.goto(found(shown_at, "Kestrel 3 winter storage"))
    expect(page.locator(".sheet thead th")).to_have_text(["berth", "boat", "remarks"])
    expect(page.locator(".sheet tr.passage").first).to_be_visible()
    expect(page.locator(".sheet tbody tr")).to_have_count(12)


def test_code_has_its_parts_told_apart(page: Page, shown_at: str) -> None:
    page.goto(found(shown_at, "high_water constituents almanac"))
    expect(page.locator(".hk", has_text="def").first).to_be_visible()
    plain = page.evaluate("getComputedStyle(document.querySelector('article')).color")
    assert page.evaluate("getComputedStyle(document.querySelector('.hk')).color") != plain


def test_a_message_has_its_head(page: Page, shown_at: str) -> None:
    page.goto(found(shown_at, "masts trestles chandler"))
    shown = page.locator("main")
    expect(shown).to_contain_text("Jo Penrose <jo@example.org>")
    expect(shown).to_contain_text("harbour@example.org")


def test_n_and_p_walk_from_hit_to_hit(page: Page) -> None:
    page.goto("/?q=plant+water+sugar+leaves")
    searched(page)
    page.locator(".results h3 a", has_text="How leaves make sugar").first.click()
    answers = page.locator("#answers li a")
    expect(page.locator("#answers [aria-current]")).to_have_count(1)
    assert answers.count() >= 2
    with page.expect_navigation():
        answers.nth(0).click()
    with page.expect_navigation():
        page.keyboard.press("n")
    expect(answers.nth(1)).to_have_attribute("aria-current", "true")
    with page.expect_navigation():
        page.keyboard.press("p")
    expect(answers.nth(0)).to_have_attribute("aria-current", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#q")).to_have_value("plant water sugar leaves")


def test_the_strip_shows_what_is_near_and_leads_there(page: Page, shown_at: str) -> None:
    page.goto(found(shown_at, "bilge alarm float switch"))
    stripes = page.locator(".strip a")
    expect(stripes.first).to_be_visible()
    assert stripes.count() >= 2
    near = [float(s.evaluate("e => e.style.getPropertyValue('--near')")) for s in stripes.all()]
    here = page.locator(".strip a[aria-current]")
    expect(here).to_have_count(1)
    best = stripes.nth(near.index(max(near)))
    assert best.get_attribute("aria-current") == "true"
    stripes.first.click()
    expect(page.locator(".strip a").first).to_have_attribute("aria-current", "true")


def test_writing_from_right_to_left_and_long_words(browser: Browser, shown_at: str) -> None:
    with opened(browser, shown_at, viewport={"width": 320, "height": 640}) as page:
        page.goto(found(shown_at, "النعناع"))
        body = page.locator("#passage p").first
        assert body.evaluate("e => getComputedStyle(e).direction") == "rtl"
        for address in ("/?q=badge+captain", found(shown_at, "badge of the captain")):
            page.goto(address)
            expect(page.get_by_text(LONG_WORD[:40]).first).to_be_visible()
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(overflow) <= 0
