"""The analyser: words, stems, identifiers, scripts, offsets; and how a query meets them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import (
    WORD_LIMIT,
    AskedWord,
    ask,
    located_terms,
    located_words,
    part_terms,
    terms,
    words,
)
from search.models import Span
from search.snippets import matched_words, written_as

LANGUAGES = ["", "ar", "cs", "de", "el", "en", "es", "fi", "fr", "hi", "hu", "it", "ja", "nl", "pt"]
LANGUAGES += ["ro", "ru", "sr", "sv", "th", "tr", "vi", "zh"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The runner's RUNNING shoes", ["runner", "run", "shoe"]),
        ("She went where the mice and children ran", ["go", "mous", "child", "run"]),
        ("analyses analyse analyzed", ["analys", "analys", "analys"]),
        ("organisation organized colours colored", ["organis", "organis", "color", "color"]),
        ("don’t and don't", []),
        ("ﬁle", ["file"]),
        ("Straße STRASSE", ["strass", "strass"]),
        ("to be or not to be", []),
        ("the IT department", ["it", "depart"]),
        ("PDFs and PDF", ["pdf", "pdf"]),
        ("… — !?", []),
        ("", []),
    ],
)
def test_terms_of_english(text: str, expected: list[str]) -> None:
    assert terms(text) == terms(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Error E-417", ["error", "e417", "417"]),
        ("RFC-2616", ["rfc2616", "rfc", "2616"]),
        ("RFC2616", ["rfc2616", "rfc", "2616"]),
        ("rfc2616", ["rfc2616", "rfc", "2616"]),
        ("max_retries", ["maxretri", "max", "retri"]),
        ("maxRetries", ["maxretri", "max", "retri"]),
        ("HTTPServer.close()", ["httpserverclos", "http", "server", "close"]),
        ("std::vector", ["stdvector", "std", "vector"]),
        ("v2.3.1", ["2.3.1", "2", "2.3"]),
        ("Python 3.11", ["python", "3.11", "3"]),
        ("1,000.50 and 12\u00a0000", ["1000.50", "12000"]),
        ("non-linear nonlinear", ["nonlinear", "non", "linear", "nonlinear"]),
        ("U.S.A.", ["usa"]),
        ("٣٤٥", ["345"]),
    ],
)
def test_identifiers_and_numbers_are_terms_whole_and_in_parts(
    text: str, expected: list[str]
) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024-06-03",
        "3 June 2024",
        "3rd of June 2024",
        "June 3, 2024",
        "Jun 3 2024",
        "3.6.2024",
        "03/06/2024",
        "6/3/2024",
    ],
)
def test_a_date_is_the_same_however_it_is_written(text: str) -> None:
    assert {"2024.06.03", "2024.06", "2024"} <= set(terms(f"It happened on {text}."))


def test_no_date_is_made_of_other_numbers() -> None:
    assert "2024.13.01" not in terms("1.13.2024")
    assert [term for term in terms("Room 3, June 20241") if "." in term] == []


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("ar", "كتاب", "الكتاب"),
        ("de", "Haus", "Häuser"),
        ("el", "δρόμος", "δρόμου"),
        ("es", "canción", "canciones"),
        ("fi", "talo", "talossa"),
        ("fr", "école", "L'école"),
        ("hi", "किताब", "किताबों"),
        ("it", "amico", "dell'amico"),
        ("ru", "книга", "книги"),
        ("tr", "İstanbul", "İstanbul'da"),
    ],
)
def test_forms_of_a_word_meet_in_its_language(language: str, one: str, other: str) -> None:
    assert set(terms(one, language)) & set(terms(other, language))


def test_stop_words_are_those_of_the_language() -> None:
    assert terms("die Zeit ist um", "de") == ["zeit"]
    assert terms("they die", "en") == ["die"]
    assert terms("was ist das", "de") == []


def test_words_of_another_script_are_stemmed_by_its_usual_language() -> None:
    assert terms("Группа Running Wild", "ru") == ["групп", "run", "wild"]
    assert terms("The книги", "en") == ["книг"]


def test_chinese_and_japanese_give_characters_and_pairs() -> None:
    assert terms("手机充电") == ["手", "手机", "机", "机充", "充", "充电", "电"]
    assert terms("猫") == ["猫"]
    assert terms("iPhone手机") == ["iphon", "phone", "手", "手机", "机"]


def test_thai_gives_pairs_of_clusters_and_keeps_its_vowels() -> None:
    assert terms("ที่ดี") == ["ที่ดี"]
    assert terms("ไทย") == ["ไท", "ทย"]


def test_words_are_neither_stemmed_nor_stopped() -> None:
    assert words("The Running") == ["the", "running"]


def test_a_mark_without_a_letter_is_a_word_all_the_same() -> None:
    assert terms("\u0301", "vi") == ["\u0301"]


def test_an_endless_word_is_cut() -> None:
    assert terms("x" * 10_000) == ["x" * WORD_LIMIT]
    assert max(map(len, terms("a1.b2-" * 10_000))) <= WORD_LIMIT + 1


@given(st.text(), st.sampled_from(LANGUAGES))
def test_located_terms_are_the_terms_and_lie_in_the_text(text: str, language: str) -> None:
    located = list(located_terms(text, language))
    assert [term.text for term in located] == terms(text, language)
    for term in located:
        assert 0 <= term.start < term.end <= len(text)
        assert term.text
        assert not any(map(str.isspace, term.text))


@given(st.text(), st.sampled_from(LANGUAGES))
def test_a_text_asked_for_is_found_by_each_of_its_words(text: str, language: str) -> None:
    found = set(terms(text, language))
    for word in ask(text, [language]):
        assert found & {alternative.text for alternative in word.alternatives}, word


@given(
    st.from_regex(r"[A-Za-z]?[a-z]{1,70}", fullmatch=True)
    | st.sampled_from(["The", "went", "organised", "dances", "Die", "häuser", "it", "IT"]),
    st.sampled_from(LANGUAGES),
)
def test_a_plain_word_has_the_term_that_it_is_asked_for_by(word: str, language: str) -> None:
    found = terms(word, language)
    assert all(ask(word, [language])[0].alternatives[0].text == term for term in found[:1])


@given(
    st.text(st.characters(blacklist_categories=["Z", "C"]))
    | st.from_regex(r"[\"(]?[A-Za-z]{1,9}[.,;:'’)!\u0301-]?[a-z0-9]?", fullmatch=True),
    st.sampled_from(LANGUAGES),
)
def test_the_terms_of_a_part_are_those_located_in_it(part: str, language: str) -> None:
    assert part_terms(part, language) == tuple(located_words(part, language))


def weights(word: AskedWord) -> dict[str, float]:
    return {alternative.text: alternative.weight for alternative in word.alternatives}


def best(query: str, text: str, language: str = "") -> float:
    """What an occurrence of the query's one word in the text counts."""
    (word,) = ask(query, [language])
    return max((weights(word).get(term, 0.0) for term in terms(text, language)), default=0.0)


@pytest.mark.parametrize("language", ["", "fr"])
@pytest.mark.parametrize("word", ["résumé", "Noël", "élève"])
def test_diacritics_may_be_left_out_but_exact_forms_count_more(word: str, language: str) -> None:
    bare = word.translate(str.maketrans("éèë", "eee"))
    assert best(word, word, language) == best(bare, bare, language) == 1.0
    assert 0.0 < best(word, bare, language) < 1.0
    assert 0.0 < best(bare, word, language) < 1.0


def test_a_word_is_asked_for_in_every_language_there_is() -> None:
    (word,) = ask("houses", ["de", "en"])
    assert {*terms("houses", "en"), *terms("houses", "de")} <= set(weights(word))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("was ist die Hauptstadt", ["hauptstadt"]),
        ("why did the plants die", ["plants", "die"]),
        ("die", ["die"]),
        ("was", []),
    ],
)
def test_stop_words_go_by_the_language_a_query_seems_to_be_in(
    query: str, expected: list[str]
) -> None:
    assert [word.text for word in ask(query, ["de", "en"])] == expected


def test_an_identifier_is_asked_for_with_its_parts() -> None:
    (word,) = ask("RFC-2616")
    assert next(iter(weights(word))) == "rfc2616"
    assert [part.text for part in word.parts] == ["rfc", "2616"]


def test_a_date_is_asked_for_with_its_words() -> None:
    report, date = ask("report of 3 June 2024")
    assert report.text == "report"
    assert list(weights(date)) == ["2024.06.03"]
    assert [part.text for part in date.parts] == ["3", "june", "2024"]


def test_marks_are_the_words_whose_stem_is_asked_for() -> None:
    text = "Bees swarm; a swarming bee swarms."
    marked = matched_words(text, frozenset(terms("swarms")))
    assert [text[m.start : m.end] for m in marked] == ["swarm", "swarming", "swarms"]
    assert matched_words(text, frozenset()) == ()
    assert matched_words("swarm", {"swarm"}) == (Span(0, 5),)


def test_marks_follow_the_language_of_the_text() -> None:
    text = "Die Häuser am Fluss"
    (mark,) = matched_words(text, set(terms("Häuser", "de")), "de")
    assert text[mark.start : mark.end] == "Häuser"


@given(st.text(), st.sampled_from(LANGUAGES))
def test_marks_do_not_overlap(text: str, language: str) -> None:
    at = 0
    for mark in matched_words(text, set(terms(text, language)), language):
        assert at <= mark.start < mark.end <= len(text)
        at = mark.end


def test_a_term_is_shown_as_it_is_written() -> None:
    assert written_as("The Vaccines came", "vaccin") == "vaccines"
    assert written_as("Nothing here", "vaccin") is None


DATED = st.lists(
    st.sampled_from(["3 May 2024", "1 000", "1\u00a0000", "v1.2.3", "RFC-2616,", "bees.\n", "手机"])
    | st.text(max_size=6),
    max_size=12,
).map(" ".join)


@given(DATED, DATED, st.sampled_from(LANGUAGES))
def test_marks_are_those_of_all_located_terms(text: str, asked: str, language: str) -> None:
    wanted = {*terms(asked, language), *terms(text, language)[::2]}
    covered = {
        at
        for term in located_terms(text, language)
        if term.text in wanted
        for at in range(term.start, term.end)
    }
    marks = matched_words(text, wanted, language)
    assert {at for mark in marks for at in range(mark.start, mark.end)} == covered
