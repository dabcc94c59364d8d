"""AsciiDoc and Org."""

from __future__ import annotations

import textwrap

import pytest
from test_readers import assert_sound

from indexer.readers import read
from search.models import Document


def read_as(name: str, markup: str) -> Document:
    document = read(textwrap.dedent(markup).encode(), name)
    assert_sound(document)
    return document


def blocks(name: str, markup: str) -> list[str]:
    return read_as(name, markup).text.split("\n\n")


def outline(document: Document) -> list[tuple[str, list[str]]]:
    return [
        (" > ".join(part.headings), document.text[part.body : part.end].strip("\n").split("\n\n"))
        for part in document.sections
    ]


def test_asciidoc_header_and_headings() -> None:
    document = read_as(
        "a.adoc",
        """\
        // a comment
        = The Book: *Bold*
        Ann Lee <a@x.example>; Bo_Jo Ray
        v1.2, 2021-07-08: A remark
        :prod: Frob
        :lang: fr

        About {prod} and {unknown}.

        == First _part_
        One.

        === Below
        Two.

        Old style
        ---------
        Three.
        """,
    )
    assert outline(document) == [
        ("The Book: Bold", ["About Frob and {unknown}."]),
        ("The Book: Bold > First part", ["One."]),
        ("The Book: Bold > First part > Below", ["Two."]),
        ("The Book: Bold > Old style", ["Three."]),
    ]
    assert (document.title, document.author) == ("The Book: Bold", "Ann Lee, Bo Jo Ray")
    assert (document.date, document.language) == ("2021-07-08", "fr")


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param("One *two*\n`three` __four__s.", ["One two three fours."], id="formatting"),
        pytest.param(
            "https://x.example[the site^] and <<id,here>> and xref:a.adoc[there] link:x.pdf[]",
            ["the site and here and there x.pdf"],
            id="links",
        ),
        pytest.param("kbd:[Esc] image:a.png[A heron] a footnote:[Small.]", None, id="macros"),
        pytest.param(
            ". one\n. two\n+\ngoes on\n.. below\n. three\n\n* [x] done\n- dash",
            ["1. one", "2. two", "goes on", "1. below", "3. three", "• done", "• dash"],
            id="lists",
        ),
        pytest.param("CPU:: A part\nRAM::\n  Another", ["CPU: A part", "RAM: Another"], id="terms"),
        pytest.param(
            "[source,ruby]\n----\nputs *x*\n\n  # y\n----\n\n....\nz\n....",
            ["puts *x*", "  # y", "z"],
            id="code",
        ),
        pytest.param(
            '.Codes\n[cols="1,2"]\n|===\n|A\n|B *b*\n2+|wide\n|c |d\n|===',
            ["Codes", "A | B b", "wide", "c | d"],
            id="table",
        ),
        pytest.param(',===\na,"b, c"\n,===', ["a | b, c"], id="table of commas"),
        pytest.param(
            "[NOTE]\n====\nTake care.\n====\n\n____\nQuoted.\n____\n\nTIP: Rest.",
            ["Take care.", "Quoted.", "TIP: Rest."],
            id="blocks with blocks",
        ),
        pytest.param(
            "////\nno\n////\n//no\ninclude::x.adoc[]\nifdef::a[]\nyes\nendif::[]",
            ["yes"],
            id="not text",
        ),
        pytest.param("image::h.png[A heron,300]\n\n 1 +\n 2", ["A heron", " 1 +\n 2"], id="image"),
    ],
)
def test_asciidoc_blocks(markup: str, expected: list[str] | None) -> None:
    found = blocks("a.adoc", markup)
    assert found == (expected or ["Esc A heron a (Small.)"])


def test_org_header_headings_and_what_is_left_out() -> None:
    document = read_as(
        "a.org",
        """\
        #+TITLE: My *notes*
        #+AUTHOR: Ann Lee
        #+DATE: <2023-05-06 Sat>
        #+LANGUAGE: de
        #+TODO: OPEN | SHUT
        Before.
        * TODO [#A] First thing [1/2]  :work:urgent:
          SCHEDULED: <2020-01-01>
          :PROPERTIES:
          :ID: 77
          :END:
          One.
        ** SHUT Below
        # a comment
        Two.
        * NASA launches
        Three.
        """,
    )
    assert outline(document) == [
        ("", ["Before."]),
        ("First thing", ["One."]),
        ("First thing > Below", ["Two."]),
        ("NASA launches", ["Three."]),
    ]
    assert (document.title, document.author) == ("My notes", "Ann Lee")
    assert (document.date, document.language) == ("2023-05-06", "de")


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param(
            "A [[https://x.example][link]], =code= and /it/ in a/b/c.",
            ["A link, code and it in a/b/c."],
            id="inline",
        ),
        pytest.param(
            "- one\n  goes on\n- [X] two\n  1. sub\n  2. more\n- term :: meaning",
            ["• one goes on", "• two", "1. sub", "2. more", "• term: meaning"],
            id="lists",
        ),
        pytest.param(
            "#+CAPTION: Codes\n| A | *B* |\n|---+---|\n| 1 | |\n#+TBLFM: x",
            ["Codes", "A | B", "1"],
            id="table",
        ),
        pytest.param(
            "#+begin_src python\n,* f\n  g\n#+end_src\n#+RESULTS:\n: 42\n: 43",
            ["* f\n  g", "42\n43"],
            id="code",
        ),
        pytest.param(
            "#+BEGIN_QUOTE\nQuoted.\n#+END_QUOTE\n#+BEGIN_COMMENT\nno\n#+END_COMMENT",
            ["Quoted."],
            id="blocks",
        ),
        pytest.param(
            "Words[fn:1] more[fn:: inline].\n\n[fn:1] Note.",
            ["Words[1] more( inline).", "[1] Note."],
            id="notes",
        ),
        pytest.param("Born in\n1984. It rained.", ["Born in 1984. It rained."], id="no list"),
    ],
)
def test_org_blocks(markup: str, expected: list[str]) -> None:
    assert blocks("a.org", markup) == expected


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ["a.adoc", "a.org"])
@pytest.mark.parametrize(
    "text",
    ["(" * 100_000, "*a " * 100_000, "#+begin_src\n" * 20_000, ":A:\n" * 20_000, "[[" * 50_000],
)
def test_hostile_files_take_no_time(name: str, text: str) -> None:
    assert read(("words\n\n" + text).encode(), name).text.startswith("words")


def test_attributes_made_of_attributes_do_not_blow_up() -> None:
    lines = [f":a{n + 1}: " + f"{{a{n}}}" * 10 for n in range(30)]
    text = "\n".join([":a0: lol", *lines, "", "x {a30}"])
    assert len(read_as("a.adoc", text).text) < 1_000
