"""The store: what is put in comes out, generation by generation."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests_support import put

from search.encoders import HashingEncoder
from search.errors import CollectionMismatch, StorageError
from search.models import Document, Passage, Section
from search.rows import FileRecord
from search.schema import FORMAT, Manifest, SplitterSpec
from search.store import Store

ENCODER = HashingEncoder(8)
MANIFEST = Manifest(ENCODER.spec, SplitterSpec(1, 200), 0.25)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.create(tmp_path / "store.sqlite", MANIFEST)
    yield made
    made.close()


def test_a_document_comes_back_whole(store: Store) -> None:
    with store.writing() as writing:
        version = put(writing, "/a.txt", "The text 😀 of it.", ENCODER)
    with store.reading() as reading:
        row = reading.document(version)
        assert row is not None
        assert row.document == Document(
            "Title", "text", "The text 😀 of it.", (Section(0, 0, 17, ("H",), 2),), 3, 1
        )
        assert row.passages == (Passage(0, 17, ("H",), 2),)
        assert row.paths == (Path("/a.txt"),)
        (passage,) = reading.passages([1], 1).values()
        assert (passage.text, passage.path, passage.headings, passage.page) == (
            "The text 😀 of it.",
            Path("/a.txt"),
            ("H",),
            2,
        )
        assert reading.counts().documents == reading.counts().passages == 1


def test_embeddings_come_back_as_float16(store: Store) -> None:
    with store.writing() as writing:
        put(writing, "/a.txt", "some words", ENCODER)
    with store.reading() as reading:
        ((ids, vectors),) = reading.vectors_between(0, 1, 8)
    assert ids.tolist() == [1]
    assert vectors == pytest.approx(ENCODER.encode_passages(["some words"]), abs=1e-3)
    assert vectors.dtype == np.float32


def test_every_write_raises_the_generation_and_a_failed_one_leaves_no_trace(store: Store) -> None:
    with store.writing() as writing:
        put(writing, "/a.txt", "first", ENCODER)
    with pytest.raises(RuntimeError, match="in the middle"), store.writing() as writing:
        put(writing, "/b.txt", "second", ENCODER)
        raise RuntimeError("in the middle")
    assert store.generation == 1
    with store.reading() as reading:
        assert [record.path for record in reading.files()] == [Path("/a.txt")]


def test_a_replaced_document_keeps_its_number_and_stays_until_published(store: Store) -> None:
    with store.writing() as writing:
        key = put(writing, "/a.txt", "old text", ENCODER)
    with store.writing() as writing:
        put(writing, "/a.txt", "new text", ENCODER, key)
    with store.reading() as reading:
        row = reading.document(key)
        assert row is not None
        assert row.document.text == "new text"
        (old,) = reading.passages([1, 2], 1).values()
        (new,) = reading.passages([1, 2], 2).values()
        assert (old.text, new.text) == ("old text", "new text")
        assert old.path == Path("/a.txt")
        assert reading.removed_between(1, 2).tolist() == [1]
        assert [row.id for row in reading.passages_between(1, 2)] == [2]
    store.set_published(2)
    with store.reading() as reading:
        assert reading.passages([1, 2], 1) == {}
        assert reading.embeddings([b"old text", b"new text"]).keys() == {b"new text"}


def test_a_document_lives_as_long_as_one_of_its_paths(store: Store) -> None:
    with store.writing() as writing:
        version = put(writing, "/a.txt", "text", ENCODER)
        writing.put_file(FileRecord(Path("/copies/a.txt"), 4, 7, b"text", version, None))
    with store.writing() as writing:
        assert not writing.remove_file(Path("/a.txt"))
    with store.reading() as reading:
        row = reading.document(version)
        assert row is not None
        assert row.paths == (Path("/copies/a.txt"),)
        assert reading.sole_key(version) == version
    with store.writing() as writing:
        assert writing.remove_file(Path("/copies/a.txt"))
        assert not writing.remove_file(Path("/never-there.txt"))
    with store.reading() as reading:
        assert reading.document(version) is None
        (dying,) = reading.passages([1], 2).values()
        assert dying.path is None


def test_an_embedding_is_shared_and_goes_with_its_last_passage(store: Store) -> None:
    with store.writing() as writing:
        first = put(writing, "/a.txt", "same", ENCODER)
        rows = writing.embeddings([b"same"])
        writing.add_document(
            Document("", "text", "same", ()), b"other", [Passage(0, 4)], [rows[b"same"]]
        )
        assert first
    with store.writing() as writing:
        writing.remove_file(Path("/a.txt"))
    store.set_published(2)
    with store.reading() as reading:
        assert reading.embeddings([b"same"])


def test_a_reader_sees_one_state_while_another_is_written(store: Store) -> None:
    with store.writing() as writing:
        put(writing, "/a.txt", "first", ENCODER)
    with store.reading() as reading:
        assert reading.counts().documents == 1
        with store.writing() as writing:
            put(writing, "/b.txt", "second", ENCODER)
        assert reading.counts().documents == 1
        assert reading.meta("generation") == 1
    with store.reading() as reading:
        assert reading.counts().documents == 2


def test_more_ids_than_a_statement_takes(store: Store) -> None:
    with store.writing() as writing:
        for number in range(1200):
            put(writing, f"/{number}", f"text {number}", ENCODER)
    with store.reading() as reading:
        assert len(reading.passages(range(1, 1201), 1)) == 1200
        assert len(reading.documents_of(range(1, 1201), 1)) == 1200
        assert len(reading.embeddings([b"text %d" % n for n in range(1200)])) == 1200


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from(["x", "y", "z", None])), max_size=25
    )
)
def test_any_history_ends_with_what_the_files_say(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, str | None]]
) -> None:
    store = Store.create(tmp_path_factory.mktemp("s") / "store.sqlite", MANIFEST)
    files: dict[str, str] = {}
    try:
        for number, (path, text) in enumerate(history):
            with store.writing() as writing:
                if text is None:
                    writing.remove_file(Path(path))
                    files.pop(path, None)
                elif (same := writing.file_with(text.encode())) is not None:
                    writing.put_file(replace(same, path=Path(path)))
                    files[path] = text
                else:
                    put(writing, path, text, ENCODER)
                    files[path] = text
            if number % 5 == 4:
                store.set_published(store.generation)
        store.set_published(store.generation)
        with store.reading() as reading:
            found = {
                str(path): row.document.text
                for key in reading.document_keys()
                if (row := reading.document(key))
                for path in row.paths
            }
            assert found == files
            assert reading.counts().documents == len(set(files.values()))
            assert reading.counts().passages == len(set(files.values()))
    finally:
        store.close()


def test_names_that_are_not_text_are_kept(store: Store) -> None:
    name = b"/caf\xe9 \n \xf0\x9f\x98\x80.txt"
    with store.writing() as writing:
        put(writing, name, "text", ENCODER)
    with store.reading() as reading:
        assert [os.fsencode(record.path) for record in reading.files()] == [name]


def test_a_newer_format_is_refused_by_number(store: Store) -> None:
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    with pytest.raises(CollectionMismatch, match=f"has format {FORMAT + 1}") as caught:
        Store(store.path)
    assert "pip install --upgrade wherein" in caught.value.remedy


@pytest.mark.parametrize("damage", [b"", b"this is no database at all" * 100])
def test_what_is_no_database_is_refused(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(damage)
    with pytest.raises(StorageError, match="damaged"):
        Store(path)


def test_a_missing_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="There is no database"):
        Store(tmp_path / "store.sqlite")


def test_a_full_disk_is_said_and_nothing_is_lost(store: Store) -> None:
    with store.writing() as writing:
        put(writing, "/a.txt", "kept", ENCODER)
    with store._connection() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageError, match="disk is full"), store.writing() as writing:
        put(writing, "/b.txt", "far too long " * 10_000, ENCODER)
    with store.reading() as reading:
        assert [record.path for record in reading.files()] == [Path("/a.txt")]
    assert store.generation == 1


READ_ONLY = """
import os, sys
from dataclasses import replace
from pathlib import Path
from search.schema import WalkRules
from search.store import Store
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
store = Store(Path(sys.argv[1]))
with store.reading() as reading:
    print(reading.counts().documents)
try:
    with store.writing() as writing:
        writing.put_root(Path("/x"), WalkRules())
except Exception as error:
    print(type(error).__name__, error)
store.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be made read-only there")
def test_a_folder_that_cannot_be_written_to_can_be_read(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        store = Store.create(folder / "store.sqlite", MANIFEST)
        with store.writing() as writing:
            put(writing, "/a.txt", "text", ENCODER)
        store.close()
        folder.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(store.path)],
            capture_output=True,
            text=True,
            check=False,
        )
        folder.chmod(0o755)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "1"
    assert lines[1].startswith("StorageError")
    assert "cannot be written to" in lines[1]
