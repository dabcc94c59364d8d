"""What somebody does on the search page, done in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api")

from browser import opened, searched
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.long


@pytest.fixture
def page(browser: Browser, shown_at: str) -> Iterator[Page]:
    with opened(browser, shown_at) as made:
        yield made


def titles(page: Page) -> list[str]:
    return page.locator(".results > li > h3").all_inner_texts()


def test_results_come_while_typing_and_every_state_is_in_the_address(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("leaves turn sunlight into sugar")
    expect(page.locator(".results > li").first).to_contain_text("How leaves make sugar")
    expect(page).to_have_url(re.compile(r"\?q=leaves\+turn\+sunlight\+into\+sugar$"))
    expect(page).to_have_title("leaves turn sunlight into sugar – Wherein")
    expect(page.locator("#status")).to_contain_text("passages in")


def test_an_answer_out_of_date_is_dropped(page: Page) -> None:
    page.goto("/")
    held: list[object] = []
    page.route("**/?q=bees&fragment=1", lambda route: held.append(route))
    page.locator("#q").fill("bees")
    page.wait_for_timeout(400)
    page.locator("#q").fill("pump filter")
    expect(page.locator(".results > li").first).to_contain_text("Pond pump manual")
    for route in held:
        route.abort()  # type: ignore[attr-defined]
    expect(page.locator(".results > li").first).to_contain_text("Pond pump manual")
    assert held


def test_back_leads_from_a_document_to_the_results_and_to_what_was_asked_before(page: Page) -> None:
    page.goto("/?q=bees")
    page.locator("#q").fill("pump filter")
    page.keyboard.press("Enter")
    expect(page.locator(".results > li").first).to_contain_text("Pond pump manual")
    page.locator(".results h3 a").first.click()
    expect(page.locator(".about h1")).to_have_text("Pond pump manual")
    page.go_back()
    expect(page.locator("#q")).to_have_value("pump filter")
    expect(page.locator(".results > li").first).to_contain_text("Pond pump manual")
    page.go_back()
    expect(page.locator("#q")).to_have_value("bees")
    expect(page.locator(".results > li").first).to_contain_text("bees")


def test_a_facet_becomes_a_filter_in_the_text_and_a_chip_takes_it_off(page: Page) -> None:
    page.goto("/?q=water+pump+sugar")
    searched(page)
    link = page.locator("#facets a", has_text="PDF")
    count = int(re.sub(r"\D", "", link.locator(".count").inner_text()))
    link.click()
    expect(page.locator("#q")).to_have_value("water pump sugar type:pdf")
    expect(page.locator(".chip")).to_have_text("type:pdf ×")
    kinds = page.locator(".results .kind")
    expect(kinds.first).to_have_text("PDF")
    assert set(kinds.all_inner_texts()) == {"PDF"}
    assert len(set(titles(page))) >= count > 0
    page.locator(".chip").click()
    expect(page.locator("#q")).to_have_value("water pump sugar")
    expect(page.locator(".chip")).to_have_count(0)


def test_more_results_are_put_beneath_and_the_address_keeps_them(page: Page) -> None:
    page.goto("/?q=dredger+silt+basin&mode=keyword")
    searched(page)
    expect(page.locator(".results > li")).to_have_count(10)
    page.locator("a[rel=next]").click()
    expect(page.locator(".results > li")).to_have_count(14)
    shown = titles(page)
    assert len(set(shown)) == 14
    page.reload()
    searched(page)
    assert titles(page) == shown


def test_the_box_offers_completions_and_is_a_combobox(page: Page) -> None:
    page.goto("/")
    box = page.locator("#q")
    page.keyboard.type("type:m")
    options = page.locator("#suggestions [role=option]")
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    chosen = box.get_attribute("aria-activedescendant")
    assert chosen
    expect(page.locator(f"#{chosen}")).to_have_attribute("aria-selected", "true")
    assert "type:m" in page.locator(f"#{chosen}").inner_text()
    page.keyboard.press("Enter")
    assert re.fullmatch(r"type:(mail|markdown) ", box.input_value())
    page.keyboard.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".results > li").first).to_be_visible()


def test_recent_searches_are_offered_and_stay_in_the_browser(page: Page) -> None:
    sent: list[str] = []
    page.goto("/?q=bees+in+the+plum+tree")
    searched(page)
    page.goto("/")
    page.on("request", lambda request: sent.append(request.url))
    page.locator("#q").click()
    option = page.locator("#suggestions [role=option]").first
    expect(option).to_contain_text("bees in the plum tree")
    assert not [url for url in sent if "bees" in url]
    option.click()
    expect(page.locator(".results > li").first).to_contain_text("bees")


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto("/?q=pump+filter+water")
    searched(page)
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("ArrowDown")
    links = page.locator(".results > li > h3 a")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.press("ArrowDown")
    title = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.locator(".about h1")).to_have_text(title)


def test_why_similar_and_citation_come_on_demand(page: Page) -> None:
    page.goto("/?q=leaves+sunlight+sugar")
    searched(page)
    first = page.locator(".results > li").first
    first.locator(".why summary").click()
    expect(first.locator(".why")).to_contain_text("BM25")
    expect(first.locator(".why")).to_contain_text("cosine")
    first.locator("a.alike").click()
    expect(first.locator(".alike-panel")).to_be_visible()
    assert page.url.endswith("?q=leaves+sunlight+sugar")
    citation = first.locator("[data-copy=citation]").get_attribute("data-text") or ""
    assert citation.startswith("How leaves make sugar")


def test_a_thumb_is_kept_and_taken_back(page: Page) -> None:
    page.goto("/?q=leaves+sunlight+sugar")
    searched(page)
    good = page.locator("[data-judge='1']").first
    with page.expect_response("**/api/v1/judgements") as answered:
        good.click()
    assert answered.value.ok
    expect(good).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/api/v1/judgements") as answered:
        good.click()
    assert answered.value.ok
    expect(good).to_have_attribute("aria-pressed", "false")


def test_the_three_ways_stand_side_by_side_with_lines_between(page: Page) -> None:
    page.goto("/?q=water+pump+sugar")
    searched(page)
    page.locator(".choices a", has_text="Compare all three").click()
    expect(page.locator(".compared section")).to_have_count(3)
    expect(page.locator(".compared path").first).to_be_attached()
    both = {
        (a, b)
        for a, b in ((0, 1), (1, 2))
        for one in page.locator(".compared section").nth(a).locator("li").all()
        if page.locator(".compared section")
        .nth(b)
        .locator(f"li[data-passage='{one.get_attribute('data-passage')}']")
        .count()
    }
    assert both
    page.go_back()
    expect(page.locator(".results > li").first).to_be_visible()


def test_the_newest_come_first_if_asked_for(page: Page) -> None:
    page.goto("/?q=the+water+pump+masts")
    searched(page)
    page.locator(".choices a", has_text="Newest first").click()
    expect(page).to_have_url(re.compile("sort=date"))
    expect(page.locator(".choices [aria-current]").first).to_have_text("Newest first")


def test_dark_is_remembered(page: Page) -> None:
    page.goto("/")
    before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.locator("#theme").click()
    after = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert before != after
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == after


def test_without_javascript_everything_is_a_form_and_links(browser: Browser, shown_at: str) -> None:
    with opened(browser, shown_at, java_script_enabled=False) as page:
        page.goto("/")
        page.locator("#q").fill("dredger silt basin")
        page.locator("[name=mode][value=keyword]").check()
        page.locator("button[type=submit]").click()
        expect(page.locator(".results > li")).to_have_count(10)
        expect(page.locator("[data-copy]").first).to_be_hidden()
        page.locator("a[rel=next]").click()
        expect(page.locator(".results > li")).to_have_count(4)
        page.locator(".results h3 a").first.click()
        expect(page.locator("#passage")).to_contain_text("dredger")


def test_a_german_browser_is_answered_in_german(browser: Browser, shown_at: str) -> None:
    with opened(browser, shown_at, locale="de-DE") as page:
        page.goto("/?q=bees")
        expect(page.locator("html")).to_have_attribute("lang", "de")
        expect(page.locator("#status")).to_contain_text("Stelle")
