"""Source code: classes and functions as sections, the code as it is, and which lines it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.readers.base import DocumentBuilder
from indexer.readers.code_languages import language_for
from indexer.readers.code_outline import Definition, outline
from indexer.readers.encoding import decode
from search.errors import ReadError
from search.models import Document

# What has longer lines was written by a program: of such a line only the beginning is kept.
_LINE_LIMIT, _LINE_KEPT = 2_000, 300
# No file of people's code is so long; of others as much is read, without its definitions.
_SIZE_LIMIT = 2_000_000
# Shorter definitions stay with what is around them: a passage of two lines says little.
_SHORT = 120
# Code without definitions is parted at blank lines into stretches of about so much.
_STRETCH = 1_200
# What has fewer letters only closes what is before it: a brace, "end".
_LEAST = 4
_DECLARED = re.compile(rb"\A(?:[^\n]*\n)?[^\n]*?coding[:=][ \t]*([\w.-]+)")


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Lines that go together: whether they begin a definition, and how deep they stand."""

    first: int
    last: int
    level: int
    name: str = ""


def read(data: bytes, name: str) -> Document:
    """Read a source file.

    Raises:
        ReadError: If the bytes are no text.
    """
    declared = _DECLARED.match(data[:400])
    text = decode(data, declared[1].decode("ascii") if declared else "")
    if text is None:
        raise ReadError("The source file holds something else than text.")
    text = re.sub(r"\r\n|\r|\f", "\n", text[:_SIZE_LIMIT])
    lines = [
        line if len(line) <= _LINE_LIMIT else line[:_LINE_KEPT] + " …" for line in text.split("\n")
    ]
    language = language_for(name)
    small = len(text) < _SIZE_LIMIT
    found = outline("\n".join(lines), language) if language and small else []
    builder = DocumentBuilder("code")
    _write(builder, lines, [one for one in found if _is_long(lines, one)])
    return builder.build()


def _is_long(lines: Sequence[str], one: Definition) -> bool:
    return one.first < one.last and sum(map(len, lines[one.first : one.last + 1])) >= _SHORT


def _write(builder: DocumentBuilder, lines: Sequence[str], found: Sequence[Definition]) -> None:
    begun: list[_Stretch] = []
    for stretch in _stretches(len(lines), found):
        if stretch.name:
            begun.append(stretch)
            continue
        for first, last in _parts(lines, stretch.first, stretch.last):
            builder.leave(begun[0].level if begun else stretch.level)
            builder.place(_place(first, last))
            for one in begun:
                builder.heading(one.level, one.name)
            begun = []
            builder.block(_dedented(lines[first : last + 1]), preformatted=True)


def _stretches(end: int, found: Sequence[Definition]) -> Iterator[_Stretch]:
    """The file from beginning to end, parted where definitions begin and end."""
    open_: list[Definition] = []
    at = 0
    for one in found:
        while open_ and open_[-1].last < one.first:
            yield from _stretch(at, open_[-1].last, open_)
            at = max(at, open_.pop().last + 1)
        yield from _stretch(at, one.first - 1, open_)
        at = max(at, one.first)
        yield _Stretch(at, at - 1, len(open_) + 1, one.name)
        open_.append(one)
    while open_:
        yield from _stretch(at, open_[-1].last, open_)
        at = max(at, open_.pop().last + 1)
    yield from _stretch(at, end - 1, open_)


def _stretch(first: int, last: int, open_: Sequence[Definition]) -> Iterator[_Stretch]:
    if first <= last:
        yield _Stretch(first, last, len(open_) + 1)


def _parts(lines: Sequence[str], first: int, last: int) -> Iterator[tuple[int, int]]:
    """A stretch in parts that are not too long, each from its first line with words to its last."""
    start, size = first, 0
    for at in range(first, last + 1):
        size += len(lines[at])
        if (not lines[at].strip() and size >= _STRETCH) or size >= 2 * _STRETCH or at == last:
            kept = [number for number in range(start, at + 1) if lines[number].strip()]
            words = sum(char.isalnum() for number in kept for char in lines[number])
            if words >= _LEAST:
                yield kept[0], kept[-1]
            start, size = at + 1, 0


def _place(first: int, last: int) -> str:
    return f"line {first + 1}" if first == last else f"lines {first + 1}–{last + 1}"


def _dedented(lines: Sequence[str]) -> str:
    """The lines without the indentation they share."""
    expanded = [line.expandtabs(4) if line[:1] in " \t" else line for line in lines]
    margin = min((len(line) - len(line.lstrip()) for line in expanded if line.strip()), default=0)
    return "\n".join(line[margin:] for line in expanded)
