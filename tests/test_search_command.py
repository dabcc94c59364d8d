"""`wherein search` with filters, pages and explanations."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

import click
import pytest
from click.testing import CliRunner, Result

from indexer.commands.search import command
from search.engine import Engine
from search.settings import Settings

FILES = {
    "bees__md": "# Bees\n\nBees dance on the comb to tell the way.",
    "wasps__txt": "Wasps dance on no comb.",
    "page__html": '<title>Page</title><meta name="author" content="Ann Lee">'
    '<meta name="date" content="2024-05-01"><p>Dance halls close at midnight in the town.</p>',
}


class Search(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


@pytest.fixture
def search(indexed: Callable[..., Engine], settings: Settings) -> Search:
    indexed(**FILES)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(
            command, [*arguments, "--home", str(settings.home), "--mode", "keyword"],
            standalone_mode=False,
        )  # fmt: skip

    return run


def first_lines(result: Result) -> list[str]:
    return [part.splitlines()[0] for part in result.stdout.strip().split("\n\n") if part]


def test_a_word_may_be_left_out_without_quotes(search: Search) -> None:
    assert len(first_lines(search("dance"))) == 3
    (line,) = first_lines(search("dance", "-comb"))
    assert line.startswith("1. Page  ")
    assert len(first_lines(search("dance", "-halls", "-k", "9"))) == 2


@pytest.mark.parametrize("option", ["--jsn", "--modes=x"])
def test_an_option_that_there_is_not_is_refused(search: Search, option: str) -> None:
    result = search("dance", option)
    assert isinstance(result.exception, click.NoSuchOption)
    assert option.partition("=")[0] in result.exception.format_message()


def test_what_is_known_of_the_document_is_shown(search: Search) -> None:
    assert "Ann Lee · 2024-05-01" in search("dance author:lee").stdout


def test_filters_alone_show_no_score(search: Search) -> None:
    assert first_lines(search("type:md")) == ["1. Bees"]


def test_pages(search: Search) -> None:
    result = search("dance", "-k", "2")
    assert "(1–2 of 3 matching passages; see the next with --offset 2.)" in result.stderr
    result = search("dance", "-k", "2", "--offset", "2")
    assert first_lines(result)[0].startswith("3. ")
    assert "see the next" not in result.stderr
    result = search("dance", "--offset", "3")
    assert "No more is found; there are 3 matching passages." in result.stderr


def test_explanations(search: Search) -> None:
    out = " ".join(search("dance comb", "--explain", "-k", "1").stdout.split())
    assert " by words (BM25 " in out
    assert "place 1: comb " in out
    assert search("dance comb", "--min-score", "99").stdout == ""


def test_json_says_what_was_understood(search: Search) -> None:
    shape = json.loads(search('"dance on" -wasps path:*.md OR type:txt wa*', "--json").stdout)
    assert shape["understood"] == {
        "words": "dance on",
        "prefixes": ["wa"],
        "required": [['"dance on"'], ['path:"*.md"', "type:txt"]],
        "excluded": ['"wasps"'],
    }
    assert (shape["total"], shape["total_is_lower_bound"]) == (1, False)
    assert (shape["offset"], shape["more"]) == (0, False)
    assert shape["hits"][0]["explanation"] is None
