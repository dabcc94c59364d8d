"""Time from the last key to painted results, in a real browser, at 20,000 passages.

The collection is made of the sample corpus: its passages, encoded once, and mixtures of two that
are near each other, put into the store as `wherein index` would have put them there (see
synthesis.py). It is kept in a folder and used again. Questions are those of the sample corpus, some
without their last word and some without their first, typed key by key; none is asked twice.

The clock starts at the last key and stops when the frame has been painted that shows the results.
The wait for another key (150 ms) is part of it. Beside the whole are given: that wait; the request,
from being sent to its last byte; and what the browser then takes.

Usage: python benchmarks/page.py [--passages 20000] [--questions 60] [--keep FOLDER]
           [--record]
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright
from results import Figure, record
from synthesis import PASSAGES, Real, synthesise

from search.builds import exists
from search.encoders import DEFAULT_MODEL, Encoder, load_encoder
from search.engine import Engine
from search.settings import Settings
from web import create_app

SAMPLE = Path(__file__).resolve().parents[1] / "sample_corpus"
#: Milliseconds between keys.
TYPING = 60
#: How many questions are asked before any counts.
WARM_UP = 5
#: What a passage of the sample corpus has at the least, in words.
_LEAST = 20
_LIMIT = "≤ 250"


def real_passages(encoder: Encoder) -> Real:
    """The passages of the sample corpus, with their embeddings."""
    texts = []
    for path in sorted(SAMPLE.rglob("*.md")) + sorted(SAMPLE.rglob("*.txt")):
        words = path.read_text("utf-8", "replace").split()
        parts = (words[at : at + 110] for at in range(0, len(words), 110))
        texts += [" ".join(part) for part in parts if len(part) >= _LEAST]
    embeddings = encoder.encode_passages(texts).astype(np.float32)
    return Real.of(texts, embeddings)


def questions(count: int) -> list[str]:
    """Questions to the sample corpus, none of them twice."""
    lines = (SAMPLE / "queries.jsonl").read_text("utf-8").splitlines()
    asked = [json.loads(line)["text"].rstrip("?. ") for line in lines]
    cut = [*asked, *(" ".join(text.split()[:-1]) for text in asked)]
    cut += [" ".join(text.split()[1:]) for text in asked]
    return list(dict.fromkeys(text for text in cut if len(text.split()) > 1))[:count]


def build(settings: Settings, passages: int) -> None:
    """Make the collection, unless it is there."""
    folder = settings.collections / settings.collection
    if exists(folder):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    encoder = load_encoder(DEFAULT_MODEL, settings.cache)
    count = passages // PASSAGES * PASSAGES
    with synthesise(folder, count, real_passages(encoder), encoder) as writer:
        writer.activate()


def once(page: Page, question: str) -> dict[str, float]:
    """Type a question; milliseconds from its last key on, by what they went into."""
    page.locator("#q").fill("")
    page.locator("#answer[aria-busy=false]").wait_for()
    page.wait_for_timeout(300)
    page.locator("#q").press_sequentially(question[:-1], delay=TYPING)
    page.evaluate(
        "addEventListener('keydown', () => { window.lastKey = performance.now();"
        " performance.clearMarks('wherein-painted'); performance.clearResourceTimings();"
        " delete document.getElementById('answer').dataset.complete; },"
        " {once: true, capture: true})"
    )
    page.locator("#q").press(question[-1])
    page.locator("#answer[data-complete=true]").wait_for()
    found: dict[str, float] = page.evaluate(
        "() => { const asked = performance.getEntriesByType('resource')"
        "  .filter(e => e.name.includes('fragment=1') && e.startTime > window.lastKey).at(-1);"
        " const painted = performance.getEntriesByName('wherein-painted').at(-1).startTime;"
        " return {whole: painted - window.lastKey, wait: asked.startTime - window.lastKey,"
        "  request: asked.responseEnd - asked.startTime, browser: painted - asked.responseEnd}; }"
    )
    return found


@contextmanager
def served(engine: Engine, settings: Settings) -> Iterator[str]:
    """Serve the collection as `wherein serve` does; gives the address."""
    from web.server import Server

    with Server("127.0.0.1", 0) as server:
        server.listen(create_app(settings, engine), settings.threads)
        begun = threading.Event()
        thread = threading.Thread(target=server.run, args=(begun.set,), daemon=True)
        thread.start()
        begun.wait(30)
        yield server.url
        server.stop()
        thread.join(30)


def measure(settings: Settings, count: int) -> tuple[int, list[dict[str, float]]]:
    """Ask; how many passages there are, and what each question took."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("There is no Chromium on PATH.")
    with (
        Engine.of(settings) as engine,
        served(engine, settings) as address,
        sync_playwright() as playwright,
    ):
        engine.warm_up()
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page()
        page.goto(address)
        taken = [once(page, question) for question in questions(count + WARM_UP)]
        browser.close()
        return engine.counts().passages, taken[WARM_UP:]


def summary(taken: list[dict[str, float]], name: str) -> dict[str, Any]:
    """Median and 95th percentile of one part."""
    values = sorted(one[name] for one in taken)
    p95 = values[min(len(values) - 1, round(0.95 * len(values)))]
    limit = _LIMIT if name == "whole" else ""
    return {"median": Figure(round(statistics.median(values)), "ms"),
            "p95": Figure(round(p95), "ms", limit)}  # fmt: skip


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--keep", type=Path, help="the folder to keep the collection in")
    parser.add_argument("--record", action="store_true", help="write results/page.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = given.keep or Path(name)
        settings = Settings(home=home, collection=f"page-{given.passages}", rate_limit=0)
        build(settings, given.passages)
        passages, taken = measure(settings, given.questions)
    figures = {part: summary(taken, part) for part in ("whole", "wait", "request", "browser")}
    print(f"{passages:,} passages, {len(taken)} questions; milliseconds from the last key:")
    for part, found in figures.items():
        print(f"  {part:8} median {found['median'].value:4}   p95 {found['p95'].value:4}")
    if given.record:
        record(
            "page",
            {"passages": passages, "questions": len(taken), **figures},
            f"python benchmarks/page.py --passages {given.passages} --questions {given.questions}",
        )


if __name__ == "__main__":
    main()
