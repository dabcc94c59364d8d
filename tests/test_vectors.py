"""The vector index against plain numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search import vectors
from search.vectors import VectorIndex


class FakeReading:
    """What `VectorIndex.update` asks of the store."""

    def __init__(self, ids: list[int], rows: np.ndarray, removed: list[int]) -> None:
        self.ids, self.rows, self.removed = ids, rows, removed

    def removed_between(self, after: int, until: int) -> np.ndarray:
        return np.array(self.removed, dtype=np.int64)

    def vectors_between(self, after: int, until: int, dimension: int):  # type: ignore[no-untyped-def]
        if self.ids:
            yield np.array(self.ids, dtype=np.int64), self.rows


def unit_rows(count: int, seed: int = 0, dimension: int = 16) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def filled(count: int = 50) -> tuple[VectorIndex, np.ndarray]:
    rows = unit_rows(count)
    index = VectorIndex(16)
    index.update(FakeReading([n * 3 for n in range(count)], rows, []), 1)  # type: ignore[arg-type]
    return index, rows


def test_search_gives_the_nearest_with_their_cosines() -> None:
    index, rows = filled()
    query = unit_rows(1, seed=9)[0]
    ids, cosines = index.search(query, 10)
    expected = rows @ query
    assert ids.tolist() == [int(n) * 3 for n in np.argsort(-expected)[:10]]
    assert cosines == pytest.approx(np.sort(expected)[::-1][:10], abs=2e-3)


def test_cosines_of_given_passages() -> None:
    index, rows = filled()
    query = unit_rows(1, seed=9)[0]
    found = index.cosines(query, np.array([6, 1, 0], dtype=np.int64))
    assert found == pytest.approx([rows[2] @ query, -1.0, rows[0] @ query], abs=2e-3)
    assert len(index.cosines(query, np.array([], dtype=np.int64))) == 0


def test_equal_cosines_are_ordered_by_number() -> None:
    index = VectorIndex(16)
    row = unit_rows(1)
    ids = [9, 4, 7]
    index.update(FakeReading(ids, np.repeat(row, 3, axis=0), []), 1)  # type: ignore[arg-type]
    assert index.search(row[0], 3)[0].tolist() == [4, 7, 9]


def test_update_removes_and_adds() -> None:
    index, _ = filled()
    index.update(FakeReading([1000], unit_rows(1, seed=4), [0, 3]), 2)  # type: ignore[arg-type]
    assert (len(index), index.generation) == (49, 2)
    ids, _ = index.search(unit_rows(1)[0], 100)
    assert 1000 in ids
    assert not {0, 3} & set(ids.tolist())


def test_an_empty_index_gives_nothing() -> None:
    ids, cosines = VectorIndex(16).search(unit_rows(1)[0], 5)
    assert len(ids) == len(cosines) == 0


def test_save_and_open(tmp_path: Path) -> None:
    index, rows = filled()
    assert vectors.stamp(tmp_path) == -1
    index.save(tmp_path)
    index.update(FakeReading([], rows, [0]), 2)  # type: ignore[arg-type]
    index.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["vectors-2.faiss"]
    again = VectorIndex.open(tmp_path, 16)
    assert again is not None
    assert (again.generation, len(again), vectors.stamp(tmp_path)) == (2, 49, 2)
    query = unit_rows(1, seed=9)[0]
    assert again.search(query, 10)[0].tolist() == index.search(query, 10)[0].tolist()


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_file_is_not_opened(tmp_path: Path, damage: bytes | None) -> None:
    index, _ = filled()
    index.save(tmp_path)
    path = tmp_path / "vectors-1.faiss"
    path.write_bytes(path.read_bytes()[:200] if damage is None else damage)
    assert VectorIndex.open(tmp_path, 16) is None
    assert VectorIndex.open(tmp_path / "nowhere", 16) is None


def test_an_index_of_another_dimension_is_not_opened(tmp_path: Path) -> None:
    index, _ = filled()
    index.save(tmp_path)
    assert VectorIndex.open(tmp_path, 32) is None


@pytest.mark.parametrize("one_by_one", [0, 10**9])
def test_the_nearest_of_those_allowed(monkeypatch: pytest.MonkeyPatch, one_by_one: int) -> None:
    monkeypatch.setattr(vectors, "_COMPARED_ONE_BY_ONE", one_by_one)
    chance = np.random.default_rng(5)
    rows = unit_rows(200)
    index = VectorIndex(16)
    ids = [n * 3 for n in range(200)][::-1]
    index.update(FakeReading(ids, rows, []), 1)  # type: ignore[arg-type]
    query = unit_rows(1, seed=9)[0]
    for count in (0, 1, 3, 50, 200):
        some = np.sort(chance.choice(220, count, replace=False)) * 3
        known = some[some < 600]
        found, cosines = index.search(query, 10, some)
        assert len(found) == min(10, len(known))
        assert set(found.tolist()) <= set(known.tolist())
        true = np.sort(rows[::-1][known // 3] @ query)[::-1][:10]
        assert cosines == pytest.approx(true, abs=2e-3)
        for rank, cosine in enumerate(cosines.tolist()):
            assert index.nearer(query, cosine, some) == rank
    assert index.nearer(query, -2.0) == 200
    assert VectorIndex(16).nearer(query, -2.0) == 0
