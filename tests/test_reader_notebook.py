"""Jupyter notebooks: cells as places, what they printed, and files that are hardly notebooks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_readers import assert_sound

from indexer.readers import read
from search.errors import ReadError
from search.models import Document

LONG = "The heron stands in the shallow water for an hour without moving. " * 12


def markdown(*lines: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": [f"{line}\n" for line in lines]}


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": list(outputs)}


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def shown(**data: str) -> dict[str, Any]:
    named = {kind.replace("_", "/"): text for kind, text in data.items()}
    return {"output_type": "execute_result", "data": named, "metadata": {}}


def notebook(*cells: Any, **metadata: Any) -> Document:
    whole = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return read(json.dumps(whole).encode(), "a.ipynb")


def test_headings_carry_over_and_cells_are_places() -> None:
    document = notebook(
        markdown("# Herons", "", "A study."),
        markdown("## Data", "", LONG),
        code("import heron\nprint(heron)", stream("<wading>\n")),
        markdown("## End"),
        code("x"),
    )
    assert_sound(document)
    assert [(section.headings, section.place) for section in document.sections] == [
        (("Herons",), "cell 1"),
        (("Herons", "Data"), "cell 2"),
        (("Herons", "Data"), "cell 3"),
        (("Herons", "End"), "cells 4–5"),
    ]
    assert document.title == "Herons"
    assert "import heron\nprint(heron)\n\n<wading>" in document.text


def test_short_cells_share_a_place_with_their_neighbours() -> None:
    document = notebook(*(code(f"step_{number}()") for number in range(4)), code(LONG), code("end"))
    assert [section.place for section in document.sections] == ["cells 1–5", "cell 6"]


@pytest.mark.parametrize(
    ("cells", "title"),
    [
        ([markdown("# Only one"), code("x")], "Only one"),
        ([markdown("# A name", LONG), markdown("# Part")], "A name"),
        ([markdown("# Part one"), markdown("# Part two")], ""),
        ([markdown("## Below"), code("x")], "Below"),
    ],
)
def test_title(cells: list[dict[str, Any]], title: str) -> None:
    assert notebook(*cells).title == title


def test_title_and_authors_of_the_metadata_but_not_the_programming_language() -> None:
    document = notebook(
        code("x"),
        title="Birds in R",
        authors=[{"name": "Ann Lee"}, {"name": "Bo"}],
        language_info={"name": "R"},
    )
    assert (document.title, document.author, document.language) == ("Birds in R", "Ann Lee, Bo", "")


def test_outputs_as_text() -> None:
    document = notebook(
        code(
            "run()",
            stream("\x1b[31mred\x1b[0m words"),
            shown(image_png="iVBORw0KGgo" * 900, text_plain="<Figure size 640x480 with 1 Axes>"),
            shown(text_html="<table><tr><td>a<td>1</table>", text_plain="   a  1"),
            shown(text_html="<p>only <b>markup</b></p>"),
            {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": ["at 3"]},
        )
    )
    parts = document.text.split("\n\n")
    assert parts == ["run()", "red words", "   a  1", "only markup", "KeyError: 'x'", "at 3"]


def test_long_outputs_are_cut() -> None:
    document = notebook(code("run()", stream("word " * 5_000), stream("never seen")))
    assert len(document.text) < 2_100
    assert document.text.endswith("word …")


def test_notebooks_of_the_third_format() -> None:
    old = {
        "nbformat": 3,
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": ["Old"]},
                    {
                        "cell_type": "code",
                        "input": ["a = 1\n", "a"],
                        "outputs": [{"output_type": "pyout", "text": ["1"]}],
                    },
                ]
            }
        ],
    }
    document = read(json.dumps(old).encode(), "a.ipynb")
    assert document.text.split("\n\n") == ["Old", "a = 1\na", "1"]


@pytest.mark.parametrize(
    "cells",
    [
        [None, 3, "x", [], {"cell_type": "code", "source": "kept"}],
        [{"cell_type": ["list"], "source": {"a": 1}}, {"source": ["kept", 3, None]}],
        [{"cell_type": "code", "source": "kept", "outputs": {"data": 1}, "metadata": 7}],
        [{"cell_type": "code", "source": "kept", "outputs": [{"data": [1], "text": {"a": 2}}]}],
        [{"cell_type": "heading", "level": "x", "source": "kept"}],
    ],
)
def test_cells_no_program_would_write_give_what_text_they_hold(cells: list[Any]) -> None:
    assert read(json.dumps({"cells": cells}).encode(), "a.ipynb").text == "kept"


def test_what_is_no_notebook_is_refused_with_a_reason() -> None:
    with pytest.raises(ReadError, match="damaged at line 2"):
        read(b'{"cells":\n [', "a.ipynb")
    with pytest.raises(ReadError, match="no cells"):
        read(b'{"a": 1}', "a.ipynb")
    with pytest.raises(ReadError, match="nested too deeply"):
        read(b"[" * 100_000, "a.ipynb")
