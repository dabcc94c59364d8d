"""Page headers and footers: the lines that come again at the edge of most pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

# On fewer pages a line that comes again may well be meant.
_LEAST_PAGES = 3
_EDGE = 4
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)


T = TypeVar("T")


def without_repeats(pages: Sequence[Sequence[T]], key: Callable[[T], str] = str) -> list[list[T]]:
    """The lines of each page without those repeated at the top or bottom of most pages.

    Numbers do not count, so that "Page 3 of 9" is the same line as "Page 4 of 9". Left and right
    pages may differ.

    Args:
        pages: For each page its lines; blank ones are left alone.
        key: What gives the text of a line.
    """
    kept = [list(page) for page in pages]
    if sum(any(key(line).strip() for line in page) for page in kept) < _LEAST_PAGES:
        return kept
    for _ in range(_EDGE):
        for last in (False, True):
            _drop_edge(kept, key, last=last)
    return kept


def _drop_edge(pages: list[list[T]], key: Callable[[T], str], *, last: bool) -> None:
    """Remove the first or last line of each page where it is one that repeats."""
    edges = [_edge(page, key, last=last) for page in pages]
    shapes = [
        _DIGITS.sub("#", key(page[edge])).strip().casefold() if edge is not None else ""
        for page, edge in zip(pages, edges, strict=True)
    ]
    counts = Counter(filter(None, shapes))
    pages_with_text = sum(counts.values())
    # Half of the pages, less one: some books have other headers on left and right pages, and the
    # first page of a chapter has none.
    enough = max(3, (pages_with_text - 1) // 2)
    for page, edge, shape in zip(pages, edges, shapes, strict=True):
        if edge is not None and counts[shape] >= enough:
            del page[edge]


def _edge(page: list[T], key: Callable[[T], str], *, last: bool) -> int | None:
    """Where the first or last line stands that is not blank."""
    order = range(len(page) - 1, -1, -1) if last else range(len(page))
    return next((index for index in order if key(page[index]).strip()), None)
