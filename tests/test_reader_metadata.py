"""Who wrote a web page, a Markdown file or a reStructuredText file, when, and in what language."""

from __future__ import annotations

import pytest

from indexer.readers import read


def said(name: str, text: str) -> tuple[str, str, str]:
    document = read(text.encode(), name)
    return document.author, document.date, document.language


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<html lang="de-AT"><head>', ("", "", "de")),
        ('<html><head><meta name="author" content="Ann Lee">', ("Ann Lee", "", "")),
        (
            '<html><head><meta name=citation_author content="Ann"><meta name="citation_author"'
            ' content="Bo"><meta name=author content="The Site">',
            ("Ann, Bo", "", ""),
        ),
        (
            '<html><head><meta property="article:author" content="https://x.example/ann">'
            '<meta property="article:published_time" content="2020-05-06T07:08:09Z">'
            '<meta property="article:modified_time" content="2022-01-01">',
            ("", "2020-05-06", ""),
        ),
        (
            '<html><head><meta name="DC.Date" content="not a date"><meta name=date content=2019>',
            ("", "2019", ""),
        ),
        (
            '<html><head><meta name="author" content="The Site">'
            '<meta property="dc:creator twitter:creator" content="Ann Lee">',
            ("Ann Lee", "", ""),
        ),
        ('<html><head><meta http-equiv="Content-Language" content="fr">', ("", "", "fr")),
        (
            '<html lang=""><head><meta property="og:locale" content="it_IT">',
            ("", "", "it"),
        ),
    ],
)
def test_html(head: str, expected: tuple[str, str, str]) -> None:
    assert said("a.html", f"{head}</head><body><p>Words.</p>") == expected


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        (
            "---\ntitle: T\nauthor: Ann Lee\ndate: 2021-02-03\nlang: en-GB\n---\n",
            ("Ann Lee", "2021-02-03", "en"),
        ),
        (
            '---\nauthors:\n  - name: "Ann"\n  - Bo\nDate: 3 May 2020\n---\n',
            ("Ann, Bo", "2020-05-03", ""),
        ),
        ("---\nauthor: [\"Ann\", 'Bo']\n---\n", ("Ann, Bo", "", "")),
        ('+++\nauthor = "Ann"\ndate = 2020-05-03T10:00:00Z\n+++\n', ("Ann", "2020-05-03", "")),
        ("---\ntitle: T\n---\n", ("", "", "")),
        ("", ("", "", "")),
    ],
)
def test_markdown(front: str, expected: tuple[str, str, str]) -> None:
    assert said("a.md", f"{front}\n# Head\n\nauthor: not this\n") == expected


@pytest.mark.parametrize(
    "text",
    [
        ":Author: Ann Lee\n:Date: 2021-02-03\n:Language: de\n\nWords.\n",
        "Title\n=====\n\n:Author: Ann Lee\n:Date: 2021-02-03\n:Language: de\n\nWords.\n",
        ".. comment\n\nTitle\n=====\n\n:author: Ann Lee\n:date: 2021-02-03\n:language: de_DE\n",
    ],
)
def test_rst(text: str) -> None:
    assert said("a.rst", text) == ("Ann Lee", "2021-02-03", "de")


def test_fields_further_down_are_not_about_the_document() -> None:
    text = "Title\n=====\n\nWords.\n\n:Author: Of something else\n"
    assert said("a.rst", text) == ("", "", "")
