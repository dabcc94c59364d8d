"""The vector index against plain numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from vector_views import DIMENSION, show, unit_rows

from search.vectors import VectorIndex, index, parts, publishing, recall
from search.vectors import graph as graph_module


def filled(build: Path, count: int = 50, kind: str = "auto") -> tuple[VectorIndex, np.ndarray]:
    rows = unit_rows(count)
    return show(build, 1, {n * 3: row for n, row in enumerate(rows)}, kind=kind), rows


@pytest.fixture
def by_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have graphs used however few passages there are, and never pick them one by one."""
    monkeypatch.setattr(index, "_PRICE", 0)
    monkeypatch.setattr(index, "_PRICE_PICKED", 0)
    monkeypatch.setattr(index, "_COMPARED_ONE_BY_ONE", 0)


def test_search_gives_the_nearest_with_their_cosines(tmp_path: Path) -> None:
    vectors, rows = filled(tmp_path)
    query = unit_rows(1, seed=9)[0]
    ids, cosines = vectors.search(query, 10)
    expected = rows @ query
    assert ids.tolist() == [int(n) * 3 for n in np.argsort(-expected)[:10]]
    assert cosines == pytest.approx(np.sort(expected)[::-1][:10], abs=1e-6)


def test_cosines_of_given_passages(tmp_path: Path) -> None:
    vectors, rows = filled(tmp_path)
    query = unit_rows(1, seed=9)[0]
    found = vectors.cosines(query, np.array([6, 1, 0], dtype=np.int64))
    assert found == pytest.approx([rows[2] @ query, -1.0, rows[0] @ query], abs=1e-6)
    assert len(vectors.cosines(query, np.array([], dtype=np.int64))) == 0


def test_vectors_of_given_passages_are_those_that_were_put_in(tmp_path: Path) -> None:
    vectors, rows = filled(tmp_path)
    ids = np.array([9, 0, 9, 147], dtype=np.int64)
    assert np.array_equal(vectors.vectors(ids), rows[[3, 0, 3, 49]])
    assert vectors.indexed(np.array([1, 9, -3, 150, 147])).tolist() == [9, 147]
    with pytest.raises(KeyError, match="passage 1 is not indexed"):
        vectors.vectors(np.array([0, 1], dtype=np.int64))


def test_equal_cosines_are_ordered_by_number(tmp_path: Path) -> None:
    row = unit_rows(1)[0]
    vectors = show(tmp_path, 1, dict.fromkeys((9, 4, 7), row))
    assert vectors.search(row, 3)[0].tolist() == [4, 7, 9]


def test_an_empty_index_gives_nothing(tmp_path: Path) -> None:
    vectors = show(tmp_path, 0, {})
    query = unit_rows(1)[0]
    ids, cosines = vectors.search(query, 5)
    assert len(ids) == len(cosines) == len(vectors) == len(vectors.ids()) == 0
    assert vectors.nearer(query, -2.0) == 0
    assert vectors.search(query, 5, np.array([1, 2]))[0].tolist() == []
    assert vectors.cosines(query, np.array([1])).tolist() == [-1.0]


@pytest.mark.parametrize("one_by_one", [0, 10**9])
@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_the_nearest_of_those_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_by_one: int, kind: str
) -> None:
    monkeypatch.setattr(index, "_COMPARED_ONE_BY_ONE", one_by_one)
    monkeypatch.setattr(index, "_PRICE", 0)
    monkeypatch.setattr(index, "_PRICE_PICKED", 0)
    chance = np.random.default_rng(5)
    rows = unit_rows(200)
    vectors = show(tmp_path, 1, {n * 3: row for n, row in enumerate(rows)}, kind=kind)
    query = unit_rows(1, seed=9)[0]
    for count in (0, 1, 3, 50, 200):
        some = np.sort(chance.choice(220, count, replace=False)) * 3
        known = some[some < 600]
        found, cosines = vectors.search(query, 10, some)
        assert len(found) == min(10, len(known))
        assert set(found.tolist()) <= set(known.tolist())
        true = np.sort(rows[known // 3] @ query)[::-1][:10]
        assert cosines == pytest.approx(true, abs=1e-6)
        for rank, cosine in enumerate(cosines.tolist()):
            assert vectors.nearer(query, cosine, some) == rank
        every, _ = vectors.search(query, 500, some)
        assert set(every.tolist()) == set(known.tolist())
    assert vectors.nearer(query, -2.0) == 200


@pytest.mark.usefixtures("by_graph")
def test_a_graph_finds_what_comparing_everything_finds(tmp_path: Path) -> None:
    rows = unit_rows(3000)
    vectors = show(tmp_path, 1, dict(enumerate(rows, 1)), kind="hnsw")
    graph = vectors.stamp.graph
    assert graph is not None
    assert graph.recall >= 0.985
    same = 0
    for query in unit_rows(50, seed=3):
        exact, cosines = vectors.exact(query, 10)
        found, near = vectors.search(query, 10)
        same += len(np.intersect1d(exact, found))
        assert near == pytest.approx(np.sort(rows[found - 1] @ query)[::-1], abs=1e-6)
        assert near[0] <= cosines[0] + 1e-6
        assert vectors.search(query, 3000)[0].tolist() == vectors.exact(query, 3000)[0].tolist()
    assert same >= 0.985 * 500


@pytest.mark.usefixtures("by_graph")
def test_what_came_after_a_graph_and_what_went_is_minded(tmp_path: Path) -> None:
    rows = unit_rows(400)
    show(tmp_path, 1, dict(enumerate(rows[:350], 1)), kind="hnsw")
    graph = show(tmp_path, 2, dict(enumerate(rows[350:], 351)), [7, 9, 40]).stamp.graph
    vectors = show(tmp_path, 3, {}, [360])
    assert graph is not None
    assert graph == vectors.stamp.graph
    assert graph.parts < len(vectors.stamp.parts)
    left = np.setdiff1d(np.arange(1, 401), [7, 9, 40, 360])
    assert np.sort(vectors.ids()).tolist() == left.tolist()
    assert len(vectors) == 396
    for query in (rows[6], rows[359], rows[355], rows[100]):
        expected = left[np.argsort(-(rows[left - 1] @ query))[:20]]
        assert vectors.search(query, 20)[0].tolist() == expected.tolist()
    assert vectors.nearer(rows[6], 0.9999) == 0


@pytest.mark.usefixtures("by_graph")
def test_a_search_that_a_filter_leaves_too_little_of_is_made_whole(tmp_path: Path) -> None:
    rows = unit_rows(2000)
    vectors = show(tmp_path, 1, dict(enumerate(rows, 1)), kind="hnsw")
    far = np.argsort(rows @ rows[0])[:30] + 1
    found, _ = vectors.search(rows[0], 30, np.sort(far))
    assert set(found.tolist()) == set(far.tolist())


@pytest.mark.usefixtures("by_graph")
def test_rows_read_from_the_file_and_through_its_mapping_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_MAPPED", 0)
    vectors, rows = filled(tmp_path, 300, "hnsw")
    ids = np.array([3, 897, 300], dtype=np.int64)
    assert np.array_equal(vectors.vectors(ids), rows[ids // 3])
    query = unit_rows(1, seed=4)[0]
    assert vectors.search(query, 5)[1] == pytest.approx(vectors.exact(query, 5)[1], abs=1e-6)
    assert vectors.nearer(query, -2.0) == 300


def test_a_breadth_that_finds_too_little_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_module, "_LINKS", 3)
    monkeypatch.setattr(recall, "LEAST_BREADTH", 1)
    rows = unit_rows(3000)
    graph = show(tmp_path, 1, dict(enumerate(rows, 1)), kind="hnsw").stamp.graph
    assert graph is not None
    assert graph.breadth > 1
    assert graph.recall >= 0.985


def test_a_graph_is_made_from_some_size_on_and_dropped_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "GRAPH_FROM", 100)
    rows = unit_rows(400)
    assert show(tmp_path, 1, dict(enumerate(rows[:99], 1))).stamp.graph is None
    first = show(tmp_path, 2, {100: rows[99]}).stamp
    assert first.graph is not None
    assert first.covered() == 100
    grown = show(tmp_path, 3, dict(enumerate(rows[100:250], 101))).stamp
    assert grown.covered() == 250
    same = show(tmp_path, 4, dict(enumerate(rows[250:340], 251))).stamp
    assert (same.graph, same.covered()) == (grown.graph, 250)
    shrunk = show(tmp_path, 5, {}, range(1, 300)).stamp
    assert (shrunk.rows, shrunk.dead, shrunk.graph) == (41, 0, None)
    assert show(tmp_path, 6, {}, kind="hnsw").stamp.covered() == 41
    assert show(tmp_path, 7, {}, kind="exact").stamp.graph is None
    assert show(tmp_path, 8, {}).stamp.kind == "exact"
    assert len(vectors_of(tmp_path)) == 1


def test_a_graph_that_began_small_is_no_worse_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "GRAPH_FROM", 500)
    rows = unit_rows(3000)
    show(tmp_path, 1, {1: rows[0], 2: rows[1]}, kind="hnsw")
    graph = show(tmp_path, 2, dict(enumerate(rows[2:], 3))).stamp.graph
    assert graph is not None
    assert graph.breadth == recall.LEAST_BREADTH
    assert graph.recall >= 0.985


def test_halves_become_singles_exactly() -> None:
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)].reshape(-1, 32)
    assert np.array_equal(parts._single(finite), finite.astype(np.float32))


def vectors_of(build: Path) -> list[Path]:
    return list(build.glob("vectors/*.vectors"))


def test_an_index_of_another_dimension_is_not_opened(tmp_path: Path) -> None:
    filled(tmp_path)
    assert VectorIndex.open(tmp_path / "vectors", DIMENSION) is not None
    assert VectorIndex.open(tmp_path / "vectors", 32) is None
    assert VectorIndex.open(tmp_path / "nowhere", DIMENSION) is None
