"""The query language: what is typed, cut into items, and back."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.fields import NoValue, condition_of, typed
from search.grammar import Form, Item, items_of, quoted, write
from search.phrases import (
    exact_words,
    holds_beginning,
    holds_phrase,
    phrase_spans,
    stands_in,
)
from search.requirements import (
    Area,
    Condition,
    Dated,
    Headed,
    Kind,
    Language,
    Lies,
    Named,
    Pages,
    Phrase,
    Prefix,
)


def word(text: str, *, excludes: bool = False) -> Item:
    return Item(Form.WORD, text, excludes=excludes)


def phrase(text: str, *, excludes: bool = False) -> Item:
    return Item(Form.PHRASE, text, excludes=excludes)


def of_field(name: str, text: str, *, quoted: bool = False, excludes: bool = False) -> Item:
    return Item(Form.FIELD, text, name, quoted, excludes)


OR = Item(Form.OR, "OR")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("how do bees dance?", [word("how"), word("do"), word("bees"), word("dance?")]),
        ('"red apple" pie', [phrase("red apple"), word("pie")]),
        ("„red apple“ «pear» “plum”", [phrase("red apple"), phrase("pear"), phrase("plum")]),
        ('-"red apple" -pie', [phrase("red apple", excludes=True), word("pie", excludes=True)]),
        (r'"a \"b\" c \\"', [phrase(r'a "b" c' + " \\")]),
        ('"say “hi” now"', [phrase("say “hi” now")]),
        ('("a" OR "b"), "c"', [phrase("a"), OR, phrase("b"), phrase("c")]),
        (
            "photosynth* -leaf*",
            [Item(Form.PREFIX, "photosynth"), Item(Form.PREFIX, "leaf", excludes=True)],
        ),
        ("title:bees Type:PDF", [of_field("title", "bees"), of_field("type", "PDF")]),
        ('-path:"my files/**"', [of_field("path", "my files/**", quoted=True, excludes=True)]),
        (r"path:C:\notes", [of_field("path", r"C:\notes")]),
        (
            "foo:bar http://a.b 12:30 C++::x",
            [word(w) for w in ("foo:bar", "http://a.b", "12:30", "C++::x")],
        ),
        ("cats OR dogs", [word("cats"), OR, word("dogs")]),
        (
            "ORDER or OR, NOT AND",
            [word("ORDER"), word("or"), word("OR,"), word("NOT"), word("AND")],
        ),
        ("- -- --force -(x) 5-3", [word(w) for w in ("-", "--", "--force", "-(x)", "5-3")]),
        (
            "* ** **bold** wo*rd a* .*",
            [word(w) for w in ("*", "**", "**bold**", "wo*rd", "a*", "*")],
        ),
        ('5" disk', [word('5"'), word("disk")]),
    ],
)
def test_items(text: str, items: list[Item]) -> None:
    typed = items_of(text)
    assert list(typed.items) == items
    assert typed.remarks == ()


@pytest.mark.parametrize(
    ("text", "items", "remark"),
    [
        ('red "apple pie', [word("red"), word("apple"), word("pie")], "mark before apple is not"),
        ('red "', [word("red")], "mark at the end is not closed"),
        ('-"red apple', [word("red"), word("apple")], "mark before red is not closed"),
        ("title: bees", [word("title:"), word("bees")], "title: has no value"),
        ("-page:", [word("page:")], "page: has no value"),
        ('title:"" bees', [word('title:""'), word("bees")], "title: has no value"),
        ('title:"red bees', [word('title:"red'), word("bees")], "title: has no value"),
    ],
)
def test_what_is_not_finished_is_words_and_said(text: str, items: list[Item], remark: str) -> None:
    typed = items_of(text)
    assert list(typed.items) == items
    (said,) = typed.remarks
    assert remark in said


SIGNS = ['"', "“", "„", "-", "--", "title:", "path:", "TYPE:", "page:", "OR", "*", "wo*", "\\"]
SIGNS += ["(", ")", ",", " ", " ", "x:y", "é", "\u202e", "12:30", "--x", "-(", "'", "a", "word"]


@given(st.one_of(st.lists(st.sampled_from(SIGNS), max_size=14).map("".join), st.text(max_size=30)))
@example('"foo „x“')
def test_what_is_written_reads_the_same(text: str) -> None:
    items = items_of(text).items
    assert items_of(write(items)).items == items


@given(st.text(min_size=1, max_size=40))
def test_anything_can_be_quoted(text: str) -> None:
    (item,) = items_of(quoted(text)).items
    assert item == phrase(" ".join(text.split()))


def test_how_items_were_typed_is_kept() -> None:
    text = '-"red apple" title:bees word'
    assert [item.typed for item in items_of(text).items] == ['-"red apple"', "title:bees", "word"]


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("title:Bees", Named("title", ("bees",))),
        ("title:bee*", Named("title", ("bee",), open=True)),
        ('title:"bee*"', Named("title", ("bee",))),
        ('author:"José Müller"', Named("author", ("jose", "muller"))),
        ("heading:Safety", Headed(("safety",))),
        ('heading:"Bees & Café"', Headed(("bees", "cafe"))),
        ("heading:instal*", Headed(("instal",), open=True)),
        ("path:a/**", Lies("a/**")),
        ("type:.PDF,", Kind("pdf")),
        ("lang:DE", Language("de")),
        ("lang:en-GB", Language("en")),
        ("before:2024", Dated("before", "2024-01-01")),
        ("before:2024-6.", Dated("before", "2024-06-01")),
        ("after:2024-02-29", Dated("after", "2024-02-29")),
        ("page:3", Pages(3, 3)),
        ("area:7;0,0;10,-20;-1000,999", Area(7, ((0, 0), (10, -20), (-1000, 999)))),
        ("page:7-3", Pages(3, 7)),
        ("page:3–7", Pages(3, 7)),
        ("page:3-", Pages(3, 10**9)),
    ],
)
def test_conditions(text: str, condition: Condition) -> None:
    (item,) = items_of(text).items
    assert condition_of(item) == condition


@pytest.mark.parametrize(
    "text",
    [
        "before:yesterday",
        "before:2024-13",
        "after:2023-02-29",
        "after:24",
        "before:0000",
        "page:x",
        "page:-3",
        "page:9999999999",
        "lang:german",
        "lang:d",
        "type:*",
        "type:a/b",
        "title:!!",
        "author:*",
        "heading:…",
        "area:here",
        "area:7;0,0;1,1",
        "area:7;0,0;1,1;99999,0",
        "before:2024-06-30T12:00",
    ],
)
def test_what_is_no_value_is_said_with_what_would_be(text: str) -> None:
    (item,) = items_of(text).items
    with pytest.raises(NoValue, match=rf"^{item.name}: takes .*, not "):
        condition_of(item)


WORDS = st.sampled_from(["bee", "müller", "東", "x1", "ß"])
CONDITIONS = st.one_of(
    st.builds(
        Phrase,
        st.lists(WORDS, min_size=1, max_size=3).map(lambda words: exact_words(" ".join(words))),
    ),
    st.builds(
        Named,
        st.sampled_from(["title", "author"]),
        st.lists(st.sampled_from(["bee", "u2"]), min_size=1).map(tuple),
        st.booleans(),
    ),
    st.builds(
        Area,
        st.integers(0, 10**15 - 1),
        st.lists(st.tuples(st.integers(-999, 999), st.integers(-999, 999)), min_size=3).map(tuple),
    ),
    st.builds(Headed, st.just(("bee", "u2")), st.booleans()),
    st.builds(Lies, st.text('ab/*[]"\\ é“', min_size=1).map(str.split).map(" ".join).filter(bool)),
    st.builds(Kind, st.sampled_from(["pdf", "md"])),
    st.builds(Language, st.sampled_from(["de", "en"])),
    st.builds(Dated, st.sampled_from(["before", "after"]), st.dates().map(str)),
    st.builds(lambda a, b: Pages(min(a, b), max(a, b)), st.integers(0, 99), st.integers(0, 99)),
    st.just(Pages(4, 10**9)),
)


@given(CONDITIONS)
def test_conditions_can_be_typed(condition: Condition) -> None:
    (item,) = items_of(typed(condition)).items
    if isinstance(condition, Phrase):
        assert item.form is Form.PHRASE
        assert exact_words(item.text) == condition.words
    else:
        assert condition_of(item) == condition
    assert typed(Prefix("photo")) == "photo*"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Red-apple’s l'avion", "the red apple s l avion"),
        ("ＦＵＬＬ ﬁne Straße ΣΊΣΥΦΟΣ", "full fine strasse σίσυφοσ"),
        ("cafe\u0301 CAFÉ", "café café"),
        ("東京タワー", "東 京 タ ワ ー"),
        ("v2.0_beta IPv6", "v2 0 beta ipv6"),
        ("… — !?", ""),
    ],
)
def test_exact_words(text: str, words: str) -> None:
    assert exact_words(text) == tuple(words.split())


def test_phrases_stand_where_their_words_follow_one_another() -> None:
    words = exact_words("red red apple, blue apple")
    assert stands_in(("red", "apple"), words)
    assert not stands_in(("blue", "red"), words)
    assert not stands_in(("apple", "apple"), words)
    text = "Red red-apple; apple red apple apple"
    spans = [text[s.start : s.end] for s in phrase_spans(text, ("red", "apple"))]
    assert spans == ["red", "apple", "red", "apple"]
    overlapping = [(s.start, s.end) for s in phrase_spans("no no no", ("no", "no"))]
    assert overlapping == [(0, 2), (3, 5), (6, 8)]


PIECES = st.sampled_from(
    [" ", *re.split(" ", "red apple Ａpple é e\u0301 ß 東 京 ที هل 2 ½ _ - \u0301 ² ﬁ क् ªº Ⅷ x ’")]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@given(TEXTS, TEXTS)
def test_the_quick_way_to_find_phrases_finds_what_the_plain_way_does(text: str, of: str) -> None:
    phrase = exact_words(of)[:3]
    if phrase:
        words = exact_words(text)
        assert holds_phrase(text, phrase) == stands_in(phrase, words)
        begins = any(word.startswith(phrase[0]) for word in words)
        assert holds_beginning(text, phrase[0]) == begins


def test_letters_and_digits_are_the_same_to_both_ways() -> None:
    plain, both = re.compile(r"[^\W_]"), set()
    for character in map(chr, range(0x30000)):
        if unicodedata.category(character)[0] != "M":
            is_word = unicodedata.category(character)[0] in "LN"
            both.add((plain.match(character) is not None, is_word))
    assert both == {(True, True), (False, False)}
