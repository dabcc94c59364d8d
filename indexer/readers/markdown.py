"""Markdown: CommonMark with tables, read with markdown-it-py."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from indexer.languages import tidy_language
from indexer.readers.base import DocumentBuilder
from indexer.readers.dates import iso_date
from indexer.readers.encoding import decode
from indexer.readers.html import write_fragment
from indexer.readers.lines import BULLET, add_lines, add_row
from search.errors import ReadError
from search.models import Document

# It begins with a key; a line drawn at the top of a text has something else below it.
_FRONT_MATTER = re.compile(
    r"\A\s*?(-{3}|\+{3})[ \t]*\n(?=(?:#.*\n|\s)*[\"'\w][^\n]*[:=])(.*?)\n"
    r"(?:\1|\.{3})[ \t]*(?:\n|\Z)",
    re.DOTALL,
)
_FIELD = re.compile(
    r"^(?P<key>\w[\w-]*)[ \t]*[:=][ \t]*(?P<value>.*?)[ \t]*$(?P<items>(?:\n[ \t]*-[ \t]+.*)+)?",
    re.MULTILINE,
)
_ITEM = re.compile(r"^[ \t]*-[ \t]+(?:name:[ \t]*)?(.*)$", re.MULTILINE)
_ATTRIBUTES = re.compile(r"\s*\{[#.:][^{}]*\}$")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
# Nesting that CommonMark's preset would cut off at 20, and the text with it.
_MAX_NESTING = 100


def read(data: bytes, _name: str) -> Document:
    """Read a Markdown file.

    Raises:
        ReadError: If the bytes are no text.
    """
    text = decode(data)
    if text is None:
        raise ReadError("The Markdown file holds something else than text.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    said: dict[str, str] = {}
    if match := _FRONT_MATTER.match(text):
        said = _front_matter(match[2])
        text = text[match.end() :]
    builder = DocumentBuilder("markdown")
    title = write_markdown(builder, text)
    return builder.build(
        said.get("title", "") or title,
        author=_first(said, "author", "authors"),
        date=iso_date(_first(said, "date", "published", "pubdate", "created", "lastmod")),
        language=tidy_language(_first(said, "lang", "language", "locale")),
    )


def write_markdown(builder: DocumentBuilder, text: str) -> str:
    """Write a piece of Markdown, headings included, and return its first-level heading, or ""."""
    writer = _Writer(builder)
    writer.write(_parser().parse(text))
    return writer.title


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING})
    return parser.enable(["table", "strikethrough"])


def _front_matter(text: str) -> dict[str, str]:
    """The fields at the top of a file, the items of a list on one line; nested ones left out."""
    said: dict[str, str] = {}
    for match in _FIELD.finditer(text):
        items = _ITEM.findall(match["items"] or "") or re.split(r",\s*", match["value"].strip("[]"))
        values = (item.strip().strip("\"'") for item in items)
        whole = match["value"].strip("\"'")
        is_list = match["items"] or match["value"].startswith("[")
        said.setdefault(match["key"].lower(), ", ".join(values) if is_list else whole)
    return said


def _first(said: dict[str, str], *keys: str) -> str:
    return next((said[key] for key in keys if said.get(key)), "")


class _Writer:
    """Takes the parser's tokens one after the other."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self.title = ""
        self._builder = builder
        self._numbers: list[int | None] = []
        self._prefix = ""
        self._level = 0
        self._cells: list[str] | None = None

        self._handlers: dict[str, Callable[[Token], None]] = {
            "heading_open": self._heading_open,
            "bullet_list_open": lambda _: self._numbers.append(None),
            "ordered_list_open": self._ordered_list_open,
            "bullet_list_close": lambda _: self._list_close(),
            "ordered_list_close": lambda _: self._list_close(),
            "list_item_open": self._list_item_open,
            "tr_open": self._row_open,
            "tr_close": self._row_close,
            "inline": self._inline,
            "fence": self._code,
            "code_block": self._code,
            "html_block": lambda token: write_fragment(builder, token.content),
        }

    def write(self, tokens: Sequence[Token]) -> None:
        """Write all tokens of a document."""
        for token in tokens:
            if handler := self._handlers.get(token.type):
                handler(token)

    def _heading_open(self, token: Token) -> None:
        self._level = int(token.tag[1])

    def _ordered_list_open(self, token: Token) -> None:
        start = token.attrGet("start")
        self._numbers.append(1 if start is None else int(start))

    def _list_close(self) -> None:
        self._numbers.pop()
        self._prefix = ""

    def _list_item_open(self, _: Token) -> None:
        self._prefix = self._marker()

    def _row_open(self, _: Token) -> None:
        self._cells = []

    def _row_close(self, _: Token) -> None:
        add_row(self._builder, self._cells or [])
        self._cells = None

    def _code(self, token: Token) -> None:
        self._builder.block(self._prefix + token.content, preformatted=True)
        self._prefix = ""

    def _marker(self) -> str:
        number = self._numbers[-1]
        if number is None:
            return BULLET
        self._numbers[-1] = number + 1
        return f"{number}. "

    def _inline(self, token: Token) -> None:
        text = _plain(token.children or [])
        if self._cells is not None:
            self._cells.append(text)
        elif self._level:
            self._heading(_ATTRIBUTES.sub("", text))
        elif text.strip():
            add_lines(self._builder, self._prefix + text)
            self._prefix = ""

    def _heading(self, text: str) -> None:
        if self._level == 1 and not self.title:
            self.title = text
        self._builder.heading(self._level, text)
        self._level = 0
        self._prefix = ""


def _plain(tokens: Sequence[Token]) -> str:
    """The text of inline tokens: of links and pictures their words, not their addresses."""
    parts = []
    for token in tokens:
        match token.type:
            case "softbreak":
                parts.append(" ")
            case "hardbreak":
                parts.append("\n")
            case "image":
                parts.append(_plain(token.children or []))
            case "html_inline":
                parts.append("\n" if _BREAK.fullmatch(token.content) else "")
            case _:
                parts.append(token.content)
    return "".join(parts)
