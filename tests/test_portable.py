"""A collection goes into one file and comes out the same; hostile files do not come in."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_collection import ENCODER, MANIFEST, TEXTS, add, ask, findings, place, spoil

from search import admission, archive, checking, distrust, inspection, portable, schema, store
from search.builds import exists
from search.collection import Collection
from search.collection_writer import CollectionWriter
from search.distrust import distrusting, objects
from search.engine import Engine
from search.errors import CollectionLocked, CollectionMismatch, StorageError, UsageError
from search.models import Hit
from search.portable import export, import_
from search.queries import parse
from search.schema import FORMAT
from search.storage import flush

__all__ = ["place"]


@pytest.fixture
def packed(place: Path, tmp_path: Path) -> Path:
    """The collection as an archive."""
    target = tmp_path / "mine.wherein"
    export(place, target)
    return target


def hits(folder: Path, question: str, mode: str) -> tuple[Hit, ...]:
    with Engine(folder, folder.parent / "cache", ENCODER) as engine:
        return engine.search(parse(question, mode)).hits


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_a_collection_comes_back_and_answers_the_same(
    place: Path, packed: Path, tmp_path: Path, mode: str
) -> None:
    copy = tmp_path / "elsewhere" / "copy"
    imported = import_(packed, copy)
    assert imported.manifest.counts.passages == 8
    for question in ("bees dance", *TEXTS):
        before = hits(place, question, mode)
        assert before
        assert hits(copy, question, mode) == before
    assert findings(copy) == {}
    assert left_in(copy) == ["0001", "CURRENT", "writer.lock"]


def test_an_imported_collection_goes_on_without_reusing_numbers(
    place: Path, packed: Path, tmp_path: Path
) -> None:
    with CollectionWriter.open(place) as writer:
        with writer.store.writing() as writing:
            writing.remove_file(tmp_path / "gone.txt")
        writer.publish()
    again = tmp_path / "again.wherein"
    export(place, again)
    copy = tmp_path / "copy"
    import_(again, copy)
    add(copy, tmp_path / "new.txt")
    assert ask(copy, "SELECT id FROM documents ORDER BY id") == [(1,), (3,)]
    assert findings(copy) == {}


def test_only_what_is_alive_is_exported_even_if_not_published(place: Path, tmp_path: Path) -> None:
    target = tmp_path / "alive.wherein"
    with CollectionWriter.open(place) as writer:
        with writer.store.writing() as writing:
            writing.remove_file(tmp_path / "gone.txt")
        export(place, target)  # while somebody writes
    with zipfile.ZipFile(target) as file:
        assert b"gone alone" not in file.read("store.sqlite")
        assert file.namelist() == ["manifest.json", "store.sqlite"]
        said = json.loads(file.read("manifest.json"))
        digest = hashlib.sha256(file.read("store.sqlite")).hexdigest()
    assert said["archive"] == 1
    assert said["format"] == FORMAT
    assert said["counts"]["documents"] == 1
    assert said["parts"]["store.sqlite"]["sha256"] == digest


def test_an_empty_collection_travels_too(tmp_path: Path) -> None:
    with CollectionWriter.create(tmp_path / "empty", MANIFEST) as writer:
        writer.activate()
    export(tmp_path / "empty", tmp_path / "empty.wherein")
    import_(tmp_path / "empty.wherein", tmp_path / "copy")
    assert findings(tmp_path / "copy") == {}


def test_a_file_that_is_there_is_replaced_only_if_told(place: Path, packed: Path) -> None:
    packed.write_text("mine")
    with pytest.raises(UsageError, match="already") as caught:
        export(place, packed)
    assert "--force" in caught.value.remedy
    assert packed.read_text() == "mine"
    export(place, packed, overwrite=True)
    assert zipfile.is_zipfile(packed)


def test_a_full_disk_leaves_nothing_behind(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out" / "mine.wherein"
    target.parent.mkdir()

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "flush", full)
    with pytest.raises(StorageError, match="full"):
        export(place, target)
    assert left_in(target.parent) == []
    monkeypatch.setattr(archive, "flush", flush)
    export(place, target)
    assert left_in(target.parent) == ["mine.wherein"]


def test_an_unsound_collection_is_not_exported(place: Path, tmp_path: Path) -> None:
    spoil(place, "UPDATE passages SET text = 'Wasps' WHERE id = 1")
    with pytest.raises(StorageError, match="not sound: passages whose text") as caught:
        export(place, tmp_path / "x.wherein")
    assert "wherein check --repair" in caught.value.remedy
    assert not (tmp_path / "x.wherein").exists()


def test_a_collection_is_replaced_only_if_told(place: Path, packed: Path, tmp_path: Path) -> None:
    add(place, tmp_path / "later.txt")
    with pytest.raises(UsageError, match="already"):
        import_(packed, place)
    with Collection(place) as opened:
        import_(packed, place, replace=True)
        assert opened.replaced()
    assert ask(place, "SELECT count(*) FROM documents") == [(2,)]
    assert left_in(place) == ["0002", "CURRENT", "writer.lock"]
    assert findings(place) == {}


def test_nothing_is_imported_while_somebody_writes(place: Path, packed: Path) -> None:
    with CollectionWriter.open(place), pytest.raises(CollectionLocked):
        import_(packed, place, replace=True)
    assert findings(place) == {}


def rewrite(
    packed: Path,
    change: Callable[[dict[str, Any]], object] = len,
    *,
    data: bytes | None = None,
    honest: bool = True,
) -> None:
    """Write an archive anew with another manifest or database, with the right digest if honest."""
    with zipfile.ZipFile(packed) as file:
        said = json.loads(file.read("manifest.json"))
        data = file.read("store.sqlite") if data is None else data
    if honest:
        digest = hashlib.sha256(data).hexdigest()
        said["parts"]["store.sqlite"] = {"bytes": len(data), "sha256": digest}
    change(said)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("manifest.json", json.dumps(said))
        file.writestr("store.sqlite", data)


def rewrite_rows(packed: Path, *statements: str) -> None:
    """Change the database in an archive, and its digest with it."""
    work = packed.with_suffix(".sqlite")
    with zipfile.ZipFile(packed) as file:
        work.write_bytes(file.read("store.sqlite"))
    with contextlib.closing(sqlite3.connect(work, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.execute("PRAGMA journal_mode = DELETE")
    rewrite(packed, data=work.read_bytes())


def set_encoder(said: dict[str, Any], **values: object) -> None:
    said["collection"]["encoder"].update(values)


MANIFESTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no version": lambda said: said.pop("archive"),
    "version 0": lambda said: said.update(archive=0),
    "no parts": lambda said: said.update(parts={}),
    "more parts": lambda said: said["parts"].update(x=said["parts"]["store.sqlite"]),
    "wrong size": lambda said: said["parts"]["store.sqlite"].update(bytes=1),
    "wrong digest": lambda said: said["parts"]["store.sqlite"].update(sha256="0" * 64),
    "no digest": lambda said: said["parts"]["store.sqlite"].update(sha256=""),
    "older than any": lambda said: said.update(format=1),
    "other counts": lambda said: said["counts"].update(passages=7),
    "no dimension": lambda said: set_encoder(said, dimension=0),
    "too many dimensions": lambda said: set_encoder(said, dimension=1 << 40),
    "other dimension": lambda said: set_encoder(said, dimension=9),
    "terminal codes": lambda said: set_encoder(said, name="\x1b[2J"),
    "long prompt": lambda said: set_encoder(said, query_prompt="x" * 100_000),
    "too long": lambda said: said.update(more="x" * (2 << 20)),
}

DATABASES: dict[str, tuple[str, ...]] = {
    "trigger": ("CREATE TRIGGER t AFTER INSERT ON files BEGIN DELETE FROM passages; END",),
    "view": ("CREATE VIEW v AS SELECT * FROM files",),
    "view for table": (
        "DROP TABLE roots",
        "CREATE VIEW roots AS SELECT x'2f' AS path, x'7b7d' AS rules",
    ),
    "table": ("CREATE TABLE t (x)",),
    "column": ("ALTER TABLE files ADD COLUMN x INTEGER",),
    "index": ("CREATE INDEX i ON files (hex(path))",),
    "statistics": ("ANALYZE",),
    "hidden trigger": (
        "CREATE TRIGGER t AFTER INSERT ON files BEGIN DELETE FROM passages; END",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET name = 'sqlite_t' WHERE name = 't'",
    ),
    "no index": ("DROP INDEX passages_by_document",),
    "other format": ("PRAGMA user_version = 1",),
    "other mark": ("PRAGMA application_id = 7",),
    "other manifest": ("UPDATE meta SET value = x'7b7d' WHERE name = 'manifest'",),
    "wrong text": ("UPDATE passages SET text = 'Wasps'",),
    "wrong span": ('UPDATE passages SET "end" = 99999',),
    "short vectors": ("UPDATE embeddings SET vector = x'00'",),
    "long vectors": ("UPDATE embeddings SET vector = zeroblob(1000000)",),
    "no documents": ("DELETE FROM documents",),
    "broken sections": ("UPDATE documents SET sections = x'5b'",),
    "huge generation": ("UPDATE meta SET value = 9223372036854775807 WHERE name = 'generation'",),
    "no generation": ("DELETE FROM meta WHERE name = 'generation'",),
    "used up numbers": ("UPDATE sqlite_sequence SET seq = 9223372036854775807",),
    "path of nothing": ("UPDATE files SET path = x'' WHERE document = 1",),
    "path with NULs": ("UPDATE files SET path = x'2f610062006300' WHERE document = 1",),
    "root with NUL": ("INSERT INTO roots VALUES (x'2f6100', x'7b7d')",),
    "broken rules": ("INSERT INTO roots VALUES (x'2f', x'7b')",),
}


EMPTY = [("manifest.json", b"{}"), ("store.sqlite", b"")]


def refused(packed: Path, target: Path) -> str:
    """Why the archive is refused; nothing of it may be left."""
    with pytest.raises(UsageError) as caught:
        import_(packed, target)
    assert not target.exists()
    return str(caught.value)


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_does_not_fit_is_refused(packed: Path, tmp_path: Path, name: str) -> None:
    rewrite(packed, MANIFESTS[name])
    assert "not a sound archive" in refused(packed, tmp_path / "copy")


@pytest.mark.parametrize("name", DATABASES)
def test_a_database_that_is_not_ours_or_not_sound_is_refused(
    packed: Path, tmp_path: Path, name: str
) -> None:
    rewrite_rows(packed, *DATABASES[name])
    assert "not a sound archive" in refused(packed, tmp_path / "copy")


@pytest.mark.parametrize("data", [b"", b"no database", b"SQLite format 3\0" + bytes(5000)])
def test_what_is_no_database_is_refused(packed: Path, tmp_path: Path, data: bytes) -> None:
    rewrite(packed, data=data)
    assert "not a sound archive" in refused(packed, tmp_path / "copy")


def test_a_damaged_page_is_refused(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as file:
        data = bytearray(file.read("store.sqlite"))
    data[4096 * 8 : 4096 * 9] = b"\xa5" * 4096
    rewrite(packed, data=bytes(data))
    assert "not a sound archive" in refused(packed, tmp_path / "copy")


def test_a_failed_import_leaves_the_collection_it_was_to_replace(place: Path, packed: Path) -> None:
    rewrite_rows(packed, "UPDATE passages SET text = 'Wasps'")
    with pytest.raises(UsageError):
        import_(packed, place, replace=True)
    assert left_in(place) == ["0001", "CURRENT", "writer.lock"]
    assert findings(place) == {}


def test_a_full_disk_ends_an_import_without_a_trace(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(writer: CollectionWriter) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(CollectionWriter, "publish", full)
    with pytest.raises(StorageError, match="full"):
        import_(packed, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("entries", "compression"),
    [
        ([("manifest.json", b"{}")], zipfile.ZIP_DEFLATED),
        ([("manifest.json", b"{}"), ("../store.sqlite", b"")], zipfile.ZIP_DEFLATED),
        ([*EMPTY, ("keywords/x.seg", b"")], zipfile.ZIP_DEFLATED),
        ([*EMPTY, ("store.sqlite", b"")], zipfile.ZIP_DEFLATED),
        (EMPTY, zipfile.ZIP_DEFLATED),
        ([("manifest.json", b"[" * 500_000), EMPTY[1]], zipfile.ZIP_DEFLATED),
        ([("manifest.json", b'"\xff"'), EMPTY[1]], zipfile.ZIP_DEFLATED),
        (EMPTY, zipfile.ZIP_LZMA),
    ],
    ids=["no store", "escape", "more", "twice", "says nothing", "deep", "no text", "lzma"],
)
def test_a_zip_file_that_is_no_archive_is_refused(
    tmp_path: Path, entries: list[tuple[str, bytes]], compression: int
) -> None:
    path = tmp_path / "x.wherein"
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in entries:
            file.writestr(name, data)
    assert "not a sound archive" in refused(path, tmp_path / "copy")


@pytest.mark.parametrize("data", [b"", b"no ZIP file"])
def test_what_is_no_zip_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.wherein"
    path.write_bytes(data)
    assert "not a sound archive" in refused(path, tmp_path / "copy")


def test_a_cut_off_or_flipped_archive_is_refused(packed: Path, tmp_path: Path) -> None:
    whole = packed.read_bytes()
    packed.write_bytes(whole[: len(whole) // 2])
    assert "not a sound archive" in refused(packed, tmp_path / "copy")
    at = len(whole) // 2
    packed.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
    assert "not a sound archive" in refused(packed, tmp_path / "copy")


def test_a_bomb_is_refused_before_it_is_unpacked(packed: Path, tmp_path: Path) -> None:
    rewrite(packed, data=bytes(80 << 20))
    assert packed.stat().st_size < 1 << 20
    assert "far more than" in refused(packed, tmp_path / "copy")


def test_more_than_there_is_room_for_is_refused(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = SimpleNamespace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: little)
    with pytest.raises(StorageError, match="room"):
        import_(packed, tmp_path / "copy")
    assert not exists(tmp_path / "copy")


@pytest.mark.parametrize("what", ["archive", "format"])
def test_an_archive_of_a_newer_program_is_refused_by_name(
    packed: Path, tmp_path: Path, what: str
) -> None:
    rewrite(packed, lambda said: said.update({what: 99}))
    with pytest.raises(CollectionMismatch, match="99") as caught:
        import_(packed, tmp_path / "copy")
    assert "pip install --upgrade wherein" in caught.value.remedy


def test_a_model_that_is_not_built_in_must_be_named(packed: Path, tmp_path: Path) -> None:
    def name(said: dict[str, Any]) -> None:
        set_encoder(said, name="/tmp/evil")

    rewrite_rows(
        packed,
        "UPDATE meta SET value = CAST(replace(CAST(value AS TEXT), '\"hashing\"', "
        "'\"/tmp/evil\"') AS BLOB) WHERE name = 'manifest'",
    )
    rewrite(packed, name)
    assert "--model /tmp/evil" in refused(packed, tmp_path / "copy")
    with pytest.raises(UsageError):
        import_(packed, tmp_path / "copy", model="all-MiniLM-L6-v2")
    assert import_(packed, tmp_path / "copy", model="/tmp/evil").manifest.counts.documents == 2


def test_an_older_archive_is_brought_up_to_date(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(packed) as file:
        (tmp_path / "old.sqlite").write_bytes(file.read("store.sqlite"))
    with distrusting(tmp_path / "old.sqlite") as connection:
        digest = admission.schema_digest(objects(connection))
    upgrade = "ALTER TABLE roots ADD COLUMN label TEXT NOT NULL DEFAULT 'none'"
    newer = schema.TABLES.replace(
        "rules BLOB NOT NULL DEFAULT x'7b7d'",
        "rules BLOB NOT NULL DEFAULT x'7b7d',\n    label TEXT NOT NULL DEFAULT 'none'",
    )
    assert newer != schema.TABLES
    for module in (admission, portable, store, inspection, checking):
        monkeypatch.setattr(module, "FORMAT", FORMAT + 1)
    for module in (store, inspection, distrust):
        monkeypatch.setattr(module, "TABLES", newer)
    monkeypatch.setitem(store.UPGRADES, FORMAT, upgrade)
    assert "not a sound archive" in refused(packed, tmp_path / "copy")
    monkeypatch.setitem(admission.OLDER_SCHEMAS, FORMAT, digest)
    import_(packed, tmp_path / "copy")
    assert findings(tmp_path / "copy") == {}


def test_the_tables_of_every_format_archived_before_are_known() -> None:
    assert set(admission.OLDER_SCHEMAS) == set(range(admission.FIRST_FORMAT, FORMAT))
