"""Markdown and reStructuredText."""

from __future__ import annotations

import textwrap

import pytest

from indexer.readers import read
from search.models import Document


def outline(document: Document) -> list[tuple[str, list[str]]]:
    """Each section as its heading trail and its blocks."""
    assert all(section.page is None for section in document.sections)
    return [
        (" > ".join(part.headings), document.text[part.body : part.end].strip("\n").split("\n\n"))
        for part in document.sections
    ]


def read_as(name: str, markup: str) -> Document:
    return read(textwrap.dedent(markup).encode(), name)


def blocks(name: str, markup: str) -> list[str]:
    return read_as(name, markup).text.split("\n\n")


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param("One *two*\n**three** `four`.", ["One two three four."], id="inline"),
        pytest.param("One\\\ntwo<br>three", ["One\ntwo\nthree"], id="line breaks"),
        pytest.param(
            "[words](http://x.example) and ![a heron](h.png) and <http://y.example>",
            ["words and a heron and http://y.example"],
            id="links",
        ),
        pytest.param(
            "Tom &amp; &lt;b&gt; <kbd>Esc</kbd>", ["Tom & <b> Esc"], id="entities and tags"
        ),
        pytest.param(
            "- one\n- two\n\n  more of two\n  1. in two\n  2. again\n- three",
            ["• one", "• two", "more of two", "1. in two", "2. again", "• three"],
            id="nested lists",
        ),
        pytest.param("7. seven\n8. eight", ["7. seven", "8. eight"], id="numbers"),
        pytest.param(
            "| Code | Means |\n|--|--|\n| E1 | no *water* |\n| E2 | |",
            ["Code | Means", "E1 | no water", "E2"],
            id="table",
        ),
        pytest.param(
            "```python\nif x:\n    y()\n```\n\n    z()", ["if x:\n    y()", "z()"], id="code"
        ),
        pytest.param("> quoted\n> words", ["quoted words"], id="quotation"),
        pytest.param("a ~~b~~ c", ["a b c"], id="strike through"),
        pytest.param(
            "<details>\n<summary>More</summary>\n\nInside.\n\n</details>\n<!-- no -->",
            ["More", "Inside."],
            id="html blocks",
        ),
    ],
)
def test_markdown_blocks(markup: str, expected: list[str]) -> None:
    assert blocks("a.md", markup) == expected


def test_markdown_headings_and_title() -> None:
    document = read_as(
        "a.md",
        """\
        Before.

        # The `mill` {#mill}
        Text.

        Second
        ------
        ### Third
        Deep.
        # Another
        """,
    )
    assert document.title == "The mill"
    assert document.kind == "markdown"
    assert outline(document) == [
        ("", ["Before."]),
        ("The mill", ["Text."]),
        ("The mill > Second", [""]),
        ("The mill > Second > Third", ["Deep."]),
        ("Another", [""]),
    ]


@pytest.mark.parametrize(
    ("markup", "title", "text"),
    [
        ('---\ntitle: "Front"\ntags: [a]\n---\n# First\n', "Front", "First"),
        ("+++\ntitle = 'Front'\n+++\nText\n", "Front", "Text"),
        ("---\ntags: [a]\n---\n# First\n", "First", "First"),
        ("<h1 align=center>First</h1>\n\nText\n", "", "First\n\nText"),
        ("---\n\nText\n\n---\n", "", "Text"),
        ("## Second only\n", "", "Second only"),
    ],
)
def test_markdown_title(markup: str, title: str, text: str) -> None:
    document = read_as("a.md", markup)
    assert (document.title, document.text) == (title, text)


def test_markdown_html_headings_are_headings() -> None:
    document = read_as("a.md", "<h2>Tools</h2>\n\nText\n")
    assert outline(document) == [("Tools", ["Text"])]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param("One *two* ``three`` `four`_.\n\n.. _four: http://x", ["One two three four."]),
        pytest.param(
            "- one\n\n  more\n- two\n\n  1. in two\n  2. again\n\n7. seven",
            ["• one", "more", "• two", "1. in two", "2. again", "7. seven"],
            id="lists",
        ),
        pytest.param("lamp\n  gives light\nrope : tool\n  holds", ["lamp", "gives light",
                     "rope : tool", "holds"], id="definitions"),
        pytest.param(":Author: Ann\n:Notes: one\n\n  two", ["Author: Ann", "Notes:", "one", "two"],
                     id="fields"),
        pytest.param("-a, --all  take all\n-f FILE    read it", ["-a, --all take all",
                     "-f FILE read it"], id="options"),
        pytest.param("Code::\n\n  if x:\n      y()", ["Code:", "if x:\n    y()"], id="literal"),
        pytest.param(">>> 1 + 1\n2", [">>> 1 + 1\n2"], id="doctest"),
        pytest.param("| one\n|   two", ["one\ntwo"], id="verse"),
        pytest.param(
            "==== =====\nCode Means\n==== =====\nE1   water\nE2\n==== =====",
            ["Code | Means", "E1 | water", "E2"],
            id="table",
        ),
        pytest.param("Said [1]_.\n\n.. [1] By Ann.", ["Said [1].", "[1] By Ann."], id="footnote"),
        pytest.param(".. note:: Mind\n   the gap.", ["Note", "Mind the gap."], id="note"),
        pytest.param(".. image:: a.png\n   :alt: A heron", ["A heron"], id="picture"),
        pytest.param("|w| here\n\n.. |w| replace:: World", ["World here"], id="substitution"),
        pytest.param("x\n\n.. a comment", ["x"], id="comment"),
        pytest.param("x\n\n.. contents::\n\ny", ["x", "y"], id="table of contents"),
        pytest.param("x\n\n.. toctree::\n\n   a\n   b", ["x"], id="toctree"),
        pytest.param(
            ":func:`~a.b.c`, :doc:`Words <file>`, :odd:`text`, :rfc:`822`",
            ["c, Words, text, RFC 822"],
            id="roles",
        ),
        pytest.param(
            ".. code-block:: c\n   :emphasize-lines: 2\n\n   int x;", ["int x;"], id="code block"
        ),
        pytest.param(
            ".. versionadded:: 3.2\n   The *lamp*.\n\n.. deprecated:: 4",
            ["New in version 3.2: The lamp.", "Deprecated since version 4"],
            id="versions",
        ),
        pytest.param(
            ".. tabs::\n\n   .. tab:: Linux\n      :odd: 1\n\n      Run *it*.",
            ["Linux", "Run it."],
            id="unknown directives",
        ),
        pytest.param(
            ".. figure:: a.png\n   :nonsense: 1\n\n   The caption.", ["The caption."],
            id="option docutils refuses",
        ),
        pytest.param(".. class:: wide\n\ntext", ["text"], id="style class"),
        pytest.param("*unclosed and `odd", ["*unclosed and `odd"], id="broken inline markup"),
        pytest.param(
            "x\n\n.. include:: /etc/hostname\n\n.. raw:: html\n   :file: /etc/hostname",
            ["x"],
            id="nothing is read from elsewhere",
        ),
    ],
)  # fmt: skip
def test_rst_blocks(markup: str, expected: list[str]) -> None:
    assert blocks("a.rst", markup) == expected


def test_rst_headings_and_title() -> None:
    document = read_as(
        "a.rst",
        """\
        ========
        The mill
        ========

        Text.

        Second
        ------

        Third
        ~~~~~

        Deep.

        Short
        --
        """,
    )
    assert document.title == "The mill"
    assert outline(document) == [
        ("The mill", ["Text."]),
        ("The mill > Second", [""]),
        ("The mill > Second > Third", ["Deep.", "Short --"]),
    ]


def test_rst_descriptions_of_functions_are_sections() -> None:
    document = read_as(
        "a.rst",
        r"""
        Tools
        =====

        .. py:function:: wind(turns, *, \
                              fast=False)
                         wind_back(turns)

           Winds it.

           .. versionchanged:: 2.0

        .. class:: Winch(load)

           A winch.

           .. method:: stop()

              Stops it.

        After.
        """,
    )
    assert outline(document) == [
        ("Tools", [""]),
        (
            "Tools > wind, wind_back",
            [
                "wind(turns, *, fast=False)",
                "wind_back(turns)",
                "Winds it.",
                "Changed in version 2.0",
            ],
        ),
        ("Tools > Winch", ["Winch(load)", "A winch."]),
        ("Tools > Winch > stop", ["stop()", "Stops it."]),
        ("Tools", ["After."]),
    ]


def test_rst_that_docutils_cannot_parse_is_read_as_text() -> None:
    nested = "".join("  " * depth + f"* item{depth}\n\n" for depth in range(400))
    document = read(nested.encode(), "a.rst")
    assert document.kind == "rst"
    assert "item399" in document.text
