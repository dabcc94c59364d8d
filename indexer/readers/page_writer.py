"""Writes the content of a flat web page: headings, paragraphs, items, rows, code."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.lines import BULLET, add_lines, add_row, names
from indexer.readers.page import HEADINGS, TEXT, Content, Tree

_BLOCKS = names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset"
    " figcaption figure footer form header hgroup hr html legend li main menu nav ol p pre search"
    " section summary table tbody td tfoot th thead tr ul listing xmp plaintext label"
)
_PREFORMATTED = frozenset({"pre", "listing", "xmp", "plaintext"})
_SPACE = re.compile(r"\s+")
# What a cell of a table of data does not hold; a table with it is there for the layout.
_LAYOUT = frozenset({"table", "h1", "h2", "h3", "h4", "h5", "h6", "form", "article", "section"})
_CELL_PARTS = frozenset({"p", "div", "li", "br", "pre"})
_CELL_LIMIT = 1500
_NAME_LIMIT = 100


def write(builder: DocumentBuilder, tree: Tree, content: Content, shift: int = 0) -> None:
    """Write the content of a page in reading order.

    Args:
        builder: Takes it.
        tree: The page.
        content: What of it to write.
        shift: How many levels deeper its headings stand in the document than on the page.
    """
    writer = _Writer(builder, tree, content.skip, shift)
    for root in content.roots:
        writer.write(root)


@dataclass(slots=True)
class _Open:
    """An element whose end is still to come, and what to do there."""

    end: int
    close: Callable[[], None]


class _Writer:
    """Goes through the nodes once; keeps the text of the block being gathered."""

    def __init__(
        self, builder: DocumentBuilder, tree: Tree, skip: frozenset[int], shift: int
    ) -> None:
        self._builder = builder
        self._tree = tree
        self._skip = skip
        self._shift = shift
        self._open: list[_Open] = []
        self._buffer: list[str] = []
        self._prefix = ""
        self._numbers: list[int | None] = []
        self._level = 0
        self._entries: list[int] = []
        self._handlers: dict[str, Callable[[int], int]] = {
            "br": self._break,
            "dl": self._begin_entries,
            "dt": self._entry,
            "table": self._table,
            **dict.fromkeys(_PREFORMATTED, self._preformatted),
        }

    def write(self, root: int) -> None:
        """Write one node with all it holds."""
        index, end = root, self._tree.ends[root]
        while index < end:
            self._close(index)
            index = self._visit(index)
        self._close(end)
        self._flush()

    def _close(self, index: int) -> None:
        while self._open and self._open[-1].end <= index:
            self._open.pop().close()

    def _visit(self, index: int) -> int:
        """Take one node and say which is next."""
        tree = self._tree
        tag, after = tree.tags[index], tree.ends[index]
        if tag == TEXT:
            self._buffer.append(_SPACE.sub(" ", tree.texts[index]))
            return after
        if index in self._skip:
            return after
        if level := heading_level(tree, index):
            self._heading(max(1, level + self._shift), index)
            return after
        handler = self._handlers.get(tag)
        if handler and (following := handler(index)):
            return following
        if tag in _BLOCKS:
            self._begin_block(tag, index)
        return index + 1

    def _break(self, index: int) -> int:
        self._buffer.append("\n")
        return index + 1

    def _preformatted(self, index: int) -> int:
        self._flush()
        self._builder.block(self._prefix + self._raw_text(index), preformatted=True)
        self._prefix = ""
        return self._tree.ends[index]

    def _table(self, index: int) -> int:
        """Write a table of data; 0 for a table that only lays out the page."""
        rows = self._data_rows(index)
        if rows is None:
            return 0
        self._flush()
        for row in rows:
            add_row(self._builder, row)
        return self._tree.ends[index]

    def _begin_block(self, tag: str, index: int) -> None:
        self._flush()
        if tag in ("ul", "ol", "menu", "dir"):
            start = self._tree.attributes[index].get("start") or "1"
            self._numbers.append((int(start) if start.isdecimal() else 1) if tag == "ol" else None)
            self._open.append(_Open(self._tree.ends[index], self._end_list))
            return
        if tag == "li":
            self._prefix = self._marker()
        self._open.append(_Open(self._tree.ends[index], self._flush))

    def _end_list(self) -> None:
        self._flush()
        self._numbers.pop()

    def _marker(self) -> str:
        number = self._numbers[-1] if self._numbers else None
        if number is None:
            return BULLET
        self._numbers[-1] = number + 1
        return f"{number}. "

    def _flush(self) -> None:
        """Write what was gathered as one block, or as several where blank lines part it."""
        text = "".join(self._buffer)
        self._buffer.clear()
        for part in re.split(r"\n\s*\n", text):
            if part.strip():
                add_lines(self._builder, self._prefix + part.strip())
                self._prefix = ""

    def _heading(self, level: int, index: int) -> None:
        self._flush()
        self._prefix = ""
        text = one_line(self._tree.inner_text(index, self._skip))
        if text:
            self._level = level
            self._builder.heading(level, text)

    def _raw_text(self, index: int) -> str:
        tree = self._tree
        return "".join(
            "\n" if tree.tags[at] == "br" else tree.texts[at]
            for at in self._kept(index)
            if tree.tags[at] in (TEXT, "br")
        )

    def _kept(self, index: int) -> list[int]:
        """The descendants of a node that are not left out."""
        tree, kept = self._tree, []
        at, end = index + 1, self._tree.ends[index]
        while at < end:
            if at in self._skip:
                at = tree.ends[at]
            else:
                kept.append(at)
                at += 1
        return kept

    # Tables

    def _data_rows(self, index: int) -> list[list[str]] | None:
        """The cells of a table of data, or None for a table that only lays out the page."""
        tree = self._tree
        kept = self._kept(index)
        if any(tree.tags[at] in _LAYOUT for at in kept):
            return None
        rows: list[list[str]] = []
        parts = sum(tree.tags[at] in _CELL_PARTS for at in kept)
        if parts > 3 * sum(tree.tags[at] in ("td", "th") for at in kept):
            return None
        for at in kept:
            tag = tree.tags[at]
            if tag == "caption":
                rows.append([tree.inner_text(at, self._skip)])
            elif tag == "tr" or not rows:
                rows.append([])
            if tag in ("td", "th"):
                rows[-1].append(tree.inner_text(at, self._skip))
        widest = max(map(len, rows), default=0)
        longest = max((len(cell) for row in rows for cell in row), default=0)
        return None if widest < 2 or longest > _CELL_LIMIT else rows

    # Entries of API descriptions and glossaries: a term or signature, and what it means

    def _first_entry(self, index: int) -> bool:
        """Whether a definition list describes named things, so that each deserves a heading."""
        if "glossary" in self._tree.names(index):
            return True
        at = index + 1
        while at < self._tree.ends[index]:
            if self._tree.tags[at] == "dt":
                return self._is_signature(at)
            at = self._tree.ends[at]
        return False

    def _is_signature(self, index: int) -> bool:
        return "sig" in self._tree.names(index)

    def _is_entry_term(self, index: int) -> bool:
        parent = self._tree.parents[index]
        return self._is_signature(index) or "glossary" in self._tree.names(parent)

    def _begin_entries(self, index: int) -> int:
        """Go into a list of entries; 0 for any other list of definitions."""
        if not self._first_entry(index):
            return 0
        self._flush()
        level = (self._entries[-1] if self._entries else self._level) + 1
        self._entries.append(level)
        self._open.append(_Open(self._tree.ends[index], self._end_entries))
        return index + 1

    def _end_entries(self) -> None:
        self._flush()
        self._builder.leave(self._entries.pop())

    def _entry(self, index: int) -> int:
        """Make a heading of the names that share one description; keep the signatures whole."""
        if not self._entries or not self._is_entry_term(index):
            return 0
        self._flush()
        terms, after = self._terms_from(index)
        names = [self._name(term) for term in terms]
        texts = [one_line(self._tree.inner_text(term, self._skip)) for term in terms]
        self._builder.heading(self._entries[-1], ", ".join(dict.fromkeys(filter(None, names))))
        for name, text in zip(names, texts, strict=True):
            if text != name:
                self._builder.block(text)
        return after

    def _terms_from(self, index: int) -> tuple[list[int], int]:
        """The terms that follow each other from ``index`` on, and where they end."""
        tree, terms = self._tree, []
        end = tree.ends[tree.parents[index]]
        at = index
        while at < end and (tree.tags[at] == "dt" or not tree.texts[at].strip()):
            if tree.tags[at] == "dt":
                terms.append(at)
            elif tree.tags[at] != TEXT:
                break
            at = tree.ends[at]
        return terms, at

    def _name(self, index: int) -> str:
        """The name a signature declares, such as "json.dumps"; else the whole term if short."""
        tree = self._tree
        parts = [
            tree.inner_text(at, self._skip)
            for at in self._kept(index)
            if tree.tags[at] != TEXT and {"descname", "descclassname"} & set(tree.names(at))
        ]
        name = one_line("".join(parts))
        text = one_line(tree.inner_text(index, self._skip))
        if name:
            return name
        return text if len(text) <= _NAME_LIMIT else text[:_NAME_LIMIT].rsplit(" ", 1)[0] + "…"


def heading_level(tree: Tree, index: int) -> int:
    """The level of the heading that node ``index`` of a tree is, 1 at the top; 0 if it is none."""
    return HEADINGS.get(tree.tags[index], 0) or _aria_level(tree, index)


def _aria_level(tree: Tree, index: int) -> int:
    attributes = tree.attributes[index]
    if attributes.get("role") != "heading":
        return 0
    level = attributes.get("aria-level") or "2"
    return min(int(level), 9) if level.isdecimal() and int(level) else 2
