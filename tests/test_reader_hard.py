"""Awkward real files: each gives a sound document or a reason, never anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.readers import kind_of, read
from search.errors import ReadError

HARD = Path(__file__).resolve().parents[2] / "shared" / "hard"
FOLDERS = ("archives", "docx", "encodings", "epub", "html", "ipynb", "legacy_office", "mail")
FOLDERS += ("not_documents", "odt", "pdf", "pptx", "rtf", "sheets", "text")

# What has no text, is encrypted or is broken on purpose among the files of a kind that is read.
MOST_REFUSED = {"docx": 9, "html": 1, "pdf": 90}


def files(folder: str) -> list[Path]:
    if not (HARD / folder).is_dir():
        pytest.skip(f"{HARD / folder} is not there")
    return sorted(path for path in (HARD / folder).rglob("*") if path.is_file())


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.timeout(120)
def test_every_file_gives_text_or_a_reason(folder: str) -> None:
    refused = []
    for path in files(folder):
        data = path.read_bytes()
        kind = kind_of(data, path.name)
        try:
            document = read(data, path.name)
        except ReadError as error:
            refused += [f"{path.name}: {error}"] * (kind is not None)
            continue
        end = 0
        for section in document.sections:
            assert end <= section.start <= section.body <= section.end, path
            end = section.end
        assert document.kind == kind
        assert document.text.encode()
    assert len(refused) <= MOST_REFUSED.get(folder, 0), refused


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
