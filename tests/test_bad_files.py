"""Files at their worst through the whole product: each is indexed or listed, and harms nothing.

What one reader alone must bear stands in its own tests; `benchmarks/large_files.py` has files too
large to be made here.
"""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import docx
import pytest
from conftest import run_index
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from reportlab.pdfgen.canvas import Canvas

from indexer.isolation import ReaderPool
from indexer.recognition import Recognition
from indexer.walk import FoundFile
from indexer.worker import Limits, Opened, Refused
from search.checking import check
from search.engine import Engine
from search.models import Hit
from search.queries import parse
from search.settings import Settings


def packed(members: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def found(settings: Settings, words: str) -> list[Hit]:
    with Engine.of(settings) as engine:
        return list(engine.search(parse(words, "keyword", 100, 100)).hits)


def places(settings: Settings, folder: Path, words: str) -> list[str]:
    return sorted(os.path.relpath(hit.path, folder) for hit in found(settings, words))


def test_paths_that_lead_out_of_an_archive_stay_inside_it(settings: Settings, folder: Path) -> None:
    names = ("../../escaped.txt", "/tmp/rooted.txt", "a/../../up.txt", "..\\..\\back.txt")
    (folder / "evil.zip").write_bytes(packed({name: f"heron {name}" for name in names}))
    before = {path for path in folder.parent.rglob("*") if path.suffix == ".txt"}
    report = run_index(settings, folder)
    assert report.added == len(names)
    for hit in found(settings, "heron"):
        assert hit.path.startswith(f"{folder}/evil.zip/")
        assert ".." not in Path(hit.path).parts
    assert {path for path in folder.parent.rglob("*") if path.suffix == ".txt"} == before
    assert not Path("/tmp/rooted.txt").exists()


def test_archives_in_archives_in_archives(settings: Settings, folder: Path) -> None:
    data = packed({"heron.txt": "A heron, deep inside."})
    for depth in range(3):
        data = packed({f"{depth}.zip": data})
    (folder / "four.zip").write_bytes(data)
    (folder / "five.zip").write_bytes(packed({"four.zip": data}))
    report = run_index(settings, folder)
    assert places(settings, folder, "heron") == ["four.zip/2.zip/1.zip/0.zip/heron.txt"]
    ((path, reason),) = report.failures.items()
    assert path == folder / "five.zip/four.zip/2.zip/1.zip/0.zip"
    assert reason == (
        "The archive lies in too many others, one in the other. "
        "Unpack the outer ones and index that."
    )


def test_a_file_that_changes_while_it_is_read(folder: Path) -> None:
    path = folder / "diary.txt"
    path.write_text("Begun")

    def write_on(_file: FoundFile, _digest: bytes) -> bool:
        with path.open("a") as stream:
            stream.write(" and continued.")
        return True

    with ReaderPool(Limits(), write_on) as pool:
        ((_, messages),) = pool.read([FoundFile.of(path, path.stat())])
        opened, refused = messages
    assert isinstance(opened, Opened)
    assert refused == Refused("The file changed while it was read. Index again when it is at rest.")


def test_a_file_that_changed_while_it_was_read_is_indexed_by_the_next_run(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "diary.txt"
    path.write_text("Begun")
    asked = Recognition.wanted

    def write_on(self: Recognition, file: FoundFile, digest: bytes) -> bool:
        path.write_text("Begun and continued with a heron.")
        return asked(self, file, digest)

    with monkeypatch.context() as patch:
        patch.setattr(Recognition, "wanted", write_on)
        assert list(run_index(settings, folder).failures) == [path]
    assert run_index(settings, folder).added == 1
    assert places(settings, folder, "heron") == ["diary.txt"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are always Unicode")
def test_a_name_that_is_not_utf_8(settings: Settings, folder: Path) -> None:
    path = folder / os.fsdecode(b"caf\xe9 au lait.txt")
    path.write_text("A heron in a café.")
    assert run_index(settings, folder).added == 1
    (hit,) = found(settings, "heron")
    assert hit.path.encode()
    assert "au lait.txt" in hit.path
    assert run_index(settings, folder).unchanged == 1
    (folder / "other.txt").write_text("Something else.")
    path.unlink()
    assert run_index(settings, folder).removed == 1
    assert found(settings, "heron") == []


def test_names_that_differ_only_by_case(settings: Settings, folder: Path) -> None:
    (folder / "Heron.txt").write_text("A heron, written large.")
    (folder / "heron.txt").write_text("A heron, written small.")
    if len(list(folder.iterdir())) < 2:
        pytest.skip("on this disk they are one file")
    assert run_index(settings, folder).added == 2
    assert places(settings, folder, "heron") == ["Heron.txt", "heron.txt"]
    (folder / "Heron.txt").unlink()
    assert run_index(settings, folder).removed == 1
    assert places(settings, folder, "heron") == ["heron.txt"]


@pytest.mark.parametrize("year", [1, 0, -20], ids=["ahead", "the same", "back"])
def test_a_clock_set_back_or_ahead(settings: Settings, folder: Path, year: int) -> None:
    path = folder / "diary.txt"
    path.write_text("A heron.")
    run_index(settings, folder)
    path.write_text("A stork and an egret.")
    then = path.stat().st_mtime + year * 365 * 86_400
    os.utime(path, (then, then))
    assert run_index(settings, folder).changed == 1
    assert places(settings, folder, "egret") == ["diary.txt"]
    assert found(settings, "heron") == []


def test_changes_tracked_in_a_word_document(settings: Settings, folder: Path) -> None:
    book = docx.Document()
    paragraph = book.add_paragraph("The heron stands ")
    for xml in (
        '<w:del {} w:id="1"><w:r><w:delText>asleep</w:delText></w:r></w:del>',
        '<w:ins {} w:id="2"><w:r><w:t>awake</w:t></w:r></w:ins>',
    ):
        paragraph._p.append(parse_xml(xml.format(nsdecls("w"))))
    book.save(str(folder / "tracked.docx"))
    run_index(settings, folder)
    assert [hit.text for hit in found(settings, "heron")] == ["The heron stands awake"]
    assert found(settings, "asleep") == []


def test_a_line_of_megabytes(settings: Settings, folder: Path) -> None:
    (folder / "line.txt").write_text("heron stork egret " * 120_000)
    assert run_index(settings, folder).failures == {}
    assert found(settings, "heron")
    assert check(settings.collections / "default").findings == ()


def test_a_table_of_many_rows_is_summarised_by_ranges(settings: Settings, folder: Path) -> None:
    rows = "".join(f"{n},heron {n % 7},{n * 0.5}\n" for n in range(120_000))
    (folder / "table.csv").write_text("number,bird,weight\n" + rows)
    report = run_index(settings, folder)
    assert report.failures == {}
    assert report.passages < 2_000
    assert all(hit.place.startswith("rows ") for hit in found(settings, "heron"))


def test_a_document_of_many_pages_knows_each(settings: Settings, folder: Path) -> None:
    canvas = Canvas(str(folder / "many.pdf"))
    for number in range(1, 301):
        canvas.drawString(72, 700, f"The heron of page {number} is counted as number{number}.")
        canvas.showPage()
    canvas.save()
    assert run_index(settings, folder).failures == {}
    for number in (1, 150, 300):
        best, *_ = found(settings, f"number{number}")
        assert f"number{number}." in best.text
        assert best.page == number


def test_a_file_over_the_limit_is_listed_with_its_size(settings: Settings, folder: Path) -> None:
    with (folder / "huge.txt").open("wb") as stream:
        stream.write(b"heron ")
        stream.truncate(300_000_000)  # takes no room on most disks
    (folder / "small.txt").write_text("A small heron.")
    report = run_index(settings, folder)
    assert report.failures == {
        folder / "huge.txt": "The file has 300.0 MB, more than the limit of 200.0 MB. "
        "Raise the limit with --max-file-mb."
    }
    assert places(settings, folder, "heron") == ["small.txt"]
