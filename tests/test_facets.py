"""Counts of documents by type, folder, language, year and author."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run_index

from search import facets as facets_module
from search.engine import Engine
from search.facets import Facet, Value
from search.models import Query
from search.queries import parse
from search.settings import Settings


@pytest.fixture
def engine(tmp_path: Path, settings: Settings) -> Engine:
    folder = tmp_path / "library"
    for name, text in {
        "garden/roses.md": "---\nauthor: Kim Weir\ndate: 2023-05-01\n---\n# Roses\n\nPrune roses.",
        "garden/beds/moss.md": "---\nauthor: Kim Weir\ndate: 2024-02-01\n---\n# Moss\n\nRake moss.",
        "garden/sedum.txt": "Prune the sedum after the roses.",
        "money/tax.md": "---\nauthor: Al Weir\ndate: 2024-03-01\n---\n# Tax\n\nPay tax in March.",
        "money/steuer.txt": "Die Steuer ist im Mai zu zahlen, und zwar von allen, die verdienen. "
        * 3,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    run_index(settings, folder)
    return Engine.of(settings)


def facet(engine: Engine, name: str, text: str, mode: str = "keyword") -> dict[str, Value]:
    query = parse(text, mode) if text else Query("")
    found = [each for each in engine.facets(query).facets if each.name == name]
    return {value.value: value for each in found for value in each.values}


def counts(engine: Engine, name: str, text: str, mode: str = "keyword") -> dict[str, int]:
    return {value.value: value.count for value in facet(engine, name, text, mode).values()}


def test_without_a_query_the_whole_collection_is_counted(engine: Engine) -> None:
    assert counts(engine, "type", "") == {"markdown": 3, "text": 2}
    assert counts(engine, "folder", "") == {"garden": 3, "money": 2}
    assert counts(engine, "author", "") == {"Kim Weir": 2, "Al Weir": 1}
    assert engine.facets(Query("")).documents == 5


def test_folders_of_one_name_are_counted_together(tmp_path: Path, settings: Settings) -> None:
    for name in ("a/docs/x/1.txt", "b/docs/x/2.txt", "b/docs/y/3.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"The bees of {name}.")
    run_index(settings, tmp_path / "a" / "docs")
    run_index(settings, tmp_path / "b" / "docs")
    with Engine.of(settings) as own:
        assert counts(own, "folder", "") == {"x": 2, "y": 1}


def test_documents_that_were_edited_are_counted_once(
    engine: Engine, tmp_path: Path, settings: Settings
) -> None:
    folder = tmp_path / "library"
    long = "\n\n".join(f"Rake moss in week {number}. " * 40 for number in range(8))
    for text in (long, f"{long}\n\nAnd rest.", "Rake moss."):
        (folder / "garden" / "beds" / "moss.md").write_text(text)
        run_index(settings, folder)
        assert engine.facets(Query("")).documents == 5
        assert engine.facets(parse("rake moss", "keyword")).documents == 1
        assert counts(engine, "type", "rake prune") == {"markdown": 2, "text": 1}


def test_years_come_latest_first_with_both_bounds(engine: Engine) -> None:
    years = facet(engine, "year", "type:markdown")
    assert [(v.value, v.count) for v in years.values()] == [("2024", 2), ("2023", 1)]
    assert years["2024"].filters == ("after:2024", "before:2025")


def test_only_documents_that_match_are_counted(engine: Engine) -> None:
    assert counts(engine, "type", "prune roses") == {"markdown": 1, "text": 1}
    assert counts(engine, "type", "prune roses zzz") == {"markdown": 1, "text": 1}
    assert counts(engine, "type", "zzzqqq") == {}


@pytest.mark.parametrize("text", ["", "prune roses moss tax", "weir OR tax", "type:markdown"])
def test_a_value_counts_just_what_its_filters_leave(engine: Engine, text: str) -> None:
    query = parse(text, "keyword") if text else Query("")
    for each in engine.facets(query).facets:
        for value in each.values:
            if value.active or each.name in text:
                continue
            narrowed = parse(" ".join((text, *value.filters)).strip(), "keyword", 50, 50)
            left = {hit.document_id for hit in engine.search(narrowed).hits}
            assert len(left) == value.count, (each.name, value)


def test_a_facet_is_counted_without_its_own_filter(engine: Engine) -> None:
    kinds = facet(engine, "type", "prune roses type:text")
    assert {kind: (v.count, v.active) for kind, v in kinds.items()} == {
        "text": (1, True),
        "markdown": (1, False),
    }
    assert counts(engine, "author", "author:kim type:markdown") == {"Kim Weir": 2, "Al Weir": 1}


def test_folders_are_gone_down_into(engine: Engine) -> None:
    deeper = facet(engine, "folder", "path:library/garden/")
    assert list(deeper) == []  # one folder and two files: nothing to choose between
    assert facet(engine, "folder", "")["garden"].filters == ("path:library/garden/",)


def test_documents_asked_for_by_what_they_are_all_count(engine: Engine) -> None:
    """As search shows all of a few passages that filters leave, however far they are."""
    asked = "zzzqqq author:kim"
    shown = engine.search(parse(asked, "hybrid", 50, 50)).hits
    assert engine.facets(parse(asked)).documents == len({hit.document_id for hit in shown}) == 2


def test_a_count_that_may_be_higher_says_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not engine.facets(parse("prune roses", "keyword")).is_lower_bound
    monkeypatch.setattr(facets_module, "LOOKED_AT", 1)
    assert engine.facets(parse("prune roses", "keyword")).is_lower_bound


def test_a_newer_generation_is_counted_anew(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    assert counts(engine, "type", "") == {"markdown": 3, "text": 2}
    (tmp_path / "library" / "garden" / "new.txt").write_text("Dig.")
    run_index(settings, tmp_path / "library")
    assert counts(engine, "type", "") == {"markdown": 3, "text": 3}


def test_one_value_is_nothing_to_choose(engine: Engine) -> None:
    names = [each.name for each in engine.facets(parse("moss", "keyword")).facets]
    assert "type" not in names
    assert all(isinstance(each, Facet) for each in engine.facets(Query("")).facets)
