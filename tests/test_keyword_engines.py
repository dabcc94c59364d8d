"""The keyword view of a collection: which engine makes it, damage to it, and switching."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run_index
from keyword_corpus import Corpus, sentences
from tests_support import put

from search import keywords
from search.analysis import ANALYSER_VERSION
from search.checking import check
from search.collection import Collection
from search.collection_writer import CollectionWriter
from search.encoders import HashingEncoder
from search.errors import CollectionMismatch, SettingError, StorageError
from search.keywords import (
    ENGINES,
    KeywordIndex,
    choose_engine,
    chosen_engine,
    describe_keywords,
    engine_in,
)
from search.mending import repair
from search.schema import Manifest, SplitterSpec
from search.settings import Settings

pytest.importorskip("tantivy")

ENCODER = HashingEncoder(8)
MANIFEST = Manifest(ENCODER.spec, SplitterSpec(1, 200), 0.1)
TEXTS = {f"/{n}.txt": f"word{n % 7} common number{n}" for n in range(40)}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(tmp_path: Path, engine: str) -> Path:
    """The folder of a collection of 40 documents, its keyword view made by ``engine``."""
    folder = tmp_path / "collections" / "mine"
    with CollectionWriter.create(folder, MANIFEST) as writer:
        writer.use_keyword_engine(engine)
        with writer.store.writing() as writing:
            for path, text in TEXTS.items():
                put(writing, path, text, ENCODER)
        writer.activate()
    return folder


def view(place: Path) -> Path:
    return place / "0001" / "keywords"


def other(engine: str) -> str:
    return next(name for name in ENGINES if name != engine)


def switch(place: Path, engine: str) -> None:
    with CollectionWriter.open(place) as writer:
        writer.use_keyword_engine(engine)
        writer.publish()


def found(place: Path, word: str = "word3") -> tuple[list[int], list[float]]:
    with Collection(place) as opened, opened.snapshot() as snapshot:
        ids, scores = snapshot.keywords.search([word], 50)
        return ids.tolist(), scores.tolist()


def faults(place: Path) -> list[str]:
    """What a check finds, but that hashes here are those of paths."""
    codes = [finding.code for finding in check(place).findings]
    return [code for code in codes if not code.endswith("-hash")]


def edit(place: Path, text: str, *, publish: bool) -> None:
    with CollectionWriter.open(place) as writer:
        with writer.store.writing() as writing:
            put(writing, "/3.txt", text, ENCODER)
        if publish:
            writer.publish()


def test_the_engine_is_kept_with_the_collection(place: Path, engine: str) -> None:
    assert chosen_engine(place) == engine == engine_in(view(place))
    edit(place, "word3 changed", publish=True)
    assert engine_in(view(place)) == engine
    with CollectionWriter.create(place, MANIFEST) as writer:  # as reindexing does
        writer.activate()
    assert engine_in(place / "0002" / "keywords") == engine


def test_switching_answers_alike_and_reads_no_text(
    place: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found(place)
    monkeypatch.setattr(keywords.view, "terms", None)
    switch(place, other(engine))
    assert engine_in(view(place)) == other(engine) == chosen_engine(place)
    assert found(place) == before
    switch(place, engine)
    assert found(place) == before
    assert faults(place) == []


def test_a_switch_takes_in_what_was_not_published_yet(place: Path, engine: str) -> None:
    edit(place, "word3 zebra", publish=False)
    switch(place, other(engine))
    assert len(found(place, "zebra")[0]) == 1
    assert len(found(place, "number3")[0]) == 0


def test_a_switch_from_a_damaged_view_is_made_from_the_store(place: Path, engine: str) -> None:
    before = found(place)
    for path in view(place).glob("segment-*.bin"):
        path.write_bytes(b"garbage")
    switch(place, other(engine))
    assert found(place) == before


def test_a_switch_that_was_cut_short_is_finished_by_the_next_run(
    place: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found(place)
    with monkeypatch.context() as patch:
        patch.setattr(keywords.publishing, "_put_in_place", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            switch(place, other(engine))
    assert found(place) == before
    assert faults(place) == ["leftover"]
    with CollectionWriter.open(place) as writer:
        writer.publish()
    assert engine_in(view(place)) == other(engine)
    assert found(place) == before
    assert faults(place) == []


def test_an_open_collection_goes_on_while_the_engine_is_switched(place: Path, engine: str) -> None:
    with Collection(place) as opened:
        with opened.snapshot() as snapshot:
            before = snapshot.keywords.search(["word3"], 50)[0].tolist()
            switch(place, other(engine))
            assert snapshot.keywords.search(["word3"], 50)[0].tolist() == before
        edit(place, "zebra", publish=True)
        with opened.snapshot() as snapshot:
            assert snapshot.keywords.engine == other(engine)
            assert len(snapshot.keywords.search(["zebra"], 50)[0]) == 1


def test_a_full_disk_while_publishing_keeps_what_was_published(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = found(place)
    for name in ("write_stamp", "take_digests"):
        with monkeypatch.context() as patch:
            patch.setattr(keywords.view, name, full)
            with pytest.raises(StorageError, match="disk is full"):
                edit(place, f"word3 {name}", publish=True)
        opened = KeywordIndex.open(view(place))
        assert opened is not None  # the state before, or the whole of this one
        opened.close()
    assert found(place)[0] != before[0]
    assert faults(place) == []


def damages(place: Path) -> list[Path]:
    """The files of a view that hold something."""
    changing = ("digests.json",)
    return [
        path
        for path in sorted(view(place).iterdir())
        if path.name not in changing and path.stat().st_size
    ]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Whoosh drops files it cannot read, open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("how", ["missing", "empty", "half", "garbage"])
def test_whatever_file_is_damaged_the_view_is_made_anew(
    place: Path, engine: str, how: str, tmp_path: Path
) -> None:
    before = found(place)
    for path in damages(place):
        copy = tmp_path / "copies" / "mine"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(place, copy)
        hurt, content = view(copy) / path.name, path.read_bytes()
        hurt.unlink()
        if how != "missing":
            hurt.write_bytes({"empty": b"", "half": content[: len(content) // 2]}.get(how, b"x\n"))
        assert found(copy) == before, path.name
        assert engine_in(view(copy)) == engine
        assert found(copy) == before


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_flipped_bit_is_found_by_a_check_and_mended(place: Path, tmp_path: Path) -> None:
    before = found(place)
    digested = [path for path in damages(place) if path.name not in ("meta.json", ".managed.json")]
    for path in digested:
        copy = tmp_path / "copies" / "mine"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(place, copy)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        (view(copy) / path.name).write_bytes(content)
        assert faults(copy) == ["keyword-view"], path.name
        repair(copy)
        assert faults(copy) == []
        assert found(copy) == before


def test_a_view_of_another_analyser_or_layout_is_not_opened(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((keywords.view, "ANALYSER_VERSION"), (keywords.stamps, "LAYOUT")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, 999)
            assert KeywordIndex.open(view(place)) is None
            assert keywords.stamp(view(place)) == -1
    assert keywords.stamp(view(place)) > 0
    assert ANALYSER_VERSION != 999


def test_a_segment_named_outside_the_view_is_not_opened(place: Path) -> None:
    moved = next(iter(sorted(view(place).glob("segment-*.bin"))))
    shutil.copy(moved, place / "segment-9.bin")
    for path in view(place).glob("*.stamp"):
        path.write_bytes(path.read_bytes().replace(moved.name.encode(), b"../../segment-9.bin"))
    assert KeywordIndex.open(view(place)) is None


@pytest.fixture
def without_tantivy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tantivy", None)


@pytest.mark.parametrize("engine", ["tantivy"])
def test_without_tantivy_its_collections_say_what_to_do(place: Path, without_tantivy: None) -> None:
    with pytest.raises(CollectionMismatch, match="not installed here") as caught:
        found(place)
    assert "pip install 'wherein[tantivy]'" in caught.value.remedy
    assert "wherein index --keyword-engine whoosh" in caught.value.remedy
    with CollectionWriter.open(place) as writer, pytest.raises(CollectionMismatch):
        writer.use_keyword_engine(None)
    switch(place, "whoosh")
    assert len(found(place)[0]) == 6


@pytest.mark.parametrize("engine", ["whoosh"])
def test_an_engine_that_is_not_there_is_not_chosen(place: Path, without_tantivy: None) -> None:
    with pytest.raises(CollectionMismatch):
        choose_engine(place, "tantivy")
    with pytest.raises(SettingError, match="no keyword engine 'lucene'"):
        choose_engine(place, "lucene")
    assert chosen_engine(place) == "whoosh"
    assert not (place / "keyword-engine").exists()


def test_the_setting_reaches_the_collection(tmp_path: Path, engine: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("Bees make honey in the hive.")
    settings = Settings(home=tmp_path / "home", cache=tmp_path / "cache", model="hashing")
    for name in (engine, None, other(engine)):
        run_index(settings.with_(keyword_engine=name), folder)
        build = settings.collections / "default" / "0001"
        assert engine_in(build / "keywords") == (name or engine)


def test_only_the_engine_in_use_is_loaded(place: Path, engine: str) -> None:
    code = (
        "import sys, pathlib; from search.keywords import KeywordIndex\n"
        "index = KeywordIndex.open(pathlib.Path(sys.argv[1]))\n"
        "print(len(index), *(name for name in ('whoosh', 'tantivy') if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(view(place))], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["40", engine]


def test_how_long_searches_take_is_told_and_what_helps(
    place: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = describe_keywords(place / "0001")
    assert told is not None
    assert (told["engine"], told["better"]) == (engine, None)
    assert 0.0 < told["median_ms"] <= told["p95_ms"]
    monkeypatch.setattr(keywords.latency, "OUTGROWN_MS", 0.0)
    told = describe_keywords(place / "0001")
    assert told is not None
    assert told["better"] == ("tantivy" if engine == "whoosh" else None)
    shutil.rmtree(view(place))
    assert describe_keywords(place / "0001") is None


def test_an_update_writes_no_more_than_is_new(tmp_path: Path, engine: str) -> None:
    corpus = Corpus(tmp_path, engine)
    corpus.add(sentences(1, 2_000))
    before = {path.name for path in corpus.folder.iterdir()}
    size = sum((corpus.folder / name).stat().st_size for name in before)
    corpus.add(["zebra"])
    new = [path for path in corpus.folder.iterdir() if path.name not in before]
    assert 0 < sum(path.stat().st_size for path in new) < size / 10
    assert len(list(corpus.folder.glob("segment-*.bin"))) == 2
    corpus.close()


def test_many_small_updates_leave_few_segments_and_compact_the_dead(
    tmp_path: Path, engine: str
) -> None:
    corpus = Corpus(tmp_path, engine)
    for seed in range(12):
        corpus.add(sentences(seed, 30))
    assert len(list(corpus.folder.glob("segment-*.bin"))) <= 2
    corpus.remove(300)
    (stamp,) = corpus.folder.glob("*.stamp")
    assert sum(len(part["dead"]) for part in json.loads(stamp.read_text())["parts"]) == 0
    assert len(corpus.index) == 60
    corpus.close()
