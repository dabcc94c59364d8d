"""Source code: definitions as sections, lines as places, and code that is broken or no one's."""

from __future__ import annotations

import pytest
from test_readers import assert_sound

from indexer.readers import read
from indexer.readers.code_languages import language_for
from indexer.readers.formats import formats
from search.models import Document

LONG = (
    "a string long enough for a section of its own, which takes a hundred characters or some more,"
    " and which says hardly anything else"
)


def read_as(name: str, text: str) -> Document:
    document = read(text.encode(), name)
    assert_sound(document)
    return document


def trails(document: Document) -> list[tuple[str, str]]:
    return [(" > ".join(section.headings), section.place) for section in document.sections]


def test_classes_and_functions_with_their_lines_and_comments() -> None:
    document = read_as(
        "a.py",
        f'''"""Of the module."""
import os

# About the class.
@dataclass
class Heron(Bird):
    """Of the class."""

    legs: int = 2

    # About the method.
    @property
    def wade(self) -> int:
        """{LONG}"""
        return 1

    def short(self): return 2


def top(
    a,
):
    """{LONG}"""
    return 1
''',
    )
    assert trails(document) == [
        ("", "lines 1–2"),
        ("Heron", "lines 4–9"),
        ("Heron > wade", "lines 11–15"),
        ("Heron", "line 17"),
        ("top", "lines 20–24"),
    ]
    method = document.sections[2]
    assert document.text[method.body : method.end].strip("\n") == (
        f'# About the method.\n@property\ndef wade(self) -> int:\n    """{LONG}"""\n    return 1'
    )
    assert document.title == ""


# Each file with what is defined in it; @@ stands for the long string.
CASES = {
    "a.js": (
        "const run = (a) => {\n  go('@@');\n};\nmodule.exports = {\n"
        "  stop: function () {\n    go('@@');\n  },\n};",
        ["run", "", "stop"],
    ),
    "a.jsx": ("function App() {\n  return <p title='@@'>some words</p>;\n}", ["App"]),
    "a.ts": (
        "/** Doc */\nexport class A<T> {\n  x = '@@';\n  run(a: T): void {\n    go('@@');\n  }\n}",
        ["A", "A > run"],
    ),
    "a.tsx": ("interface P {\n  name: string; // @@\n}", ["P"]),
    "a.java": (
        "class A {\n  int x; // @@\n  @Override\n  void run() {\n    go('@@');\n  }\n}",
        ["A", "A > run"],
    ),
    "a.c": ('static char *get(int a) {\n  go("@@");\n  return 0;\n}', ["get"]),
    "a.cpp": (
        'namespace n {\ntemplate <class T>\nclass A {\n  int run() {\n    go("@@");\n  }\n'
        '};\n}\nvoid n::A::stop() {\n  go("@@");\n}',
        ["n", "n > A", "n > A > run", "n::A::stop"],
    ),
    "a.h": ("// Doc\nstruct point {\n  int x; // @@\n};", ["point"]),
    "a.go": (
        '// Doc\nfunc (s *Server[T]) Run() {\n\tgo("@@")\n}\ntype T struct {\n\tx int // @@\n}',
        ["Server[T].Run", "T"],
    ),
    "a.rs": (
        "/// Doc\n#[derive(A)]\nstruct P {\n  x: u8, // @@\n}\nimpl Show for P {\n  fn f() {\n"
        '    go("@@")\n  }\n}',
        ["P", "Show for P", "Show for P > f"],
    ),
    "a.rb": (
        "module M\n  # Doc\n  class A\n    def run\n      go '@@'\n    end\n  end\nend",
        ["M", "M > A", "M > A > run"],
    ),
    "a.php": (
        "<p>Hello</p>\n<?php\nclass A {\n  function run() {\n    go('@@');\n  }\n}",
        ["", "A", "A > run"],
    ),
    "a.cs": (
        'namespace N {\n  class A {\n    [X]\n    void Run() {\n      Go("@@");\n    }\n  }\n}',
        ["N", "N > A", "N > A > Run"],
    ),
    "a.sh": ("set -e\n# Doc\nrun() {\n  go '@@'\n}\nrun", ["", "run"]),
}


@pytest.mark.parametrize(("name", "case"), CASES.items())
def test_definitions_of_each_language(name: str, case: tuple[str, list[str]]) -> None:
    source, expected = case
    document = read_as(name, source.replace("@@", LONG))
    found = list(dict.fromkeys(" > ".join(part.headings) for part in document.sections))
    assert found == expected
    assert LONG in document.text


@pytest.mark.parametrize("suffix", sorted(formats()["code"].suffixes))
def test_every_suffix_has_a_language_that_loads(suffix: str) -> None:
    language = language_for(f"a{suffix}")
    assert language is not None
    assert language.grammar().node_kind_count > 0


def test_a_comment_behind_other_code_belongs_to_that() -> None:
    document = read_as("a.js", f"let x = 1; // of x\nfunction run() {{\n  go('{LONG}');\n}}")
    assert trails(document) == [("", "line 1"), ("run", "lines 2–4")]


def test_broken_code_keeps_its_text_and_what_definitions_there_are() -> None:
    document = read_as(
        "a.py", f'x = = (\ndef broken(:\n\ndef whole():\n    """{LONG}"""\n    return 1\n'
    )
    assert "x = = (" in document.text
    assert "def whole():" in document.text


def test_stretches_without_definitions_are_parted() -> None:
    lines = [f"value_{n} = 'some words for number {n}'" for n in range(200)]
    document = read_as("a.py", "\n".join(lines))
    assert len(document.sections) > 3
    assert all(section.end - section.start < 3_000 for section in document.sections)


def test_what_a_program_wrote_is_cut() -> None:
    source = "var a=1;" * 100_000 + "\n// the end\n"
    document = read_as("a.min.js", source)
    assert len(document.text) < 400
    assert document.text.endswith("// the end")


def test_tabs_form_feeds_and_line_ends() -> None:
    document = read_as("a.c", "int a;\r\n\tint b;\f\r\nint c;")
    assert document.text == "int a;\n    int b;\n\nint c;"
    assert document.sections[0].place == "lines 1–4"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ["a.py", "a.cpp", "a.ts", "a.rb", "a.sh"])
@pytest.mark.parametrize(
    "text", ["(" * 50_000, "{\n" * 50_000, "class A { void f() { " * 5_000, "\"'`" * 30_000]
)
def test_hostile_files_take_no_time(name: str, text: str) -> None:
    assert read(("words = 1\n" + text).encode(), name).text.startswith("words")
