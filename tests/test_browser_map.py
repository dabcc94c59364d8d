"""What somebody does on the map, done in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api")

from browser import opened
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.long


@pytest.fixture
def page(browser: Browser, shown_at: str) -> Iterator[Page]:
    with opened(browser, shown_at) as made:
        made.goto("/map")
        made.locator("#map[data-drawn]").wait_for()
        yield made


def drag(page: Page, *places: tuple[float, float]) -> None:
    """Move the held mouse over parts of the map, each from 0 to 1 across and down."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if not number:
            page.mouse.down()
    page.mouse.up()


def test_what_is_drawn_around_becomes_a_filter(page: Page) -> None:
    everything = int(page.locator("#map").get_attribute("data-drawn") or 0)
    page.locator("#map-lasso").click()
    drag(page, (0.002, 0.002), (0.998, 0.002), (0.998, 0.998), (0.002, 0.998))
    link = page.locator("#map-search")
    expect(link).to_have_text(f"Search in these {everything} documents")
    link.click()
    expect(page.locator(".chip").first).to_contain_text("area:…")
    expect(page.locator(".results > li").first).to_be_visible()
    page.go_back()
    page.locator("#map[data-drawn]").wait_for()


def test_drawing_around_nothing_gives_no_filter(page: Page) -> None:
    page.locator("#map-lasso").click()
    drag(page, (0.001, 0.001), (0.003, 0.001), (0.003, 0.003))
    expect(page.locator("#map-chosen")).to_be_hidden()


def test_a_question_is_shown_and_stands_in_the_address(page: Page) -> None:
    page.locator("#q").fill("leaves and sugar")
    page.keyboard.press("Enter")
    expect(page.locator("#map-status")).to_contain_text(re.compile(r"^\d+ documents answer that$"))
    expect(page).to_have_url(re.compile(r"/map\?q=leaves\+and\+sugar$"))
    page.go_back()
    expect(page.locator("#q")).to_have_value("")


def test_colours_tell_subjects_types_and_folders_apart(page: Page) -> None:
    subjects = page.locator("#map-legend li").all_inner_texts()
    page.get_by_label("Type").check()
    kinds = page.locator("#map-legend li").all_inner_texts()
    assert kinds != subjects
    assert any(kind.startswith("pdf") for kind in kinds)
    first = page.locator("#map-legend button").first
    first.click()
    expect(first).to_have_attribute("aria-pressed", "false")


def test_a_dot_leads_to_its_document(page: Page) -> None:
    """The first dot, found by where the server says that it lies."""
    found = page.request.get("/api/v1/map").json()
    size = page.locator("#map").evaluate("c => [c.clientWidth, c.clientHeight]")
    across = max(1, min(size[0], size[1] * 1.6) / 2 - 24)
    down = max(1, size[1] / 2 - 24)
    x = size[0] / 2 + found["x"][0] / 1000 * across
    y = size[1] / 2 - found["y"][0] / 1000 * down
    page.locator("#map").hover(position={"x": x, "y": y})
    expect(page.locator("#map-tip")).to_be_visible()
    title = page.locator("#map-tip strong").inner_text()
    page.locator("#map").click(position={"x": x, "y": y})
    expect(page).to_have_url(re.compile(r"/documents/\d+"))
    expect(page.locator("h1").first).to_contain_text(title[:20])
