"""What an RTF document is made of, read and while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from indexer.readers.styled import Paragraph, Row


@dataclass(frozen=True, slots=True)
class Content:
    """What an RTF document holds.

    Attributes:
        items: Its paragraphs and table rows, in the order they are read.
        title: The title in its properties.
        author: The author in its properties.
        date: When it was last changed, or written, as "2003-4-1"; "" if that is not said.
    """

    items: tuple[Paragraph | Row, ...]
    title: str
    author: str
    date: str


@dataclass(slots=True)
class NamedStyle:
    """A paragraph style as the style sheet defines it.

    Attributes:
        name: Its name.
        level: Level of the headings it makes, or None.
    """

    name: str = ""
    level: int | None = None


@dataclass(slots=True)
class Flow:
    """Text that is read in one go: the document's, a note's, a text box's.

    Attributes:
        items: What has been read.
        after: What follows the paragraph that has begun: its notes and boxes.
        cells: The cells of the row that has begun.
        parts: The text of the paragraph or cell that has begun.
        pending: Its last bytes, which are not decoded yet.
        encoding: What they are in.
        bold: Whether all text of the paragraph so far is bold.
        listed: Whether it is an item of a list.
        style: The number of its style.
        level: Its level as a heading, where it has one of its own.
        in_table: Whether it stands in a table.
    """

    items: list[Paragraph | Row] = field(default_factory=list)
    after: list[Paragraph | Row] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)
    encoding: str = "cp1252"
    bold: bool = True
    listed: bool = False
    style: int = 0
    level: int | None = None
    in_table: bool = False

    def take_text(self) -> str:
        """The text since it was last taken; surrogates that were written one by one are paired."""
        self.decode()
        text = "".join(self.parts).encode("utf-16-le", "surrogatepass")
        self.parts = []
        return text.decode("utf-16-le", "ignore")

    def decode(self) -> None:
        """Turn the bytes that wait into characters."""
        if self.pending:
            self.parts.append(self.pending.decode(self.encoding, "replace"))
            self.pending = bytearray()
