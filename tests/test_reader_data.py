"""JSON, JSON Lines, YAML and XML data: values as lines, records as places, and hostile files."""

from __future__ import annotations

import json

import pytest
from test_readers import assert_sound

from indexer.readers import read
from indexer.readers.data import TEXT_LIMIT
from search.errors import ReadError
from search.models import Document


def read_as(name: str, text: str) -> Document:
    document = read(text.encode(), name)
    assert_sound(document)
    return document


def places(document: Document) -> list[str]:
    return [section.place for section in document.sections]


def test_values_are_lines_with_their_paths() -> None:
    text = """{"name": "frob", "port": 8080, "on": true, "none": null, "empty": "",
        "server": {"host": "h", "tags": ["a", "b", 3]},
        "users": [{"name": "Ann"}, {"name": "Bo", "age": 7}]}"""
    assert read_as("a.json", text).text.split("\n\n") == [
        "name: frob\nport: 8080\non: true",
        "server.host: h\nserver.tags: a, b, 3",
        "users.name: Ann",
        "users.name: Bo\nusers.age: 7",
    ]


def test_long_strings_stay_paragraphs() -> None:
    body = "The heron waits. " * 20
    document = read_as("a.json", json.dumps({"id": 1, "body": f"{body}\n\nSecond\nline", "x": "y"}))
    assert document.text.split("\n\n") == ["id: 1", f"body: {body.strip()}", "Second\nline", "x: y"]


def test_records_of_a_list_are_places() -> None:
    records = [{"id": n, "words": "The heron waits for a fish. " * 7} for n in range(1, 8)]
    document = read_as("a.json", json.dumps(records))
    assert places(document) == ["records 1–3", "records 4–6", "record 7"]
    assert document.text.startswith("id: 1\nwords: The heron")


def test_records_within_an_object_are_named_after_their_list() -> None:
    records = [{"words": "The heron waits for a fish. " * 20} for _ in range(2)]
    document = read_as("a.json", json.dumps({"count": 2, "birds": records, "more": False}))
    assert places(document) == ["", "birds 1", "birds 2", ""]


def test_a_short_list_gets_no_places() -> None:
    assert places(read_as("a.json", '[{"a": "one"}, {"a": "two"}]')) == [""]


def test_document_fields() -> None:
    text = (
        '{"title": "On Herons", "author": "Ann", "date": "2020-05-06", "lang": "de-AT", "x": [1]}'
    )
    document = read_as("a.json", text)
    assert (document.title, document.author) == ("On Herons", "Ann")
    assert (document.date, document.language) == ("2020-05-06", "de")
    assert read_as("a.json", '[{"title": "Of a record"}]').title == ""
    assert read_as("a.yaml", "info:\n  title: The API\n").title == "The API"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('\ufeff{"a": "b"}', "a: b"),
        ('{"a": NaN, "b": -Infinity,}', "a: NaN\nb: -Infinity"),
        ('// note\n{"a": "b", /* c */ "d": ["e",],}', "a: b\nd: e"),
        ('{"a": "b"}\n{"a": "c"}', "a: b\n\na: c"),
        ('{"a": {{ template }} }', '{"a": {{ template }} }'),
        ('{"a": "b", "c": "cut o', '{"a": "b", "c": "cut o'),
        ('{"a": "x\\ud83d\\ude00", "b": "\\ud800y"}', "a: x😀\nb: y"),
        ('"only a string"', "only a string"),
    ],
)
def test_json_that_is_not_quite_json(text: str, expected: str) -> None:
    assert read_as("a.json", text).text == expected


def test_lines_of_json_lines_are_places() -> None:
    lines = [json.dumps({"q": f"question {n} " + "word " * 60}) for n in range(1, 6)]
    document = read_as("a.jsonl", "\n".join([*lines, "{broken", ""]))
    assert places(document) == ["lines 1–2", "lines 3–4", "lines 5–6"]
    assert document.text.endswith("{broken")


def test_yaml_with_its_comments_and_documents() -> None:
    text = """\
# How the server
# is run.
title: Config
server:
  # The port it listens on.
  port: 8080   # not this
  text: |
    # no comment

    second
volumes:
  data:
base: &base {a: 1}
copy: *base
"""
    assert read_as("a.yml", text).text.split("\n\n") == [
        "How the server\nis run.",
        "title: Config",
        "The port it listens on.\nserver.port: 8080",
        "server.text: # no comment",
        "second",
        "volumes: data",
        "base.a: 1",
    ]


def test_yaml_tags_make_no_objects() -> None:
    document = read_as("a.yaml", "a: !!python/object/apply:os.system ['touch x']\nb: !Ref Name")
    assert document.text == "a: touch x\nb: Name"


@pytest.mark.parametrize(
    "text", ["a: b\n\tc: [", "x: 'unfinished", "{% if a %}\nkey: b\n{% end %}"]
)
def test_yaml_that_is_none_is_read_as_text(text: str) -> None:
    assert read_as("a.yaml", text).text.split()[0] in text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "[" * 100_000),
        ("a.json", '{"a":' * 100_000),
        ("a.yaml", "[" * 100_000),
        ("a.yaml", "- " * 50_000 + "x"),
        ("a.jsonl", "[" * 100_000),
    ],
)
def test_deep_nesting_is_refused(name: str, text: str) -> None:
    with pytest.raises(ReadError, match="nested too deeply"):
        read(text.encode(), name)


def test_aliases_do_not_blow_up() -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    text = "a0: &a0 [lol]\n" + "\n".join(levels)
    assert read_as("a.yaml", text).text == "a0: lol"


def test_large_files_are_cut() -> None:
    record = json.dumps({"words": "heron " * 1_000})
    document = read(f"[{','.join([record] * 900)}]".encode(), "a.json")
    assert TEXT_LIMIT / 2 < len(document.text) < TEXT_LIMIT * 1.1


def test_what_is_no_word_is_cut_and_numbers_are_few() -> None:
    numbers = list(range(5_000))
    document = read_as("a.json", json.dumps({"image": "QUJD" * 5_000, "embedding": numbers}))
    assert len(document.text) < 600
