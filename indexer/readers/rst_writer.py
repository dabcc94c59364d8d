"""Writes a docutils document tree: headings, paragraphs, items, rows, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import singledispatchmethod
from textwrap import dedent

from docutils import nodes

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.lines import BULLET, add_lines, add_row

# Directives whose argument is an address or a format.
_POINTING = frozenset({"include", "raw", "image", "figure", "contents"})
_ROLE = re.compile(r":[\w:.+-]+:`([^`]*)`")
_REFERENCE = re.compile(r"^[`|]([^`|]+)[`|]_{0,2}$|^(\w+?)_{1,2}$")
_NAME = re.compile(r"[\w.:*&~$@/-]+(?=\s*[(\[:=]|$)")
_MODIFIERS = re.compile(
    r"^(?:(?:async|class|exception|method|attribute|static|const|struct|enum|union|type|property"
    r"|classmethod|staticmethod|abstract|final)\s+)+"
)


class Writer:
    """Goes down the tree; docutils has limited how deep it can be by building it."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self.title = ""
        self._builder = builder
        self._level = 0
        self._prefix = ""

    @singledispatchmethod
    def write(self, node: nodes.Node) -> None:
        """Write a node and all it holds; what no method takes has no text of its own."""

    @write.register
    def _element(self, node: nodes.Element) -> None:
        if isinstance(node, nodes.Admonition) and not isinstance(node, nodes.admonition):
            self._block(node.tagname.capitalize())
        self._children(node)

    @write.register(nodes.Invisible)
    @write.register(nodes.raw)
    @write.register(nodes.decoration)
    @write.register(nodes.generated)
    @write.register(nodes.meta)
    def _nothing(self, node: nodes.Element) -> None:
        """Leave out what is not for readers."""

    @write.register
    def _section(self, node: nodes.section) -> None:
        self._level += 1
        self._children(node)
        self._level -= 1

    @write.register
    def _topic(self, node: nodes.topic) -> None:
        if "contents" not in node["classes"]:
            self._children(node)

    @write.register
    def _container(self, node: nodes.container) -> None:
        if node.get("signatures"):
            self._object(node)
        else:
            self._children(node)

    @write.register
    def _text_element(self, node: nodes.TextElement) -> None:
        self._block(_text(node))

    @write.register(nodes.literal_block)
    @write.register(nodes.doctest_block)
    @write.register(nodes.math_block)
    def _literal(self, node: nodes.TextElement) -> None:
        self._block(node.astext(), preformatted=True)

    @write.register
    def _image(self, node: nodes.image) -> None:
        self._block(str(node.get("alt", "")))

    @write.register
    def _verse(self, node: nodes.line_block) -> None:
        add_lines(self._builder, self._take_prefix() + "\n".join(_lines(node)))

    def _children(self, node: nodes.Element) -> None:
        for child in node.children:
            self.write(child)

    def _block(self, text: str, *, preformatted: bool = False) -> None:
        if text.strip():
            self._builder.block(self._take_prefix() + text, preformatted=preformatted)

    def _take_prefix(self) -> str:
        prefix, self._prefix = self._prefix, ""
        return prefix

    @write.register(nodes.title)
    @write.register(nodes.subtitle)
    def _title(self, node: nodes.TextElement) -> None:
        text = _text(node)
        if not isinstance(node.parent, nodes.section):
            self._block(text)
            return
        self._builder.heading(self._level, text)
        if self._level == 1 and not self.title:
            self.title = text

    def _object(self, node: nodes.Element) -> None:
        """The description of a function, an option or the like, below a heading with its name."""
        signatures = [one_line(signature) for signature in node["signatures"]]
        self._level += 1
        names = dict.fromkeys(map(_name, signatures))
        self._builder.heading(self._level, ", ".join(names))
        for signature in signatures:
            if signature not in names:
                self._builder.block(signature)
        self._children(node)
        self._builder.leave(self._level)
        self._level -= 1

    @write.register(nodes.bullet_list)
    @write.register(nodes.enumerated_list)
    def _list(self, node: nodes.Element) -> None:
        number = int(node.get("start", 1)) if isinstance(node, nodes.enumerated_list) else 0
        for item in node.children:
            self._prefix = f"{number}. " if number else BULLET
            number += bool(number)
            if isinstance(item, nodes.Element):
                self._children(item)
        self._prefix = ""

    @write.register
    def _definition(self, node: nodes.definition_list_item) -> None:
        terms = [_text(child) for child in node.children if isinstance(child, nodes.term)]
        kinds = [_text(child) for child in node.children if isinstance(child, nodes.classifier)]
        self._block(" : ".join(filter(None, ["; ".join(terms), *kinds])))
        for child in node.children:
            if isinstance(child, nodes.definition):
                self._children(child)

    @write.register
    def _field(self, node: nodes.field) -> None:
        name, body = node.children
        if not isinstance(body, nodes.Element):
            return
        text = _text(body) if len(body.children) == 1 else ""
        self._block(f"{_text(name)}: {text}".rstrip())
        if not text:
            self._children(body)

    @write.register
    def _options(self, node: nodes.option_list_item) -> None:
        group, description = node.children
        options = ", ".join(_text(option) for option in group.children)
        self._block(f"{options}  {_text(description)}")

    @write.register(nodes.footnote)
    @write.register(nodes.citation)
    def _footnote(self, node: nodes.Element) -> None:
        label, *rest = node.children
        self._prefix = f"[{_text(label)}] "
        for child in rest:
            self.write(child)
        self._prefix = ""

    @write.register
    def _table(self, node: nodes.table) -> None:
        for child in node.children:
            if isinstance(child, nodes.title):
                self._block(_text(child))
        for row in node.findall(nodes.row):
            add_row(self._builder, [_text(entry) for entry in row.children])

    @write.register
    def _message(self, node: nodes.system_message) -> None:
        """What docutils complains about: the text it quotes, without the complaint."""
        for quoted in node.findall(nodes.literal_block):
            lines = quoted.astext().split("\n")
            if lines[0].lstrip().startswith(".. "):
                name, _, argument = lines[0].partition("::")
                kept = _without_options(lines[1:])
                if name.rpartition(" ")[2] not in _POINTING:
                    self._block(argument)
                self._block(dedent("\n".join(kept)), preformatted=True)
            else:
                self._block(quoted.astext(), preformatted=True)


def _without_options(lines: list[str]) -> list[str]:
    """The content of a directive without the options above it."""
    lines = list(lines)
    while lines and re.match(r"\s*:[\w-]+:", lines[0]):
        del lines[0]
    return lines


def _lines(node: nodes.Element) -> Iterator[str]:
    """The lines of a line block, those of blocks within it too."""
    for child in node.children:
        if isinstance(child, nodes.line_block):
            yield from _lines(child)
        else:
            yield _text(child)


def _text(node: nodes.Node) -> str:
    """The words of a node on one line; of what docutils could not resolve, the words as well."""
    parts = []
    for leaf in node.findall():
        if isinstance(leaf, nodes.Text) and not isinstance(leaf.parent, _UNSAID):
            text = leaf.astext()
            if isinstance(leaf.parent, nodes.problematic):
                text = _REFERENCE.sub(r"\1\2", _ROLE.sub(r"\1", text))
            parts.append(text)
        elif isinstance(leaf, nodes.image):
            parts.append(str(leaf.get("alt", "")))
        elif isinstance(leaf, nodes.footnote_reference | nodes.citation_reference):
            parts.append(f"[{leaf.astext()}]")
        elif isinstance(leaf, nodes.Element) and not isinstance(leaf, nodes.Inline):
            parts.append(" ")
    return one_line("".join(parts))


_UNSAID = (
    nodes.raw,
    nodes.comment,
    nodes.system_message,
    nodes.footnote_reference,
    nodes.citation_reference,
)


def _name(signature: str) -> str:
    """The name a signature declares, such as "json.dumps"; else the signature."""
    match = _NAME.search(_MODIFIERS.sub("", signature))
    return match[0] if match else signature
