"""The lines of a PDF page, with the place and the type they are set in.

pypdf gives the text of a page in the order it was written, line after line. Its visitor says as
well where each piece begins and in which font, from which tables, headings and paragraphs can be
told later on.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from math import hypot
from typing import Any

from pypdf import PageObject

# Ligatures, Arabic letters in the form they take in a word, Latin letters as wide as Chinese ones.
_FORMS = re.compile("[\ufb00-\ufdfb\ufe70-\ufefc\uff01-\uff5e]+")
# Where a font does not say which letters it has, pypdf gives the names or codes of its shapes.
_NAMELESS = re.compile(
    r"(?:/(?:[GgCc][0-9A-Fa-f]{1,4}|[A-Z][0-9A-Z]{1,2})(?=[/\s]|$)\s?){3,}"
    r"|[\ue000-\uf06f\uf071-\uf09f\uf0e0-\uf8ff]+"
)
_BOLD = re.compile(r"bold|black|heavy|semibd|demi|medi(?!um)|cmbx|sfbx", re.IGNORECASE)
_MONO = re.compile(r"courier|mono|consol|typewriter|cmtt|sftt|menlo", re.IGNORECASE)
_LEADERS = re.compile(r"(?:\s?[.·…_]){4,}\s*")


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


def lines_of(page: PageObject) -> list[Line]:
    """The lines of a page in the order they were written; may raise whatever pypdf raises."""
    lines: list[Line] = []
    gathered: list[_Piece] = []

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        for number, part in enumerate(text.split("\n")):
            if number and gathered:
                lines.append(_line(gathered))
                gathered.clear()
            if part.strip() or (part and gathered):
                gathered.append(_piece(part, cm, tm, font, size))

    page.extract_text(visitor_text=visit)
    if gathered:
        lines.append(_line(gathered))
    return lines


def _piece(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> _Piece:
    """A piece with the text matrix and the page's own put together."""
    x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
    y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
    scale = hypot(tm[2], tm[3]) * hypot(cm[2], cm[3])
    name = str(font.get("/BaseFont", "")) if font else ""
    return _Piece(_readable(text), x, y, abs(size) * scale or 1.0, name)


def _readable(text: str) -> str:
    """Text in the letters one would type to search for it."""
    text = _FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    # The encoding most fonts have draws a bullet for codes without a character of their own.
    return _NAMELESS.sub(" ", text.replace("\x7f", "•"))


def _line(pieces: list[_Piece]) -> Line:
    main = max(pieces, key=lambda piece: len(piece.text.strip()))
    worded = [piece for piece in pieces if piece.text.strip()]
    return Line(
        text=_LEADERS.sub(" … ", "".join(piece.text for piece in pieces)).rstrip(),
        x=pieces[0].x,
        y=main.y,
        size=main.size,
        bold=all(_BOLD.search(piece.font) for piece in worded),
        mono=all(_MONO.search(piece.font) for piece in worded),
    )
