"""What comes of one small file of every format, from the reader to the store, is what it was.

``python tests/test_golden.py`` writes tests/golden/ anew; look at the difference before keeping it.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT, run_index
from small_files import all_formats

from indexer.readers.formats import formats
from search.collection import Collection
from search.settings import Settings

GOLDEN = PROJECT / "tests" / "golden"

#: Formats whose passages are told apart by page, by place, or by nothing; the others by headings.
PAGED = {"odp", "pdf", "ppt", "pptx"}
PLACED = {"code", "csv", "ipynb", "ods", "subtitles", "xls", "xlsx"}
PLAIN = {"json", "jsonl", "yaml"}
#: What has neither: an archive or a mailbox has those of what lies in it.
HOLDERS = {"mail", "mbox", "msg", "packed", "tar", "zip"}


def indexed(folder: Path) -> dict[str, dict[str, Any]]:
    """Every document of an index of the small files, by where it lies."""
    documents = folder / "documents"
    documents.mkdir()
    for name, data in all_formats().values():
        (documents / name).write_bytes(data)
    settings = Settings(home=folder / "home", cache=folder / "cache", model="hashing")
    report = run_index(settings, documents)
    assert report.failures == {}
    found = {}
    with (
        Collection(settings.collections / "default") as opened,
        opened.store.reading() as reading,
    ):
        texts = {(r.document, r.start): r.text for r in reading.passages_between(0, 10**9)}
        for key in reading.document_keys():
            row = reading.document(key)
            assert row is not None
            document = row.document
            for path in row.paths:
                found[path.relative_to(documents).as_posix()] = {
                    "kind": document.kind,
                    "title": document.title,
                    "author": document.author,
                    "date": document.date,
                    "language": document.language,
                    "pages": document.pages,
                    "passages": [
                        {
                            "span": [passage.start, passage.end],
                            "page": passage.page,
                            "headings": list(passage.headings),
                            "place": passage.place,
                            "text": document.text[passage.start : passage.end],
                        }
                        for passage in row.passages
                    ],
                }
                for passage in row.passages:
                    # The copy that is shown is the span that is named.
                    span = document.text[passage.start : passage.end]
                    assert texts[key, passage.start] == span
    return found


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return indexed(tmp_path_factory.mktemp("golden"))


def of_format(kind: str, documents: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Those of the documents that come of the small file of one format."""
    name = all_formats()[kind][0]
    return {
        place: document
        for place, document in documents.items()
        if place == name or place.startswith(f"{name}/")
    }


def test_there_is_a_small_file_of_every_format() -> None:
    assert all_formats().keys() == formats().keys()
    assert {path.stem for path in GOLDEN.iterdir()} == formats().keys()


@pytest.mark.parametrize("kind", sorted(all_formats()))
def test_passages_are_those_expected(kind: str, now: dict[str, dict[str, Any]]) -> None:
    expected = json.loads((GOLDEN / f"{kind}.json").read_text("utf-8"))
    found = of_format(kind, now)
    assert found.keys() == expected.keys()
    for place, document in expected.items():
        # One by one, so that a difference is shown where it is.
        for passage, other in zip(found[place]["passages"], document["passages"], strict=True):
            assert passage == other
        assert found[place] == document


@pytest.mark.parametrize("kind", sorted(all_formats().keys() - HOLDERS))
def test_every_passage_says_where_it_stands(kind: str, now: dict[str, dict[str, Any]]) -> None:
    (document,) = of_format(kind, now).values()
    assert document["kind"] == kind
    for passage in document["passages"]:
        assert (passage["page"] is not None) == (kind in PAGED)
        assert bool(passage["place"]) == (kind in PLACED)
        assert passage["headings"] or kind in PLACED | PLAIN


def write() -> None:
    """Write what is expected anew."""
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        found = indexed(Path(place).resolve())
    for kind in all_formats():
        text = json.dumps(of_format(kind, found), ensure_ascii=False, indent=1)
        (GOLDEN / f"{kind}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    write()
