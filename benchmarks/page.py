"""Time from the last key to painted results, in a real browser, over a made-up collection.

Each question is typed key by key; the clock starts at the last key and stops when the frame after
the results were put in has been painted. The wait for further keys (150 ms) is part of it.

Usage: python benchmarks/page.py [--passages 20000] [--questions 40]
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from conftest import run_index
from playwright.sync_api import Page, sync_playwright
from waitress.server import create_server

from search.encoders import HashingEncoder
from search.engine import Engine
from search.settings import Settings
from web import create_app

WORDS = 4000
TYPING = 40


def write(folder: Path, passages: int) -> list[str]:
    """Documents with about so many passages, of words as frequent as in any language."""
    draw = random.Random(5)
    letters = "etaoinshrdlucmfwypvbg"
    words = ["".join(draw.choices(letters, k=draw.randint(3, 10))) for _ in range(WORDS)]
    weights = [1 / rank for rank in range(1, WORDS + 1)]
    folder.mkdir(exist_ok=True)
    for number in range(passages // 10):  # two paragraphs make a passage
        paragraphs = (" ".join(draw.choices(words, weights, k=90)) + "." for _ in range(20))
        (folder / f"document {number}.txt").write_text("\n\n".join(paragraphs))
    return words


def once(page: Page, question: str) -> float:
    """Type a question; milliseconds from its last key to painted results."""
    page.locator("#q").fill("")
    page.locator("#answer[aria-busy=false]").wait_for()
    page.wait_for_timeout(400)
    page.evaluate("performance.clearMarks('wherein-painted')")
    page.locator("#q").press_sequentially(question[:-1], delay=TYPING)
    page.evaluate(
        "addEventListener('keydown', () => { window.lastKey = performance.now();"
        " performance.clearMarks('wherein-painted');"
        " delete document.getElementById('answer').dataset.complete; },"
        " {once: true, capture: true})"
    )
    page.locator("#q").press(question[-1])
    page.locator("#answer[data-complete=true]").wait_for()
    return float(
        page.evaluate(
            "performance.getEntriesByName('wherein-painted').at(-1).startTime - window.lastKey"
        )
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--model", default="hashing")
    parser.add_argument("--keep", type=Path, help="build in this folder, or use what is there")
    given = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("There is no Chromium on PATH.")
    with tempfile.TemporaryDirectory() as name:
        place = given.keep or Path(name) / "bench"
        settings = Settings(home=place / "home", model=given.model)
        is_built = settings.home.is_dir()
        place.mkdir(parents=True, exist_ok=True)
        words = write(place / "library", given.passages)
        if not is_built:
            encoder = HashingEncoder() if given.model == "hashing" else None
            run_index(settings, place / "library", encoder=encoder)
        with Engine.of(settings) as engine, sync_playwright() as playwright:
            engine.warm_up()
            server = create_server(create_app(settings, engine), host="127.0.0.1", port=0)
            threading.Thread(target=server.run, daemon=True).start()
            browser = playwright.chromium.launch(
                executable_path=program,
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.effective_port}/")
            draw = random.Random(7)
            questions = [
                " ".join(draw.choices(words[:800], k=4)) for _ in range(given.questions + 3)
            ]
            times = sorted([once(page, question) for question in questions][3:])  # some warm up
            counts = engine.counts()
            browser.close()
            server.close()
    median = statistics.median(times)
    p95 = times[int(0.95 * (len(times) - 1))]
    print(f"{counts.passages:,} passages in {counts.documents:,} documents")
    print(
        f"last key to painted results: median {statistics.median(times):.0f} ms, p95 {p95:.0f} ms"
    )
    print("of which 150 ms are the wait for another key")
    try:
        from results import record
    except ImportError:
        return
    figures = {
        "passages": counts.passages,
        "median_ms": round(median),
        "p95_ms": round(p95),
        "questions": len(times),
    }
    record("page", figures, "python benchmarks/page.py " + " ".join(sys.argv[1:]))


if __name__ == "__main__":
    main()
