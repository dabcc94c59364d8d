"""Docstrings say what is taken, given back and raised, not only that something is there.

What is checked is what a program can tell: that every argument is spoken of and none that is no
longer there; that a summary beginning like an order also says what comes back; that arrays have a
type or a shape; and that exceptions are named which leave a function (see `docstrings`). Whether
what is said is true, and worth saying, is for people to tell.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import PROJECT
from docstrings import (
    MODULES,
    Function,
    Place,
    defined,
    entries,
    escaping,
    kinds_of,
    module_of,
    names_in,
    promises,
    public,
    section,
    trees,
)

#: Annotations of arrays, whose shape and type nobody can guess.
ARRAYS = re.compile(
    r"\b(?:Embeddings|NDArray|Ids|Scores|Cosines|Floats|Numbers|Values|_Codes|ndarray)\b"
)
#: What says it: a type, a shape, or that there is one number for each of something.
SAYS_ARRAY = re.compile(r"\b(?:u?int\d+|float\d+|shape|one for each|of equal shape)\b")
#: Arguments that mean the same wherever they occur: the document that is being written, the open
#: database or its present state, the engine that is asked.
EVERYWHERE = {"builder", "connection", "reading", "engine"}
#: What is called by a contract that says it all: click's options have their own help, and
#: `indexer.readers.base` describes readers and openers.
BY_CONTRACT = {"command", "read", "unpack"}


def argument_faults(place: Place, around: str) -> Iterator[str]:
    assert isinstance(place.node, Function)
    given = place.node.args
    arguments = [
        argument
        for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)
        if argument.arg not in ("self", "cls") and not argument.arg.startswith("_")
    ]
    all_names = [argument.arg for argument in arguments]
    all_names += [rest.arg for rest in (given.vararg, given.kwarg) if rest is not None]
    listed = [name.lstrip("*") for name in entries(place.text, "Args")]
    for name in listed:
        if name not in all_names:
            yield f"speaks of an argument {name!r} that is not there"
    if listed != sorted(listed, key=lambda name: (*all_names, *listed).index(name)):
        yield "lists its arguments in another order than it takes them"
    arguments = [argument for argument in arguments if argument.arg not in EVERYWHERE]
    # One argument whose name the summary speaks of in other words needs no line of its own.
    if len(arguments) < 2 or place.node.name in BY_CONTRACT:
        return
    said = {word.lower() for word in re.findall(r"[^\W_]+", around)}
    for argument in arguments:
        kind = ast.unparse(argument.annotation) if argument.annotation else ""
        called = {argument.arg.rstrip("s"), *argument.arg.rstrip("s").split("_")}
        called |= set(re.findall(r"[A-Z][a-z]+", kind))
        if not any(word.startswith(one.lower()) for word in said for one in called if one):
            yield f"says nothing of {argument.arg!r}"


@cache
def orders() -> frozenset[str]:
    """First words of what is said of functions that give nothing back: "Write", "Begin" …"""
    return frozenset(
        place.text.split()[0]
        for module in trees()
        for place in public(module)
        if isinstance(place.node.returns, ast.Constant) and place.text[:1].isalpha()
    ) - {"A", "Nothing", "So", "The"}


def result_faults(place: Place, around: str) -> Iterator[str]:
    assert isinstance(place.node, Function)
    returns = ast.unparse(place.node.returns) if place.node.returns else "None"
    marks = {ast.unparse(mark).rpartition(".")[2] for mark in place.node.decorator_list}
    if returns in ("None", "Self", "NoReturn") or marks & {"property", "contextmanager"}:
        return
    is_order = bool(place.text) and place.text.split()[0] in orders()
    says = section(around, "(?:Returns|Yields)") or re.search(
        r"\b(?:returns?|gives?|yields?|answers?|opened|(?:or|else) None)\b|\"\"|\b(?:and|it) open",
        around,
        re.IGNORECASE,
    )
    hands_it_over = place.node.name.startswith(("open", "read", "load", "parse", "create", "ask"))
    if is_order and not says and not hands_it_over and place.node.name not in BY_CONTRACT:
        yield f"does not say what comes back ({place.text.splitlines()[0]!r})"


def says_arrays(text: str, module: str) -> bool:
    return bool(SAYS_ARRAY.search(text + (ast.get_docstring(trees()[module]) or "")))


def faults(place: Place) -> Iterator[str]:
    assert isinstance(place.node, Function)
    of_class = (ast.get_docstring(place.owner) or "") if place.owner else ""
    elsewhere = [
        found.text
        for reference in re.findall(r"[Ss]ee `([\w.]+)\.(\w+)`", place.text)
        if (found := defined(*reference))
    ]
    around = "\n".join((place.text, of_class, promises().get(place.node.name, ""), *elsewhere))
    by_library = place.owner and any("." in ast.unparse(base) for base in place.owner.bases)
    if place.node.name == "__init__" and "made by `" in of_class:
        return
    if not by_library:
        yield from argument_faults(place, around)
        yield from result_faults(place, around)
    is_handler = any(
        re.search(r"\.(?:get|post|route)\(", ast.unparse(mark))  # Flask answers what it raises
        for mark in place.node.decorator_list
    )
    if not is_handler and place.node.name not in BY_CONTRACT:
        said = set(entries(around, "Raises"))
        for exception in sorted(escaping(place)):
            if not kinds_of(exception) & said:
                yield f"raises {exception} without saying so"
    arguments = (*place.node.args.args, *place.node.args.kwonlyargs)
    kinds = [place.node.returns, *(argument.annotation for argument in arguments)]
    takes_arrays = any(ARRAYS.search(ast.unparse(kind)) for kind in kinds if kind)
    if takes_arrays and not says_arrays(around, place.module):
        yield "takes or gives arrays without their type or shape"


def is_there(reference: str) -> bool:
    """Whether a dotted name leads to a module, or to something in one."""
    parts = reference.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return part in getattr(found, "__annotations__", {})
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_docstrings_say_what_is_taken_given_and_raised(path: Path) -> None:
    places = public(module_of(path))
    assert [f"{place.name}: {fault}" for place in places for fault in faults(place)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_attributes_are_there_and_arrays_described(path: Path) -> None:
    for node in trees()[module_of(path)].body:
        if isinstance(node, ast.ClassDef):
            text = ast.get_docstring(node) or ""
            said = entries(text, "Attributes")
            there = set(re.findall(r"^    (?:self\.)?\w+", ast.unparse(node), re.MULTILINE))
            there |= set(re.findall(r"\bself\.\w+", ast.unparse(node)))
            names = {name.strip().removeprefix("self.") for name in there}
            assert [name for name in said if name not in names] == []
            fields = [field for field in node.body if isinstance(field, ast.AnnAssign)]
            has_arrays = any(ARRAYS.search(ast.unparse(field.annotation)) for field in fields)
            if has_arrays and not node.name.startswith("_"):
                assert says_arrays(text, module_of(path)), node.name


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_references_lead_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    references = re.findall(r"(?<!`)`((?:search|indexer|web)\.[\w.]+)`(?!`)", text)
    assert [reference for reference in references if not is_there(reference)] == []


def faults_of(source: str) -> list[str]:
    """What is found wrong with the functions of a module that holds ``source``."""
    orders(), promises()  # of the project alone
    trees()["search.made_up"] = ast.parse(source)
    try:
        return [fault for place in public("search.made_up") for fault in faults(place)]
    finally:
        del trees()["search.made_up"]
        names_in.cache_clear()
        escaping.cache_clear()


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('def f(path, force):\n    """Remove what lies at a path."""', "says nothing of 'force'"),
        (
            'def f(path):\n    """Look.\n\n    Args:\n        folder: Where.\n    """',
            "speaks of an argument 'folder' that is not there",
        ),
        (
            'def f(a, b):\n    """Look.\n\n    Args:\n        b: One.\n        a: Two.\n    """',
            "lists its arguments in another order than it takes them",
        ),
        (
            'def f(path) -> int:\n    """Write a file."""',
            "does not say what comes back ('Write a file.')",
        ),
        (
            'def f(ids: Ids) -> None:\n    """Write passages."""',
            "takes or gives arrays without their type or shape",
        ),
        (
            "from search.errors import ReadError\n"
            'def f(path) -> None:\n    """Write a file."""\n    _g(path)\n'
            "def _g(path):\n    raise ReadError('It is damaged.')",
            "raises ReadError without saying so",
        ),
        (
            "from search.builds import current_build\n"
            'def f(path) -> None:\n    """Write a file."""\n'
            "    try:\n        current_build(path)\n    except CollectionMissing:\n        pass",
            "raises StorageError without saying so",
        ),
        (
            "from search.collection import Collection\n"
            'def f(collection: Collection) -> None:\n    """Write a collection.\n\n'
            '    Raises:\n        StorageError: No.\n    """\n    collection.snapshot()',
            "raises CollectionError without saying so",
        ),
    ],
)
def test_a_thin_docstring_is_found(source: str, fault: str) -> None:
    assert faults_of(source) == [fault]


def test_what_says_enough_is_left_alone() -> None:
    source = '''
from search.builds import exists
from search.collection import Collection
from search.errors import EncoderError

def folder_of(path, force):
    """The folder that ``path`` lies in; with ``force``, whatever it is."""

def f(path) -> bool:
    """Write a file.

    Returns:
        Whether it was written.
    """
    try:
        raise EncoderError("It failed.")
    except EncoderError:
        return False
'''
    assert faults_of(source) == []
    assert not is_there("search.collection.Nothing")
    assert is_there("search.models.Hit.rank")
