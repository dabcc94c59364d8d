"""Org files, line by line: headings, lists, tables, code, without drawers, tags and planning."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from indexer.languages import tidy_language
from indexer.readers.base import DocumentBuilder
from indexer.readers.dates import iso_date
from indexer.readers.encoding import decode
from indexer.readers.lines import add_row, names
from indexer.readers.paragraphs import Paragraphs
from search.errors import ReadError
from search.models import Document

_HEADING = re.compile(
    r"(?P<stars>\*+)[ \t]+(?:(?P<state>[A-Z]{2,12})[ \t]+)?(?:\[#[A-Z0-9]\][ \t]*)?(?P<text>.*?)"
    r"(?:[ \t]+\[\d*(?:/\d*|%)\])?(?:[ \t]+:[\w@#%:]+:)?[ \t]*$"
)
_STATES = names("TODO DONE NEXT WAITING CANCELLED CANCELED HOLD STARTED SOMEDAY COMMENT PROJ WAIT")
_KEYWORD = re.compile(r"[ \t]*#\+(?P<key>[\w-]+)(?:\[.*?\])?:[ \t]*(?P<value>.*)$")
_STATES_LINE = frozenset({"todo", "seq_todo", "typ_todo"})
_BEGIN = re.compile(r"[ \t]*#\+begin_(\w+)", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:([\w-]+):[ \t]*$")
_DRAWER_END = re.compile(r"[ \t]*:END:[ \t]*$", re.IGNORECASE)
_PLANNING = re.compile(r"[ \t]*(?:SCHEDULED|DEADLINE|CLOSED|CLOCK):")
_COMMENT = re.compile(r"[ \t]*#(?:[ \t]|$)|[ \t]*-{5,}$")
_FIXED = re.compile(r"[ \t]*:(?:[ \t]|$)")
_ROW = re.compile(r"[ \t]*\|")
_RULE = re.compile(r"[ \t]*\|[-+|: ]*-[-+|: ]*$")
_ITEM = re.compile(
    r"(?P<indent>[ \t]*)(?:[-+]|(?<=[ \t])\*|(?P<number>\d{1,6}|[A-Za-z])[.)])[ \t]+"
    r"(?:\[@\d+\][ \t]*)?(?:\[[ X-]\][ \t]+)?(?P<text>.*)$"
)
# Blocks that keep their lines, and blocks that are left out; others are read as text.
_LITERAL = names("src example verse")
_LEFT_OUT = names("comment export")

_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[([^\[\]]+)\])?\]")
_NOTE = re.compile(r"\[fn:([\w-]*)(?::([^\[\]]*))?\]")
_MACRO = re.compile(r"\{\{\{.*?\}\}\}|<<<?[^<>\n]+>>>?|@@\w+:.*?@@")
_MARKED = re.compile(r"(?<![\w*/_=~+])([*/_=~+])(?=\S)([^\n]{1,500}?)(?<=\S)\1(?![\w*/_=~+])")
_BREAK = re.compile(r"\\\\[ \t]*$", re.MULTILINE)


def read(data: bytes, _name: str) -> Document:
    """Read an Org file.

    Raises:
        ReadError: If the bytes are no text.
    """
    text = decode(data)
    if text is None:
        raise ReadError("The Org file holds something else than text.")
    builder = DocumentBuilder("org")
    writer = _Writer(builder)
    writer.write([line.rstrip() for line in re.split(r"\r\n|\r|\n", text)])
    said = writer.said
    return builder.build(
        _plain(said.get("title", "")),
        author=_plain(said.get("author", "")),
        date=iso_date(said.get("date", "").strip("<>[]")),
        language=tidy_language(said.get("language", "")),
    )


class _Writer:
    """Takes the lines one after the other."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self.said: dict[str, str] = {}
        self._builder = builder
        self._text = Paragraphs(builder, _plain)
        self._states = set(_STATES)
        self._handlers: tuple[Callable[[Sequence[str], int], int], ...] = (
            self._blank,
            self._heading,
            self._block,
            self._keyword,
            self._drawer,
            self._fixed,
            self._row,
            self._ignored,
            self._item,
        )

    def write(self, lines: Sequence[str]) -> None:
        """Write all lines of a file."""
        at = 0
        while at < len(lines):
            taken = next(filter(None, (handler(lines, at) for handler in self._handlers)), 0)
            if not taken:
                self._text.add(lines[at], in_item=lines[at][:1] in (" ", "\t"))
            at += taken or 1
        self._text.flush()

    def _blank(self, lines: Sequence[str], at: int) -> int:
        if lines[at]:
            return 0
        self._text.flush()
        return 1

    def _heading(self, lines: Sequence[str], at: int) -> int:
        match = _HEADING.match(lines[at])
        if not match:
            return 0
        state, text = match["state"] or "", match["text"]
        if state and state not in self._states:
            text = f"{state} {text}"
        self._text.heading(len(match["stars"]), text)
        return 1

    def _block(self, lines: Sequence[str], at: int) -> int:
        """A block of code, say; of one that is read as text only its two marks are left out."""
        match = _BEGIN.match(lines[at])
        if not match:
            return 0
        kind = match[1].lower()
        if kind not in _LITERAL and kind not in _LEFT_OUT:
            self._text.flush()
            return 1
        mark = re.compile(rf"[ \t]*#\+end_{kind}\b", re.IGNORECASE)
        end = next((n for n in range(at + 1, len(lines)) if mark.match(lines[n])), len(lines))
        if kind in _LITERAL:
            # A comma keeps a line of code from being taken for a heading.
            code = (re.sub(r"^([ \t]*),(?=[*#,])", r"\1", line) for line in lines[at + 1 : end])
            self._text.literal("\n".join(code))
        else:
            self._text.flush()
        return end + 1 - at

    def _keyword(self, lines: Sequence[str], at: int) -> int:
        match = _KEYWORD.match(lines[at])
        if not match:
            return 0
        self._text.flush()
        key, value = match["key"].lower(), match["value"]
        if key in _STATES_LINE:
            self._states |= set(re.findall(r"[A-Z]+", value))
        elif key == "caption":
            self._text.add(value)
            self._text.flush()
        elif value:
            # A title may go on over several lines.
            known = self.said.get(key)
            self.said[key] = f"{known} {value}"[:500] if known else value
        return 1

    def _drawer(self, lines: Sequence[str], at: int) -> int:
        if not _DRAWER.match(lines[at]):
            return 0
        until = range(at + 1, min(at + 100, len(lines)))
        end = next((n for n in until if _DRAWER_END.match(lines[n])), None)
        return end + 1 - at if end else 0

    def _fixed(self, lines: Sequence[str], at: int) -> int:
        """Lines that begin with a colon are kept as they are."""
        end = next((n for n in range(at, len(lines)) if not _FIXED.match(lines[n])), len(lines))
        if end > at:
            kept = (line.lstrip()[1:].removeprefix(" ") for line in lines[at:end])
            self._text.literal("\n".join(kept))
        return end - at

    def _row(self, lines: Sequence[str], at: int) -> int:
        line = lines[at].strip()
        if not _ROW.match(line):
            return 0
        self._text.flush()
        if not _RULE.match(line):
            add_row(self._builder, map(_plain, line.strip("|").split("|")))
        return 1

    def _ignored(self, lines: Sequence[str], at: int) -> int:
        line = lines[at]
        ends_block = line.lstrip()[:6].lower() == "#+end_"
        if ends_block:
            self._text.flush()
        return int(ends_block or bool(_COMMENT.match(line) or _PLANNING.match(line)))

    def _item(self, lines: Sequence[str], at: int) -> int:
        match = _ITEM.match(lines[at])
        if not match or (match["number"] and self._goes_on(match["number"])):
            return 0
        number = match["number"] or ""
        start = int(number) if number.isdigit() else None
        text = re.sub(r"[ \t]+::(?=[ \t]|$)", ":", match["text"], count=1)
        depth = len(match["indent"].expandtabs())
        self._text.item(depth, text, numbered=bool(number), start=start)
        return 1

    def _goes_on(self, number: str) -> bool:
        """Whether what looks like a number is the end of a sentence: "in the year 1984. It"."""
        return self._text.is_open and (number.isalpha() or int(number) > 100)


def _plain(text: str) -> str:
    """The words of a piece of Org; hard line breaks stay line feeds, others become spaces."""
    parts = _BREAK.split(text)
    return "\n".join(_plain_line(part.replace("\n", " ").strip()) for part in parts)


def _plain_line(text: str) -> str:
    text = _LINK.sub(lambda match: match[2] or match[1].removeprefix("file:"), text)
    text = _NOTE.sub(lambda match: f"({match[2]})" if match[2] else f"[{match[1]}]", text)
    text = _MACRO.sub("", text)
    for _ in range(2):  # bold within italic
        text = _MARKED.sub(r"\2", text)
    return text
