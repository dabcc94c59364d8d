"""Source code with its parts told apart, by Pygments; the style sheet gives each its colour."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String
from pygments.util import ClassNotFound

#: Longer sources are shown in one colour.
LONGEST = 200_000

#: The parts that have a colour of their own, and its class; the first that fits.
_CLASSES: tuple[tuple[Any, str], ...] = (
    (Comment, "hc"),
    (String.Doc, "hc"),
    (Keyword, "hk"),
    (String, "hs"),
    (Number, "hn"),
    (Name.Function, "hf"),
    (Name.Class, "hf"),
    (Name.Decorator, "hd"),
    (Name.Builtin, "hd"),
)


class Coloured(NamedTuple):
    """A stretch of a text and the class it has."""

    start: int
    end: int
    style: str


@lru_cache(maxsize=8)
def colours(text: str, name: str) -> tuple[Coloured, ...]:
    """The stretches of a source that have a colour, in order.

    Args:
        text: The source.
        name: Its file's name, which says what language it is in.
    """
    if len(text) > LONGEST:
        return ()
    try:
        lexer = get_lexer_for_filename(name)
    except ClassNotFound:
        return ()
    found: list[Coloured] = []
    for at, kind, part in lexer.get_tokens_unprocessed(text):
        style = next((style for of, style in _CLASSES if kind in of), "")
        if not style or not part.strip():
            continue
        if found and found[-1].end == at and found[-1].style == style:
            found[-1] = Coloured(found[-1].start, at + len(part), style)
        else:
            found.append(Coloured(at, at + len(part), style))
    return tuple(found)
