"""Awkward real files: each gives a sound document or a reason, never anything else."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from conftest import SHARED, run_index

from indexer.isolation import ReaderPool
from indexer.readers import kind_of, read, worth_opening
from indexer.walk import FoundFile
from indexer.worker import Finished, Limits, Message, Opened, Read, Refused
from search.checking import check
from search.models import Document
from search.settings import Settings

HARD = SHARED / "hard"
pytestmark = [
    pytest.mark.skipif(not HARD.is_dir(), reason=f"{HARD} is not there"),
    pytest.mark.timeout(600),
]

#: How many files of a folder give no text at all: they hold none, are encrypted, broken on purpose
#: or of a kind that is not read.
MOST_REFUSED = {
    "archives": 7,
    "docx": 9,
    "encodings": 0,
    "epub": 3,
    "html": 1,
    "ipynb": 0,
    "legacy_office": 15,
    "mail": 2,
    "not_documents": 13,
    "odt": 3,
    "pdf": 81,
    "pptx": 10,
    "rtf": 0,
    "sheets": 6,
    "text": 2,
}
#: Seconds that reading all of them may take, here and on slower machines.
MOST_SECONDS = 90.0

Outcomes = dict[Path, list[Message]]


def files(folder: str = ".") -> list[Path]:
    paths = (HARD / folder).rglob("*")
    return sorted(path for path in paths if path.is_file() and path.parent != HARD)


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    """What comes of each file, read as the indexer reads: in processes of their own."""
    began = time.monotonic()
    with ReaderPool(Limits(), lambda _file, _digest: True) as pool:
        found = [FoundFile.of(path, path.stat()) for path in files()]
        taken = {file.path: list(messages) for file, messages in pool.read(found)}
    assert time.monotonic() - began < MOST_SECONDS
    return taken


def documents(messages: list[Message]) -> list[Document]:
    return [m.document for m in messages if isinstance(m, Read) and m.document is not None]


def reasons(messages: list[Message]) -> list[str]:
    return [m.failure for m in messages if isinstance(m, Read | Refused) and m.failure]


def test_every_file_has_an_outcome(outcomes: Outcomes) -> None:
    assert len(outcomes) == len(files()) > 600
    for path, (first, *rest) in outcomes.items():
        assert isinstance(first, Opened), path
        assert isinstance(rest[-1], Finished | Refused), path
        # What a compressed file holds may be of a kind that is only counted.
        of_other_kinds = isinstance(rest[-1], Finished) and rest[-1].other
        assert documents(rest) or reasons(rest) or of_other_kinds, path


def test_documents_are_sound(outcomes: Outcomes) -> None:
    for path, messages in outcomes.items():
        for document in documents(messages):
            assert document.text.strip()
            document.text.encode()
            end = 0
            for section in document.sections:
                assert end <= section.start <= section.body <= section.end, path
                end = section.end
            assert end <= len(document.text)
            assert "\ufffd" * 4 not in document.text, path


def test_reasons_are_sentences_and_none_is_a_fault_of_ours(outcomes: Outcomes) -> None:
    for path, messages in outcomes.items():
        for reason in reasons(messages):
            assert reason[0].isupper(), path
            assert reason.endswith("."), path
            for word in ("crashed", "longer than", "unexpectedly", "Error", "memory"):
                assert word not in reason, (path, reason)
            if "no text" not in reason and "neither text" not in reason:
                assert reason.count(". ") >= 1, (path, "no remedy", reason)


def test_no_more_files_are_refused_than_before(outcomes: Outcomes) -> None:
    refused = Counter(
        path.relative_to(HARD).parts[0]
        for path, messages in outcomes.items()
        if not documents(messages)
    )
    assert MOST_REFUSED.keys() >= refused.keys()
    assert {name: n for name, n in refused.items() if n > MOST_REFUSED[name]} == {}


def test_a_run_over_all_of_them_lists_what_it_does_not_index(settings: Settings) -> None:
    report = run_index(settings, HARD)
    worth = [path for path in HARD.rglob("*") if path.is_file() and worth_opening(path.name)]
    assert report.added > 400
    assert report.other > 0
    collection = settings.collections / "default"
    found = check(collection)
    assert found.findings == ()
    assert found.documents == report.added
    again = run_index(settings, HARD)
    assert again.unchanged == len(worth)
    assert (again.added, again.changed, again.moved, again.removed) == (0, 0, 0, 0)


def test_what_is_no_document_is_of_no_kind() -> None:
    kinds = {path.name: kind_of(path.read_bytes(), path.name) for path in files("not_documents")}
    assert set(kinds.values()) == {None}, kinds


# Files whose real encoding is known (the names are those of the test suite they come from).
KNOWN = {
    "_ude_greek.txt": "utf-8",
    "_ude_russian.txt": "utf-8",
    "_ude_euc2.txt": "euc_kr",
    "_ude_iso2.txt": "iso2022_kr",
    "wikitop_tr_ISO-8859-9.txt": "iso8859_9",
    "nobom-utf16be.txt": "utf-16-be",
    "chardet__1185c5___ude_1.txt": "cp1250",
    "chardet__33f0f6___ude_3.txt": "cp1250",
    "chardet__da3db7___ude_2.txt": "latin-1",
    "iyagi-readme.txt": "johab",
}


@pytest.mark.parametrize(("name", "encoding"), KNOWN.items())
def test_encodings_are_recognised(name: str, encoding: str) -> None:
    (path,) = (path for path in files("encodings") if path.name == name)
    data = path.read_bytes()
    words = set(data.decode(encoding, "ignore").split())
    found = set(read(data, name).text.split())
    assert len(words & found) > 0.9 * len(words)
