"""Collections written in every format so far are opened by today's program.

``python tests/test_formats.py`` writes one in today's format, once for each new format.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from conftest import PROJECT, run_index
from small_collection import findings
from tests_support import put

from search.builds import STORE
from search.collection_writer import CollectionWriter
from search.encoders import HashingEncoder
from search.engine import Engine
from search.queries import parse
from search.schema import FORMAT, Manifest, SplitterSpec, WalkRules
from search.settings import Settings

FORMATS = PROJECT / "tests" / "formats"


def archive(number: int) -> Path:
    return FORMATS / f"format-{number}.zip"


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_collection_of_each_format_is_searched_and_goes_on(
    number: int, settings: Settings, folder: Path
) -> None:
    place = settings.collections / "default"
    zipfile.ZipFile(archive(number)).extractall(place)
    with Engine.of(settings) as engine:
        (hit,) = engine.search(parse("dance", "keyword")).hits
        assert (hit.path, hit.text) == ("/documents/bees.md", "Bees dance on the comb.")
        assert (hit.title, hit.headings, hit.page) == ("Title", ("H",), 2)
        best = engine.search(parse("ships sail the ocean", "semantic")).hits[0]
        assert best.path == "/documents/ships.txt"
    (folder / "new.txt").write_text("A new text beside the old ones.")
    assert run_index(settings.with_(model=None), folder).added == 1
    with Engine.of(settings) as engine:
        assert engine.counts().documents == 3


@pytest.mark.parametrize("number", range(1, FORMAT))
def test_what_was_brought_up_to_date_is_as_if_made_today(number: int, tmp_path: Path) -> None:
    zipfile.ZipFile(archive(number)).extractall(tmp_path)
    (path,) = tmp_path.rglob(STORE)
    before = _rows(path)
    CollectionWriter.open(tmp_path).close()
    assert _rows(path) == before
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert findings(tmp_path).keys().isdisjoint({"database", "mark", "tables", "objects"})


def test_a_documents_text_stands_behind_all_that_is_read_without_it(tmp_path: Path) -> None:
    made = Manifest(HashingEncoder().spec, SplitterSpec(1, 200), 0.3)
    CollectionWriter.create(tmp_path, made).close()
    (path,) = tmp_path.rglob(STORE)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(documents)")]
    assert columns[-2:] == ["sections", "text"]


def _rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What every format has of documents and of what refers to them."""
    asked = {
        "documents": "id, key, content_hash, title, kind, text, sections, pages, textless_pages, "
        "born, died",
        "passages": 'id, document, start, "end", page, headings, text, embedding',
        "files": "path, size, modified, content_hash, document, failure",
        "sqlite_sequence": "name, seq",
    }
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {
            table: sorted(connection.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)
            for table, columns in asked.items()
        }


def write() -> None:
    """Write today's format, unless it is there."""
    target = archive(FORMAT)
    if target.exists():
        sys.exit(f"{target} is there already; a format once written is not written again.")
    encoder = HashingEncoder()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with CollectionWriter.create(place, Manifest(encoder.spec, SplitterSpec(1, 200), 0.3)) as w:
            with w.store.writing() as writing:
                writing.put_root(Path("/documents"), WalkRules())
                put(writing, "/documents/bees.md", "Bees dance on the comb.", encoder)
                put(writing, "/documents/ships.txt", "Steel ships sail the ocean.", encoder)
            w.activate()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(place.rglob("*")):
                if path.is_file() and not path.name.upper().endswith("LOCK"):
                    file.write(path, path.relative_to(place).as_posix())


if __name__ == "__main__":
    write()
