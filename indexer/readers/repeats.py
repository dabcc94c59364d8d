"""Page headers and footers: lines that come again at the edge of most pages, or a chapter's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

# On fewer pages a line that comes again may well be meant.
_LEAST_PAGES = 3
_EDGE = 4
# Within so many pages a running head of a chapter comes three times, on left or right pages alone.
_NEIGHBOURS = 6
# Such a head stands at least so far from the text, in points.
_MARGIN = 18.0
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")


T = TypeVar("T")


def without_repeats(
    pages: Sequence[Sequence[T]],
    key: Callable[[T], str] = str,
    height: Callable[[T], float | None] | None = None,
) -> list[list[T]]:
    """The lines of each page without those repeated at the top or bottom of most pages.

    Numbers do not count, so that "Page 3 of 9" is the same line as "Page 4 of 9". Left and right
    pages may differ.

    Args:
        pages: For each page its lines; blank ones are left alone.
        key: What gives the text of a line.
        height: What gives the place of a line on its page in points, where it is known; a line that
            stands off from the text and is repeated at the same height of pages next to each other
            goes as well. None keeps a line.
    """
    kept = [list(page) for page in pages]
    if sum(any(key(line).strip() for line in page) for page in kept) < _LEAST_PAGES:
        return kept
    for _ in range(_EDGE):
        for last in (False, True):
            _drop_edge(kept, key, height, last=last)
    return kept


def _drop_edge(
    pages: list[list[T]],
    key: Callable[[T], str],
    height: Callable[[T], float | None] | None,
    *,
    last: bool,
) -> None:
    """Remove the first or last line of each page where it is one that repeats."""
    edges = [_edge(page, key, last=last) for page in pages]
    shapes = [
        _DIGITS.sub("#", key(page[edge])).strip().casefold() if edge is not None else ""
        for page, edge in zip(pages, edges, strict=True)
    ]
    # More than a page number and a total: a row of a table.
    shapes = ["" if s.count("#") > 2 and not _LETTER.search(s) else s for s in shapes]
    counts = Counter(filter(None, shapes))
    pages_with_text = sum(counts.values())
    # Half of the pages, less one: some books have other headers on left and right pages, and the
    # first page of a chapter has none.
    enough = max(3, (pages_with_text - 1) // 2)
    dropped = {number for number, shape in enumerate(shapes) if counts[shape] >= enough}
    if height is not None:
        heights = [_standing_off(map(height, page[::-1] if last else page)) for page in pages]
        dropped.update(_running(shapes, heights))
    for number in dropped:
        edge = edges[number]
        if edge is not None:
            del pages[number][edge]


def _standing_off(heights: Iterable[float | None]) -> float | None:
    """The first height, if the next other one is far from it."""
    first: float | None = None
    for number, height in enumerate(heights):
        if number == 0:
            first = height
        elif first is None:
            return None
        elif height is not None and abs(height - first) > 2:
            return first if abs(height - first) >= _MARGIN else None
    return first


def _running(shapes: Sequence[str], heights: Sequence[float | None]) -> Iterator[int]:
    """The pages whose line comes three times at the same height among neighbouring pages."""
    places: dict[tuple[str, int], list[int]] = {}
    for number, (shape, height) in enumerate(zip(shapes, heights, strict=True)):
        # A number by itself at the edge may be the cell of a table.
        if height is not None and _LETTER.search(shape):
            places.setdefault((shape, round(height)), []).append(number)
    for numbers in places.values():
        for first, second, third in zip(numbers, numbers[1:], numbers[2:], strict=False):
            if third - first < _NEIGHBOURS:
                yield from (first, second, third)


def _edge(page: list[T], key: Callable[[T], str], *, last: bool) -> int | None:
    """Where the first or last line stands that is not blank."""
    order = range(len(page) - 1, -1, -1) if last else range(len(page))
    return next((index for index in order if key(page[index]).strip()), None)
