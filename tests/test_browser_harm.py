"""Nothing in a document, its name, a query or a facet ever runs, or reaches out of this machine.

The vectors are written into everything a page shows; a page that so much as opens a dialog, or asks
for anything but what the server has, fails the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote_plus

import pytest

pytest.importorskip("playwright.sync_api")

from browser import opened, served
from conftest import run_index
from playwright.sync_api import Browser, Page
from web_site import Site, settings_for

from search.engine import Engine
from web import create_app

pytestmark = pytest.mark.long

#: Each would set window.harmed, or ask another server for something, if it were let.
VECTORS = (
    "<script>window.harmed=1</script>",
    "<img src=x onerror=window.harmed=1>",
    "<img src=http://192.0.2.1/pixel.png>",
    "<svg onload=window.harmed=1><script>window.harmed=1</script></svg>",
    "<svg><animate onbegin=window.harmed=1 attributeName=x dur=1s>",
    "<body onload=window.harmed=1>",
    "<iframe src=javascript:window.harmed=1></iframe>",
    "<iframe srcdoc='<script>parent.harmed=1</script>'></iframe>",
    "<object data=javascript:window.harmed=1></object>",
    "<embed src=javascript:window.harmed=1>",
    "<a href=javascript:window.harmed=1>harm</a>",
    "<a href=' &#1; java&#10;script:window.harmed=1'>harm</a>",
    "<a href='data:text/html,<script>window.harmed=1</script>'>harm</a>",
    "<form action=javascript:window.harmed=1><button>harm</button></form>",
    "<input autofocus onfocus=window.harmed=1>",
    "<details open ontoggle=window.harmed=1>harm</details>",
    "<video><source onerror=window.harmed=1></video>",
    "<link rel=stylesheet href=http://192.0.2.1/harm.css>",
    "<style>@import 'http://192.0.2.1/harm.css'; body{background:url(http://192.0.2.1/x)}</style>",
    "<p style='background:url(http://192.0.2.1/x)'>harm</p>",
    "<meta http-equiv=refresh content='0;url=javascript:window.harmed=1'>",
    "<base href=http://192.0.2.1/>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.harmed=1></style></math>",
    "<noscript><p title='</noscript><img src=x onerror=window.harmed=1>'></noscript>",
    "<template><script>window.harmed=1</script></template>",
    "<mark id=passage><img src=x onerror=window.harmed=1></mark>",
    "\"'><script>window.harmed=1</script>",
    "{{ 7*7 }}${7*7}<%= 7*7 %>",
    "[harm](javascript:window.harmed=1)",
    "![harm](http://192.0.2.1/pixel.png)",
    "<http://192.0.2.1/harm>",
)


def write_library(folder: Path) -> Path:
    """The vectors in every kind of document that is shown in a way of its own."""
    folder.mkdir()
    everything = "\n\n".join(f"Harm number {n}: {vector}" for n, vector in enumerate(VECTORS))
    (folder / "all.md").write_text(f"# Harm {VECTORS[0]}\n\n{everything}\n")
    (folder / "all.html").write_text(
        f"<title>Harm {VECTORS[1]}</title><h1>Harm {VECTORS[1]}</h1>"
        + "".join(f"<p>Harm number {n}: {vector}</p>" for n, vector in enumerate(VECTORS))
    )
    (folder / "all.txt").write_text(everything)
    (folder / "all.py").write_text("\n".join(f"harm_{n} = {v!r}" for n, v in enumerate(VECTORS)))
    rows = (f'{n},"{vector.replace(chr(34), chr(34) * 2)}"\n' for n, vector in enumerate(VECTORS))
    (folder / "all.csv").write_text(f"number,{VECTORS[1]}\n" + "".join(rows))
    message = EmailMessage()
    message["From"] = f'"{VECTORS[1]}" <harm@example.org>'.replace("=", " ")
    message["Subject"] = VECTORS[0]
    message.set_content(everything)
    (folder / "all.eml").write_bytes(bytes(message))
    for number, vector in enumerate(VECTORS[:4]):
        name = vector.replace("/", "∕")
        (folder / f"{number} {name}.txt").write_text(f"Harm in a name {number}.")
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place = tmp_path_factory.mktemp("harm")
    settings, library = settings_for(place), write_library(place / "<b>library")
    report = run_index(settings, library)
    assert not report.failures, report.failures
    with Engine.of(settings) as engine:
        yield Site(settings, library, engine, create_app(settings, engine))


@pytest.fixture(scope="module")
def base(site: Site) -> Iterator[str]:
    with served(site.app) as address:
        yield address


def unharmed(page: Page) -> None:
    """Check that nothing of a document became part of the page's own workings."""
    assert page.evaluate("window.harmed") is None
    assert page.locator("script:not([src^='/static/'])").count() == 0
    assert (
        page.locator("iframe, object, embed, form[action^=java], base, meta[http-equiv]").count()
        == 0
    )
    assert page.locator("[href^='javascript:' i], [href^='data:' i], img, video").count() == 0


def test_nothing_in_a_result_runs(browser: Browser, base: str) -> None:
    with opened(browser, base) as page:
        for query in ("harm number", "harm name", "harm type:html", "harm&view=compare"):
            page.goto(f"/?q={query.replace(' ', '+')}&k=50")
            page.locator(".results > li, .compared li").first.wait_for()
            for details in page.locator(".why summary").all()[:3]:
                details.click()
            for link in page.locator("a.alike").all()[:3]:
                link.click()
            page.wait_for_timeout(150)
            unharmed(page)


@pytest.mark.parametrize("view", ["", "text"])
def test_nothing_in_a_document_runs(browser: Browser, base: str, site: Site, view: str) -> None:
    with opened(browser, base) as page:
        for name in ("all.md", "all.html", "all.txt", "all.py", "all.csv", "all.eml"):
            row = site.row(name)
            place = f"start={row.passages[0].start}&end={row.passages[0].end}"
            page.goto(f"/documents/{row.key}?{place}&q=harm+number&view={view}")
            page.wait_for_timeout(100)
            assert "arm" in page.locator("article").inner_text()
            unharmed(page)


def test_nothing_in_a_query_runs(browser: Browser, base: str) -> None:
    with opened(browser, base) as page:
        page.goto("/")
        for vector in VECTORS:
            page.locator("#q").fill(vector)
            page.keyboard.press("Enter")
            page.locator("#answer[aria-busy=false]").wait_for()
            unharmed(page)
        page.goto(f"/?q={quote_plus(' '.join(VECTORS[:6]))}+type:{quote_plus('<b>')}")
        unharmed(page)
        page.goto("/")
        page.locator("#q").click()
        page.locator("#suggestions [role=option]").first.wait_for()
        unharmed(page)


def test_nothing_in_names_and_facets_runs(browser: Browser, base: str) -> None:
    with opened(browser, base) as page:
        for address in ("/", "/?q=harm", "/collection"):
            page.goto(address)
            page.wait_for_timeout(100)
            unharmed(page)
        for text in ("harm", "title:harm", "path:", "author:"):
            page.goto("/")
            page.locator("#q").press_sequentially(text)
            page.wait_for_timeout(300)
            unharmed(page)
