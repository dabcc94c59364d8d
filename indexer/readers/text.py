"""Plain text: paragraphs, lists, and what is clearly meant as a heading.

Blank lines part the text into groups. A group is prose broken into lines by hand, which is put
together again, or a list, or has lines of its own (verse, tables, code), which are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.encoding import decode
from indexer.readers.lines import BULLET, join_lines
from indexer.readers.repeats import without_repeats
from search.errors import ReadError
from search.models import Document

_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_UNDERLINE = re.compile(r"\s*([=\-~^\"*#+_])\1{2,}\s*")
_ITEM = re.compile(
    r"\s*(?:(?P<bullet>[-*+•‣◦·▪])|(?P<number>\(?(?:\d{1,3}|[A-Za-z])[.)]))\s+(?=\S)"
)
_NUMBERED = re.compile(
    r"(?:(?P<number>\d{1,3}(?:\.\d{1,3})*)\.?|§\s*\d+|[A-Z]\.|[IVXLC]+\."
    r"|(?:chapter|part|section|appendix|kapitel|teil|chapitre|capítulo)\s+[\dA-Z]\w*[.:]?)\s+\S",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.,;:!?…。！？、](?:[\"'”’»)\]])?$")
_COLUMNS = re.compile(r"\S(?:\t|\s{3,})\S")
_CODE_END = re.compile(r"[;{}\\]$")
_WORD = re.compile(r"\w")

_TITLE_LIMIT = 100
_HEADING_LIMIT = 80
# Lines longer than this were not broken by hand; each is a paragraph.
_LONG_LINE = 120
# The narrowest column anybody breaks prose at.
_NARROW = 40
# Wider than the lines of most verse.
_WIDE = 56


@dataclass(frozen=True, slots=True)
class _Group:
    """Lines without a blank line between them.

    Attributes:
        lines: The lines, without trailing spaces.
        before: How many blank lines stand before them.
    """

    lines: tuple[str, ...]
    before: int


def read(data: bytes, _name: str) -> Document:
    """Read a plain text.

    Raises:
        ReadError: If the bytes are no text.
    """
    text = decode(data)
    if text is None:
        raise ReadError("The file holds something else than text.")
    builder = DocumentBuilder("text")
    return builder.build(write_text(builder, text))


def write_text(builder: DocumentBuilder, text: str) -> str:
    """Write a plain text and return its title, or ""."""
    text = _LINE_ENDS.sub("\n", text).strip("\f\n")
    pages = without_repeats([page.split("\n") for page in text.split("\f")])
    groups = [list(_groups(page)) for page in pages]
    writer = _Writer(builder, [group for page in groups for group in page])
    for number, page in enumerate(groups, 1):
        if len(groups) > 1:
            builder.page(number)
        writer.write(page)
    return writer.title


def _groups(lines: Sequence[str]) -> Iterator[_Group]:
    gathered: list[str] = []
    blank = before = 0
    for line in lines:
        if line.strip():
            if not gathered:
                before = blank
            gathered.append(line.rstrip())
            blank = 0
            continue
        blank += 1
        if gathered:
            yield _Group(tuple(gathered), before)
            gathered = []
    if gathered:
        yield _Group(tuple(gathered), before)


class _Writer:
    """Writes group after group; knows the whole text, to tell headings by how regular they are."""

    def __init__(self, builder: DocumentBuilder, groups: Sequence[_Group]) -> None:
        self.title = ""
        self._builder = builder
        self._width = _usual_width(groups)
        self._styles: list[str] = []
        self._begun = False
        captions = [group.lines[0] for group in groups if self._has_caption(group, least=2)]
        self._captions = set(map(_shape, captions)) if len(captions) >= 3 else set()
        self._spaced = sum(_stands_apart(*pair) for pair in pairwise(groups)) >= 2

    def write(self, groups: Sequence[_Group]) -> None:
        """Write the groups of the text, or of one page."""
        for index, group in enumerate(groups):
            before = groups[index - 1] if index else None
            after = groups[index + 1] if index + 1 < len(groups) else None
            if not any(map(_WORD.search, group.lines)):
                continue
            if not self._begun:
                self._begun = True
                title = _title_lines(group)
                if title and (after or len(group.lines) > title.stop):
                    self.title = one_line(group.lines[title.start])
                    self._builder.heading(0, self.title)
                    self._write_body(group.lines[title.stop :])
                    continue
            self._write_group(group, before, after)

    def _write_group(self, group: _Group, before: _Group | None, after: _Group | None) -> None:
        lines = group.lines
        if underlined := _underlined(lines):
            self._heading(f"underline {underlined.mark}", lines[underlined.title])
            self._write_body(lines[underlined.end :])
        elif after and (style := self._heading_style(group, before, after)):
            self._heading(style, lines[0])
        elif _shape(lines[0]) in self._captions and self._has_caption(group, least=1):
            self._heading("caption", lines[0])
            self._write_body(lines[1:])
        else:
            self._write_body(lines)

    def _heading(self, style: str, line: str) -> None:
        """A style of heading that was not seen before belongs below those that were."""
        if style not in self._styles:
            self._styles.append(style)
        self._builder.heading(self._styles.index(style) + 1, line)

    def _heading_style(self, group: _Group, before: _Group | None, after: _Group) -> str:
        """In what way a group is a heading; "" if it is none."""
        line = group.lines[0].strip()
        if len(group.lines) > 1 or len(line) > _HEADING_LIMIT or not _WORD.search(line):
            return ""
        capitals = _in_capitals(line)
        if _SENTENCE_END.search(line) and not (capitals and line[-1] in "?!"):
            return ""
        if capitals:
            return "capitals"
        if (match := _NUMBERED.match(line)) and not _is_item(line, before, after):
            return f"number {(match['number'] or '').count('.')}"
        if self._spaced and _stands_apart(group, after):
            return "apart"
        return ""

    def _has_caption(self, group: _Group, least: int) -> bool:
        """Whether the first line is far too short to be the beginning of the prose below it."""
        first, *rest = (line.strip() for line in group.lines)
        if len(rest) < least or len(first) > self._width * 0.6 or _SENTENCE_END.search(first):
            return False
        starts_well = first[0].isupper() or first[0].isdigit()
        return starts_well and not _ITEM.match(first) and self._is_prose(rest)

    def _write_body(self, lines: Sequence[str]) -> None:
        if not lines:
            return
        if items := _items(lines):
            for item in items:
                self._write_item(item)
        elif max(map(len, lines)) > _LONG_LINE:
            for line in lines:
                self._builder.block(line, preformatted=bool(_COLUMNS.search(line)))
        elif self._is_prose(lines):
            self._builder.block(join_lines(lines, keep_hyphens=True))
        else:
            self._builder.block(_dedent(lines), preformatted=True)

    def _write_item(self, lines: Sequence[str]) -> None:
        match = _ITEM.match(lines[0])
        if match is None:
            self._write_body(lines)
            return
        marker = BULLET if match["bullet"] else match["number"] + " "
        rest = [lines[0][match.end() :], *lines[1:]]
        self._builder.block(marker + join_lines(rest, keep_hyphens=True))

    def _is_prose(self, lines: Sequence[str]) -> bool:
        """Whether each line was broken because the next word would not have fitted any more."""
        stripped = [line.strip() for line in lines]
        if sum(bool(_COLUMNS.search(line)) for line in stripped) * 3 > len(stripped):
            return False
        if len(stripped) == 1:
            return True
        widest = max(map(len, stripped))
        width = max(widest, self._width * 0.8)
        forced = sum(
            len(line) + 1 + len(after.split(None, 1)[0]) > width
            for line, after in pairwise(stripped)
        )
        if widest >= _NARROW and forced >= 0.8 * (len(stripped) - 1):
            return True
        # Lines of much the same length, longer than verse: broken by hand, not by a program.
        even = all(len(line) >= 0.65 * width for line in stripped[:-1])
        return widest >= _WIDE and even and not any(map(_CODE_END.search, stripped))


def _shape(line: str) -> str:
    """A line with every number and word replaced by a sign: "9 May" is like "12 June"."""
    return re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "a", line.strip()))


def _usual_width(groups: Sequence[_Group]) -> int:
    """The column the text is broken at: what nine tenths of the lines within groups keep to."""
    lengths = sorted(
        len(line.strip())
        for group in groups
        for line in group.lines[:-1]
        if _NARROW <= len(line.strip()) <= _LONG_LINE
    )
    return lengths[len(lengths) * 9 // 10] if lengths else _NARROW


def _title_lines(group: _Group) -> range | None:
    """Where in the first group the title is: a line alone, underlined, or with a line or two."""
    if underlined := _underlined(group.lines):
        return range(underlined.title, underlined.end)
    lines = [line.strip() for line in group.lines]
    fitting = (
        len(lines) <= 3
        and all(len(line) <= _TITLE_LIMIT and not _SENTENCE_END.search(line) for line in lines)
        and any(char.isalpha() for char in lines[0])
        and not _ITEM.match(lines[0])
        and not any(map(_COLUMNS.search, lines))
    )
    return range(1) if fitting else None


@dataclass(frozen=True, slots=True)
class _Underlined:
    title: int
    end: int
    mark: str


def _underlined(lines: Sequence[str]) -> _Underlined | None:
    """A heading at the beginning of a group with a line drawn under it, perhaps one above too."""
    over = len(lines) > 2 and _UNDERLINE.fullmatch(lines[0]) is not None
    title = 1 if over else 0
    if len(lines) < title + 2 or not (match := _UNDERLINE.fullmatch(lines[title + 1])):
        return None
    text = lines[title].strip()
    drawn = len(lines[title + 1].strip())
    long_enough = match[1] == "=" or drawn >= min(len(text) * 0.6, 40)
    if len(text) > _TITLE_LIMIT or not _WORD.search(text) or not long_enough:
        return None
    return _Underlined(title, title + 2, ("over " if over else "") + match[1])


def _in_capitals(line: str) -> bool:
    letters = [char for char in line if char.isalpha()]
    return (
        len(letters) > 2 and any(map(str.isupper, letters)) and not any(map(str.islower, letters))
    )


def _is_item(line: str, before: _Group | None, after: _Group | None) -> bool:
    """Whether a numbered line has neighbours of its kind, as in a list with blank lines."""
    return any(
        group is not None
        and len(group.lines) <= 3
        and (match := _NUMBERED.match(group.lines[0].strip())) is not None
        and (own := _NUMBERED.match(line)) is not None
        and (match["number"] or "").count(".") == (own["number"] or "").count(".")
        for group in (before, after)
    )


def _stands_apart(group: _Group, after: _Group) -> bool:
    """Whether a short line has more space before than after it."""
    line = group.lines[0].strip()
    return (
        len(group.lines) == 1
        and group.before >= 2 > after.before
        and len(line) <= _HEADING_LIMIT
        and not _SENTENCE_END.search(line)
        and (line[0].isupper() or line[0].isdigit())
    )


def _items(lines: Sequence[str]) -> list[list[str]]:
    """The items of a list, each with the lines that go on with it; [] if it is no list."""
    marked = [bool(_ITEM.match(line)) for line in lines]
    if not marked[0] and not (sum(marked) > 1 and lines[marked.index(True) - 1].endswith(":")):
        return []
    if marked[0] and sum(marked) == 1 and len(lines) > 1 and _is_initial(lines):
        return []
    items: list[list[str]] = []
    for line, is_start in zip(lines, marked, strict=True):
        if is_start or not items:
            items.append([line])
        else:
            items[-1].append(line)
    return items


def _is_initial(lines: Sequence[str]) -> bool:
    """Whether what looks like the item "A. " is the initial of a name at the start of prose."""
    indents = [len(line) - len(line.lstrip()) for line in lines[:2]]
    return indents[0] == indents[1] and lines[0].strip()[:1].isalpha()


def _dedent(lines: Sequence[str]) -> str:
    expanded = [line.expandtabs() if line[:1] in " \t" else line for line in lines]
    margin = min(len(line) - len(line.lstrip()) for line in expanded)
    return "\n".join(line[margin:] for line in expanded)
