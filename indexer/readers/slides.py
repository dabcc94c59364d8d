"""What the presentation formats have in common: how a slide is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.lines import add_lines, add_row


@dataclass(frozen=True, slots=True)
class Slide:
    """What stands on one slide.

    Attributes:
        title: Its title, or "".
        items: The text of its shapes, with line breaks where it has some, and the cells of its
            tables' rows, in the order they are read.
        notes: What the speaker notes say.
    """

    title: str
    items: Sequence[str | tuple[str, ...]]
    notes: str = ""


def write_slides(builder: DocumentBuilder, slides: Sequence[Slide]) -> None:
    """Write slides: each is a page, its title a heading, its notes stand beneath it."""
    for number, slide in enumerate(slides, 1):
        builder.page(number)
        builder.leave(1)  # a slide without a title does not belong to the one before
        builder.heading(1, slide.title)
        for item in slide.items:
            if isinstance(item, str):
                add_lines(builder, item)
            else:
                add_row(builder, item)
        if one_line(slide.notes):
            add_lines(builder, "Notes: " + slide.notes.strip())
