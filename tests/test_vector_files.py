"""Publishing vectors: what is written, what is left, and what becomes of damage."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from vector_views import DIMENSION, FakeReading, opened, show, unit_rows

from search.errors import StorageError
from search.vectors import (
    VECTORS,
    VectorIndex,
    drop_damaged_vectors,
    parts,
    publish_vectors,
    publishing,
    stamps,
    unused,
)


def files(build: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in (build / VECTORS).iterdir()}


def test_a_publication_writes_only_what_is_new(tmp_path: Path) -> None:
    rows = unit_rows(1000)
    show(tmp_path, 1, dict(enumerate(rows[:900], 1)))
    before = files(tmp_path)
    show(tmp_path, 2, dict(enumerate(rows[900:910], 901)), [5, 6])
    after = files(tmp_path)
    written = [name for name in after if before.get(name) != after[name]]
    assert sorted(name.partition("-")[0] for name in written) == ["generation", "part"]
    sizes = [(tmp_path / VECTORS / name).stat().st_size for name in written]
    assert sum(sizes) < 10 * 2 * DIMENSION + 12 * 8 + 500
    assert set(before) - set(after) == {"generation-1.stamp"}


def test_many_small_publications_leave_few_parts(tmp_path: Path) -> None:
    rows = unit_rows(300)
    written = 0
    for number, row in enumerate(rows, 1):
        vectors = show(tmp_path, number, {number: row})
        written += vectors.stamp.parts[-1].added
    assert len(vectors.stamp.parts) <= 8
    assert written <= 300 * 8  # each passage was written again only now and then
    assert np.array_equal(vectors.vectors(np.arange(1, 301)), rows)


def test_a_part_has_no_more_rows_than_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_MOST_BYTES", 100 * 2 * DIMENSION)
    rows = unit_rows(350)
    vectors = show(tmp_path, 1, dict(enumerate(rows, 1)))
    assert max(part.added for part in vectors.stamp.parts) <= 100
    assert np.array_equal(vectors.vectors(np.arange(1, 351)), rows)
    vectors = show(tmp_path, 2, {}, range(1, 200))
    assert (vectors.stamp.dead, vectors.stamp.rows, len(vectors)) == (0, 151, 151)


def test_what_is_gone_is_dropped_when_it_is_a_fifth(tmp_path: Path) -> None:
    rows = unit_rows(200)
    show(tmp_path, 1, dict(enumerate(rows, 1)))
    assert show(tmp_path, 2, {}, range(1, 41)).stamp.rows == 200
    vectors = show(tmp_path, 3, {}, [41])
    assert (vectors.stamp.rows, vectors.stamp.dead) == (159, 0)
    assert vectors.ids().tolist() == list(range(42, 201))


def test_a_passage_that_goes_as_another_comes_in_its_part_is_gone(tmp_path: Path) -> None:
    rows = unit_rows(5)
    show(tmp_path, 1, {1: rows[0]})
    show(tmp_path, 2, {2: rows[1]}, [1])
    vectors = show(tmp_path, 3, {3: rows[2]}, [2])
    assert vectors.ids().tolist() == [3]
    assert vectors.stamp.dead == 0


def test_a_reader_goes_on_with_what_it_opened(tmp_path: Path) -> None:
    rows = unit_rows(200)
    before = show(tmp_path, 1, dict(enumerate(rows[:100], 1)), kind="hnsw")
    expected = before.search(rows[3], 5)
    show(tmp_path, 2, dict(enumerate(rows[100:], 101)), range(1, 60))
    show(tmp_path, 3, {}, kind="exact")
    found = before.search(rows[3], 5)
    assert [part.tolist() for part in found] == [part.tolist() for part in expected]
    assert np.array_equal(before.vectors(np.arange(1, 101)), rows[:100])


def test_what_stays_the_same_is_opened_once(tmp_path: Path) -> None:
    rows = unit_rows(200)
    one = show(tmp_path, 1, dict(enumerate(rows[:100], 1)))
    two = show(tmp_path, 2, {101: rows[100]})
    assert one._parts[0] is two._parts[0]


@pytest.mark.parametrize("damage", ["empty", "garbage", "short", "long", "zeroed", "gone"])
@pytest.mark.parametrize("pattern", ["*.stamp", "part-*", "graph-*"])
def test_damaged_files_are_not_opened_and_the_view_is_made_anew(
    tmp_path: Path, pattern: str, damage: str
) -> None:
    rows = dict(enumerate(unit_rows(50), 1))
    show(tmp_path, 1, rows, kind="hnsw")
    (path,) = (tmp_path / VECTORS).glob(pattern)
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        spoilt = {"empty": b"", "garbage": b"?", "short": content[:-1], "long": content + b"\0\0"}
        spoilt["zeroed"] = bytes(len(content))
        path.write_bytes(spoilt[damage])
    assert VectorIndex.open(tmp_path / VECTORS, DIMENSION) is None
    drop_damaged_vectors(tmp_path, 1, DIMENSION)
    assert len(show(tmp_path, 1, rows)) == 50
    assert not list(unused(tmp_path / VECTORS))


def test_a_part_whose_numbers_are_in_no_order_is_not_opened(tmp_path: Path) -> None:
    show(tmp_path, 1, dict(enumerate(unit_rows(3), 1)))
    (path,) = (tmp_path / VECTORS).glob("part-*")
    content = path.read_bytes()
    path.write_bytes(content[8:16] + content[:8] + content[16:])
    assert VectorIndex.open(tmp_path / VECTORS, DIMENSION) is None


def test_a_damaged_part_that_is_to_be_written_on_has_all_made_anew(tmp_path: Path) -> None:
    rows = unit_rows(3)
    show(tmp_path, 1, {1: rows[0], 2: rows[1]})
    (path,) = (tmp_path / VECTORS).glob("part-*")
    path.write_bytes(bytes(path.stat().st_size))
    assert show(tmp_path, 2, {3: rows[2]}).ids().tolist() == [3]  # all that this store has


def test_a_stamp_whose_graph_covers_parts_that_are_not_there_is_passed_over(
    tmp_path: Path,
) -> None:
    show(tmp_path, 1, dict(enumerate(unit_rows(5), 1)), kind="hnsw")
    (path,) = (tmp_path / VECTORS).glob("*.stamp")
    path.write_bytes(path.read_bytes().replace(b'"parts":1,', b'"parts":7,'))
    assert VectorIndex.open(tmp_path / VECTORS, DIMENSION) is None


def test_an_older_stamp_serves_where_the_newest_is_damaged(tmp_path: Path) -> None:
    show(tmp_path, 1, dict(enumerate(unit_rows(3), 1)))
    (tmp_path / VECTORS / "generation-2.stamp").write_bytes(b"{")
    assert opened(tmp_path).generation == 1


def test_the_file_that_there_used_to_be_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "vectors-7.faiss").write_bytes(b"IxMp")
    (tmp_path / "vectors.draft").write_bytes(b"IxMp")
    assert VectorIndex.open(tmp_path / VECTORS, DIMENSION) is None
    show(tmp_path, 7, dict(enumerate(unit_rows(3), 1)))
    assert [path.name for path in tmp_path.iterdir()] == [VECTORS]


def test_what_a_run_left_behind_is_cleared_away(tmp_path: Path) -> None:
    rows = unit_rows(5)
    show(tmp_path, 1, {1: rows[0]})
    for name in ("part-90.vectors", "graph-91.faiss", "stamp.draft", "notes.txt"):
        (tmp_path / VECTORS / name).write_bytes(b"half")
    left = [path.name for path in unused(tmp_path / VECTORS)]
    assert left == ["graph-91.faiss", "part-90.vectors", "stamp.draft"]
    show(tmp_path, 1, {1: rows[0]})
    assert not list(unused(tmp_path / VECTORS))
    assert (tmp_path / VECTORS / "notes.txt").exists()


@pytest.mark.parametrize("module", [parts, stamps, publishing])
def test_a_full_disk_leaves_what_was_shown_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    rows = unit_rows(60)
    show(tmp_path, 1, dict(enumerate(rows[:30], 1)))
    before = files(tmp_path)
    (tmp_path / "new").mkdir()
    name = "write_graph" if module is publishing else "flush"
    with monkeypatch.context() as patch:
        patch.setattr(module, name, full)
        with pytest.raises(StorageError, match="disk is full"):
            show(tmp_path, 2, dict(enumerate(rows[30:], 31)), kind="hnsw")
        with pytest.raises(StorageError, match="disk is full"):
            show(tmp_path / "new", 1, {1: rows[0]}, kind="hnsw")
    assert files(tmp_path) == before
    assert files(tmp_path / "new") == {}
    assert len(show(tmp_path, 2, dict(enumerate(rows[30:], 31)))) == 60


def test_a_view_ahead_of_the_store_makes_way(tmp_path: Path) -> None:
    rows = unit_rows(5)
    show(tmp_path, 9, {1: rows[0]})
    assert show(tmp_path, 3, {2: rows[1]}).ids().tolist() == [2]
    assert len(files(tmp_path)) == 2


def test_a_view_of_a_generation_that_the_store_forgot_is_made_anew(tmp_path: Path) -> None:
    rows = unit_rows(5)
    show(tmp_path, 1, {1: rows[0], 2: rows[1]})
    reading = FakeReading([3], rows[2:3])
    publish_vectors(tmp_path, reading, 4, 5, DIMENSION)
    assert opened(tmp_path).ids().tolist() == [3]


@dataclasses.dataclass
class Model:
    """What the view must show, as a dictionary."""

    rows: dict[int, np.ndarray]
    added: dict[int, np.ndarray]
    removed: set[int]


class AnySequence(RuleBasedStateMachine):
    """Whatever is added, removed, published and opened again: the view is the dictionary."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.home = tempfile.TemporaryDirectory()
        self.build = Path(self.home.name)
        self.model = Model({}, {}, set())
        self.generation = 0
        self.next = 1
        self.held: list[tuple[VectorIndex, dict[int, np.ndarray]]] = []
        show(self.build, 0, {})

    @rule(count=st.integers(1, 40), gap=st.integers(1, 3))
    def add(self, count: int, gap: int) -> None:
        for row in unit_rows(count, seed=self.next):
            self.model.added[self.next] = row
            self.next += gap

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        left = sorted(self.model.rows.keys() - self.model.removed)
        if left:
            gone = data.draw(st.lists(st.sampled_from(left), unique=True))
            self.model.removed.update(gone)

    @rule(kind=st.sampled_from([None, "auto", "exact", "hnsw"]), data=st.data())
    def publish(self, kind: str | None, data: st.DataObject) -> None:
        self.generation += 1
        model = self.model
        shown = show(self.build, self.generation, model.added, sorted(model.removed), kind)
        model.rows = {
            number: row
            for number, row in (model.rows | model.added).items()
            if number not in model.removed
        }
        model.added, model.removed = {}, set()
        self.held.append((shown, dict(model.rows)))

    @rule()
    def damage(self) -> None:
        for path in (self.build / VECTORS).glob("*.stamp"):
            path.unlink()
        rows = {**self.model.rows}
        show(self.build, self.generation, rows)

    @invariant()
    def every_index_shows_what_it_showed(self) -> None:
        if not hasattr(self, "held"):
            return
        now = (opened(self.build), self.model.rows)
        for vectors, rows in (*self.held[-3:], now):
            ids = np.array(sorted(rows), dtype=np.int64)
            assert np.sort(vectors.ids()).tolist() == ids.tolist()
            assert len(vectors) == len(rows)
            if rows:
                whole = np.stack([rows[number] for number in ids.tolist()])
                assert np.array_equal(vectors.vectors(ids), whole)
                query = whole[0]
                best = np.sort(whole @ query)[::-1]
                assert vectors.exact(query, 7)[1] == pytest.approx(best[:7], abs=1e-6)
                assert vectors.search(query, 7)[1] == pytest.approx(best[:7], abs=1e-6)
                assert vectors.search(query, 7, ids[::2])[1] == pytest.approx(
                    np.sort(whole[::2] @ query)[::-1][:7], abs=1e-6
                )
        assert not list(unused(self.build / VECTORS))

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self.held.clear()
            self.home.cleanup()


@pytest.fixture
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have graphs and full parts come at sizes that a test reaches."""
    from search.vectors import index

    monkeypatch.setattr(publishing, "GRAPH_FROM", 60)
    monkeypatch.setattr(parts, "_MOST_BYTES", 50 * 2 * DIMENSION)
    monkeypatch.setattr(index, "_COMPARED_ONE_BY_ONE", 10)
    monkeypatch.setattr(index, "_PRICE", 0.1)
    monkeypatch.setattr(index, "_PRICE_PICKED", 0.1)


@pytest.mark.usefixtures("small_sizes")
def test_any_sequence_of_changes_gives_the_dictionary() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        AnySequence, settings=settings(max_examples=15, stateful_step_count=10, deadline=None)
    )


@given(st.lists(st.integers(0, 400), unique=True), st.lists(st.integers(-5, 405)))
def test_places_are_those_of_a_plain_look(ids: list[int], asked: list[int]) -> None:
    numbers = np.array(sorted(ids), dtype=np.int64)
    nothing = np.empty(0, np.int64)
    halves = np.zeros((len(ids), DIMENSION), np.float16)
    part = parts.Part(nothing, numbers, halves, DIMENSION, None, None, 0)
    places, known = part.places(np.array(asked, dtype=np.int64))
    assert known.tolist() == [number in ids for number in asked]
    for place, number, there in zip(places.tolist(), asked, known.tolist(), strict=True):
        assert not there or numbers[place] == number
