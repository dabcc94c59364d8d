"""A run of the indexer over folders that change."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from conftest import Silent, index_into, run_index

from indexer import opening, pipeline
from indexer.opening import open_for_indexing
from indexer.removal import remove
from search.collection import Collection
from search.collection_writer import CollectionWriter
from search.encoders import HashingEncoder
from search.engine import Engine
from search.errors import CollectionLocked, CollectionMismatch, StorageError, UsageError
from search.queries import parse
from search.settings import Settings

ESSAY = "\n\n".join(
    f"# Part {n}\n\nParagraph {n} speaks of subject{n} at some length, and of nothing else."
    for n in range(1, 9)
)


def paths_found(settings: Settings, text: str) -> list[str]:
    with Engine.of(settings) as engine:
        return [Path(hit.path).name for hit in engine.search(parse(text, "keyword", 50)).hits]


def failures(settings: Settings) -> dict[str, str]:
    with (
        Collection(settings.collections / settings.collection) as opened,
        opened.store.reading() as reading,
    ):
        return {r.path.name: r.failure for r in reading.files() if r.failure is not None}


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_what_is_indexed_is_found(settings: Settings, folder: Path) -> None:
    write(folder, "deep/er/bees.md", "# Bees\n\nThey dance on the comb.")
    report = run_index(settings, folder)
    assert (report.added, report.passages, report.embedded, report.failures) == (1, 1, 1, {})
    with Engine.of(settings) as engine:
        (hit,) = engine.search(parse("dance", "keyword")).hits
    assert (hit.title, hit.headings, hit.kind) == ("Bees", ("Bees",), "markdown")
    assert hit.text == "They dance on the comb."
    assert hit.path == str(folder / "deep/er/bees.md")


def test_a_second_run_embeds_nothing(settings: Settings, folder: Path) -> None:
    write(folder, "a.md", ESSAY)
    write(folder, "b.txt", "Another text.")
    run_index(settings, folder)
    encoder = HashingEncoder()
    report = run_index(settings, folder, encoder=encoder)
    assert (encoder.calls, report.unchanged, report.added) == (0, 2, 0)


def test_an_edit_embeds_only_the_passages_it_changed(settings: Settings, folder: Path) -> None:
    path = write(folder, "a.md", ESSAY)
    run_index(settings, folder)
    path.write_text(ESSAY.replace("of subject5 at", "of topic5 at"), "utf-8")
    encoder = HashingEncoder()
    report = run_index(settings, folder, encoder=encoder)
    assert (report.changed, report.passages, report.embedded, encoder.texts) == (1, 8, 1, 1)
    assert paths_found(settings, "subject5") == []
    assert paths_found(settings, "topic5") == ["a.md"]


def test_an_edited_document_keeps_its_number(settings: Settings, folder: Path) -> None:
    path = write(folder, "a.txt", "The first version.")
    run_index(settings, folder)
    with Engine.of(settings) as engine:
        before = engine.search(parse("version")).hits[0].document_id
    path.write_text("The second version, longer.", "utf-8")
    run_index(settings, folder)
    with Engine.of(settings) as engine:
        assert engine.search(parse("version")).hits[0].document_id == before
        assert engine.document(before).document.text == "The second version, longer."


def test_a_touched_file_is_read_but_not_embedded(settings: Settings, folder: Path) -> None:
    path = write(folder, "a.txt", "The same text.")
    run_index(settings, folder)
    os.utime(path, ns=(1, 1))
    encoder = HashingEncoder()
    report = run_index(settings, folder, encoder=encoder)
    assert (encoder.calls, report.moved, report.unchanged) == (0, 1, 0)
    assert run_index(settings, folder).unchanged == 1


def test_a_moved_file_is_found_at_its_new_place_without_embedding(
    settings: Settings, folder: Path
) -> None:
    write(folder, "before/a.txt", "Something moves.")
    run_index(settings, folder)
    with Engine.of(settings) as engine:
        before = engine.search(parse("moves", "keyword")).hits[0]
    (folder / "before").rename(folder / "after")
    encoder = HashingEncoder()
    report = run_index(settings, folder, encoder=encoder)
    assert (encoder.calls, report.moved, report.removed, report.added) == (0, 1, 0, 0)
    with Engine.of(settings) as engine:
        (after,) = engine.search(parse("moves", "keyword")).hits
    assert (after.passage_id, after.document_id) == (before.passage_id, before.document_id)
    assert after.path.endswith("after/a.txt")


def test_copies_are_one_document(settings: Settings, folder: Path) -> None:
    write(folder, "a.txt", "Said twice.")
    write(folder, "b.txt", "Said twice.")
    report = run_index(settings, folder)
    assert (report.added, report.moved, report.embedded) == (1, 1, 1)
    assert paths_found(settings, "twice") == ["a.txt"]
    (folder / "a.txt").unlink()
    run_index(settings, folder)
    assert paths_found(settings, "twice") == ["b.txt"]


def test_deleted_files_are_found_no_more(settings: Settings, folder: Path) -> None:
    write(folder, "a.txt", "Going soon.")
    write(folder, "b.txt", "Staying here.")
    run_index(settings, folder)
    (folder / "a.txt").unlink()
    assert run_index(settings, folder).removed == 1
    assert paths_found(settings, "going") == []
    assert paths_found(settings, "staying") == ["b.txt"]


def test_only_what_lies_in_the_folder_named_is_taken_for_gone(
    settings: Settings, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write(one, "a.txt", "First folder.")
    write(two, "b.txt", "Second folder.")
    run_index(settings, one, two)
    (two / "b.txt").unlink()
    assert run_index(settings, one).removed == 0
    write(two, "c.txt", "Third file.")
    assert run_index(settings, two).removed == 1


def test_an_emptied_folder_is_not_taken_for_a_mass_deletion(
    settings: Settings, folder: Path
) -> None:
    write(folder, "a.txt", "On a disk that comes off.")
    run_index(settings, folder)
    shutil.rmtree(folder)
    folder.mkdir()
    report = run_index(settings, folder)
    assert (report.removed, report.withheld) == (0, {folder: 1})
    assert paths_found(settings, "disk") == ["a.txt"]
    assert run_index(settings, folder, prune=True).removed == 1
    assert paths_found(settings, "disk") == []


def test_a_file_that_cannot_be_read_is_recorded_and_tried_again_when_it_changes(
    settings: Settings, folder: Path
) -> None:
    write(folder, "good.txt", "Fine.")
    (folder / "bad.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (folder / "empty.txt").write_bytes(b"")
    report = run_index(settings, folder)
    assert report.added == 1
    assert {path.name for path in report.failures} == {"bad.pdf", "empty.txt"}
    assert failures(settings)["empty.txt"] == "The file is empty."
    assert run_index(settings, folder).unchanged == 3
    write(folder, "empty.txt", "No longer.")
    assert run_index(settings, folder).added == 1
    assert failures(settings).keys() == {"bad.pdf"}


def test_failed_files_are_looked_at_again_when_asked(settings: Settings, folder: Path) -> None:
    write(folder, "a.txt", "Fine after all. " * 100_000)
    run_index(settings.with_(max_file_mb=1), folder)
    assert failures(settings).keys() == {"a.txt"}
    assert run_index(settings, folder).unchanged == 1
    report = run_index(settings, folder, retry=True)
    assert (report.added, report.unchanged) == (1, 0)
    assert failures(settings) == {}


def test_a_file_over_the_limit_costs_only_itself(settings: Settings, folder: Path) -> None:
    write(folder, "a.txt", "Fine.")
    write(folder, "huge.txt", "x" * 2_000_000)
    report = run_index(settings.with_(max_file_mb=1), folder)
    assert report.added == 1
    assert "limit of 1.0 MB" in report.failures[folder / "huge.txt"]


def test_a_file_that_was_just_written_is_left_for_a_later_run(
    settings: Settings, folder: Path
) -> None:
    path = write(folder, "a.txt", "Growing.")
    report = run_index(settings, folder, at_rest=3600.0)
    assert (report.added, report.postponed) == (0, 1)
    os.utime(path, (1, 1))
    assert run_index(settings, folder, at_rest=3600.0).added == 1


def test_a_file_from_the_future_is_not_waited_for(settings: Settings, folder: Path) -> None:
    path = write(folder, "a.txt", "From a clock that is fast.")
    os.utime(path, (4_000_000_000, 4_000_000_000))
    assert run_index(settings, folder, at_rest=3600.0).added == 1


def test_a_run_that_is_interrupted_keeps_what_was_committed(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        write(folder, f"{number}.txt", f"Document number{number}.")

    class Impatient(Silent):
        def opened(self, size: int) -> None:
            super().opened(size)
            if self.files == 6:
                raise KeyboardInterrupt

    monkeypatch.setattr("indexer.batch._DOCUMENTS", 2)
    report = run_index(settings, folder, progress=Impatient())
    assert report.interrupted
    assert paths_found(settings, "number3") == ["3.txt"]
    assert paths_found(settings, "number7") == []
    report = run_index(settings, folder)
    # The load that was with the encoder, of two documents, is done again.
    assert (report.unchanged, report.added) == (4, 6)


def test_a_failing_encoder_loses_nothing(settings: Settings, folder: Path) -> None:
    write(folder, "a.txt", "Kept from before.")
    run_index(settings, folder)
    write(folder, "b.txt", "Never embedded.")

    class Failing(HashingEncoder):
        def encode_passages(self, texts):  # type: ignore[no-untyped-def]
            raise StorageError("The encoder broke.")

    with pytest.raises(StorageError, match="broke"):
        run_index(settings, folder, encoder=Failing())
    assert paths_found(settings, "kept") == ["a.txt"]
    assert run_index(settings, folder).added == 1


def test_another_model_is_refused_by_name(settings: Settings, folder: Path) -> None:
    write(folder, "a.txt", "Text.")
    run_index(settings, folder)

    class Other(HashingEncoder):
        def __init__(self) -> None:
            super().__init__(32)

    with pytest.raises(CollectionMismatch, match="made with the model hashing") as caught:
        run_index(settings, folder, encoder=Other())
    assert "wherein reindex --model" in caught.value.remedy
    with pytest.raises(CollectionMismatch, match="made with the model hashing"):
        Engine(settings.collections / "default", settings.cache, Other())


def test_another_splitter_is_refused_by_name(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "a.txt", "Text.")
    run_index(settings, folder)
    with pytest.raises(CollectionMismatch, match="passages of 200 pieces") as caught:
        run_index(settings.with_(passage_pieces=64), folder)
    assert "wherein reindex --passage-pieces 64" in caught.value.remedy
    monkeypatch.setattr("indexer.splitter.VERSION", 99)
    with pytest.raises(CollectionMismatch, match="splitter 99"):
        run_index(settings, folder)


def test_a_passage_length_once_chosen_is_kept(settings: Settings, folder: Path) -> None:
    write(folder, "a.txt", " ".join(f"Sentence {n} is here." for n in range(60)))
    first = run_index(settings.with_(passage_pieces=32), folder)
    assert first.passages > 5
    assert run_index(settings, folder).unchanged == 1


def test_two_runs_at_once(settings: Settings, folder: Path) -> None:
    write(folder, "a.txt", "Text.")
    run_index(settings, folder)
    writer, _ = open_for_indexing(settings)
    with writer, pytest.raises(CollectionLocked, match="Another process is writing"):
        run_index(settings, folder)


def test_a_collection_made_by_another_process_meanwhile_is_not_replaced(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "a.txt", "Indexed by the other process.")

    def slowly(*_: object, **__: object) -> HashingEncoder:
        with monkeypatch.context() as patch:
            patch.setattr(opening, "load_encoder", lambda *_, **__: HashingEncoder())
            run_index(settings, folder)
        return HashingEncoder()

    monkeypatch.setattr(opening, "load_encoder", slowly)
    writer, _ = open_for_indexing(settings)
    with writer:
        assert writer.build.name == "0001"
    assert paths_found(settings, "indexed") == ["a.txt"]


def test_a_folder_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file or folder"):
        run_index(settings, tmp_path / "nowhere")


def test_removing(settings: Settings, folder: Path) -> None:
    write(folder, "sub/a.txt", "Private thing.")
    write(folder, "b.txt", "Public thing.")
    run_index(settings, folder)
    with CollectionWriter.open(settings.collections / "default") as writer:
        assert remove([folder / "sub"], writer) == 1
        with pytest.raises(UsageError, match="Nothing at"):
            remove([folder / "nowhere"], writer)
    assert paths_found(settings, "private") == []
    assert paths_found(settings, "public") == ["b.txt"]
    database = (settings.collections / "default" / "0001" / "store.sqlite").read_bytes()
    log = settings.collections / "default" / "0001" / "store.sqlite-wal"
    assert b"Public thing" in database
    assert not log.exists() or b"Private" not in log.read_bytes()


def test_publishing_during_a_long_run(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        write(folder, f"{number}.txt", f"Document number{number}.")
    run_index(settings, folder)
    for number in range(6):
        write(folder, f"{number}.txt", f"Changed number{number}.")
    seen: list[list[str]] = []
    monkeypatch.setattr("indexer.batch._DOCUMENTS", 1)
    monkeypatch.setattr(pipeline, "_PUBLISH_AFTER", -1.0)
    monkeypatch.setattr(pipeline, "_PUBLISH_SHARE", float("inf"))
    with Engine.of(settings) as engine:

        class Watch:
            def begin(self, files: int, size: int) -> None: ...

            def split(self, passages: int) -> None: ...

            def encoded(self, passages: int) -> None: ...

            def opened(self, size: int) -> None:
                answer = engine.search(parse("number0 number1 number2 number3", "keyword", 50))
                seen.append(sorted(hit.text.split()[0] for hit in answer.hits))

        writer, encoder = open_for_indexing(settings)
        with writer:
            index_into(writer, encoder, folder, progress=Watch())
    assert seen[0] == ["Document"] * 4
    assert seen[-1] == ["Changed"] * 4
    assert all(len(words) == 4 for words in seen)
