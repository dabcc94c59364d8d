"""Any text is a valid query, except none at all."""

from __future__ import annotations

import re

import pytest
from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from search.errors import QueryError
from search.filters import FAMILIES
from search.models import Mode
from search.queries import CONDITIONS_LIMIT, HITS_LIMIT, OFFSET_LIMIT, QUERY_LIMIT, parse
from search.requirements import Dated, Kind, Named, Phrase, Prefix, Requirements


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
        ("bees", {"offset": -1}, "-1 hits cannot be passed over"),
        ("bees", {"offset": OFFSET_LIMIT + 1}, "10001 hits cannot be passed over"),
        ("bees", {"min_score": float("nan")}, "least score is no number"),
        ('"" -', {}, "no letter or digit"),
        ("\u202e\ufeff", {}, "The query is empty."),
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


@pytest.mark.parametrize(
    ("text", "words", "prefixes"),
    [
        ("how do bees dance?", "how do bees dance?", ()),
        ("cats OR dogs", "cats OR dogs", ()),
        ("Portland, OR weather", "Portland, OR weather", ()),
        ("http://a.b 12:30 C++::x foo:bar - *", "http://a.b 12:30 C++::x foo:bar - *", ()),
        ('"red apple" pie -plum type:pdf', "red apple pie", ()),
        ("photosynth* in leaves", "in leaves", ("photosynth",)),
        ('"red apple" OR pear', "red apple pear", ()),
        ("type:pdf", "", ()),
        ("-plum", "", ()),
        ("before:yesterday -lang:xxx", "before:yesterday -lang:xxx", ()),
        ('"!!" pie', "!! pie", ()),
    ],
)
def test_what_is_asked_for(text: str, words: str, prefixes: tuple[str, ...]) -> None:
    query = parse(text)
    assert (query.text, query.words, query.prefixes) == (text, words, prefixes)
    assert query.meaning == " ".join([words, *prefixes]).strip()


PDF, DOCX = Kind("pdf"), Kind("docx")
A, B = Phrase(("a", "b")), Phrase(("c",))


@pytest.mark.parametrize(
    ("text", "clauses", "excluded"),
    [
        ("plain words", [], []),
        ('"a b" "c"', [[A], [B]], []),
        ('"a b" OR "c"', [[A, B]], []),
        ('"a b" OR c', [[A, B]], []),
        ('OR "a b" OR OR "c" OR', [[A, B]], []),
        ('"a b" OR -"c"', [[A]], [B]),
        ("type:pdf bees type:docx", [[PDF, DOCX]], []),
        ("type:pdf OR type:docx", [[PDF, DOCX]], []),
        ("type:pdf OR title:x type:docx", [[PDF, Named("title", ("x",))], [DOCX]], []),
        ("type:pdf before:2024", [[PDF], [Dated("before", "2024-01-01")]], []),
        ("-type:pdf -type:docx -type:pdf", [], [PDF, DOCX]),
        ("-a-b -c", [], [A, B]),
        ("-word* x OR wo*", [], [Prefix("word")]),
        ('"c" OR word*', [[B, Prefix("word")]], []),
    ],
)
def test_what_is_required(text: str, clauses: list[list[object]], excluded: list[object]) -> None:
    required = parse(text).requirements
    assert [list(clause) for clause in required.clauses] == clauses
    assert list(required.excluded) == excluded


def test_literally_all_of_a_text_is_words() -> None:
    query = parse('"red apple" -pie type:pdf wo*', literal=True)
    assert query.words == query.text == '"red apple" -pie type:pdf wo*'
    assert query.requirements == Requirements()
    assert query.prefixes == query.remarks == ()


def test_so_many_conditions_and_no_more() -> None:
    query = parse('"a" ' * CONDITIONS_LIMIT + '"b" -c type:pdf word')
    assert len(query.requirements.clauses) == CONDITIONS_LIMIT
    assert query.words.endswith("a b c type:pdf word")
    assert query.remarks == ("Only the first 50 phrases and filters count as such.",)


def test_what_was_not_understood_is_remarked_once() -> None:
    remarks = parse('before:x before:x page: "open').remarks
    assert [remark.partition(":")[0] for remark in remarks] == [
        "page",
        "A quotation mark before open is not closed.",
        "before",
    ]


def test_marks_of_direction_and_zero_width_hide_no_syntax() -> None:
    query = parse("\u200f\u202atype:pdf\u202c\u200bbees\ufeff so\u00adft")
    assert query.text == "type:pdf bees soft"
    assert query.requirements.clauses == ((PDF,),)


def test_what_the_guide_shows_is_understood() -> None:
    guide = (PROJECT / "docs" / "query-language.md").read_text("utf-8")
    rows = re.findall(r"^\| (`.+?) \| ", guide, re.MULTILINE)
    shown = [text for row in rows for text in re.findall(r"`([^`]+)`", row)]
    assert len(shown) > 15
    for text in shown:
        query = parse(text)
        assert query.remarks == ()
        if ":" in text:
            assert (query.requirements.clauses != (), query.words) == (True, "")


def test_the_guide_names_every_family_of_formats() -> None:
    guide = (PROJECT / "docs" / "query-language.md").read_text("utf-8")
    for name, formats in FAMILIES.items():
        assert f"`{name}`" in guide
        assert all(one in guide for one in formats)
