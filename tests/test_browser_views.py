"""Every view in light, in dark and narrow: accessible, within its bounds, light to load."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

from browser import opened, shoot  # noqa: E402
from playwright.sync_api import Browser, Page, expect  # noqa: E402
from web_site import Site  # noqa: E402

pytestmark = pytest.mark.long

#: The views by name: the address, and what is there once all is.
VIEWS = {
    "start": ("/", ".invitation"),
    "results": ("/?q=pump+filter+water+sugar", "#answer[data-complete=true]"),
    "filtered": ("/?q=pump+filter+type:pdf", "#answer[data-complete=true] .chip"),
    "nothing": ("/?q=zzzqqq&mode=keyword", ".nothing"),
    "compared": ("/?q=pump+filter+water&view=compare", ".compared"),
    "problem": ("/?q=%3F", ".problem"),
    "collection": ("/collection", ".facts"),
    "similar": ("/passages/{passage}/similar", ".alikes"),
    "page": ("/documents/{manual.pdf}?start=0&end=20&q=pump", "#pages[data-ready]"),
    "text": ("/documents/{leaves.md}?start=40&end=90&q=water&view=text", "#passage"),
    "form": ("/documents/{compost.html}?q=compost", ".formatted"),
    "table": ("/documents/{fees.csv}?q=winter", ".sheet"),
    "code": ("/documents/{tides.py}?q=tides", ".hk"),
    "message": ("/documents/{masts.eml}?q=masts", ".head, .rows"),
    "map": ("/map?q=pump+water", "#map[data-drawn]"),
    "missing": ("/nowhere", "main h1"),
}
#: By how much the page is wider than its window.
BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
#: Largest size of a page with all that it loads but for pdf.js and the PDF, in bytes.
WEIGHT = 150_000


def address_of(view: str, site: Site) -> str:
    address, _ = VIEWS[view]
    start, brace, rest = address.partition("{")
    if not brace:
        return address
    name, _, end = rest.partition("}")
    if name == "passage":
        with site.engine.collection.snapshot() as snapshot:
            return f"{start}{int(snapshot.keywords.ids()[0])}{end}"
    return f"{start}{site.number(name)}{end}"


def show(page: Page, view: str, site: Site) -> None:
    page.goto(address_of(view, site))
    page.locator(VIEWS[view][1]).first.wait_for()


#: Whatever in it needs no browser to be told apart by colour was checked in the light already.
_CONTRAST = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_accessible_in_light_and_dark_and_fits_when_narrow(
    browser: Browser,
    shown_at: str,
    shown_site: Site,
    view: str,
) -> None:
    refused = "Failed to load resource" if view in ("problem", "missing") else ""
    with opened(browser, shown_at, expected=refused, bypass_csp=True) as page:
        show(page, view, shown_site)
        shoot(page, f"{view}-light")
        result = axe.Axe().run(page)
        assert not result.response["violations"], result.generate_report()
        page.emulate_media(color_scheme="dark")
        shoot(page, f"{view}-dark")
        result = axe.Axe().run(page, options=_CONTRAST)
        assert not result.response["violations"], result.generate_report()
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 320, "height": 900})
        shoot(page, f"{view}-narrow")
        assert page.evaluate(BEYOND) <= 0


def test_at_twice_the_size_all_fits(browser: Browser, shown_at: str, shown_site: Site) -> None:
    with opened(browser, shown_at, viewport={"width": 640, "height": 450}) as page:
        show(page, "results", shown_site)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        expect(page.locator("#q")).to_be_visible()
        assert page.evaluate(BEYOND) <= 0


def test_motion_is_reduced_where_that_is_wanted(browser: Browser, shown_at: str) -> None:
    with opened(browser, shown_at, reduced_motion="reduce") as page:
        page.goto("/?q=pump")
        duration = "getComputedStyle(document.getElementById('answer')).transitionDuration"
        assert page.evaluate(duration) == "0s"


def test_what_has_the_focus_can_be_seen(browser: Browser, shown_at: str, shown_site: Site) -> None:
    with opened(browser, shown_at) as page:
        show(page, "results", shown_site)
        seen = set()
        for _ in range(25):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
        assert seen == {"solid"}


@pytest.mark.parametrize("view", ["start", "results", "page", "code"])
def test_a_view_is_light(browser: Browser, shown_at: str, shown_site: Site, view: str) -> None:
    sizes: dict[str, int] = {}
    with opened(browser, shown_at) as page:
        page.on("response", lambda one: sizes.update({one.url: len(one.body())}))
        show(page, view, shown_site)
        page.wait_for_timeout(300)
    own = {url: size for url, size in sizes.items() if "/vendor/" not in url and "/file" not in url}
    assert len(own) >= 4
    assert sum(own.values()) < WEIGHT, own
