"""A small collection behind the web application, for the tests of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import run_index
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from selectolax.lexbor import LexborHTMLParser, LexborNode

from search.engine import Engine
from search.settings import Settings
from web import create_app

ATTACK = "<script>alert(1)</script>"
#: A file name may hold anything but a slash and NUL.
ATTACKING_NAME = '<img src=x onerror=alert(2)> "quoted" \'n &amp.txt'

LEAVES = """# How leaves make sugar

Green leaves catch sunlight and turn water and carbon dioxide into sugar.

## The noon dilemma

On a scorching midday the plant shuts its pores, and starves a little meanwhile.

## Empty heading

## Recipe

Take water from the roots.

    6 CO2 + 6 H2O
        --light-->
    sugar

Then wait.
"""

BEES = """The bees had swarmed before breakfast and hung in the plum tree like a beard.

We shook them into a box, quickly and without gloves, which was a mistake.
"""

PAGES = (
    ("1 Pump", ["Switch the pump off before you open the housing.", "Wait until it is cold."]),
    ("2 Filter", ["Rinse the filter under running water once a month."]),
    ("3 Faults", ["Code E7 means that the impeller is blocked by gravel."]),
)


class Element:
    """An element of a page as browsers understand it."""

    def __init__(self, node: LexborNode) -> None:
        self._node = node

    @property
    def attributes(self) -> dict[str, str]:
        return {name: value or "" for name, value in self._node.attributes.items()}

    @property
    def text(self) -> str:
        """All text in it, to the character."""
        return self._node.text()

    @property
    def words(self) -> str:
        """Its text with white space as it is shown."""
        return " ".join(self.text.split())

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)

    def all(self, selector: str) -> list[Element]:
        return [Element(node) for node in self._node.css(selector)]

    def one(self, selector: str) -> Element:
        (found,) = self.all(selector)
        return found

    def texts(self, selector: str) -> list[str]:
        return [element.words for element in self.all(selector)]

    def links(self, selector: str) -> list[str]:
        return [element.attributes["href"] for element in self.all(selector)]


def parsed(html: str) -> Element:
    """A page or a fragment of one."""
    root = LexborHTMLParser(html).root
    assert root is not None
    return Element(root)


@dataclass
class Site:
    """A collection, the engine that asks it, and the application in front of both."""

    settings: Settings
    library: Path
    engine: Engine
    app: Flask

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def get(self, path: str, **more: Any) -> Any:
        """The JSON of an answer that must be fine."""
        response = self.client.get(path, **more)
        assert response.status_code == 200, response.text
        return response.json

    def page(self, path: str, status: int = 200) -> Element:
        """The HTML of a page, parsed."""
        response = self.client.get(path)
        assert response.status_code == status, response.text
        assert response.mimetype == "text/html"
        return parsed(response.text)

    def number(self, name: str) -> int:
        """The number of the document in the file called ``name``."""
        with self.engine.collection.store.reading() as reading:
            for key in reading.document_keys():
                row = reading.document(key)
                if row is not None and any(path.name == name for path in row.paths):
                    return key
        raise AssertionError(f"no document {name}")

    def row(self, name: str) -> Any:
        """The document in the file called ``name``."""
        return self.engine.document(self.number(name))


def write_library(folder: Path) -> Path:
    """Documents of several kinds, some of them malicious."""
    folder.mkdir(parents=True)
    (folder / "leaves.md").write_text(LEAVES)
    (folder / "bees.txt").write_text(BEES)
    (folder / "copies").mkdir()
    (folder / "copies" / "bees again.txt").write_text(BEES)
    (folder / "attack.html").write_text(
        "<!doctype html><title>&lt;script&gt;alert(1)&lt;/script&gt;</title>"
        "<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>"
        "<h2>&lt;b onclick=x&gt;Heading</h2><p>Harmful markup &lt;script&gt;alert(3)&lt;/script&gt;"
        " &lt;/p&gt;&lt;img src=x onerror=alert(4)&gt; &amp;lt;kept&amp;gt; in a text.</p>"
    )
    (folder / ATTACKING_NAME).write_text("Harmful names are escaped as well as harmful texts.\n")
    write_pdf(folder / "manual.pdf")
    return folder


def write_pdf(path: Path, word: str = "") -> None:
    canvas = Canvas(str(path), pagesize=A5, invariant=True)
    canvas.setTitle(f"Pond pump manual {word}".strip())
    canvas.setAuthor("Kim Weir")
    for heading, lines in PAGES:
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(50, 500, heading)
        canvas.setFont("Helvetica", 11)
        for number, line in enumerate(lines):
            canvas.drawString(50, 470 - 30 * number, line)
        canvas.showPage()
    canvas.save()


def write_scan(path: Path, pages: int) -> None:
    """A PDF with text on its first page and pictures alone on the others."""
    picture = ImageReader(Image.new("L", (200, 300), 128))
    canvas = Canvas(str(path), pagesize=A5, invariant=True)
    canvas.drawString(50, 500, "Deed of the mill, photographed by the county archive.")
    for _ in range(pages - 1):
        canvas.showPage()
        canvas.drawImage(picture, 0, 0, *A5)
    canvas.save()


def settings_for(folder: Path, **more: Any) -> Settings:
    return Settings(home=folder / "home", cache=folder / "cache", model="hashing", **more)


def index_library(settings: Settings, library: Path) -> None:
    report = run_index(settings, library)
    assert not report.failures, report.failures


@contextmanager
def site_in(folder: Path) -> Iterator[Site]:
    """Build everything in ``folder`` and close it afterwards."""
    library = write_library(folder / "library")
    settings = settings_for(folder)
    index_library(settings, library)
    with Engine.of(settings) as engine:
        engine.warm_up()
        yield Site(settings, library, engine, create_app(settings, engine))
