"""Any text is a valid query, except none at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import QueryError
from search.models import Mode
from search.queries import HITS_LIMIT, QUERY_LIMIT, parse


def test_a_query_is_tidied() -> None:
    query = parse("  how\x00 do\tbees\n dance? ", "keyword", 3, 1)
    assert (query.text, query.mode, query.limit, query.per_document) == (
        "how do bees dance?",
        Mode.KEYWORD,
        3,
        1,
    )


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("", {}, "The query is empty."),
        (" \n\t\x00", {}, "The query is empty."),
        ("?!… --", {}, "no letter or digit"),
        ("x" * (QUERY_LIMIT + 1), {}, "10,001 characters"),
        ("bees", {"mode": "telepathy"}, "no mode 'telepathy'"),
        ("bees", {"limit": 0}, "0 hits"),
        ("bees", {"limit": 10**9}, "1000000000 hits"),
        ("bees", {"limit": -1}, "-1 hits"),
        ("bees", {"per_document": 0}, "At least one passage"),
    ],
)
def test_what_cannot_be_asked_is_said_with_a_remedy(
    text: str, arguments: dict[str, object], says: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text, **arguments)  # type: ignore[arg-type]
    assert says in str(caught.value)
    assert caught.value.remedy


def test_the_limits_themselves_are_allowed() -> None:
    assert parse("x" * QUERY_LIMIT, limit=HITS_LIMIT).limit == HITS_LIMIT


@given(st.text(max_size=200))
def test_any_text_parses_or_is_refused_in_words(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert error.remedy
    else:
        assert query.text == query.text.strip() != ""
        assert query.text.isprintable() or "  " not in query.text
        query.text.encode()
