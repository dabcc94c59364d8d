"""Tables in text files, and what all table formats share."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from test_readers import assert_sound

from indexer.readers import read
from search.errors import ReadError
from search.models import Document


def read_csv(text: str, name: str = "a.csv") -> Document:
    document = read(text.encode(), name)
    assert_sound(document)
    return document


def lines(text: str, name: str = "a.csv") -> list[str]:
    return [line for line in read_csv(text, name).text.split("\n") if line]


def test_rows_carry_the_names_of_their_columns() -> None:
    document = read_csv("Name,City,Age\nAnna,Ulm,34\nBerta,,40\n")
    assert document.kind == "csv"
    assert document.text.split("\n") == [
        "Name | City | Age",
        "Name: Anna | City: Ulm | Age: 34",
        "Name: Berta | Age: 40",
    ]
    assert [section.place for section in document.sections] == ["rows 1–3"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("a;b c;d\n1,5;x y;2\n2,5;z;3\n", "a.csv", id="semicolon"),
        pytest.param("a\tb c\td\n1,5\tx y\t2\n2,5\tz\t3\n", "a.tsv", id="tab"),
        pytest.param("a|b c|d\n1,5|x y|2\n2,5|z|3\n", "a.csv", id="bar"),
        pytest.param('sep=;\na;b c;d\n1,5;x y;2\n2,5;"z";3\n', "a.csv", id="declared"),
        pytest.param('"a","b c","d"\r\n"1,5","x y",2\r\n"2,5",z,3\r\n', "a.csv", id="quoted"),
    ],
)
def test_the_delimiter_is_found_out(text: str, name: str) -> None:
    assert lines(text, name) == [
        "a | b c | d",
        "a: 1,5 | b c: x y | d: 2",
        "a: 2,5 | b c: z | d: 3",
    ]


@pytest.mark.parametrize(
    ("text", "last"),
    [
        pytest.param("Anna,Ulm,34\nBerta,Bonn,40\n", "Berta | Bonn | 40", id="figures in it"),
        pytest.param("Author,Anna\nTitle,Mills\n", "Title | Mills", id="pairs of words"),
        pytest.param("Anna,Ulm\nBerta,Ulm\n", "Berta | Ulm", id="a word that recurs"),
        pytest.param("one\ntwo\n", "two", id="one column"),
        pytest.param(
            "Country,2023,2024\nPeru,5,6\n", "Country: Peru | 2023: 5 | 2024: 6", id="years"
        ),
        pytest.param(
            "Question,Answer\nWhy?,Because the wheel turns the stone all day.\n",
            "Question: Why? | Answer: Because the wheel turns the stone all day.",
            id="long text beneath short names",
        ),
        pytest.param("Mills of 1900\n\nName,Year\nA,1900\n", "Name: A | Year: 1900", id="caption"),
        pytest.param("a,b,c\n1,2,3,4\n", "a: 1 | b: 2 | c: 3 | 4", id="row longer than header"),
    ],
)  # fmt: skip
def test_column_names_are_recognised(text: str, last: str) -> None:
    assert lines(text)[-1] == last


def test_a_second_table_below_has_names_of_its_own() -> None:
    text = "Name,Age\nAnna,34\n\nBerta,40\n\nMill,Height\nUpper,12\n"
    assert lines(text)[2:] == [
        "Name: Berta | Age: 40",
        "Mill | Height",
        "Mill: Upper | Height: 12",
    ]


def test_places_follow_each_other_and_have_the_length_of_a_passage() -> None:
    rows = [f"{number},{'word ' * 12}" for number in range(1, 301)]
    document = read_csv("\n".join(["No,Text", *rows]))
    spans = [section.place.removeprefix("rows ").split("–") for section in document.sections]
    assert (spans[0][0], spans[-1][-1]) == ("1", "301")
    for before, after in pairwise(spans):
        assert int(after[0]) == int(before[-1]) + 1
    assert all(500 < section.end - section.start < 1_200 for section in document.sections[:-1])


def test_encodings_are_recognised() -> None:
    text = "Straße;Größe\nMühlgässchen in der Altstadt;5\nÖlmühlenweg über der Brücke;7\n"
    assert "Straße: Mühlgässchen" in read(text.encode("cp1252"), "a.csv").text
    assert "Größe: 7" in read(text.encode("utf-16"), "a.csv").text


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ReadError, match="something else than text"):
        read(bytes(range(256)) * 9, "a.csv")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('a,b,c\n1,"lost,2\n' + "3,4,5\n" * 500 + "6,7,last\n", id="early"),
        pytest.param('a,b,c\n1,2,3\n4,"lost,5\n6,7,last\n', id="near the end"),
        pytest.param("a,b,c\n" + '1,"lost,2\n' * 5_000 + "6,7,last\n", id="in every line"),
        pytest.param("a,b,c\n" + "x" * 200_000 + ",2,3\n6,7,last\n", id="an endless cell"),
        pytest.param('a,b,c\n1,x"y"z,3\n6,7,last\n', id="within a cell"),
    ],
)
def test_malformed_rows_do_not_take_others_with_them(text: str) -> None:
    assert lines(text)[-1].endswith("last")
    assert "6" in lines(text)[-1].split(" | ")[0]


def test_line_breaks_in_a_quoted_cell_belong_to_it() -> None:
    assert (
        lines('Name,Text,No\nA,"one\ntwo, three",1\n')[-1]
        == "Name: A | Text: one two, three | No: 1"
    )


def large_table(rows: int) -> bytes:
    draw = random.Random(1)
    body = (
        f"{number},{draw.choice(('Ulm', 'Bonn', 'Kiel'))},n{number % 977},{number * 1.5},"
        f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        for number in range(1, rows + 1)
    )
    return "\n".join(["id,city,name,amount,day", *body]).encode()


def test_a_large_table_is_summarised() -> None:
    document = read(large_table(200_000), "a.csv")
    assert_sound(document)
    assert 100_000 < len(document.text) < 2_000_000
    title, first = document.text.split("\n\n")[:2]
    assert title.startswith("A table of 200,000 rows and 5 columns (id, city, name, amount, day)")
    assert "id: 1 to 200" in first
    assert set(first.split("city: ")[1].split("\n")[0].split("; ")) == {"Ulm", "Bonn", "Kiel"}
    assert "day: 2024-01-01 to 2024-12-28" in first
    assert "and others" in first.split("name: ")[1].split("\n")[0]
    assert "For example: id: 1 | city: " in first
    assert document.sections[1].place == "rows 2–201"
    assert document.sections[-1].place.endswith("–200001")


def test_the_ranges_of_a_large_table_cover_each_row_once() -> None:
    document = read(large_table(260_000), "a.csv")  # so many that ranges were merged
    spans = [section.place.removeprefix("rows ").split("–") for section in document.sections[1:]]
    assert (spans[0][0], spans[-1][1]) == ("2", "260001")
    assert all(int(after[0]) == int(before[1]) + 1 for before, after in pairwise(spans))
    for section in document.sections[1:]:
        low, high = document.text[section.start :].split("\n")[0].removeprefix("id: ").split(" to ")
        numbers = section.place.removeprefix("rows ").split("–")
        assert [int(low) + 1, int(high) + 1] == list(map(int, numbers))


def test_words_that_look_like_numbers_to_a_computer_stay_words() -> None:
    rows = "".join(f"{number},{('nan', 'inf')[number % 2]}\n" for number in range(12_000))
    assert "\nword: nan; inf\n" in read(b"no,word\n" + rows.encode(), "a.csv").text


def test_few_rows_with_very_much_text_are_bounded_too() -> None:
    text = "a,b\n" + ("word " * 20_000 + ",1\n") * 60
    assert len(read_csv(text).text) < 50_000


def test_a_table_of_very_many_columns() -> None:
    wide = ",".join(f"c{number}" for number in range(30_000))
    document = read_csv(wide + "\n" + ",".join("1" * 30_000) + "\n")
    assert "c16383: 1" in document.text
