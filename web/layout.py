"""From a document to the blocks its page is made of: page marks, headings and text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from search.models import Document, Section, Span
from web import parts
from web.catalogue import Texts
from web.colours import Coloured
from web.markup import clipped, marked, paragraphs, within
from web.wording import whereabouts

#: Most entries in a table of contents; deeper headings are left out first.
CONTENTS = 120
#: Longest stretch that is marked as the passage, in characters.
_LONGEST_PASSAGE = 50_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that is the passage, or is not.

    Attributes:
        html: The text.
        is_passage: Whether it belongs to the passage.
        is_first: Whether it is where the passage begins.
    """

    html: Markup
    is_passage: bool = False
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """What stands under one heading on one page and in one place.

    Attributes:
        page: The page that begins here, or None.
        where: The page or place that begins here, in words, or "".
        level: The heading's level, 2 to 6; 0 if there is no heading to show.
        anchor: The section's name within the page.
        heading: The heading's pieces.
        body: The body's pieces.
    """

    page: int | None
    where: str
    level: int
    anchor: str
    heading: tuple[Piece, ...]
    body: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table of contents.

    Attributes:
        depth: 0 for the outermost.
        text: The heading.
        part: The part of the document it is in, from 1.
        anchor: The section's name within the page.
        page: The page it begins on, or None.
    """

    depth: int
    text: str
    part: int
    anchor: str
    page: int | None = None


def passage_at(document: Document, start: int | None, end: int | None) -> Span | None:
    """The passage that an address names, as far as the document has it.

    Args:
        document: The document.
        start: First character of the passage, or None; any number.
        end: One past its last character, or None; any number.

    Returns:
        A span of the text, not empty and not too long; or None if there is none.
    """
    if start is None or end is None:
        return None
    first = min(max(0, start), len(document.text))
    last = min(max(first, end), len(document.text), first + _LONGEST_PASSAGE)
    return Span(first, last) if first < last else None


def blocks(
    document: Document,
    title: str,
    window: Span,
    passage: Span | None,
    marks: Sequence[Span],
    say: Texts,
    colours: Sequence[Coloured] = (),
) -> Iterator[Block]:
    """The blocks of the part of a document that ``window`` spans.

    Args:
        document: The document.
        title: What the page is headed with; a first heading that only repeats it is left out.
        window: The part to show.
        passage: The passage to mark.
        marks: Spans of the document's text within the passage whose words are marked, in order.
        say: The language to name pages in.
        colours: Stretches of the text that have a class of their own, in order.
    """
    top = _top_level(document, title)
    page: int | None = None
    place = ""
    for number, section in enumerate(document.sections):
        if section.end <= window.start or section.start >= window.end:
            continue
        begins = section.page if section.page != page else None
        begun = section.place if section.place != place else ""
        where = whereabouts(document.kind, begins, begun, say)
        page, place = section.page, section.place
        heading = Span(section.start, section.body)
        repeats = number == 0 and _repeats(document, title) and not _touch(heading, passage)
        shown = _clip(heading, window)
        yield Block(
            page=begins,
            where=where,
            level=0 if repeats or shown is None else _level(section, top),
            anchor=_anchor(number),
            heading=_pieces(document, shown, passage, marks, colours, in_paragraphs=False),
            body=_pieces(
                document,
                _clip(Span(section.body, section.end), window),
                passage,
                marks,
                colours,
                in_paragraphs=True,
            ),
        )


def contents(document: Document, title: str, spans: Sequence[Span]) -> list[Entry]:
    """The table of contents: as many levels of headings as fit, or places if there are none.

    Args:
        document: The document.
        title: What the page is headed with; a first heading that only repeats it is left out.
        spans: The parts that the document is shown in, see `web.parts`.
    """
    headed = [
        (number, section)
        for number, section in enumerate(document.sections)
        if section.body > section.start
        and section.headings
        and not (number == 0 and _repeats(document, title))
    ]
    if not headed:
        return _places(document, spans)
    depths = sorted({len(section.headings) for _, section in headed})
    while len(depths) > 1 and sum(len(s.headings) in depths for _, s in headed) > CONTENTS:
        depths.pop()
    return [
        Entry(
            depth=depths.index(len(section.headings)),
            text=section.headings[-1],
            part=parts.part_with(spans, section.start) + 1,
            anchor=_anchor(number),
            page=section.page,
        )
        for number, section in headed
        if len(section.headings) in depths
    ][:CONTENTS]


def _places(document: Document, spans: Sequence[Span]) -> list[Entry]:
    """The places of a document without headings, such as times; of very many not every one."""
    placed = [
        (number, section) for number, section in enumerate(document.sections) if section.place
    ]
    step = -(-len(placed) // CONTENTS) or 1
    return [
        Entry(
            depth=0,
            text=section.place,
            part=parts.part_with(spans, section.start) + 1,
            anchor=_anchor(number),
        )
        for number, section in placed[::step]
    ]


def _anchor(number: int) -> str:
    return f"section-{number + 1}"


def _repeats(document: Document, title: str) -> bool:
    """Whether the first thing in the document is its title."""
    if not document.sections:
        return False
    first = document.sections[0]
    return document.text[first.start : first.body].strip() == title


def _top_level(document: Document, title: str) -> int:
    """The depth of the headings that come right beneath the page's own."""
    skipped = 1 if _repeats(document, title) else 0
    return min(
        (
            len(section.headings)
            for section in document.sections[skipped:]
            if section.body > section.start
        ),
        default=1,
    )


def _level(section: Section, top: int) -> int:
    return min(6, max(2, 2 + len(section.headings) - top))


def _clip(span: Span, window: Span) -> Span | None:
    start, end = max(span.start, window.start), min(span.end, window.end)
    return Span(start, end) if start < end else None


def _touch(span: Span, passage: Span | None) -> bool:
    return passage is not None and _clip(span, passage) is not None


def _pieces(
    document: Document,
    span: Span | None,
    passage: Span | None,
    marks: Sequence[Span],
    colours: Sequence[Coloured],
    *,
    in_paragraphs: bool,
) -> tuple[Piece, ...]:
    """A stretch of text cut where the passage begins and ends."""
    if span is None:
        return ()
    inside = None if passage is None else _clip(span, passage)
    if inside is None or passage is None:
        return (Piece(_html(document, span, (), colours, in_paragraphs=in_paragraphs)),)
    stretches = (
        (Span(span.start, inside.start), False),
        (inside, True),
        (Span(inside.end, span.end), False),
    )
    return tuple(
        Piece(
            _html(
                document,
                stretch,
                marks if is_passage else (),
                colours,
                in_paragraphs=in_paragraphs,
            ),
            is_passage,
            is_passage and stretch.start == passage.start,
        )
        for stretch, is_passage in stretches
        if stretch.start < stretch.end
    )


def _html(
    document: Document,
    span: Span,
    marks: Sequence[Span],
    colours: Sequence[Coloured],
    *,
    in_paragraphs: bool,
) -> Markup:
    text = document.text[span.start : span.end]
    inside = clipped(marks, span.start, span.end)
    coloured = within(colours, span.start, span.end)
    if in_paragraphs:
        return paragraphs(text, document.kind, inside, coloured)
    return marked(text, inside, coloured)
