"""What is offered to somebody who is typing, and how near a document's passages are."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run_index

from search.engine import Engine
from search.errors import DocumentMissing
from search.queries import parse
from search.settings import Settings


@pytest.fixture
def engine(tmp_path: Path, settings: Settings) -> Engine:
    folder = tmp_path / "library"
    (folder / "garden shed").mkdir(parents=True)
    (folder / "roses.md").write_text(
        "---\nauthor: Zoë O'Hara\ndate: 2023-05-01\nlang: en\n---\n# Pruning roses\n\n"
        "Prune the roses in March. Roses like clay; pruning helps roses."
    )
    (folder / "garden shed" / "Compost.txt").write_text("Compost needs air. Composting is slow.")
    run_index(settings, folder)
    return Engine.of(settings)


def offered(engine: Engine, text: str, limit: int = 8) -> list[tuple[str, str]]:
    return [(each.kind, each.text) for each in engine.suggest(text, limit)]


def test_fields_are_offered_by_their_beginning(engine: Engine) -> None:
    assert ("field", "type:") in offered(engine, "ty")
    assert ("field", "roses -path:") in offered(engine, "roses -pa")


def test_values_are_those_that_documents_have(engine: Engine) -> None:
    assert offered(engine, "roses type:") == [
        ("value", "roses type:markdown "), ("value", "roses type:text "),
    ]  # fmt: skip
    assert offered(engine, "type:x") == []
    assert offered(engine, "after:20")[-1][1].startswith("after:20")
    assert offered(engine, "AUTHOR:zo") == [("value", 'author:"Zoë O\'Hara" ')]
    assert offered(engine, 'path:"garden s') == [("value", 'path:"library/garden shed/" ')]


@pytest.mark.parametrize("text", ["type:", "author:", "path:", "title:r", "after:", "lang:"])
def test_what_is_offered_finds_what_it_counts(engine: Engine, text: str) -> None:
    for each in engine.suggest(text):
        hits = engine.search(parse(each.text, limit=50)).hits
        found = len({hit.document_id for hit in hits})
        assert found == each.count if each.count is not None else found, each


def test_words_are_offered_as_they_are_written(engine: Engine) -> None:
    words = [text for kind, text in offered(engine, "slow comp") if kind == "word"]
    assert words
    assert all(text.startswith("slow comp") and text.endswith(" ") for text in words)
    assert {text.split()[-1] for text in words} <= {"compost", "composting"}


def test_documents_are_offered_by_their_titles(engine: Engine) -> None:
    (found,) = [each for each in engine.suggest("prun ros") if each.kind == "document"] or [None]
    assert found is None  # only the last word may be unfinished
    (found,) = [each for each in engine.suggest("pruning ro") if each.kind == "document"]
    assert found is not None
    assert (found.label, engine.document(found.document_id or 0).document.title) == (
        "Pruning roses", "Pruning roses",
    )  # fmt: skip


def test_no_more_are_offered_than_asked_for_and_none_for_nothing(engine: Engine) -> None:
    for text in ("p", "ro", "type:", "a"):
        assert len(engine.suggest(text, 1)) <= 1
    for text in ("", "  ", "roses ", '"roses"', "x" * 5000, "(((", "\x00", "type:\ud800"):
        assert len(engine.suggest(text)) <= 8


def test_nearness_tells_of_every_passage_in_order(engine: Engine) -> None:
    hit = engine.search(parse("prune the roses")).hits[0]
    found = engine.nearness(parse("prune the roses"), hit.document_id)
    row = engine.document(hit.document_id)
    assert [(one.start, one.end) for one in found] == [(p.start, p.end) for p in row.passages]
    (here,) = [one for one in found if one.start == hit.start]
    assert here.cosine == pytest.approx(hit.cosine, abs=1e-3)
    assert here.is_near


def test_nearness_of_words_alone_or_of_nothing(engine: Engine) -> None:
    assert engine.nearness(parse("roses", "keyword"), 1) == ()
    with pytest.raises(DocumentMissing):
        engine.nearness(parse("roses"), 99)
