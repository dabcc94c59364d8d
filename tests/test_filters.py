"""Which passages a query may find: the fast way against a slow one that is plain to read."""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
import random
import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import filters as filters_module
from search.collection import Collection, Snapshot
from search.collection_writer import CollectionWriter
from search.encoders import HashingEncoder
from search.filters import Filters, allowed
from search.models import Document, Passage, Section
from search.phrases import exact_words
from search.queries import parse
from search.reading import Ids, Reading
from search.requirements import (
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
    Requirements,
)
from search.rows import FileRecord
from search.schema import Manifest, SplitterSpec, WalkRules

ENCODER = HashingEncoder(8)
MANIFEST = Manifest(ENCODER.spec, SplitterSpec(1, 200), 0.1)
ROOT = Path("/documents")
#: What texts are made of: words in forms that an index would part, join, stem or leave out.
VOCABULARY = [
    "bee", "bees", "Bee's", "the", "not", "die", "red", "apple", "apples", "red-apple", "redApple",
    "YouTube", "my-YouTube-page", "PDFs", "PDF", "l’histoire", "histoires", "Straße", "STRASSE",
    "2024-06-30", "v2.0", "café", "cafe", "東京タワー", "e-mail", "running", "ran", "http://red.apple/bee",
]  # fmt: skip
TRAILS = [(), ("Keeping Bees", "The Bee"), ("Café", "Annual Straße"), ("The Bee",)]
DAY = 86_400 * 10**9


@dataclass(frozen=True)
class Made:
    """A passage as it was put in, to be held against requirements word by word."""

    id: int
    text: str
    page: int | None
    headings: tuple[str, ...]
    title: str
    kind: str
    author: str
    date: str
    language: str
    path: str
    modified: str


def collection(folder: Path, seed: int) -> list[Made]:
    """A collection of documents made up by chance."""
    chance = random.Random(seed)
    made = []
    with CollectionWriter.create(folder, MANIFEST) as writer:
        with writer.store.writing() as writing:
            writing.put_root(ROOT, WalkRules())
            for number in range(chance.randint(3, 8)):
                texts = [
                    " ".join(chance.choices(VOCABULARY, k=chance.randint(1, 7)))
                    for _ in range(chance.randint(1, 4))
                ]
                text = "\n\n".join(texts)
                ends = list(itertools.accumulate(len(t) + 2 for t in texts))
                pages = [chance.choice([None, 1, 2, 3]) for _ in texts]
                trails = [chance.choice(TRAILS) for _ in texts]
                kind = chance.choice(["pdf", "docx", "markdown"])
                document = Document(
                    chance.choice(["", "Red Apples", "The Bee Café", "Straße"]),
                    kind,
                    text,
                    (Section(0, 0, len(text)),),
                    author=chance.choice(["", "José Müller", "Ann Lee, Bo Li"]),
                    date=chance.choice(["", "2023", "2024-06", "2024-06-30"]),
                    language=chance.choice(["", "en", "de", "fr"]),
                )
                path = (
                    ROOT
                    / chance.choice(["reports", "Reports/2024", "a b", "."])
                    / (f"{chance.choice(['report', 'bee', 'x'])}{number}.{kind[:3]}")
                )
                modified = chance.choice([0, 19_000 * DAY, 19_904 * DAY])
                spans = [
                    Passage(end - 2 - len(t), end - 2, trail, page)
                    for t, end, trail, page in zip(texts, ends, trails, pages, strict=True)
                ]
                digests = [hashlib.sha256(f"{number} {t}".encode()).digest() for t in texts]
                rows = writing.add_embeddings(digests, ENCODER.encode_passages(texts))
                version = writing.add_document(
                    document, digests[0], spans, [rows[digest] for digest in digests]
                )
                writing.put_file(FileRecord(path, 1, modified, digests[0], version, None))
                day = {0: "1970-01-01", 19_000 * DAY: "2022-01-08"}.get(modified, "2024-06-30")
                made += [
                    Made(0, t, page, trail, document.title, kind, document.author, document.date,
                         document.language, path.as_posix(), day)
                    for t, page, trail in zip(texts, pages, trails, strict=True)
                ]  # fmt: skip
        writer.activate()
    return [Made(n, *(getattr(m, f) for f in Made.__dataclass_fields__ if f != "id"))
            for n, m in enumerate(made, 1)]  # fmt: skip


@pytest.fixture(scope="module")
def collections(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[tuple[Collection, list[Made]]]]:
    folder = tmp_path_factory.mktemp("collections")
    made = [collection(folder / str(seed), seed) for seed in range(8)]
    opened = [Collection(folder / str(seed)) for seed in range(8)]
    yield list(zip(opened, made, strict=True))
    for one in opened:
        one.close()


def slow_units(text: str) -> str:
    """The words of a text with a blank around each, found character by character."""
    running = re.compile("[東京タワー]")
    out = ""
    for character in unicodedata.normalize("NFKC", text):
        folded = character.casefold()
        if running.match(character):
            out += f" {folded} "
        else:
            out += folded if unicodedata.category(character)[0] in "LMN" else " "
    return f" {' '.join(out.split())} "


def without_marks(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def slow_glob(globs: list[str], names: list[str]) -> bool:
    if not globs:
        return not names
    if globs[0] == "**":
        rest = [slow_glob(globs[1:], names[at:]) for at in range(len(names) + 1)]
        return any(rest) if globs[1:] else bool(names)
    return (
        bool(names) and fnmatch.fnmatchcase(names[0], globs[0]) and slow_glob(globs[1:], names[1:])
    )


def slow_meets(made: Made, condition: Condition) -> bool:
    match condition:
        case Phrase(words):
            return f" {' '.join(words)} " in slow_units(made.text)
        case Prefix(start):
            return f" {start}" in slow_units(made.text)
        case Pages(first, last):
            return made.page is not None and first <= made.page <= last
        case Headed(words, is_open):
            return any(begin_in(words, is_open, heading) for heading in made.headings)
    return slow_document_meets(made, condition)


def begin_in(words: tuple[str, ...], is_open: bool, text: str) -> bool:
    return f" {' '.join(words)}{'' if is_open else ' '}" in without_marks(slow_units(text))


def slow_document_meets(made: Made, condition: Condition) -> bool:
    match condition:
        case Named(where, words, is_open):
            shown = (made.title or Path(made.path).name) if where == "title" else made.author
            return begin_in(words, is_open, shown)
        case Kind(name):
            alias = {"word": "docx", "md": "markdown"}.get(name, name)
            return made.kind in (name, alias) or made.path.endswith(f".{name}")
        case Language(code):
            return made.language == code
        case Dated(side, day):
            own = {4: f"{made.date}-01-01", 7: f"{made.date}-01"}.get(len(made.date), made.date)
            return ((own or made.modified) < day) == (side == "before")
        case Lies(pattern):
            names = Path(made.path).relative_to(ROOT).parts
            if "*" not in pattern:
                return pattern in names[-1] or any(name == pattern for name in names)
            if "/" not in pattern:
                return any(fnmatch.fnmatchcase(name, pattern) for name in names)
            return slow_glob(pattern.split("/"), list(names))
    raise AssertionError(condition)


def slow_allowed(made: list[Made], requirements: Requirements) -> list[int]:
    return [
        one.id
        for one in made
        if all(any(slow_meets(one, c) for c in clause) for clause in requirements.clauses)
        and not any(slow_meets(one, c) for c in requirements.excluded)
    ]


FILTERS = [
    "type:pdf",
    "type:word",
    "type:md",
    "type:doc",
    "type:mar",
    "lang:de",
    "lang:en",
    "lang:xx",
    "author:muller",
    "author:lee",
    "author:an*",
    "title:bee",
    "title:apples",
    "title:str*",
    "title:report1",
    "before:2024",
    "after:2024",
    "before:2024-06-30",
    "after:2022-01-08",
    "page:1",
    "page:2-3",
    "page:9-",
    "heading:bee",
    "heading:keeping",
    "heading:an*",
    "heading:straße",
    "path:reports",
    "path:Reports/**",
    "path:**/*.pdf",
    "path:bee",
    "path:2024",
    "path:*2024*",
    "path:**/2024/**",
    "path:*/*.doc",
    "path:**",
]
FILTERS += ['author:"lee bo"', 'title:"bee cafe"', 'path:"a b"']
SOME_WORDS = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3)
ATOMS = st.one_of(
    SOME_WORDS.map(lambda words: f'"{" ".join(words)}"'),
    SOME_WORDS.map(lambda words: f'"{exact_words(" ".join(words))[0]}"'),
    st.sampled_from(FILTERS),
)
ITEMS = st.one_of(
    ATOMS,
    ATOMS.map("-{}".format),
    st.sampled_from(["-bee", "-red-apple", "-hist*", "-run*", "bee", "-the"]),
    st.lists(st.one_of(ATOMS, st.sampled_from(["bee", "ru*"])), min_size=2, max_size=3).map(
        " OR ".join
    ),
)


@given(st.integers(0, 7), st.lists(ITEMS, min_size=1, max_size=4).map(" ".join), st.booleans())
def test_filters_leave_what_a_slow_reading_leaves(
    collections: list[tuple[Collection, list[Made]]], which: int, text: str, by_postings: bool
) -> None:
    opened, made = collections[which]
    requirements = parse(text).requirements
    with pytest.MonkeyPatch.context() as patch, opened.snapshot() as snapshot:
        if by_postings:
            patch.setattr(filters_module, "_READ_AT_ONCE", 0)
            patch.setattr(filters_module, "_FEW", 0)
        found = allowed(snapshot, requirements)
    assert found.ids.tolist() == slow_allowed(made, requirements)
    assert found.complete


@given(st.sampled_from(VOCABULARY))
def test_postings_miss_no_passage_that_holds_a_word(
    collections: list[tuple[Collection, list[Made]]], text: str
) -> None:
    for opened, made in collections:
        with opened.snapshot() as snapshot:
            for word in exact_words(text):
                found = snapshot.keywords.may_hold(word, 10**6)
                held = [one.id for one in made if f" {word} " in slow_units(one.text)]
                told = found is not None and word.isalpha() and len(word) >= 3
                assert not told or set(held) <= set(found.tolist())


def test_only_passages_that_can_hold_all_words_of_a_phrase_are_read(
    collections: list[tuple[Collection, list[Made]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters_module, "_READ_AT_ONCE", 0)
    monkeypatch.setattr(filters_module, "_FEW", 0)
    read: list[int] = []
    texts = Reading.texts

    def noted(reading: Reading, ids: Ids) -> Iterator[tuple[int, str]]:
        read.extend(ids.tolist())
        return texts(reading, ids)

    monkeypatch.setattr(Reading, "texts", noted)
    for opened, _ in collections:
        with opened.snapshot() as snapshot:
            red, apple = (snapshot.keywords.may_hold(word, 10**6) for word in ("red", "apple"))
            assert red is not None
            assert apple is not None
            either, both = np.union1d(red, apple), np.intersect1d(red, apple)
            read.clear()
            allowed(snapshot, parse('"red apple"').requirements)
            assert read == both.tolist()
            if len(both) < len(either):
                return
    pytest.fail("no collection tells the two apart")


@pytest.fixture
def snapshot(collections: list[tuple[Collection, list[Made]]]) -> Iterator[Snapshot]:
    with collections[0][0].snapshot() as one:
        yield one


def test_what_was_found_is_remembered(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    filters = Filters()
    requirements = parse("type:pdf").requirements
    first = filters.allowed(Path("b"), snapshot, requirements)
    assert filters.allowed(Path("b"), snapshot, requirements) is first
    assert filters.allowed(Path("c"), snapshot, requirements) is not first
    monkeypatch.setattr(filters_module, "_KEPT_NUMBERS", 0)
    filters.allowed(Path("b"), snapshot, parse("type:docx").requirements)
    monkeypatch.undo()
    assert filters.allowed(Path("b"), snapshot, requirements) is not first


def test_several_threads_may_filter_at_once(
    collections: list[tuple[Collection, list[Made]]],
) -> None:
    filters, opened, made = Filters(), *collections[0]
    texts = ["type:pdf", '"bee"', "lang:de -red", "before:2024", "path:reports"]
    wrong: list[str] = []

    def ask(begin: int) -> None:
        for number in range(begin, begin + 60):
            text = texts[number % len(texts)]
            requirements = parse(text).requirements
            with opened.snapshot() as snapshot:
                found = filters.allowed(opened.build, snapshot, requirements)
            if found.ids.tolist() != slow_allowed(made, requirements):
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_where_too_much_would_be_read_it_is_said(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = len(snapshot.keywords.ids())
    monkeypatch.setattr(filters_module, "TEXTS_READ", 2)
    found = allowed(snapshot, parse("-e*xyz -zzzz* bee").requirements)
    assert (found.complete, len(found.ids)) == (False, 2)
    assert everything > 2
    assert allowed(snapshot, parse("type:pdf").requirements).complete
