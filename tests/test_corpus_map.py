"""Where documents lie on the corpus map, what its parts are called, and how it is kept."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import run_index
from hypothesis import given
from hypothesis import strategies as st

from indexer.commands.index import command as index_command
from indexer.mapping import require_layout
from search import corpus_map
from search.checking import check
from search.collection import Collection
from search.corpus_map import CorpusMap, Grouping, draw, kept, save
from search.encoders import HashingEncoder
from search.engine import Engine
from search.errors import SettingError, StorageError
from search.map_layout import Projection, lay_out
from search.maps import Maps, up_to_date
from search.queries import parse
from search.settings import Settings

FLAT = Projection(
    np.zeros(4, np.float32),
    np.eye(4, 2, dtype=np.float32),
    np.empty((0, 2), np.float32),
    np.empty((0, 2), np.float32),
)
#: Three subjects that share no word.
SUBJECTS = {
    "bread": "yeast flour oven dough crust knead loaf",
    "stars": "comet orbit planet telescope nebula eclipse galaxy",
    "boats": "rudder keel anchor sail harbour mast hull",
}


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


@pytest.fixture
def library(settings: Settings, folder: Path) -> Settings:
    """Eight documents on each subject, each with most of its words in another order."""
    chance = np.random.default_rng(3)
    for subject, words in SUBJECTS.items():
        for number in range(8):
            some = chance.permutation(words.split())[:5]
            write(folder, f"{subject}/{number}.txt", " ".join([subject, *some] * 3))
    run_index(settings, folder)
    return settings


@pytest.fixture
def collection(library: Settings) -> Iterator[Collection]:
    with Collection(library.collections / "default") as opened:
        yield opened


def drawn(collection: Collection, before: CorpusMap | None = None) -> CorpusMap:
    with collection.snapshot() as snapshot:
        return draw(snapshot, before)


def subjects(collection: Collection) -> dict[int, str]:
    with collection.snapshot() as snapshot:
        facts = snapshot.reading.facts(snapshot.generation)
        return {document.key: document.paths[0].split("/")[-2] for document in facts}


def made(places: list[tuple[float, float]], **changed: object) -> CorpusMap:
    """A map with documents 1, 2, 3, … at these places."""
    count = len(places)
    made = CorpusMap(
        generation=1,
        drawn=1,
        layout="pca",
        total=count,
        fitted=count,
        documents=np.arange(1, count + 1, dtype=np.int64),
        points=np.array(places, dtype=np.float32).reshape(count, 2),
        clusters=Grouping(("all",), np.zeros(count, dtype=np.int64)),
        kinds=Grouping(("text",), np.zeros(count, dtype=np.int64)),
        folders=Grouping(("a",), np.zeros(count, dtype=np.int64)),
        middles=np.eye(1, 4, dtype=np.float32),
        projection=FLAT,
    )
    return dataclasses.replace(made, **changed)  # type: ignore[arg-type]


def test_documents_lie_near_those_that_they_are_like(collection: Collection) -> None:
    found, of = drawn(collection), subjects(collection)
    own = np.array([of[key] for key in found.documents.tolist()])
    assert len(own) == found.total == 24
    assert np.abs(found.points).max() <= 1.0
    middles = {subject: found.points[own == subject].mean(axis=0) for subject in SUBJECTS}
    for subject, place in zip(own, found.points, strict=True):
        assert min(middles, key=lambda s: float(np.linalg.norm(place - middles[s]))) == subject


def test_clusters_are_named_by_what_sets_them_apart(collection: Collection) -> None:
    found, of = drawn(collection), subjects(collection)
    named: list[str] = []
    for cluster, name in enumerate(found.clusters.names):
        words = name.split(", ")
        named += words
        (subject,) = {of[key] for key in found.documents[found.clusters.of == cluster].tolist()}
        assert set(words) <= {subject, *SUBJECTS[subject].split()}
    assert len(named) == len(set(named))


def test_a_query_lies_among_its_answers(library: Settings) -> None:
    with Engine.of(library) as engine:
        found, of = engine.map(), subjects(engine.collection)
        for subject, words in SUBJECTS.items():
            place = engine.place(parse(words))
            assert place is not None
            nearest = np.argmin(np.linalg.norm(found.points - np.array(place), axis=1))
            assert of[int(found.documents[nearest])] == subject
        assert engine.place(parse("type:text")) is None


def test_documents_are_told_apart_by_folder_and_kind(
    library: Settings, collection: Collection, folder: Path
) -> None:
    write(folder, "stars/table.csv", "comet,orbit\n1,2\n")
    write(folder, "alone.txt", "bread and stars")
    run_index(library, folder)
    found = drawn(collection)
    assert sorted(found.folders.names) == ["boats", "bread", folder.name, "stars"]
    assert found.kinds.names == ("text", "csv")
    of = subjects(collection)
    for key, place in zip(found.documents.tolist(), found.folders.of.tolist(), strict=True):
        assert found.folders.names[place] == of[key]


def test_the_plane_is_that_of_the_greatest_variance() -> None:
    """Worked by hand: along x the points vary most, along y less, along z not at all."""
    rows = [[4, 0, 1], [-4, 0, 1], [0, 2, 1], [0, -2, 1]]
    points, projection = lay_out(np.array(rows, dtype=np.float32), "pca")
    assert projection.origin.tolist() == [0, 0, 1]
    assert np.allclose(np.abs(points), [[1, 0], [1, 0], [0, 1], [0, 1]], atol=0.02)
    assert np.allclose(projection.axes[2], 0.0)


class FakeReducer:
    """Lays everything out on a circle, in the order given."""

    def __init__(self, n_components: int, random_state: int, **_: object) -> None:
        assert (n_components, random_state) == (2, 1)

    def fit_transform(self, rows: np.ndarray) -> np.ndarray:
        angles = np.linspace(0.0, 6.0, len(rows))
        return 7.0 + np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.fixture
def reducers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=FakeReducer))
    monkeypatch.setitem(sys.modules, "pacmap", SimpleNamespace(PaCMAP=FakeReducer))


@pytest.mark.usefixtures("reducers")
@pytest.mark.parametrize("layout", ["umap", "pacmap"])
def test_other_layouts_put_what_is_new_among_its_like(layout: str) -> None:
    chance = np.random.default_rng(5)
    rows = chance.normal(size=(40, 300)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    points, projection = lay_out(rows, layout)
    assert projection.fits
    assert np.abs(points).max() <= 1.0
    assert np.allclose(projection.put(rows), points, atol=0.05)
    between = rows[3] + rows[4]
    placed = projection.put((between / np.linalg.norm(between))[np.newaxis])[0]
    assert np.linalg.norm(placed - points[3:5].mean(axis=0)) < 0.2


@pytest.mark.usefixtures("reducers")
def test_the_layout_is_kept_and_can_be_changed(
    library: Settings, collection: Collection, folder: Path
) -> None:
    first = up_to_date(collection)
    other = up_to_date(collection, "umap")
    assert (first.layout, other.layout) == ("pca", "umap")
    assert up_to_date(collection).layout == "umap"
    write(folder, "bread/new.txt", "bread yeast flour oven dough")
    run_index(library, folder)
    after = up_to_date(collection)
    assert (after.layout, after.drawn, len(after.points)) == ("umap", other.drawn, 25)
    known = np.isin(after.documents, other.documents)
    assert np.array_equal(after.points[known], other.points)


@pytest.mark.parametrize(
    ("layout", "said"), [("umap", "pip install umap-learn"), ("spiral", "Use pca or umap")]
)
def test_a_layout_that_cannot_be_is_said_before_the_run(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, layout: str, said: str
) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    write(folder, "a.txt", "Bread.")
    with pytest.raises(SettingError) as caught:
        require_layout(settings.with_(map_layout=layout))
    assert said in f"{caught.value}"


def test_what_is_added_is_put_in_by_the_axes_there_are(
    library: Settings, collection: Collection, folder: Path
) -> None:
    before, of = drawn(collection), subjects(collection)
    write(folder, "bread/new.txt", "bread yeast flour oven dough")
    run_index(library, folder)
    after = drawn(collection, before)
    assert (after.drawn, after.clusters.names) == (before.drawn, before.clusters.names)
    assert after.generation > before.generation
    assert len(after.documents) == 25
    known = np.isin(after.documents, before.documents)
    assert np.allclose(after.points[known], before.points, atol=1e-5)
    cluster = int(after.clusters.of[~known][0])
    beside = before.documents[before.clusters.of == cluster].tolist()
    assert {of[key] for key in beside} == {"bread"}


def test_where_much_is_new_the_map_is_drawn_anew(
    library: Settings, collection: Collection, folder: Path
) -> None:
    before = drawn(collection)
    for number in range(6):
        write(folder, f"cats/{number}.txt", f"cat whisker paw purr {number}")
    run_index(library, folder)
    assert drawn(collection, before).drawn > before.drawn


def test_the_same_collection_gives_the_same_map(collection: Collection) -> None:
    one, other = drawn(collection), drawn(collection)
    assert one.clusters.names == other.clusters.names
    assert np.array_equal(one.points, other.points)
    assert np.array_equal(one.clusters.of, other.clusters.of)


@pytest.mark.parametrize("texts", [[], ["One document about bread."], ["Bread.", "Stars."]])
def test_small_collections_have_maps(settings: Settings, folder: Path, texts: list[str]) -> None:
    for number, text in enumerate(texts):
        write(folder, f"{number}.txt", text)
    write(folder, "empty.xyz", "no kind that is read")
    run_index(settings, folder)
    with Collection(settings.collections / "default") as opened:
        found = drawn(opened)
        assert len(found.points) == len(found.documents) == len(texts)
        places = found.clusters.of.tolist()
        assert all(0 <= cluster < len(found.clusters.names) for cluster in places)


def test_of_very_many_documents_some_are_drawn_and_it_is_said(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus_map, "MOST", 10)
    found = drawn(collection)
    assert (len(found.documents), found.total) == (10, 24)
    assert drawn(collection, found).documents.tolist() == found.documents.tolist()


def test_a_map_is_kept(tmp_path: Path) -> None:
    one = made([(0.1, 0.2), (-1.0, 1.0)])
    save(one, tmp_path)
    other = kept(tmp_path)
    assert other is not None
    for name in CorpusMap.__dataclass_fields__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if isinstance(mine, Grouping | Projection):
            mine, theirs = dataclasses.asdict(mine), dataclasses.asdict(theirs)
            assert all(np.array_equal(mine[part], theirs[part]) for part in mine)
            continue
        assert np.array_equal(mine, theirs)
        assert type(mine) is type(theirs)


@pytest.mark.parametrize("cut", [0, 1, 100, 900, -1])
def test_a_damaged_map_is_none(tmp_path: Path, cut: int) -> None:
    assert kept(tmp_path) is None
    save(made([(0.0, 0.0)]), tmp_path)
    path = tmp_path / corpus_map.FILE
    path.write_bytes(path.read_bytes()[:cut])
    assert kept(tmp_path) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"clusters": Grouping(("all",), np.array([7]))},
        {"kinds": Grouping(("all",), np.zeros(3, np.int64))},
        {"folders": Grouping((), np.zeros(1, np.int64))},
        {"clusters": Grouping(("one", "two"), np.zeros(1, np.int64))},
        {"points": np.zeros((1, 3), np.float32)},
        {"projection": dataclasses.replace(FLAT, axes=np.zeros((3, 2), np.float32))},
        {"projection": dataclasses.replace(FLAT, axes=np.zeros((4, 3), np.float32))},
        {"projection": dataclasses.replace(FLAT, landmarks=np.ones((1, 2), np.float32))},
    ],
)
def test_a_map_that_does_not_fit_together_is_none(tmp_path: Path, wrong: dict[str, object]) -> None:
    save(made([(0.0, 0.0)], **wrong), tmp_path)
    assert kept(tmp_path) is None


def test_a_map_of_objects_is_not_loaded(tmp_path: Path) -> None:
    """Unpickling could run anything."""
    with (tmp_path / corpus_map.FILE).open("wb") as file:
        names = [*corpus_map._NUMBERS, *corpus_map._ARRAYS, *corpus_map._GROUPINGS, "layout"]
        names += corpus_map._PROJECTION
        names += [f"{name}_names" for name in corpus_map._GROUPINGS]
        np.savez(file, **dict.fromkeys(names, np.array([{}])))
    assert kept(tmp_path) is None


def test_a_kept_map_is_no_stranger_in_its_folder(library: Settings, collection: Collection) -> None:
    up_to_date(collection)
    assert (collection.build / corpus_map.FILE).is_file()
    assert check(library.collections / "default").findings == ()


def test_maps_are_drawn_again_behind_ones_back(
    library: Settings, collection: Collection, folder: Path
) -> None:
    maps = Maps()
    first = maps.newest(collection)
    assert maps.newest(collection) is first
    write(folder, "bread/new.txt", "bread yeast flour oven dough")
    run_index(library, folder)
    with collection.snapshot():
        pass
    assert maps.newest(collection) is first
    maps.close()
    assert len(maps.newest(collection).documents) == 25


def test_where_nothing_can_be_written_maps_are_drawn_all_the_same(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(drawn: CorpusMap, build: Path) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(corpus_map, "save", full)
    maps = Maps()
    assert len(maps.newest(collection).documents) == 24
    assert maps.newest(collection) is maps.newest(collection)


def test_indexing_draws_the_map(settings: Settings, folder: Path) -> None:
    environment = {"WHEREIN_HOME": str(settings.home), "WHEREIN_MODEL": "hashing"}
    for number, text in enumerate(["Bread and yeast.", "Comets."], 1):
        write(folder, f"{number}.txt", text)
        found = CliRunner().invoke(index_command, [str(folder)], env=environment)
        assert found.exit_code == 0, found.output
        drawn = kept(settings.collections / "default" / "0001")
        assert drawn is not None
        assert len(drawn.documents) == number


CORNER = st.tuples(st.integers(-9, 9), st.integers(-9, 9))


@given(
    st.lists(CORNER, min_size=3, max_size=8),
    st.lists(st.tuples(st.integers(-9, 8), st.integers(-9, 8)), min_size=1, max_size=20),
)
def test_what_lies_within_a_polygon(
    corners: list[tuple[int, int]], places: list[tuple[int, int]]
) -> None:
    """Against counting, for each place, the edges that a ray to its right crosses."""
    places = [(x + 0.5, y + 0.25) for x, y in places]  # type: ignore[misc]
    expected = []
    for number, (px, py) in enumerate(places, 1):
        crossed = 0
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
            if min(ay, by) <= py < max(ay, by) and px < ax + (py - ay) / (by - ay) * (bx - ax):
                crossed += 1
        if crossed % 2:
            expected.append(number)
    assert made(places).inside(corners).tolist() == expected  # type: ignore[arg-type]


def test_a_part_of_the_map_is_a_filter(library: Settings) -> None:
    encoder = HashingEncoder()
    with Engine(library.collections / "default", library.cache, encoder) as engine:
        found, of = engine.map(), subjects(engine.collection)
        bread = np.array([of[key] == "bread" for key in found.documents.tolist()])
        x, y = (
            found.points[bread].min(axis=0) * 1000 - 1,
            found.points[bread].max(axis=0) * 1000 + 1,
        )
        corners = [(x[0], x[1]), (y[0], x[1]), (y[0], y[1]), (x[0], y[1])]
        written = ";".join(f"{int(a)},{int(b)}" for a, b in corners)
        hits = engine.search(parse(f"area:{found.drawn};{written}", limit=50)).hits
        assert {of[hit.document_id] for hit in hits} == {"bread"}
        assert len(hits) == 8
        others = engine.search(parse(f"-area:{found.drawn};{written}", limit=50)).hits
        assert len(others) == 16
        answer = engine.search(parse(f"area:{found.drawn + 1};{written}"))
        assert answer.hits == ()
