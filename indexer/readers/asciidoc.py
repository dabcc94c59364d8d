"""AsciiDoc, line by line: what its users write, not all that its language knows.

Blocks with other blocks in them (examples, sidebars, quotations) are read as if their delimiters
were not there. Files named by ``include::`` are not fetched: they are indexed on their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from indexer.languages import tidy_language
from indexer.readers.asciidoc_inline import plain_asciidoc, substitute
from indexer.readers.asciidoc_tables import table_rows
from indexer.readers.base import DocumentBuilder
from indexer.readers.dates import iso_date
from indexer.readers.encoding import decode
from indexer.readers.lines import add_row
from indexer.readers.paragraphs import Paragraphs
from search.errors import ReadError
from search.models import Document

_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?$")
_UNDERLINES = {"=": 1, "-": 2, "~": 3, "^": 4, "+": 5}
_ATTRIBUTE = re.compile(r":(!?[A-Za-z0-9_][\w-]*!?):(?:[ \t]+(.*))?$")
_AUTHOR = re.compile(r"[^\W\d_][\w.'’-]*(?:[ \t]+[\w.'’-]+){0,3}(?:[ \t]+<[^<>]*>)?")
_REVISION = re.compile(r"(?:v[^\s,:]+)?,?[ \t]*([^:]*?)(?::.*)?$")
_ITEM = re.compile(r"[ \t]*(?P<mark>\*{1,6}|-|\.{1,6}|<?(?:\d+|\.)>|\d+\.)[ \t]+(?P<text>\S.*)$")
_CHECK = re.compile(r"\[[ *xX]\][ \t]+")
_TERM = re.compile(r"(?P<term>[^\s:].{0,200}?)(?::{2,4}|;;)(?:[ \t]+(?P<text>.*))?$")
_LITERAL = re.compile(r"(-{4,}|\.{4,}|`{3,}|\+{4,}|/{4,})\s*\w*$")
_TABLE = re.compile(r"[|,:!]={3,}$")
_IGNORED = re.compile(
    r"(?:={4,}|\*{4,}|_{4,}|--|\+|'{3,}|-{3}|\*{3}|<{3,})$"
    r"|(?:include|ifdef|ifndef|ifeval|endif|toc|video|audio)::"
    r"|//(?!/)|\[\[.*\]\]$|\[[^\]]*\]$"
)
_IMAGE = re.compile(r"image::\S*\[([^\]]*)\]$")
_TITLE = re.compile(r"\.([^\s.].*)$")
_HEADER_END = 200


def read(data: bytes, _name: str) -> Document:
    """Read an AsciiDoc file.

    Raises:
        ReadError: If the bytes are no text.
    """
    text = decode(data)
    if text is None:
        raise ReadError("The AsciiDoc file holds something else than text.")
    lines = [line.rstrip() for line in re.split(r"\r\n|\r|\n", text)]
    builder = DocumentBuilder("asciidoc")
    writer = _Writer(builder)
    writer.write(lines)
    said = writer.attributes
    return builder.build(
        writer.title,
        author=said.get("author") or said.get("authors") or "",
        date=iso_date(said.get("revdate") or said.get("docdate") or said.get("date")),
        language=tidy_language(said.get("lang", "")),
    )


class _Writer:
    """Takes the lines one after the other."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self.attributes: dict[str, str] = {}
        self.title = ""
        self._builder = builder
        self._text = Paragraphs(builder, self._plain)
        self._style = ""
        self._handlers: tuple[Callable[[Sequence[str], int], int], ...] = (
            self._blank,
            self._attribute,
            self._literal,
            self._table,
            self._heading,
            self._ignored,
            self._caption,
            self._item,
            self._indented,
        )

    def write(self, lines: Sequence[str]) -> None:
        """Write all lines of a document."""
        at = 0
        while at < len(lines):
            taken = next(filter(None, (handler(lines, at) for handler in self._handlers)), 0)
            if not taken:
                self._text.add(lines[at], in_item=at > 0 and lines[at - 1] == "+")
            at += taken or 1
        self._text.flush()

    def _plain(self, text: str) -> str:
        return plain_asciidoc(text, self.attributes)

    def _blank(self, lines: Sequence[str], at: int) -> int:
        if lines[at]:
            return 0
        self._text.flush()
        return 1

    def _attribute(self, lines: Sequence[str], at: int) -> int:
        match = _ATTRIBUTE.match(lines[at])
        if not match or self._text.is_open:
            return 0
        end = at + 1
        value = match[2] or ""
        while value.endswith(" \\") and end < len(lines):
            value = value[:-1] + lines[end].strip()
            end += 1
        # Cut, so that values made of values cannot grow without end.
        value = substitute(value, self.attributes)[:500]
        self.attributes[match[1].strip("!").lower()] = "" if "!" in match[1] else value
        return end - at

    def _literal(self, lines: Sequence[str], at: int) -> int:
        """A block that is not to be read as markup; a comment is one that is not to be read."""
        match = _LITERAL.match(lines[at])
        if not match:
            return 0
        end = next((n for n in range(at + 1, len(lines)) if lines[n] == match[1]), len(lines))
        if match[1][0] == "/":
            self._text.flush()
        else:
            kept = (line for line in lines[at + 1 : end] if not line.startswith("include::"))
            self._text.literal("\n".join(kept))
        return end + 1 - at

    def _table(self, lines: Sequence[str], at: int) -> int:
        if not _TABLE.match(lines[at]):
            return 0
        end = next((n for n in range(at + 1, len(lines)) if lines[n] == lines[at]), len(lines))
        self._text.flush()
        for row in table_rows(lines[at + 1 : end], lines[at][0], self._style):
            add_row(self._builder, map(self._plain, row))
        self._style = ""
        return end + 1 - at

    def _heading(self, lines: Sequence[str], at: int) -> int:
        level, text, taken = _heading(lines, at)
        if not level or (self._text.is_open and taken == 1 and lines[at][0] == "#"):
            return 0
        is_title = level == 1 and not self.title
        if is_title:
            taken += self._header(lines[at + taken : at + taken + _HEADER_END])
        self._text.heading(level, text)
        if is_title:
            self.title = self._plain(text)
        return taken

    def _header(self, lines: Sequence[str]) -> int:
        """The lines right below the title: authors, revision and attributes."""
        plain = 0
        for at, line in enumerate(lines):
            if self._attribute(lines, at) or line.startswith("//"):
                continue
            people = line.split(";")
            if plain == 0 and all(_AUTHOR.fullmatch(one.strip()) for one in people):
                names = (re.sub(r"<.*?>", "", one).replace("_", " ") for one in people)
                self.attributes["author"] = ", ".join(map(str.strip, names))
            elif plain and plain < 2 and (match := _REVISION.match(line)) and iso_date(match[1]):
                self.attributes["revdate"] = match[1]
            else:
                return at
            plain += 1
        return len(lines)

    def _ignored(self, lines: Sequence[str], at: int) -> int:
        line = lines[at]
        if not _IGNORED.match(line):
            return 0
        if line.startswith("["):
            self._style = line
        if not line.startswith("//"):
            self._text.flush()
        return 1

    def _caption(self, lines: Sequence[str], at: int) -> int:
        match = _IMAGE.match(lines[at]) or _TITLE.match(lines[at])
        if not match or self._text.is_open:
            return 0
        words = match[1] if lines[at].startswith(".") else match[1].partition(",")[0].strip('"')
        self._text.add(words)
        self._text.flush()
        return 1

    def _item(self, lines: Sequence[str], at: int) -> int:
        line = lines[at]
        if match := _ITEM.match(line):
            mark = match["mark"]
            number = re.sub(r"\D", "", mark)
            text = _CHECK.sub("", match["text"])
            numbered = bool(number) or mark[0] in ".<"
            start = int(number[:6]) if number else None
            self._text.item(len(mark), text, numbered=numbered, start=start)
            return 1
        match = _TERM.match(line.strip())
        if match and (not self._text.is_open or "::" in line) and "://" not in match["term"]:
            self._text.flush()
            text = match["text"] or next(_following(lines, at), "")
            self._text.add(f"{match['term']}: {text}".rstrip(" :") if text else match["term"])
            return 1 if match["text"] or not text else lines.index(text, at) + 1 - at
        return 0

    def _indented(self, lines: Sequence[str], at: int) -> int:
        """A paragraph that is indented is kept as it is."""
        if self._text.is_open or lines[at][:1] not in (" ", "\t"):
            return 0
        end = next((n for n in range(at, len(lines)) if not lines[n]), len(lines))
        self._text.literal("\n".join(lines[at:end]))
        return end - at


def _heading(lines: Sequence[str], at: int) -> tuple[int, str, int]:
    """The level of a heading, its text and how many lines it takes; level 0 if it is none."""
    line = lines[at]
    if match := _HEADING.match(line):
        return len(match[1]), match[2], 1
    under = lines[at + 1] if at + 1 < len(lines) else ""
    drawn = under[:1] in _UNDERLINES and len(under) > 2 and set(under) == {under[0]}
    if drawn and abs(len(under) - len(line)) <= 2 and re.match(r"\w", line):
        return _UNDERLINES[under[0]], line, 2
    return 0, "", 0


def _following(lines: Sequence[str], at: int) -> Iterator[str]:
    """The line below a term, if that begins its description."""
    if at + 1 < len(lines) and lines[at + 1] and not _IGNORED.match(lines[at + 1]):
        below = lines[at + 1]
        if not (_ITEM.match(below) or _LITERAL.match(below) or _TABLE.match(below)):
            yield below
