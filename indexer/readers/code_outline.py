"""Where the definitions of a source file begin and end, found with tree-sitter.

Tree-sitter gives a tree of any text, however broken; what it cannot make sense of has no
definitions in it, but keeps its place in the file.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from tree_sitter import Node, Parser, Point

from indexer.readers.code_languages import CodeLanguage

# Broken code can take tree-sitter very long; a file of people's code takes it milliseconds.
_SECONDS = 5.0
_NODES = 500_000
_NAME_LIMIT = 100
# How deep the definitions of a file are looked for.
_DEPTH = 60
_CHUNK = 65_536
# Functions without names of their own have that of what they are assigned to.
_ASSIGNED = frozenset({"variable_declarator", "pair", "assignment_expression", "field_definition"})
_ASSIGNED |= {"public_field_definition"}
_NAMELESS = frozenset({"arrow_function", "function_expression", "function", "class"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A class, a function or the like.

    Attributes:
        name: What it is called.
        level: 1 at the top of the file, 2 within a class and so on.
        first: Its first line, counted from 0, comments in front of it included.
        last: Its last line.
    """

    name: str
    level: int
    first: int
    last: int


def outline(source: str, language: CodeLanguage) -> list[Definition]:
    """The definitions of a source file in order, each after the one it stands in.

    None are given where tree-sitter takes too long.

    Args:
        source: The file as text.
        language: What it is written in, with its grammar.
    """
    data = source.encode("utf-8", "replace")
    until = time.monotonic() + _SECONDS
    parser = Parser(language.grammar())

    def piece(at: int, _: Point) -> bytes:
        return data[at : at + _CHUNK]

    try:
        tree = parser.parse(piece, progress_callback=lambda *_: time.monotonic() > until)
    except ValueError:
        return []
    found: list[Definition] = []
    # Node, level of what is defined in it, and its depth in the tree.
    waiting: list[tuple[Node, int, int]] = [(tree.root_node, 1, 0)]
    seen = 0
    while waiting and seen < _NODES:
        node, level, depth = waiting.pop()
        seen += 1
        inner = level
        kind = node.type
        if kind in language.functions or kind in language.types or _is_assigned(node):
            if name := _name(node):
                found.append(Definition(name, level, _first_line(node, language), _last_line(node)))
                inner += 1
            if kind not in language.types:
                continue
        if depth < _DEPTH:
            waiting += ((child, inner, depth + 1) for child in reversed(node.named_children))
    return found


def _is_assigned(node: Node) -> bool:
    """Whether a function without a name is given one here: "const run = () => …"."""
    if node.type not in _ASSIGNED:
        return False
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    return value is not None and value.type in _NAMELESS


def _name(node: Node) -> str:
    """What a definition is called; "" if it has no name or is only mentioned."""
    kind = node.type
    if kind.endswith("_specifier") and node.child_by_field_name("body") is None:
        return ""
    if kind == "impl_item":
        names = [_text(node.child_by_field_name(part)) for part in ("trait", "type")]
        return " for ".join(filter(None, names))
    if kind == "type_declaration":  # of Go; it may hold several
        specs = [child for child in node.named_children if child.type.startswith("type_")]
        return ", ".join(_text(spec.child_by_field_name("name")) for spec in specs[:5])
    named = node.child_by_field_name("name") or node.child_by_field_name("key")
    named = named or node.child_by_field_name("left")
    if named is None:
        named = _declared(node)
    receiver = node.child_by_field_name("receiver")
    of = _text(receiver).strip("()").split()[-1:] if receiver is not None else []
    return ".".join([*(part.lstrip("*") for part in of), _text(named)])


def _declared(node: Node) -> Node | None:
    """The name within the declarator of a function in C: "static int *(name)(void)"."""
    at = node.child_by_field_name("declarator")
    for _ in range(20):
        if at is None:
            return None
        below = at.child_by_field_name("declarator")
        if below is None:
            return at
        at = below
    return at


def _first_line(node: Node, language: CodeLanguage) -> int:
    """The line a definition begins at, with what belongs to it above and around it."""
    while (around := node.parent) is not None and (
        around.type in language.wrappers or around.type == "lexical_declaration"
    ):
        node = around
    first = node.start_point.row
    before = node.prev_sibling
    if before is None and node.parent is not None:  # the first thing in the body of something
        before = node.parent.prev_sibling
    while before is not None and before.type in language.attached:
        ends = before.end_point.row - (before.end_point.column == 0)
        if ends < first - 1 or _shares_line(before):
            break
        first = before.start_point.row
        before = before.prev_sibling
    return first


def _shares_line(comment: Node) -> bool:
    """Whether a comment stands behind code of the same line."""
    before = comment.prev_sibling
    if before is None:
        return False
    return before.end_point.row - (before.end_point.column == 0) == comment.start_point.row


def _last_line(node: Node) -> int:
    end = node.end_point
    return max(node.start_point.row, end.row - (end.column == 0))


def _text(node: Node | None) -> str:
    text = (node.text or b"").decode("utf-8", "replace") if node is not None else ""
    return " ".join(text.split())[:_NAME_LIMIT]
