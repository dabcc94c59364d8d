"""Text with marked words as HTML; the only place where HTML is put together by hand."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from search.models import Span
from web.colours import Coloured
from web.looks import CELL_SEPARATOR, Look, look_of

_MARK = Markup("<mark>{}</mark>")
_COLOUR = Markup('<span class="{}">{}</span>')
_PARAGRAPHS = {
    Look.PROSE: Markup('<p dir="auto">{}</p>'),
    Look.CODE: Markup('<p class="code" dir="auto"><code>{}</code></p>'),
    Look.ROWS: Markup('<p class="rows" dir="auto">{}</p>'),
}
_ROW = Markup('<span class="row">{}</span>')
_NAME = Markup("<i>{}</i>{}")
_BLANK_LINE = Markup("\n\n")
_LINE_END = Markup("\n")
_BAR = Markup(" | ")
#: What stands before a value in a cell: the name of its column.
_COLUMN = re.compile(r"[^\n]{1,80}?:(?= )")


def marked(text: str, spans: Iterable[Span], colours: Sequence[Coloured] = ()) -> Markup:
    """``text`` with each of ``spans`` in a ``<mark>``, and its parts in their colours.

    Args:
        text: Any text.
        spans: What is to be marked, in order.
        colours: Stretches that have a class of their own, in order.
    """
    parts: list[Markup] = []
    at = 0
    for span in spans:
        parts.append(_coloured(text, at, span.start, colours))
        parts.append(_MARK.format(_coloured(text, span.start, span.end, colours)))
        at = span.end
    parts.append(_coloured(text, at, len(text), colours))
    return Markup("").join(parts)


def _coloured(text: str, start: int, end: int, colours: Sequence[Coloured]) -> Markup:
    parts: list[Markup] = []
    at = start
    for colour in colours:
        first, last = max(start, colour.start), min(end, colour.end)
        if first < last:
            parts += [escape(text[at:first]), _COLOUR.format(colour.style, text[first:last])]
            at = last
    parts.append(escape(text[at:end]))
    return Markup("").join(parts)


def paragraphs(
    text: str, kind: str, spans: Sequence[Span] = (), colours: Sequence[Coloured] = ()
) -> Markup:
    """``text`` with a ``<p>`` for each paragraph and each of ``spans`` in a ``<mark>``.

    Code and rows of tables are told from prose. The blank lines stay between the paragraphs: the
    HTML's text is ``text``, to the character.

    Args:
        text: Any part of a document.
        kind: The document's format.
        spans: What is to be marked, in order.
        colours: Stretches of code that have a class of their own, in order.
    """
    return _BLANK_LINE.join(
        _paragraph(
            part,
            look_of(part, kind),
            clipped(spans, at, at + len(part)),
            within(colours, at, at + len(part)),
        )
        if part
        else ""
        for at, part in _split(text, "\n\n")
    )


def clipped(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """What of ``spans`` lies in ``text[start:end]``, counted from there."""
    return [
        Span(max(span.start, start) - start, min(span.end, end) - start)
        for span in spans
        if span.start < end and span.end > start
    ]


def within(colours: Sequence[Coloured], start: int, end: int) -> list[Coloured]:
    """What of ``colours`` lies in ``text[start:end]``, counted from there."""
    return [
        Coloured(max(one.start, start) - start, min(one.end, end) - start, one.style)
        for one in colours[bisect_left(colours, start, key=_end_of) :]
        if one.start < end
    ]


def _end_of(colour: Coloured) -> int:
    return colour.end


def _paragraph(
    text: str, look: Look, spans: Sequence[Span], colours: Sequence[Coloured] = ()
) -> Markup:
    if look is not Look.ROWS:
        return _PARAGRAPHS[look].format(marked(text, spans, colours))
    rows = [
        _ROW.format(_row(line, clipped(spans, at, at + len(line))))
        for at, line in _split(text, "\n")
    ]
    return _PARAGRAPHS[look].format(_LINE_END.join(rows))


def _row(line: str, spans: Sequence[Span]) -> Markup:
    """A row of a table, the names of its columns set apart."""
    cells = []
    for at, cell in _split(line, CELL_SEPARATOR):
        found = _COLUMN.match(cell)
        within = at + (found.end() if found else 0)
        name = marked(line[at:within], clipped(spans, at, within))
        value = marked(line[within : at + len(cell)], clipped(spans, within, at + len(cell)))
        cells.append(_NAME.format(name, value) if found else value)
    return _BAR.join(cells)


def _split(text: str, separator: str) -> Iterable[tuple[int, str]]:
    """The parts of ``text`` between separators, each with where it begins."""
    at = 0
    for part in text.split(separator):
        yield at, part
        at += len(part) + len(separator)
