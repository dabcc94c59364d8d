"""Marks in a passage as a terminal shows them, or plain text.

Matched words and what carried the meaning are marked in ways that can stand within one another:
the former bright, the latter's sentence underlined and its words reversed; in plain text ``*so*``,
``‹so›`` and ``_so_``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from search.models import Hit, Span


@dataclass(frozen=True, slots=True)
class _Kind:
    """A way to mark.

    Attributes:
        begin: Stands for the begin of a mark while lines are broken, …
        end: … and for its end.
        plain: Both in plain text.
        codes: Both on a terminal.
    """

    begin: str
    end: str
    plain: tuple[str, str]
    codes: tuple[str, str]


#: From the outside in.
_SENTENCE = _Kind("\x01", "\x02", ("‹", "›"), ("\x1b[4m", "\x1b[24m"))
_CARRYING = _Kind("\x03", "\x04", ("_", "_"), ("\x1b[7m", "\x1b[27m"))
_MATCHED = _Kind("\x05", "\x06", ("*", "*"), ("\x1b[1;33m", "\x1b[22;39m"))
_KINDS = (_SENTENCE, _CARRYING, _MATCHED)
_HIDDEN = dict.fromkeys(map(ord, "".join(kind.begin + kind.end for kind in _KINDS)))


def marked_lines(hit: Hit, width: int, *, terminal: bool, indent: str = "   ") -> list[str]:
    """The text of a hit in lines, with its marks.

    Args:
        hit: The hit.
        width: How many characters a line has at the most.
        terminal: Whether a terminal will show it.
        indent: What each line begins with.
    """
    lines: list[str] = []
    for paragraph in _with_marks(hit).splitlines():
        lines += textwrap.wrap(paragraph, width, initial_indent=indent, subsequent_indent=indent)
    return list(_on_terminal(lines, indent)) if terminal else [_plain(line) for line in lines]


def _with_marks(hit: Hit) -> str:
    """The text with a character in place of each begin and end of a mark."""
    begins: dict[int, str] = {}
    ends: dict[int, str] = {}
    for kind, span in _spans(hit):
        begins[span.start] = begins.get(span.start, "") + kind.begin
        ends[span.end] = kind.end + ends.get(span.end, "")
    parts, at = [], 0
    for place in sorted({*begins, *ends}):
        parts += [hit.text[at:place].translate(_HIDDEN), ends.get(place, ""), begins.get(place, "")]
        at = place
    return "".join((*parts, hit.text[at:].translate(_HIDDEN)))


def _spans(hit: Hit) -> Iterator[tuple[_Kind, Span]]:
    if hit.meaning is not None and hit.meaning.sentence is not None:
        yield _SENTENCE, hit.meaning.sentence
        for word in hit.meaning.words:
            yield _CARRYING, word
    for word in hit.marks:
        yield _MATCHED, word


def _plain(line: str) -> str:
    for kind in _KINDS:
        line = line.replace(kind.begin, kind.plain[0]).replace(kind.end, kind.plain[1])
    return line


def _on_terminal(lines: list[str], indent: str) -> Iterator[str]:
    """The lines with codes; what is open at the end of one is closed and opened in the next."""
    is_open = dict.fromkeys(_KINDS, False)
    for line in lines:
        text = indent + "".join(kind.codes[0] for kind in _KINDS if is_open[kind])
        for character in line.removeprefix(indent):
            for kind in _KINDS:
                if character in (kind.begin, kind.end):
                    is_open[kind] = character == kind.begin
                    text += kind.codes[not is_open[kind]]
                    break
            else:
                text += character
        yield text + "".join(kind.codes[1] for kind in _KINDS if is_open[kind])
