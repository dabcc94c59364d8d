"""Paragraphs and list items put together from lines, for markup that goes line by line."""

from __future__ import annotations

from collections.abc import Callable

from indexer.readers.base import DocumentBuilder
from indexer.readers.lines import BULLET, add_lines


class Paragraphs:
    """Gathers the lines of one block at a time."""

    def __init__(self, builder: DocumentBuilder, plain: Callable[[str], str]) -> None:
        """Begin; ``plain`` takes the inline markup out of a block's text."""
        self._builder = builder
        self._plain = plain
        self._lines: list[str] = []
        self._prefix = ""
        self._numbers: dict[int, int] = {}

    @property
    def is_open(self) -> bool:
        """Whether a block is being gathered."""
        return bool(self._lines or self._prefix)

    def add(self, line: str, *, in_item: bool = False) -> None:
        """Add a line to the block; the first one begins it.

        Args:
            line: The line.
            in_item: Whether it still belongs to the item before; if not, the list has ended.
        """
        if not self.is_open and not in_item:
            self._numbers.clear()
        self._lines.append(line.strip())

    def item(self, depth: int, line: str, *, numbered: bool, start: int | None = None) -> None:
        """Begin an item of a list.

        Args:
            depth: How deep the list is nested, or how far it is indented.
            line: The item's first line, without its marker.
            numbered: Whether its items are counted.
            start: The item's own number, if it has one.
        """
        counts = dict(self._numbers)
        self.flush()
        self._numbers = {level: count for level, count in counts.items() if level <= depth}
        if numbered:
            self._numbers[depth] = start or self._numbers.get(depth, 0) + 1
        self._prefix = f"{self._numbers[depth]}. " if numbered else BULLET
        self._lines = [line.strip()]

    def flush(self) -> None:
        """Write the block gathered, if any; the numbers of a list go on after it."""
        text = self._plain("\n".join(self._lines))
        if text.strip():
            add_lines(self._builder, self._prefix + text)
        self._lines = []
        self._prefix = ""

    def literal(self, text: str) -> None:
        """Write a block that keeps its line breaks, such as code."""
        self.flush()
        self._builder.block(text, preformatted=True)

    def heading(self, level: int, text: str) -> None:
        """Begin a section headed ``text``; its ``level`` is 1 at the top."""
        self.flush()
        self._numbers.clear()
        self._builder.heading(level, self._plain(text))
