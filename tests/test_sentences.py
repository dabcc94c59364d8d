"""What is said in English anywhere that a page may show it is known in every other language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from indexer.readers.formats import formats
from search.errors import EncoderError
from search.models import scanned
from search.remarks import EMPTY, NOT_NEAR
from web.catalogue import LANGUAGES, texts_in
from web.problems import KINDS
from web.sentences import Sentences, table_of

#: The modules whose sentences reach a page: by answers, by problems, by reasons why a file failed.
MODULES = sorted(
    path
    for pattern in (
        "search/remarks.py", "search/why.py", "search/queries.py", "search/fields.py",
        "search/grammar.py", "search/meant.py", "search/reranking.py", "search/query_encoder.py",
        "search/engine.py", "search/judging.py", "search/builds.py", "search/collection.py",
        "search/collection_writer.py", "search/storage.py", "search/encoders/[!e]*.py",
        "indexer/readers/*.py", "indexer/parts.py", "indexer/isolation.py", "indexer/worker.py",
        "indexer/walk.py", "indexer/ignoring.py",
        "web/names.py", "web/uploads.py", "web/limits.py", "web/reading.py", "web/failures.py",
    )
    for path in PROJECT.glob(pattern)
)  # fmt: skip
#: What ends like a sentence there and is none, or is said by no page.
OTHERWISE = (
    r"\{0\}\. |\{0\}\{1\}\. | \.|\.\. ",  # what readers put together texts with
    r".*(?:\\\\|\[\^|\(\?|\[ ).*",  # regular expressions
    r"The reader %r .*|Looking for the model.*|Making the encoder.*|Bringing the search.*",  # logs
    r"The database of \{0\} stays .*",  # logs
    r".*runs on sentence-transformers.*",  # logs
    r"How long\?|Where is the key.*|Water boils.*|The invoice.*|A short one\.|Bees tell.*",
    r"The graph is traced with.*",
    r"A table of .*",  # is part of a passage
    r"The folder for uploads, .*|Make it first, or .*|Name another with --upload.*",  # at the start
    r"It ends too early\.|Something follows the value\.|A (?:colon|value) is missing\.",  # inner
    r"There is no map layout.*|Use \{0\}\.",
    r"The keyword engine Tantivy.*|There is no keyword engine.*",
)


def template(node: ast.AST) -> str | None:
    """A string of a program as a template; None if the node is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    text, places = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            text, places = f"{text}{{{places}}}", places + 1
    return text


def sentences(path: Path) -> Iterator[str]:
    """The sentences in a module, but for what documents it."""
    tree = ast.parse(path.read_text("utf-8"))
    seen: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            seen |= {first.value} if isinstance(first, ast.Expr) else set()
        if isinstance(node, ast.JoinedStr):
            seen |= set(ast.walk(node)) - {node}
        text = None if node in seen else template(node)
        if text and re.search(r" .*[.!?]\Z", text, re.DOTALL) and "\\" not in text:
            yield text


def is_meant(text: str) -> bool:
    return not any(re.fullmatch(pattern, text, re.DOTALL) for pattern in OTHERWISE)


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_every_sentence_is_known_in_every_language(path: Path, language: str) -> None:
    say = texts_in(language).said
    missing = [
        text
        for text in filter(is_meant, sentences(path))
        if say(re.sub(r"\{\d\}", "7", text)).language != language
    ]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_titles_of_problems_and_names_of_formats_are_known(language: str) -> None:
    say = texts_in(language).said
    for text in [kind.title for kind in KINDS.values()] + [NOT_NEAR, EMPTY, scanned(14, 12)]:
        assert say(text).language == language, text
    for entry in formats().values():
        if entry.name in ("pdf", "json"):
            continue
        said = say(f"The {entry.label} is nested too deeply.")
        assert entry.label not in said.text, entry.label


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_what_is_filled_in_is_the_same(language: str) -> None:
    for english, other in table_of(language).items():
        assert sorted(re.findall(r"\{\d\}", english)) == sorted(re.findall(r"\{\d\}", other)), other


def test_several_sentences_are_said_one_by_one_with_what_stands_in_them() -> None:
    say = texts_in("de").said
    assert say("The e-book is damaged (a bad CRC). Get it anew, or pack it again.") == (
        "Die Datei (E-Book) ist beschädigt (a bad CRC). Holen Sie es neu, oder packen Sie es noch "
        "einmal.",
        "de",
    )
    note = "No passage meets type:zzz. Only the first 1,200 phrases and filters count as such."
    assert say(note).text == (
        "Keine Stelle erfüllt type:zzz. Nur die ersten 1.200 Wendungen und Filter zählen als "
        "solche."
    )
    fault = str(
        EncoderError("The model's name is empty.", "Give the name or the folder of a model.")
    )
    assert say(f"{fault} Until then only words are searched.") == (
        "Der Name des Modells ist leer. Nennen Sie den Namen oder den Ordner eines Modells. Bis "
        "dahin wird nur nach Wörtern gesucht.",
        "de",
    )


def test_what_is_not_known_stays_and_is_called_english() -> None:
    say = texts_in("de").said
    assert say("A plug-in says this. The file is empty.") == (
        "A plug-in says this. Die Datei ist leer.",
        "en",
    )
    assert texts_in("en").said("The file is empty.") == ("The file is empty.", "en")


@given(st.text(max_size=300))
def test_any_text_can_be_said(text: str) -> None:
    said = texts_in("de").said(text)
    assert said.text or not text.strip()


def test_a_long_text_takes_no_long_time() -> None:
    say = Sentences("xx", {"{0} a {1} b {2} c.": "{0}{1}{2}"}, str)
    assert say("a " * 1_400 + "x").language == "en"
    assert say("x" * 4_000) == ("x" * 4_000, "en")
