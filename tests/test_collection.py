"""Views follow the store; readers see one generation; one process writes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests_support import put

from search import builds, keywords, vectors
from search.builds import exists
from search.collection import Collection
from search.collection_writer import CollectionWriter
from search.encoders import HashingEncoder
from search.errors import (
    CollectionLocked,
    CollectionMissing,
    StorageError,
)
from search.schema import Manifest, SplitterSpec

ENCODER = HashingEncoder(8)
MANIFEST = Manifest(ENCODER.spec, SplitterSpec(1, 200), 0.1)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder of a collection that holds two documents."""
    folder = tmp_path / "collections" / "mine"
    with CollectionWriter.create(folder, MANIFEST) as writer:
        with writer.store.writing() as writing:
            put(writing, "/a.txt", "apples are red", ENCODER)
            put(writing, "/b.txt", "bananas are yellow", ENCODER)
        writer.activate()
    return folder


@pytest.fixture
def opened(place: Path) -> Iterator[Collection]:
    with Collection(place) as found:
        yield found


def found_words(opened: Collection, word: str) -> list[str]:
    """Texts found by one word, and, to check, that the vectors show the same passages."""
    with opened.snapshot() as snapshot:
        ids, _ = snapshot.keywords.search([word], 10)
        rows = snapshot.reading.passages(ids.tolist(), snapshot.generation)
        assert (snapshot.vectors.cosines(ENCODER.encode_query(word), ids) > -1.0).all()
        assert len(snapshot.vectors) == len(snapshot.keywords)
        return [row.text for row in rows.values()]


def edit(place: Path, *, publish: bool, text: str = "cherries are dark") -> None:
    with CollectionWriter.open(place) as writer:
        with writer.store.writing() as writing:
            put(writing, "/a.txt", text, ENCODER)
        if publish:
            writer.publish()


def test_what_was_written_is_found(opened: Collection) -> None:
    assert found_words(opened, "appl") == ["apples are red"]
    assert found_words(opened, "cherri") == []


def test_a_published_change_is_seen_by_an_open_collection(opened: Collection, place: Path) -> None:
    assert found_words(opened, "appl")
    edit(place, publish=True)
    assert found_words(opened, "appl") == []
    assert found_words(opened, "cherri") == ["cherries are dark"]


def test_a_snapshot_stays_as_it_is_while_the_collection_moves_on(
    opened: Collection, place: Path
) -> None:
    with opened.snapshot() as before:
        edit(place, publish=True)
        with opened.snapshot() as after:
            assert after.generation > before.generation
        ids, _ = before.keywords.search(["appl"], 10)
        rows = before.reading.passages(ids.tolist(), before.generation)
        assert [row.text for row in rows.values()] == ["apples are red"]


def test_views_left_behind_catch_up_when_the_collection_is_opened(place: Path) -> None:
    edit(place, publish=False)
    with Collection(place) as opened:
        assert found_words(opened, "cherri") == ["cherries are dark"]
        assert found_words(opened, "appl") == []
        assert opened.store.published == opened.store.generation


def test_views_left_behind_are_used_as_they_are_while_another_process_writes(place: Path) -> None:
    with CollectionWriter.open(place) as writer:
        with writer.store.writing() as writing:
            put(writing, "/a.txt", "cherries are dark", ENCODER)
        with Collection(place) as opened:
            assert found_words(opened, "appl") == ["apples are red"]
            assert found_words(opened, "cherri") == []


def test_a_removed_document_is_not_shown_before_it_is_published(place: Path) -> None:
    with CollectionWriter.open(place) as writer, Collection(place) as opened:
        with writer.store.writing() as writing:
            writing.remove_file(Path("/a.txt"))
        with opened.snapshot() as snapshot:
            (row,) = snapshot.reading.passages([1], snapshot.generation).values()
            assert row.path is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda build: shutil.rmtree(build / "vectors"),
        lambda build: next(build.glob("vectors/*.stamp")).unlink(),
        lambda build: next(build.glob("vectors/*.vectors")).unlink(),
        lambda build: next(build.glob("vectors/*.vectors")).write_bytes(b"garbage"),
        lambda build: shutil.rmtree(build / "keywords"),
        lambda build: [path.unlink() for path in (build / "keywords").glob("*.stamp")],
        lambda build: [path.unlink() for path in (build / "keywords").glob("*.pst")],
    ],
    ids=[
        "no vectors",
        "no vectors' stamp",
        "no part of vectors",
        "broken vectors",
        "no keywords",
        "no stamp",
        "no segment",
    ],
)
def test_a_view_that_will_not_open_is_rebuilt(place: Path, damage: object) -> None:
    damage(place / "0001")  # type: ignore[operator]
    with Collection(place) as opened:
        assert found_words(opened, "appl") == ["apples are red"]
        assert found_words(opened, "banana") == ["bananas are yellow"]


def test_views_caught_while_they_are_being_changed_are_opened_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = keywords.KeywordIndex.open
    results = [None, None, None]

    def open_in_the_middle(folder: Path) -> keywords.KeywordIndex | None:
        return results.pop() if results else original(folder)

    with CollectionWriter.open(place), Collection(place) as opened:
        monkeypatch.setattr(keywords.KeywordIndex, "open", open_in_the_middle)
        assert found_words(opened, "appl") == ["apples are red"]
    assert results == []


def test_views_that_cannot_be_opened_or_remade_are_said(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(place / "0001" / "keywords")
    with (
        CollectionWriter.open(place),
        Collection(place) as opened,
        pytest.raises(StorageError, match="damaged or missing"),
        opened.snapshot(),
    ):
        pass


def test_a_view_ahead_of_the_store_is_rebuilt(place: Path) -> None:
    copy = place.with_name("before")
    shutil.copytree(place / "0001", copy)
    edit(place, publish=True)
    (place / "0001" / "store.sqlite").unlink()
    for left in (place / "0001").glob("store.sqlite-*"):
        left.unlink()
    shutil.copy(copy / "store.sqlite", place / "0001" / "store.sqlite")
    with Collection(place) as opened:
        assert found_words(opened, "cherri") == []
        assert found_words(opened, "appl") == ["apples are red"]


def test_rebuilding_needs_neither_files_nor_encoder(place: Path) -> None:
    before = vectors.VectorIndex.open(place / "0001" / "vectors", 8)
    assert before is not None
    query = ENCODER.encode_query("bananas")
    expected = before.search(query, 10)
    shutil.rmtree(place / "0001" / "vectors")
    with Collection(place) as opened, opened.snapshot() as snapshot:
        found = snapshot.vectors.search(query, 10)
    assert [part.tolist() for part in found] == [part.tolist() for part in expected]


def test_only_one_process_writes(place: Path) -> None:
    with CollectionWriter.open(place):
        with pytest.raises(
            CollectionLocked, match="Another process is writing to collection 'mine'"
        ):
            CollectionWriter.open(place)
        with pytest.raises(CollectionLocked):
            CollectionWriter.create(place, MANIFEST)
    CollectionWriter.open(place).close()


def test_a_new_build_takes_the_place_of_the_old_one_at_once(place: Path) -> None:
    with Collection(place) as old:
        with CollectionWriter.create(place, MANIFEST) as writer:
            with writer.store.writing() as writing:
                put(writing, "/c.txt", "cherries", ENCODER)
            assert not old.replaced()
            assert found_words(old, "appl")
            writer.activate()
        assert old.replaced()
        with Collection(place) as new:
            assert new.build.name == "0002"
            assert found_words(new, "cherri") == ["cherries"]
    assert sorted(path.name for path in place.iterdir() if path.is_dir()) == ["0002"]


def test_a_build_that_is_named_once_more_is_the_same(place: Path) -> None:
    with Collection(place) as opened:
        current = place / "CURRENT"
        again = place / "again"
        again.write_text(current.read_text("ascii"), "ascii")
        again.replace(current)
        assert not opened.replaced()
        assert not opened.replaced()
        current.unlink()
        assert opened.replaced()


def test_a_build_that_was_given_up_is_no_harm(place: Path) -> None:
    CollectionWriter.create(place, MANIFEST).close()
    with Collection(place) as opened:
        assert found_words(opened, "appl")
    CollectionWriter.create(place, MANIFEST).close()
    assert (place / "CURRENT").read_text() == "0001\n"


def test_there_is_no_collection(tmp_path: Path) -> None:
    assert not exists(tmp_path)
    with pytest.raises(CollectionMissing, match="There is no collection") as caught:
        Collection(tmp_path / "other")
    assert "wherein index" in caught.value.remedy
    with pytest.raises(CollectionMissing):
        CollectionWriter.open(tmp_path / "other")


def test_a_pointer_to_nowhere_is_said(place: Path) -> None:
    (place / "CURRENT").write_text("../../etc\n")
    with pytest.raises(StorageError, match="names no build"):
        Collection(place)
    (place / "CURRENT").write_text("0007\n")
    with pytest.raises(StorageError, match="There is no database"):
        Collection(place)


def test_publishing_twice_changes_nothing(place: Path) -> None:
    with CollectionWriter.open(place) as writer:
        before = sorted((p.name, p.stat().st_mtime_ns) for p in writer.build.rglob("vectors/*"))
        writer.publish()
        assert before == sorted(
            (p.name, p.stat().st_mtime_ns) for p in writer.build.rglob("vectors/*")
        )


def test_a_full_disk_while_publishing_keeps_what_was_published(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with CollectionWriter.open(place) as writer, Collection(place) as opened:
        assert found_words(opened, "appl")
        with writer.store.writing() as writing:
            put(writing, "/a.txt", "cherries are dark", ENCODER)
        with monkeypatch.context() as patch:
            patch.setattr(vectors.stamps, "flush", full)
            with pytest.raises(StorageError, match="disk is full"):
                writer.publish()
        with monkeypatch.context() as patch:
            patch.setattr(keywords.view, "write_stamp", full)
            with pytest.raises(StorageError, match="disk is full"):
                writer.publish()
        assert found_words(opened, "cherri") == []
        writer.publish()
        assert found_words(opened, "cherri") == ["cherries are dark"]


def test_dead_rows_are_dropped_once_published(place: Path) -> None:
    edit(place, publish=True)
    with sqlite3.connect(place / "0001" / "store.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM embeddings").fetchone() == (2,)
    connection.close()


def test_vectors_are_those_of_the_store(opened: Collection) -> None:
    with opened.snapshot() as snapshot:
        ids, cosines = snapshot.vectors.search(ENCODER.encode_query("apples are red"), 1)
    assert ids.tolist() == [1]
    assert cosines == pytest.approx(np.array([1.0]), abs=2e-3)
    assert builds.exists(opened.folder)
