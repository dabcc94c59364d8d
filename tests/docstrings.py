"""What a program can tell of the project's functions and their docstrings.

Above all, which of the project's exceptions leave a function: those it raises, and those it lets
through from others of the project, by what their docstrings say or, where they say nothing, by what
they do. Calls are followed as far as names and annotations lead: not through values whose type
nothing declares.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from conftest import PROJECT

MODULES = sorted(
    path for package in ("search", "indexer", "web") for path in (PROJECT / package).rglob("*.py")
)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef

#: Let through without a word: one that is always dealt with before anybody else sees it.
UNSPOKEN = {"FormatOutdated"}
#: `search.storage.storage_errors` can say this of databases only, where each says so itself.
OF_DATABASES = {"CollectionLocked"}


class Place(NamedTuple):
    """A function or class, and where it stands."""

    module: str
    node: Definition
    owner: ast.ClassDef | None = None

    @property
    def name(self) -> str:
        return f"{self.owner.name}.{self.node.name}" if self.owner else self.node.name

    @property
    def text(self) -> str:
        return ast.get_docstring(self.node) or ""


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


@cache
def trees() -> dict[str, ast.Module]:
    return {module_of(path): ast.parse(path.read_text("utf-8")) for path in MODULES}


@cache
def names_in(module: str) -> dict[str, tuple[str, str]]:
    """Where the names of a module come from: its own definitions, and its imports."""
    found = {}
    for node in ast.walk(trees()[module]):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    return found


def defined(module: str, name: str) -> Place | None:
    """The function or class that a name in a module means, if it is one of the project's."""
    for _ in range(4):
        if module not in trees():
            return None
        for node in trees()[module].body:
            if isinstance(node, Definition) and node.name == name:
                return Place(module, node)
        if name not in names_in(module):
            return None
        module, name = names_in(module)[name]
    return None


def public(module: str) -> Iterator[Place]:
    """Functions and methods that others may call, the making of objects included."""
    for node in trees()[module].body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        if isinstance(node, Function):
            yield Place(module, node)
            continue
        for inner in node.body:
            if isinstance(inner, Function) and re.match(r"[^_]|__init__$", inner.name):
                yield Place(module, inner, node)


@cache
def promises() -> dict[str, str]:
    """What protocols say of the methods that others give them."""
    found = {}
    for module in trees():
        for place in public(module):
            if place.owner and any("Protocol" in ast.unparse(base) for base in place.owner.bases):
                found[place.node.name] = place.text
    return found


def section(text: str, title: str) -> str:
    match = re.search(rf"^{title}:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    return match[1] if match else ""


def entries(text: str, title: str) -> list[str]:
    """What the lines of a section such as ``Args`` are about."""
    return re.findall(r"^    (\*{0,2}[\w.]+):", section(text, title), re.MULTILINE)


def kinds_of(exception: str) -> set[str]:
    """The name of an exception and of all it is a kind of."""
    found = {exception}
    place = defined("search.errors", exception)
    if place is not None and isinstance(place.node, ast.ClassDef):
        for base in place.node.bases:
            found |= kinds_of(ast.unparse(base))
    elif isinstance(known := getattr(builtins, exception, None), type):
        found |= {kind.__name__ for kind in known.__mro__}
    return found


class Raises(ast.NodeVisitor):
    """Collects the project's exceptions that leave a function."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.found: set[str] = set()
        self._types: dict[str, Place] = {}
        assert isinstance(place.node, Function)
        self._caught: set[str] = set()
        if re.search(r"\bexists\(", ast.unparse(place.node)):
            self._caught.add("CollectionMissing")  # it was asked first whether there is one
        if place.node.name == "create":
            self._caught.add("CollectionMismatch")  # what is new has the present format
        for argument in (*place.node.args.args, *place.node.args.kwonlyargs):
            words = re.findall(r"\w+", ast.unparse(argument.annotation or ast.Constant("")))
            found = (defined(place.module, word) for word in words)
            of = next((one for one in found if one and isinstance(one.node, ast.ClassDef)), None)
            if of is not None:
                self._types[argument.arg] = of

    def add(self, names: set[str]) -> None:
        self.found |= {
            name
            for name in names - UNSPOKEN
            if "WhereinError" in kinds_of(name) and not kinds_of(name) & self._caught
        }

    def within(self, nodes: Sequence[ast.AST], caught: set[str]) -> None:
        before, self._caught = self._caught, self._caught | caught
        for node in nodes:
            self.visit(node)
        self._caught = before

    def visit_Try(self, node: ast.Try) -> None:
        caught: set[str] = set()
        for handler in node.handlers:
            again = any(isinstance(n, ast.Raise) and n.exc is None for n in ast.walk(handler))
            if not again:
                kind = handler.type or ast.Name("BaseException")
                caught |= set(re.findall(r"\w+", ast.unparse(kind)))
        self.within(node.body, caught)
        self.within([*node.handlers, *node.orelse, *node.finalbody], set())

    def visit_With(self, node: ast.With) -> None:
        before = self._caught
        for item in node.items:  # what the first one suppresses, it suppresses in the second too
            self.visit(item.context_expr)
            call = item.context_expr
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("suppress"):
                self._caught = self._caught | {ast.unparse(argument) for argument in call.args}
        self.within(node.body, set())
        self._caught = before

    def visit_Raise(self, node: ast.Raise) -> None:
        if isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            made_by = defined(self.place.module, node.exc.func.id)
            if made_by is not None and isinstance(made_by.node, Function):
                self.add(set(re.findall(r"\w+", ast.unparse(made_by.node.returns or node.exc))))
            else:
                self.add({node.exc.func.id})
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = self._called(node.func)
        if called is not None:
            self.add(let_through(called))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        asked = self._called(node)
        if asked is not None and "property" in map(ast.unparse, asked.node.decorator_list):
            self.add(let_through(asked))
        self.generic_visit(node)

    def _called(self, expression: ast.expr) -> Place | None:
        match expression:
            case ast.Name("cls") if self.place.owner:
                return Place(self.place.module, self.place.owner)
            case ast.Name(name):
                return defined(self.place.module, name)
            case ast.Attribute(ast.Name("self" | "cls"), name) if self.place.owner:
                return method(Place(self.place.module, self.place.owner), name)
            case ast.Attribute(ast.Name(holder), name):
                of = self._types.get(holder) or defined(self.place.module, holder)
                if of is not None:
                    return method(of, name)
                origin = ".".join(names_in(self.place.module).get(holder, ()))
                return defined(origin, name) if origin in trees() else None
        return None


def method(of: Place, name: str) -> Place | None:
    assert isinstance(of.node, ast.ClassDef | Function)
    for node in of.node.body:
        if isinstance(node, Function) and node.name == name:
            return Place(of.module, node, of.node) if isinstance(of.node, ast.ClassDef) else None
    return None


_looking: set[tuple[str, str]] = set()


@cache
def escaping(place: Place) -> frozenset[str]:
    """Exceptions of the project that a function raises or lets through."""
    key = (place.module, place.name)
    if key in _looking:  # it calls itself
        return frozenset()
    _looking.add(key)
    visitor = Raises(place)
    assert isinstance(place.node, Function)
    for node in place.node.body:
        visitor.visit(node)
    _looking.discard(key)
    return frozenset(visitor.found)


def let_through(called: Place) -> set[str]:
    """What a call may raise: what is said of it, or, where nothing is, what it does."""
    said = set(entries(called.text, "Raises"))
    if called.node.name == "storage_errors":
        return said - OF_DATABASES
    if isinstance(called.node, Function) and not said:
        return set(escaping(called))
    return said
