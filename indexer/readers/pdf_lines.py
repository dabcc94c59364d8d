"""The lines of a PDF page, with the place and the type they are set in.

pypdf gives the text of a page in the order it was written, line after line. Its visitor says as
well where each piece begins and in which font, from which tables, headings and paragraphs can be
told later on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import hypot
from statistics import median
from typing import Any

from pypdf import PageObject

from indexer.readers.pdf_letters import readable, without_letter_spacing

_BOLD = re.compile(r"bold|black|heavy|semibd|demi|medi(?!um)|cmbx|sfbx", re.IGNORECASE)
_MONO = re.compile(r"courier|mono|consol|typewriter|cmtt|sftt|menlo", re.IGNORECASE)
_LEADERS = re.compile(r"(?:\s?[.·…_]){4,}\s*")
_SHOWS_TEXT = frozenset((b"Tj", b"TJ", b"'", b'"'))
# Words that begin this far to the right of what was shown before them may be in another column.
_JUMP = 12.0
# As many lines must jump to the same place before it is taken for a column.
_LEAST_JUMPS = 6
# Shorter runs of single letters are labels and formulas, not words.
_LEAST_LETTERS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page, or a piece of a line that was set on its own.

    Attributes:
        text: What it says; spaces at its beginning are kept.
        x: Where it begins, in points from the left.
        y: Its base line, in points from the bottom.
        size: Height of the type in points.
        bold: Whether all of it is bold.
        mono: Whether it is set in a typewriter face.
    """

    text: str
    x: float = 0.0
    y: float = 0.0
    size: float = 10.0
    bold: bool = False
    mono: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    x: float
    y: float
    size: float
    font: str


def lines_of(page: PageObject) -> tuple[list[Line], bool]:
    """The lines of a page in the order they were written; may raise whatever pypdf raises.

    Returns:
        The lines, and whether some of them run through what look like columns: pypdf joins what is
        written side by side in one go, and does not say how wide it is.
    """
    lines: list[Line] = []
    gathered: list[_Piece] = []
    jumps: list[tuple[float, float]] = []
    before: tuple[float, float] | None = None

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        for number, part in enumerate(text.split("\n")):
            if number and gathered:
                lines.append(_line(gathered))
                gathered.clear()
            if part.strip() or (part and gathered):
                gathered.append(_piece(part, cm, tm, font, size))

    def watch(operator: bytes, _operands: Any, cm: list[float], tm: list[float]) -> None:
        nonlocal before
        if operator in _SHOWS_TEXT:
            x, y = _position(cm, tm)
            size = max(hypot(tm[2], tm[3]) * hypot(cm[2], cm[3]), 10.0)
            if before and abs(y - before[1]) < 1 and x - before[0] > _JUMP * size:
                jumps.append((x, y))
            before = x, y

    page.extract_text(visitor_text=visit, visitor_operand_before=watch)
    if gathered:
        lines.append(_line(gathered))
    starts = {(round(line.x), round(line.y)) for line in lines}
    hidden = Counter(round(x) for x, y in jumps if (round(x), round(y)) not in starts)
    return joined_letters(lines), max(hidden.values(), default=0) >= _LEAST_JUMPS


def line(text: str, fonts: Sequence[str], x: float, y: float, size: float) -> Line:
    """A line whose place is known.

    Args:
        text: What it says, as the fonts have it.
        fonts: Names of the fonts it is set in.
        x: Where it begins, in points from the left.
        y: Its base line, in points from the bottom.
        size: Height of the type in points.
    """
    return Line(
        text=_LEADERS.sub(" … ", without_letter_spacing(readable(text, fonts[0]))).rstrip(),
        x=x,
        y=y,
        size=size,
        bold=all(map(_BOLD.search, fonts)),
        mono=all(map(_MONO.search, fonts)),
    )


def joined_letters(lines: Sequence[Line]) -> list[Line]:
    """The lines with words put together whose letters were placed one by one."""
    result: list[Line] = []
    run: list[Line] = []
    for item in lines:
        single = len(item.text.strip()) == 1
        goes_on = run and single and _next_letter(run[-1], item)
        if not goes_on:
            result += _word(run)
            run = []
        if single:
            run.append(item)
        else:
            result.append(item)
    return result + _word(run)


def _next_letter(before: Line, after: Line) -> bool:
    """Whether a letter stands a little to the right of another of the same type."""
    return (
        after.size == before.size
        and abs(after.y - before.y) < 0.1 * before.size
        and 0 < after.x - before.x < 4 * before.size
    )


def _word(letters: list[Line]) -> list[Line]:
    """Letters in a row as one line; the wider distances part its words."""
    if len(letters) < _LEAST_LETTERS or not all(each.text.strip().isalpha() for each in letters):
        return letters
    steps = [after.x - before.x for before, after in pairwise(letters)]
    wide = 1.6 * median(steps)
    text = letters[0].text.strip() + "".join(
        (" " if step > wide else "") + letter.text.strip()
        for step, letter in zip(steps, letters[1:], strict=True)
    )
    return [replace(letters[0], text=text)]


def _position(cm: list[float], tm: list[float]) -> tuple[float, float]:
    """Where the text matrix and the page's own together put a piece."""
    return tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]


def _piece(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> _Piece:
    x, y = _position(cm, tm)
    scale = hypot(tm[2], tm[3]) * hypot(cm[2], cm[3])
    name = str(font.get("/BaseFont", "")) if font else ""
    return _Piece(readable(text, name), x, y, abs(size) * scale or 1.0, name)


def _line(pieces: list[_Piece]) -> Line:
    main = max(pieces, key=lambda piece: len(piece.text.strip()))
    worded = [piece for piece in pieces if piece.text.strip()]
    text = without_letter_spacing("".join(piece.text for piece in pieces))
    return Line(
        text=_LEADERS.sub(" … ", text).rstrip(),
        x=pieces[0].x,
        y=main.y,
        size=main.size,
        bold=all(_BOLD.search(piece.font) for piece in worded),
        mono=all(_MONO.search(piece.font) for piece in worded),
    )
