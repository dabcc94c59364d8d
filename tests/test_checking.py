"""Every invariant of a collection is checked, and what breaks one is mended."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from small_collection import add, ask, build, findings, found_words, place, spoil
from vector_views import FakeReading

from search.checking import check
from search.collection import Collection
from search.collection_writer import CollectionWriter
from search.errors import CollectionMismatch, CollectionMissing, StorageError
from search.invariants import Invariant
from search.mending import repair
from search.models import Section
from search.portable import export, import_
from search.rows import FileRecord
from search.schema import FORMAT, WalkRules
from search.vectors import VECTORS, VectorIndex, publish_vectors
from search.vectors.parts import Content, write_part
from search.vectors.stamps import next_number, write_stamp

__all__ = ["place"]


def test_a_sound_collection_is_found_sound_and_not_touched(place: Path) -> None:
    def state() -> dict[Path, bytes]:
        return {
            p: p.read_bytes()
            for p in place.rglob("*")
            if p.suffix in (".vectors", ".stamp", ".seg", ".toc")
        }

    before, written = state(), ask(place, "SELECT * FROM meta")
    report = check(place)
    assert (report.findings, report.notes) == ((), ())
    assert (report.documents, report.passages) == (2, 8)
    assert repair(place) == ()
    assert state() == before
    assert ask(place, "SELECT * FROM meta") == written


VECTOR = np.ones(8, "<f2").tobytes()

#: What is done to the rows, what is found, how often, and whether documents must be read again.
ROWS = {
    "text copy": (
        "UPDATE passages SET text = 'Wasps' WHERE id IN (1, 2)",
        "passage-text",
        2,
        False,
    ),
    "fingerprint": ("UPDATE passages SET fingerprint = 7 WHERE id = 1", "fingerprint", 1, False),
    "span beyond": ('UPDATE passages SET "end" = 9999 WHERE id = 1', "span", 1, True),
    "empty span": ('UPDATE passages SET "end" = start WHERE id = 1', "span", 1, True),
    "before text": ("UPDATE passages SET start = -3 WHERE id = 1", "span", 1, True),
    "headings": ("UPDATE passages SET headings = '[1, {' WHERE id = 1", "headings", 1, True),
    "no embedding": (
        "UPDATE passages SET embedding = 999 WHERE id = 4",
        "passage-embedding",
        1,
        True,
    ),
    "no document": (
        "UPDATE passages SET document = 999 WHERE id = 4",
        "passage-document",
        1,
        False,
    ),
    "short vector": ("UPDATE embeddings SET vector = x'003c' WHERE id = 4", "vector", 1, True),
    "long vector": (("UPDATE embeddings SET vector = ? WHERE id = 4", [VECTOR]), "vector", 1, True),
    "no number": (
        ("UPDATE embeddings SET vector = ? WHERE id = 4", [b"\x00\x7e" * 8]),
        "vector",
        1,
        True,
    ),
    "unused": (
        ("INSERT INTO embeddings VALUES (99, x'00', ?)", [(VECTOR[:2] + bytes(14))]),
        "embedding-unused",
        1,
        False,
    ),
    "sections": ("UPDATE documents SET sections = x'3f' WHERE id = 1", "sections", 1, True),
    "sections beyond": (
        (
            "UPDATE documents SET sections = ? WHERE id = 1",
            [msgspec.json.encode([Section(0, 0, 9999)])],
        ),
        "sections",
        1,
        True,
    ),
    "sections overlap": (
        (
            "UPDATE documents SET sections = ? WHERE id = 1",
            [msgspec.json.encode([Section(0, 0, 20), Section(19, 19, 30)])],
        ),
        "sections",
        1,
        True,
    ),
    "digest": ("UPDATE documents SET content_hash = x'01' WHERE id = 1", "document-hash", 1, True),
    "invalid text": (
        "UPDATE documents SET text = CAST(x'ff' || substr(CAST(text AS BLOB), 2) AS TEXT) "
        "WHERE id = 1",
        "document-text",
        1,
        True,
    ),
    "file digest": (
        "UPDATE files SET content_hash = x'01' WHERE document = 1",
        "file-hash",
        1,
        False,
    ),
    "no such document": (
        "UPDATE files SET document = 77 WHERE document = 1",
        "file-document",
        1,
        False,
    ),
    "removed document": (
        "UPDATE documents SET died = born WHERE id = 1",
        "file-document",
        1,
        False,
    ),
    "no file": ("DELETE FROM files WHERE document = 1", "document-files", 1, False),
    "two versions": ("UPDATE documents SET key = 1", "versions", 1, False),
    "rules": ("INSERT INTO roots VALUES (x'2f', x'7b')", "root-rules", 1, False),
    "member": (
        "UPDATE files SET path = CAST(path || x'0061' AS BLOB) WHERE document = 1",
        "container",
        1,
        False,
    ),
    "published ahead": (
        "UPDATE meta SET value = value + 5 WHERE name = 'published'",
        "generations",
        1,
        False,
    ),
    "born ahead": ("UPDATE documents SET born = 50 WHERE id = 1", "generations", 1, False),
    "mark": ("PRAGMA application_id = 1", "mark", 1, False),
    "format": ("PRAGMA user_version = 0", "mark", 1, False),
    "no index": ("DROP INDEX passages_by_document", "objects", 1, False),
    "trigger": (
        "CREATE TRIGGER t AFTER DELETE ON files BEGIN DELETE FROM passages; END",
        "objects",
        1,
        False,
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_fault_of_the_rows_is_found_and_mended(place: Path, name: str) -> None:
    statement, code, count, incomplete = ROWS[name]
    spoil(place, statement)  # type: ignore[arg-type]
    found = findings(place)
    assert found[str(code)].count == count
    assert found[str(code)].example
    assert found[str(code)].repairable
    said = repair(place)
    assert said
    assert findings(place) == {}
    assert any("incomplete" in sentence for sentence in said) == incomplete, said
    assert found_words(place, "danc")
    # What was marked looks changed to the next run, whatever its file's content.
    marked = ask(place, "SELECT count(*) FROM files WHERE size = -1 AND content_hash IS NULL")
    assert marked == [(1,)] if incomplete else marked in ([(0,)], [(1,)])
    if incomplete:
        assert ask(
            place, f"SELECT count(*) FROM documents WHERE content_hash = x'{'00' * 32}'"
        ) == [(1,)]


def test_texts_and_fingerprints_come_back_as_they_were(place: Path) -> None:
    before = ask(place, "SELECT id, text, fingerprint FROM passages ORDER BY id")
    spoil(place, "UPDATE passages SET text = 'Wasps', fingerprint = 3")
    assert findings(place)["passage-text"].count == 8
    repair(place)
    assert ask(place, "SELECT id, text, fingerprint FROM passages ORDER BY id") == before


def test_a_passage_not_fingerprinted_yet_is_sound(place: Path) -> None:
    spoil(place, "UPDATE passages SET fingerprint = NULL")
    assert findings(place) == {}


def test_bytes_that_are_no_text_are_replaced_without_moving_the_rest(place: Path) -> None:
    spoil(place, str(ROWS["invalid text"][0]))
    repair(place)
    (text,) = (row[0] for row in ask(place, "SELECT text FROM documents WHERE id = 1"))
    assert str(text).startswith("\ufffdees dance") or "ees dance" in str(text)
    assert found_words(place, "autumn")


def test_it_is_said_which_incomplete_documents_have_no_file_any_more(place: Path) -> None:
    spoil(place, "UPDATE passages SET headings = '?'")
    said = " ".join(repair(place))
    assert "2 incomplete documents" in said
    assert "1 of these files are no longer there, such as" in said
    assert "gone.txt" in said
    assert "wherein reindex" in said
    with Collection(place) as opened, opened.store.reading() as reading:
        assert reading.counts().documents == 2


def test_members_of_an_archive_are_read_again_with_it(place: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.zip"
    with CollectionWriter.open(place) as writer, writer.store.writing() as writing:
        writing.put_file(FileRecord(packed, 10, 7, bytes(32), None, None))
    add(place, packed, member="a.txt")
    assert findings(place) == {}
    spoil(place, "UPDATE passages SET headings = '?' WHERE document = 3")
    repair(place)
    assert ask(place, "SELECT count(*) FROM files WHERE size = -1") == [(2,)]


def test_a_removed_version_whose_file_is_there_comes_back(place: Path) -> None:
    spoil(place, "UPDATE documents SET died = born WHERE id = 1")
    repair(place)
    assert ask(place, "SELECT count(*) FROM documents WHERE died IS NULL") == [(2,)]
    assert sorted(found_words(place, "alon")) == ["gone alone", "there alone"]


def test_numbers_are_raised_to_those_that_rows_name(place: Path) -> None:
    spoil(
        place,
        "UPDATE documents SET born = 50 WHERE id = 1",
        "UPDATE meta SET value = 0 WHERE name = 'generation'",
    )
    repair(place)
    assert ask(place, "SELECT DISTINCT value FROM meta WHERE name != 'manifest'") == [(51,)]


def swap_vectors(folder: Path) -> None:
    index = VectorIndex.open(folder / VECTORS, 8)
    assert index is not None
    reading = FakeReading(index.ids()[::-1], index.vectors(index.ids()))
    publish_vectors(folder, reading, 0, index.generation, 8, anew=True)


def drop_a_vector(folder: Path) -> None:
    index = VectorIndex.open(folder / VECTORS, 8)
    assert index is not None
    ids = np.setdiff1d(index.ids(), [2])
    reading = FakeReading(ids, index.vectors(ids))
    publish_vectors(folder, reading, 0, index.generation, 8, anew=True)


def double_a_vector(folder: Path) -> None:
    index = VectorIndex.open(folder / VECTORS, 8)
    assert index is not None
    stamp = index.stamp
    number = next_number(folder / VECTORS)
    content = Content(np.empty(0, np.int64), np.array([2]), index.vectors(np.array([2])))
    entry = write_part(folder / VECTORS, number, content)
    write_stamp(folder / VECTORS, replace(stamp, parts=(*stamp.parts, entry)))


def rename_ahead(folder: Path) -> None:
    index = VectorIndex.open(folder / VECTORS, 8)
    assert index is not None
    write_stamp(folder / VECTORS, replace(index.stamp, generation=99))
    (folder / VECTORS / "generation-1.stamp").unlink()


def stamp_ahead(folder: Path) -> None:
    for path in (folder / "keywords").glob("*.stamp"):
        path.write_bytes(path.read_bytes().replace(b'"generation":1', b'"generation":9'))


@pytest.mark.parametrize(
    ("damage", "code", "count"),
    [
        (lambda folder: shutil.rmtree(folder / "vectors"), "vector-view", 1),
        (lambda folder: next(folder.glob("vectors/*.stamp")).unlink(), "vector-view", 1),
        (lambda folder: next(folder.glob("vectors/part-*")).write_bytes(b"?"), "vector-view", 1),
        (rename_ahead, "vector-view", 1),
        (drop_a_vector, "vector-view", 1),
        (double_a_vector, "vector-view", 1),
        (swap_vectors, "vector-view", 8),
        (lambda folder: shutil.rmtree(folder / "keywords"), "keyword-view", 1),
        (lambda folder: [p.unlink() for p in folder.glob("keywords/*.pst")], "keyword-view", 1),
        (stamp_ahead, "keyword-view", 1),
    ],
    ids=[
        "no vectors",
        "no vectors' stamp",
        "broken vectors",
        "vectors ahead",
        "one missing",
        "one twice",
        "swapped",
        "no keywords",
        "no segment",
        "keywords ahead",
    ],
)
def test_a_view_that_does_not_show_the_store_is_found_and_made_anew(
    place: Path, damage: Callable[[Path], object], code: str, count: int
) -> None:
    damage(build(place))
    found = findings(place)
    assert list(found) == [code]
    assert found[code].count == count
    generation = ask(place, "SELECT value FROM meta WHERE name = 'generation'")
    repair(place)
    assert findings(place) == {}
    assert found_words(place, "danc")
    assert ask(place, "SELECT value FROM meta WHERE name = 'generation'") == generation


def test_passages_that_a_keyword_index_lacks_or_has_too_many_of_are_found(place: Path) -> None:
    spoil(place, "UPDATE passages SET id = 40 WHERE id = 8")
    found = findings(place)
    assert (found["keyword-view"].count, found["vector-view"].count) == (2, 2)
    assert found["keyword-view"].example == "passage 40 is not in it"
    repair(place)
    assert findings(place) == {}


def test_leftovers_are_found_and_removed_and_strangers_left_alone(place: Path) -> None:
    (place / "0009").mkdir()
    (place / "CURRENT.draft").write_text("0009")
    (build(place) / "vectors.draft").write_bytes(b"?")
    (build(place) / "notes.txt").write_text("mine")
    (place / ".hidden").write_text("a file manager's")
    found = findings(place)
    assert (found["leftover"].count, found["stray"].count) == (3, 1)
    assert not found["stray"].repairable
    repair(place)
    assert list(findings(place)) == ["stray"]
    assert (build(place) / "notes.txt").read_text() == "mine"
    assert (place / ".hidden").exists()


def test_nothing_is_called_left_over_while_somebody_writes(place: Path) -> None:
    with CollectionWriter.open(place):
        (build(place) / "vectors.draft").write_bytes(b"?")
        report = check(place)
    assert report.findings == ()
    assert "Another process is writing" in report.notes[0]


def test_what_is_written_but_not_published_is_sound(place: Path, tmp_path: Path) -> None:
    with CollectionWriter.open(place) as writer, writer.store.writing() as writing:
        writing.remove_file(tmp_path / "gone.txt")
    assert findings(place) == {}
    assert check(place).documents == 1


def test_a_collection_published_to_during_the_check_is_gone_through_again(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = VectorIndex.open
    news = [tmp_path / "new.txt"]

    def open_late(folder: Path, dimension: int) -> VectorIndex | None:
        if news:
            monkeypatch.setattr(VectorIndex, "open", original)
            add(place, news.pop())
        return original(folder, dimension)

    monkeypatch.setattr(VectorIndex, "open", open_late)
    report = check(place)
    assert (report.findings, report.documents) == ((), 3)


def test_what_is_still_in_the_log_is_checked_and_exported(place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    with CollectionWriter.open(place) as writer, writer.store.writing() as writing:
        writing.put_root(tmp_path, WalkRules())
    with CollectionWriter.open(place) as writer:
        with writer.store.writing() as writing:
            writing.remove_file(tmp_path / "gone.txt")
        writer.publish()
        shutil.copytree(place, copy)  # as a run that was cut short leaves it
    (build(copy) / "store.sqlite-shm").unlink()
    assert (build(copy) / "store.sqlite-wal").stat().st_size
    report = check(copy)
    assert (report.findings, report.documents) == ((), 1)
    export(copy, tmp_path / "copy.wherein")
    assert import_(tmp_path / "copy.wherein", tmp_path / "new").roots == (tmp_path,)


def test_missing_and_newer_collections_are_refused(place: Path, tmp_path: Path) -> None:
    with pytest.raises(CollectionMissing):
        check(tmp_path / "none")
    spoil(place, f"PRAGMA user_version = {FORMAT + 1}")
    for door in (check, repair):
        with pytest.raises(CollectionMismatch, match=f"format {FORMAT + 1}"):
            door(place)


def test_foreign_tables_are_found_and_not_touched(place: Path) -> None:
    spoil(place, "CREATE TABLE other (x)")
    found = findings(place)["tables"]
    assert (found.example, found.repairable) == ("the table other is foreign", False)
    with pytest.raises(StorageError, match="cannot be mended"):
        repair(place)


def test_every_invariant_has_a_code_of_its_own() -> None:
    assert len({invariant.code for invariant in Invariant}) == len(Invariant)
