"""Documents that the pages show each in a way of its own, for the tests in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import web_site
from conftest import run_index
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas
from web_site import Site, settings_for

from search.engine import Engine
from web import create_app

CODE = '''"""Tides of the harbour."""


def high_water(port: str, day: int) -> float:
    """When the water stands highest at a port, by the almanac's constituents."""
    hours = {"Holm": 4.5, "Wick": 6.25}
    return hours[port] + day * 0.84
'''
TABLE = "berth,boat,remarks\n" + "".join(
    f"B{number},Kestrel {number},owes the winter storage fee\n" for number in range(12)
)
COMPOST = """<!doctype html><html lang="en"><head><title>Compost for beginners</title>
<style>p { color: red }</style></head><body>
<nav><a href="/elsewhere">Elsewhere</a></nav><h1>Compost for beginners</h1>
<h2>What goes in</h2>
<p>Kitchen <em>scraps</em>, coffee grounds and autumn leaves rot down into dark crumbly humus.</p>
<h2>What stays out</h2><p>Meat and cheese attract rats to the heap.</p>
<table><tr><th>Layer</th><th>Depth</th></tr><tr><td>Twigs</td><td>10 cm</td></tr></table>
</body></html>"""
ARABIC = "حديقة الأعشاب\n\nالنعناع ينمو بسرعة في الظل ويحتاج إلى ماء كثير كل يوم في الصيف.\n"
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichen" * 4
#: What only page 7 of the handbook says.
SENTENCE = "The bilge alarm sounds when the float switch is stuck in weed."
#: What the pages of the handbook are about.
CHAPTERS = (
    ("Engine", "Check the oil with the dipstick while the diesel is cold."),
    ("Anchor", "Pay out five times as much chain as the water is deep."),
    ("Galley", "Shut the gas cock at the bottle before the crew goes ashore."),
    ("Sails", "Two reefs go into the mainsail from force six upwards."),
    ("Lights", "A vessel at anchor shows one white light where all can see it."),
    ("Radio", "Channel sixteen is for distress and for calling others."),
    ("Bilge", SENTENCE),
    ("Rudder", "Grease both bearings when the hull is out of the water."),
    ("Fenders", "Hang them where the beam is greatest, before the berth is reached."),
    ("Ropes", "Splices hold better than knots, which weaken a line by half."),
    ("Tender", "No more than three persons sit in the dinghy."),
    ("Winter", "Drain the cooling system and lift the batteries out."),
)


def write_library(folder: Path) -> Path:
    """A folder with a document of each kind."""
    web_site.write_library(folder)
    (folder / "tides.py").write_text(CODE)
    (folder / "fees.csv").write_text(TABLE)
    (folder / "compost.html").write_text(COMPOST)
    (folder / "herbs.txt").write_text(ARABIC)
    (folder / "long.txt").write_text(f"The badge of the captain: {LONG_WORD} {LONG_WORD}\n")
    message = EmailMessage()
    message["From"] = "Jo Penrose <jo@example.org>"
    message["To"] = "harbour@example.org"
    message["Subject"] = "Where the masts are kept"
    message["Date"] = "Mon, 03 Jun 2024 09:12:00 +0200"
    message.set_content("The unstepped masts lie on trestles behind the chandler's shed.\n")
    (folder / "masts.eml").write_bytes(bytes(message))
    for number in range(14):
        (folder / f"log {number:02}.txt").write_text(
            f"Log of day {number}: the dredger moved silt from the basin, load {number * 7}.\n"
        )
    write_handbook(folder / "handbook.pdf")
    return folder


def write_handbook(path: Path) -> None:
    """A PDF of twelve pages that differ."""
    canvas = Canvas(str(path), pagesize=A5, invariant=True)
    canvas.setTitle("Handbook of the launch")
    for heading, text in CHAPTERS:
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(40, 540, heading)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(40, 500, text)
        canvas.showPage()
    canvas.save()


@contextmanager
def site_in(folder: Path) -> Iterator[Site]:
    """Build everything in ``folder`` and close it afterwards."""
    library = write_library(folder / "library")
    settings = settings_for(folder)
    report = run_index(settings, library)
    assert not report.failures, report.failures
    with Engine.of(settings) as engine:
        engine.warm_up()
        yield Site(settings, library, engine, create_app(settings, engine))
