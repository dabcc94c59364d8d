"""Pages whose server is slow, busy or gone, and documents that are long, in a real browser."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api")

from browser import opened, searched
from playwright.sync_api import Browser, Page, Route, expect
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

pytestmark = pytest.mark.long

PAGES = 30


@pytest.fixture
def page(browser: Browser, shown_at: str) -> Iterator[Page]:
    with opened(browser, shown_at, "Failed to load resource") as made:
        yield made


def ask(page: Page, words: str) -> None:
    page.goto(f"/?q={words}")
    searched(page)


def test_suggestions_come_though_earlier_ones_were_slow(page: Page) -> None:
    held: list[Route] = []

    def slow(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/suggest?*", slow)
    page.goto("/")
    page.keyboard.type("leave")
    page.wait_for_function("() => performance.getEntriesByType('resource').length > 0")
    for _ in range(100):
        if held:
            break
        page.wait_for_timeout(20)
    page.keyboard.type("s")
    expect(page.locator("#suggestions [role=option]").first).to_be_visible()


def test_why_says_that_the_server_is_gone_and_asks_again(page: Page) -> None:
    ask(page, "leaves+sunlight+sugar")
    page.route("**/why?*", lambda route: route.abort())
    why = page.locator(".why").first
    why.locator("summary").click()
    expect(why.get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute("**/why?*")
    why.locator("summary").click()
    why.locator("summary").click()
    expect(why.locator("table").first).to_be_visible()


def test_a_judgement_that_is_not_noted_is_said(page: Page) -> None:
    ask(page, "leaves+sunlight+sugar")
    page.route("**/judgements", lambda route: route.abort())
    first = page.locator(".results > li").first
    first.locator("[data-judge='1']").click()
    expect(first.get_by_role("alert")).to_be_visible()
    expect(first.locator("[data-judge='1']")).to_have_attribute("aria-pressed", "false")


def test_a_busy_server_is_listened_to_again(page: Page) -> None:
    asked: list[str] = []
    state = {
        "running": True, "elsewhere": True, "failed": True, "said": "An earlier run.",
        "run": None, "documents": 5, "passages": 9, "failures": 0,
    }  # fmt: skip

    def busy(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503)
            return
        states = [state, {**state, "running": False, "elsewhere": False}]
        told = "".join(f"data: {json.dumps(one)}\n\n" for one in states)
        route.fulfill(content_type="text/event-stream", body=f"retry: 60000\n{told}")

    page.clock.install()
    page.route("**/collection/events", busy)
    page.goto("/collection")
    page.clock.run_for(100)
    page.wait_for_timeout(100)
    page.clock.run_for(6_000)
    # How the run before went says nothing of this one, which was begun elsewhere.
    expect(page.locator("#run-told")).to_have_text("Up to date.")
    expect(page.locator("#run-said")).to_have_text("")
    assert len(asked) == 2


def test_of_a_long_pdf_only_some_pages_stay_drawn(page: Page) -> None:
    content = io.BytesIO()
    canvas = Canvas(content, pagesize=A5)
    for number in range(PAGES):
        canvas.drawString(40, 400, f"This is page {number + 1}.")
        canvas.showPage()
    canvas.save()
    page.route(
        "**/file",
        lambda route: route.fulfill(body=content.getvalue(), content_type="application/pdf"),
    )
    ask(page, "bilge+alarm+float+switch")
    page.goto(page.locator(".results > li h3 a").first.get_attribute("href") or "")
    expect(page.locator(".sheet-of-paper")).to_have_count(PAGES)
    for number in range(1, PAGES + 1):
        page.locator(f"#sheet-{number}").scroll_into_view_if_needed()
        expect(page.locator(f"#sheet-{number}[data-drawn]")).to_have_count(1)
    expect(page.locator(".sheet-of-paper[data-drawn]")).to_have_count(12)
    page.locator("#sheet-1").scroll_into_view_if_needed()
    expect(page.locator("#sheet-1[data-drawn] .textLayer")).to_contain_text("This is page 1.")


def test_the_text_of_a_page_stays_on_its_picture(page: Page) -> None:
    ask(page, "bilge+alarm+float+switch")
    page.goto(page.locator(".results > li h3 a").first.get_attribute("href") or "")
    expect(page.locator("#sheet-7[data-drawn]")).to_be_visible()
    page.set_viewport_size({"width": 500, "height": 900})
    sheet = page.locator("#sheet-7")
    expect(sheet.locator(".textLayer")).to_be_visible()
    factor = "e => Number(e.style.getPropertyValue('--total-scale-factor')) * e.dataset.width"
    page.wait_for_function(
        f"() => {{ const e = document.getElementById('sheet-7'); "
        f"return Math.abs(({factor})(e) - e.clientWidth) < 1; }}"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_is_drawn_in_the_colours_of_the_page(
    browser: Browser, shown_at: str, scheme: str
) -> None:
    with opened(browser, shown_at, color_scheme=scheme) as page:
        page.goto("/map")
        expect(page.locator("#map[data-drawn]")).to_be_visible()
        probe = page.locator("#map-colours")
        expect(probe).to_have_attribute("style", "color: var(--raised);")
        assert page.evaluate(
            "CSS.supports('color', getComputedStyle(document.getElementById('map-colours')).color)"
        )
        dark = page.evaluate("getComputedStyle(document.body).color") == "rgb(231, 228, 222)"
        assert dark == (scheme == "dark")
