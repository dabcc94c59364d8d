"""A real Chromium for the tests of the pages: one for all of them, a fresh profile for each."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser, Page
    from web_site import Site

SCREENSHOTS = Path(__file__).parent / "screenshots"
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _program() -> str:
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        if os.environ.get("CI_BROWSER") == "1":
            pytest.fail("There is no Chromium on PATH, and CI_BROWSER=1 demands one.")
        pytest.skip("There is no Chromium on PATH; install it to test the pages in a browser.")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    program = _program()
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def shown_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One collection with documents of every kind; tests do not change its files."""
    from browser_library import site_in

    with site_in(tmp_path_factory.mktemp("shown")) as site:
        yield site


@pytest.fixture(scope="session")
def shown_at(shown_site: Site) -> Iterator[str]:
    """Where the pages of that collection are to be had."""
    with served(shown_site.app) as address:
        yield address


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application on a free port of this machine; gives its address."""
    from waitress.server import create_server

    from web.receiving import channel_with
    from web.uploads import body_limit

    # Above its usual limit it keeps answers in files, and leaves those open that nobody waits for.
    server: Any = create_server(
        app, host="127.0.0.1", port=0, threads=4, outbuf_overflow=64 * 1024 * 1024
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    # As `wherein serve` has it: how large a body may be goes by its address.
    server.channel_class = channel_with(body_limit(app, 1_000_000))
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=5)
        thread.join(timeout=10)


@contextmanager
def opened(browser: Browser, base: str, expected: str = "", **more: Any) -> Iterator[Page]:
    """A page in a fresh profile; whatever goes wrong in it fails the test.

    Requests to anywhere but the server are refused and counted as faults.

    Args:
        browser: The browser.
        base: The server's address.
        expected: What a complaint in the console may hold.
        more: What the context is made with.
    """
    more = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"} | more
    faults: list[str] = []
    context = browser.new_context(base_url=base, **more)
    context.set_default_timeout(10_000)

    def guarded(route: Any) -> None:
        if route.request.url.startswith((base, "data:", "blob:")):
            route.continue_()
        else:
            faults.append(f"request to {route.request.url}")
            route.abort()

    context.route("**/*", guarded)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def heard(message: Any) -> None:
        if message.type == "error" and not (expected and expected in message.text):
            faults.append(message.text)

    page.on("console", heard)
    try:
        yield page
        assert not faults, faults
    finally:
        context.close()


def shoot(page: Page, name: str) -> Path:
    """Keep what the page looks like."""
    SCREENSHOTS.mkdir(exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=str(path))
    return path


def searched(page: Page) -> None:
    """Wait until an answer is painted and all that comes after it is there."""
    page.locator("#answer[data-complete=true]").wait_for()
