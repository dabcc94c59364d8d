"""A file is found by the words of its name, whatever stands in it and wherever it moves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import run_index

from search.analysis import name_terms
from search.encoders import HashingEncoder
from search.engine import Engine
from search.keywords import ENGINES
from search.queries import parse
from search.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "texts"
    made.mkdir()
    (made / "other.txt").write_text("Nothing of the kind stands here.")
    return made


def found(settings: Settings, words: str) -> list[str]:
    """The names of the files that are found by words alone, best first."""
    with Engine.of(settings) as engine:
        return [Path(hit.path).name for hit in engine.search(parse(words, "keyword")).hits]


@pytest.mark.parametrize(
    ("name", "language", "expected"),
    [
        ("report.pdf", "", ["report"]),
        ("annual_Reports-2024.pdf", "", ["annual", "report", "2024"]),
        ("meetingNotes.md", "", ["meet", "note"]),
        ("Häuser am See.txt", "de", ["haus", "see"]),
        ("Minutes 2024-05-21.docx", "", ["minut", "2024.05.21", "2024", "2024.05"]),
        ("会議録.txt", "", ["会", "会議", "議", "議録", "録"]),
        (".gitignore", "", ["gitignor"]),
        ("-.-", "", []),
    ],
)
def test_the_words_of_a_name(name: str, language: str, expected: list[str]) -> None:
    terms = name_terms(name, language)
    assert terms == expected


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "words", ["quarterly budget", "Budgets", "quarterly-budget_2024.txt", "2024", "quarterly*"]
)
def test_a_file_is_found_by_its_name_alone(
    settings: Settings, folder: Path, engine: str, words: str
) -> None:
    if engine != ENGINES[0]:
        pytest.importorskip(engine)
    (folder / "quarterly-budget_2024.txt").write_text("Rent, heat and light.")
    run_index(replace(settings, keyword_engine=engine), folder)
    assert found(settings, words) == ["quarterly-budget_2024.txt"]


def test_a_name_that_repeats_the_title_counts_once(settings: Settings, folder: Path) -> None:
    (folder / "budget.md").write_text("# Budget\n\nRent, heat and light.")
    (folder / "b.md").write_text("# Budget\n\nRent, heat and light once more.")
    run_index(settings, folder, encoder=HashingEncoder())
    with Engine.of(settings) as engine:
        first, second = engine.search(parse("budget", "keyword")).hits
    assert first.bm25 == pytest.approx(second.bm25, rel=0.05)


def test_a_renamed_file_is_found_by_its_new_name_alone(settings: Settings, folder: Path) -> None:
    (folder / "draft.txt").write_text("Rent, heat and light.")
    run_index(settings, folder, encoder=HashingEncoder())
    with Engine.of(settings) as engine:
        (before,) = engine.search(parse("draft", "keyword")).hits
    (folder / "draft.txt").rename(folder / "final.txt")
    encoder = HashingEncoder()
    report = run_index(settings, folder, encoder=encoder)
    assert (report.moved, report.added, report.removed, encoder.calls) == (1, 0, 0, 0)
    assert (found(settings, "draft"), found(settings, "final")) == ([], ["final.txt"])
    with Engine.of(settings) as engine:
        (after,) = engine.search(parse("final", "hybrid")).hits[:1]
    assert after.document_id == before.document_id


def test_a_copy_is_found_by_either_name_until_one_goes(settings: Settings, folder: Path) -> None:
    for name in ("alpha.txt", "omega.txt"):
        (folder / name).write_text("Rent, heat and light.")
    run_index(settings, folder, encoder=HashingEncoder())
    assert found(settings, "alpha") == found(settings, "omega") == ["alpha.txt"]
    (folder / "alpha.txt").unlink()
    run_index(settings, folder, encoder=HashingEncoder())
    assert (found(settings, "alpha"), found(settings, "omega")) == ([], ["omega.txt"])


def test_a_file_in_another_folder_keeps_its_passages(settings: Settings, folder: Path) -> None:
    (folder / "budget.txt").write_text("Rent, heat and light.")
    run_index(settings, folder, encoder=HashingEncoder())
    with Engine.of(settings) as engine:
        (before,) = engine.search(parse("budget", "keyword")).hits
    (folder / "deep").mkdir()
    (folder / "budget.txt").rename(folder / "deep" / "budget.txt")
    run_index(settings, folder, encoder=HashingEncoder())
    with Engine.of(settings) as engine:
        (after,) = engine.search(parse("budget", "keyword")).hits
    assert after.passage_id == before.passage_id


def test_a_misspelt_word_of_a_name_is_shown_as_it_stands_there(
    settings: Settings, folder: Path
) -> None:
    (folder / "Quarterly-Budget.txt").write_text("Rent, heat and light.")
    run_index(settings, folder, encoder=HashingEncoder())
    with Engine.of(settings) as engine:
        answer = engine.search(parse("qarterly", "keyword"))
    assert [Path(hit.path).name for hit in answer.hits] == ["Quarterly-Budget.txt"]
    assert "quarterly" in (answer.note or "")
