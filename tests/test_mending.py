"""A database that SQLite itself finds damaged gives what can be read of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from small_collection import add, ask, build, findings, found_words, place, rows_of

from search.checking import check
from search.collection import Collection
from search.errors import CollectionLocked, StorageError
from search.mending import repair

__all__ = ["place"]

_PAGE = 4096


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A collection of forty documents, whose tables take several pages each."""
    folder = tmp_path / "large"
    add(folder, *(tmp_path / f"{number}.txt" for number in range(40)), create=True)
    return folder


def pages_of(place: Path, table: str) -> list[int]:
    """Numbers of the leaf pages of a table, counted from 0; the file is complete without a log."""
    with rows_of(place) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            rows = connection.execute(
                "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (table,)
            )
        except sqlite3.OperationalError:
            pytest.skip("this SQLite does not tell where its pages are")
        return [number - 1 for (number,) in rows]


def overwrite(place: Path, page: int) -> None:
    with (build(place) / "store.sqlite").open("r+b") as file:
        file.seek(page * _PAGE)
        file.write(b"\xa5" * _PAGE)


@pytest.mark.parametrize("table", ["documents", "passages", "embeddings", "files"])
def test_a_destroyed_page_costs_what_stood_on_it_and_no_more(large: Path, table: str) -> None:
    pages = pages_of(large, table)
    overwrite(large, pages[len(pages) // 2])
    found = findings(large)
    assert "database" in found
    said = " ".join(repair(large))
    assert "The damaged database is kept as" in said
    report = check(large)
    assert report.findings == ()
    assert "damaged-0001.sqlite" in report.notes[0]
    assert 0 < report.documents <= 40
    assert (report.documents == 40) == (table in ("passages", "embeddings"))
    assert found_words(large, "danc") or table == "embeddings"  # all of them stood on one page
    assert (large / "damaged-0001.sqlite").is_file()


def test_a_damaged_index_of_the_database_costs_nothing(large: Path) -> None:
    before = ask(large, "SELECT id, text FROM passages ORDER BY id")
    with rows_of(large) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'passages_by_fingerprint'"
        ).fetchone()
        (other,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'documents_by_birth'"
        ).fetchone()
        statement = "UPDATE sqlite_master SET rootpage = ? WHERE name = ?"
        connection.execute(statement, (other, "passages_by_fingerprint"))
        connection.execute(statement, (root, "documents_by_birth"))
    assert "database" in findings(large)
    repair(large)
    assert findings(large) == {}
    assert ask(large, "SELECT id, text FROM passages ORDER BY id") == before


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000], ids=["empty", "garbage"])
def test_a_database_of_which_nothing_is_left_is_said_to_be_lost(
    place: Path, content: bytes
) -> None:
    (build(place) / "store.sqlite").write_bytes(content)
    for path in build(place).glob("store.sqlite-*"):
        path.unlink()
    assert findings(place).keys() & {"database", "tables", "mark"}
    with pytest.raises(StorageError) as caught:
        repair(place)
    assert "index again" in caught.value.remedy
    assert (place / "CURRENT").read_text() == "0001\n"
    assert [path.name for path in place.iterdir() if path.is_dir()] == ["0001"]


def test_nothing_is_mended_while_somebody_writes(place: Path) -> None:
    from search.collection_writer import CollectionWriter

    with CollectionWriter.open(place), pytest.raises(CollectionLocked):
        repair(place)


def test_a_collection_that_is_open_sees_what_was_mended(place: Path) -> None:
    with Collection(place) as opened:
        with opened.snapshot() as before:
            assert len(before.vectors) == 8
        with rows_of(place) as connection:
            connection.execute("UPDATE passages SET start = -1 WHERE id = 1")
        repair(place)
        with opened.snapshot() as after:
            assert len(after.vectors) == len(after.keywords) == 7
