"""What somebody does on the page of the collection, done in a real browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")

from browser import opened, served, shoot
from browser_library import site_in
from playwright.sync_api import Browser, Page, expect
from web_site import Site, write_pdf

from web import create_app
from web.updating import updating_of

pytestmark = pytest.mark.long

PATIENCE = 60_000
#: Drops files with these names and texts onto the page, as the system's file manager does.
DROP = """(files) => {
  const dropped = new DataTransfer();
  for (const [name, text] of files) dropped.items.add(new File([text], name));
  const place = document.querySelector("h1");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    place.dispatchEvent(
      new DragEvent(kind, { dataTransfer: dropped, bubbles: true, cancelable: true })
    );
    if (kind === "dragover") window.marked = document.body.classList.contains("dropping");
  }
}"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "inbox").mkdir()
    with site_in(tmp_path / "site") as built:
        settings = built.settings.with_(upload_folder=tmp_path / "inbox")
        made = replace(built, settings=settings, app=create_app(settings, built.engine))
        yield made
        assert updating_of(made.app).wait(60)


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with served(site.app) as base, opened(browser, base) as made:
        made.goto("/collection")
        yield made


def index(site: Site) -> subprocess.Popen[bytes]:
    """`wherein index` at the command line."""
    return subprocess.Popen(
        [sys.executable, "-m", "indexer.cli", "index", "--home", str(site.settings.home)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "WHEREIN_CACHE": str(site.settings.cache)},
    )


def test_a_run_can_be_watched(page: Page, site: Site) -> None:
    before = int(page.locator("#count-documents").inner_text())
    (site.library / "wasps.txt").write_text("The wasps came in August.")
    page.locator(".update button").click()
    expect(page.locator("#count-documents")).to_have_text(str(before + 1), timeout=PATIENCE)
    expect(page.locator("#run")).to_have_attribute("data-running", "false", timeout=PATIENCE)
    expect(page.locator(".update button")).to_be_enabled()


def test_a_run_begun_at_the_command_line_can_be_watched(page: Page, site: Site) -> None:
    before = int(page.locator("#count-documents").inner_text())
    for number in range(60):
        text = " ".join(f"word{number}x{n}" for n in range(2_000))
        (site.library / f"log {number:03}.txt").write_text(text)
    expect(page.locator("#run-share")).to_be_hidden()
    running = index(site)
    try:
        expect(page.locator("#run-told")).to_contain_text("of 60 files", timeout=PATIENCE)
        expect(page.locator("#run-told")).to_contain_text("A run begun elsewhere is at work.")
        expect(page.locator("#run-share")).to_be_visible()
        expect(page.locator(".update button")).to_be_disabled()
        shoot(page, "collection-running")
        expect(page.locator("#run-told")).to_have_text("Up to date.", timeout=PATIENCE)
        expect(page.locator("#run-share")).to_be_hidden()
        expect(page.locator("#count-documents")).to_have_text(str(before + 60))
    finally:
        running.wait(60)
    # What stands below is renewed as well: two texts, those of the days, and the new ones.
    texts = page.locator("#held .tally li", has_text="Text").first.locator(".count")
    now = site.client.get("/api/v1/status").get_json()["kinds"]["text"]
    expect(texts).to_have_text(str(now), timeout=PATIENCE)


def test_files_that_are_dropped_are_found(page: Page, site: Site) -> None:
    assert site.settings.upload_folder is not None
    dropped = [
        ["wasps.txt", "The wasps came in August and stayed until the pears were gone."],
        ["report.exe", "MZ"],
        ["moles.md", "# Moles\n\nThe moles dug under the lawn."],
    ]
    page.evaluate(DROP, dropped)
    assert page.evaluate("window.marked"), "the page shows that it takes what is dropped"
    expect(page.locator("#sent li")).to_have_count(3)
    expect(page.locator("#sent li").nth(0)).to_contain_text("Added.")
    expect(page.locator("#sent li.wrong")).to_contain_text("of the kind .exe cannot be read")
    expect(page.locator("#sent li").nth(2)).to_contain_text("Added.")
    assert {path.name for path in site.settings.upload_folder.iterdir()} == {
        "wasps.txt",
        "moles.md",
    }
    shoot(page, "collection-uploads")
    expect(page.locator("#run-told")).to_have_text("Up to date.", timeout=PATIENCE)
    expect(page.locator("#held")).to_contain_text("inbox", timeout=PATIENCE)
    assert updating_of(site.app).wait(60)
    for words, title in (("wasps pears", "wasps.txt"), ("lawn dug", "Moles")):
        page.goto(f"/?q={words.replace(' ', '+')}&mode=keyword")
        expect(page.locator(".results > li h3").first).to_have_text(title)
    page.goto("/collection")
    page.evaluate(DROP, [["wasps.txt", "Another text under the same name."]])
    expect(page.locator("#sent li")).to_contain_text("Added as “wasps (2).txt”")


def test_a_file_can_be_chosen_and_one_that_is_too_large_is_not_sent(
    page: Page, site: Site, tmp_path: Path
) -> None:
    write_pdf(tmp_path / "manual.pdf", "by hand")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(f"{request.method} {request.url}"))
    page.locator("#files").set_input_files(str(tmp_path / "manual.pdf"))
    expect(page.locator("#sent li")).to_contain_text("Added.")
    sent = [one for one in requests if one.startswith("POST")]
    page.evaluate("document.getElementById('uploads').dataset.each = '10'")
    page.reload()
    page.evaluate("() => Object.defineProperty(File.prototype, 'size', { get: () => 1e12 })")
    page.evaluate(DROP, [["large.txt", "not really"]])
    expect(page.locator("#sent li.wrong")).to_contain_text("larger than 200 MB")
    assert [one for one in requests if one.startswith("POST")] == sent


def test_why_a_file_was_turned_away_is_said(browser: Browser, site: Site) -> None:
    problem = "<main><h1>Busy</h1><p>The server has more to do than it can.</p></main>"
    with served(site.app) as base, opened(browser, base, "Failed to load resource") as page:
        page.route("**/collection/files", lambda r: r.fulfill(status=503, body=problem))
        page.goto("/collection")
        page.evaluate(DROP, [["a.txt", "Ants."], ["b.txt", "Bees."]])
        lines = page.locator("#sent li.wrong span")
        expect(lines).to_have_text(["The server has more to do than it can."] * 2)


def test_nothing_in_the_name_of_a_dropped_file_runs(page: Page) -> None:
    name = "<img src=x onerror=window.harmed=1>.exe"
    page.evaluate(DROP, [[name, "x"], [f"{name}.txt", "harmless"]])
    expect(page.locator("#sent li.wrong bdi")).to_have_text(name)
    expect(page.locator("#sent li").nth(1)).to_contain_text("Added as")
    page.wait_for_timeout(100)
    assert page.evaluate("window.harmed") is None
    assert page.locator("#sent img").count() == 0


def test_the_place_for_files_is_accessible_and_can_be_reached_by_key(
    browser: Browser, site: Site
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with served(site.app) as base, opened(browser, base, bypass_csp=True) as page:
        page.goto("/collection")
        page.evaluate(DROP, [["a.txt", "Ants."], ["b.exe", "MZ"]])
        expect(page.locator("#sent li.wrong")).to_be_visible()
        result = axe.Axe().run(page)
        assert not result.response["violations"], result.generate_report()
        page.locator("#files").focus()
        outline = "getComputedStyle(document.querySelector('.uploads label')).outlineStyle"
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert page.evaluate(outline) == "solid"


def test_without_javascript_the_form_sends_files(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "voles.txt").write_text("The voles ate the tulips.")
    with served(site.app) as base, opened(browser, base, java_script_enabled=False) as page:
        page.goto("/collection")
        page.locator("#files").set_input_files(str(tmp_path / "voles.txt"))
        page.locator(".uploads button").click()
        expect(page.locator(".sent li")).to_have_text("voles.txt Added.")
