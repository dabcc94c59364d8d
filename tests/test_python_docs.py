"""A real corpus that nobody here wrote: Python's documentation, as Debian packages it.

`make bench-python-docs` indexes all of it and asks the same questions, and harder ones; that takes
minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT, run_index

from indexer import readers
from search.engine import Engine
from search.settings import Settings

sys.path.insert(0, str(PROJECT / "benchmarks"))

from python_docs import FOLDER, QUESTIONS, ranks

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="Debian's package python3-doc is not installed"),
]

#: Pages to which, besides the answering ones, the questions could be taken to lead.
BESIDE = (
    "library/pickle.html",
    "library/shutil.html",
    "library/configparser.html",
    "library/threading.html",
    "library/time.html",
    "tutorial/classes.html",
)


def test_every_page_is_read() -> None:
    pages = sorted(FOLDER.resolve().rglob("*.html"))
    assert len(pages) >= 500
    for page in pages:
        document = readers.read(page.read_bytes(), page.name)
        assert document.title, page
        assert document.sections, page
        assert "¶" not in document.text, page
        assert "Navigation" not in [s.headings[-1] for s in document.sections if s.headings], page


@pytest.fixture(scope="module")
def pages(
    tmp_path_factory: pytest.TempPathFactory, model_cache: Path
) -> Iterator[tuple[Engine, Path]]:
    """The pages that answer the questions, and some beside them, indexed."""
    folder = tmp_path_factory.mktemp("pages")
    for name in sorted({page for _, answers in QUESTIONS for page in answers} | set(BESIDE)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((FOLDER / name).read_bytes())
    settings = Settings(home=tmp_path_factory.mktemp("home"), cache=model_cache)
    assert run_index(settings, folder).failures == {}
    with Engine.of(settings) as engine:
        yield engine, folder


@pytest.mark.model
def test_ten_questions_find_their_page_among_the_first_three(pages: tuple[Engine, Path]) -> None:
    found = ranks(*pages)
    assert len(found) == 10
    assert [entry for entry in found if entry[1] is None or entry[1] > 3] == []
