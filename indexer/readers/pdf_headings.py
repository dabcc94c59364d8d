"""Which blocks of a PDF are headings: those of its outline, and those set in larger type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.readers.pdf_layout import Block

_LETTERS = re.compile(r"[^\W\d_]{2}")
_NOT_HEADING = re.compile(r"[.,;:]$")
_WORDS = re.compile(r"\w+")
_LEADING_NUMBER = re.compile(r"^(?:\d+ )+")
_LIST = re.compile(r"(?:table of )?contents|inhalt(?:sverzeichnis)?|sommaire|índice", re.IGNORECASE)
_LONGEST = 160
_LONGEST_BOLD = 100
# Where more of a document than this is set like headings, size says something else there.
_MOST = 0.25
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a PDF's outline (its bookmarks).

    Attributes:
        level: 1 at the top.
        title: What it says.
        page: Number of the page it leads to, counted from 1.
    """

    level: int
    title: str
    page: int


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings of a document.

    Attributes:
        levels: Level of each block that is a heading, by page number and place on the page.
        at_top: Entries to be put at the top of a page, where no block says the same, by page.
        title: The largest heading at the beginning of the first page, or "".
    """

    levels: dict[tuple[int, int], int]
    at_top: dict[int, list[Entry]]
    title: str


def find_headings(pages: Sequence[Sequence[Block]], outline: Sequence[Entry]) -> Headings:
    """The headings, told from the text.

    Args:
        pages: The blocks of each page.
        outline: The entries of the outline, in reading order; may be empty.
    """
    listed, at_top = _match(pages, outline)
    styles = {(number, place): _style(pages[number - 1][place]) for number, place in listed}
    deepest = max((entry.level for entry in outline), default=0)
    known = {style: listed[place] for place, style in styles.items()}
    largest = max((size for size, _ in styles.values()), default=0.0)
    levels = dict(listed)
    candidates = {place: style for place, style in _larger(pages).items() if place not in listed}
    _drop_byline(candidates)
    ranks = {
        style: rank
        for rank, style in enumerate(sorted(set(candidates.values()) - known.keys(), reverse=True))
    }
    for place, style in candidates.items():
        if style in known:
            levels[place] = known[style]
        elif outline and style[0] > largest:
            levels[place] = 0
        else:
            levels[place] = min(deepest + 1 + ranks[style], deepest + _DEEPEST)
    return Headings(levels, at_top, _title(pages, candidates))


def _match(
    pages: Sequence[Sequence[Block]], outline: Sequence[Entry]
) -> tuple[dict[tuple[int, int], int], dict[int, list[Entry]]]:
    """The blocks that say what an entry says on its page, and the entries none of them says."""
    listed: dict[tuple[int, int], int] = {}
    at_top: dict[int, list[Entry]] = {}
    for entry in outline:
        words = _plain(entry.title)
        found = next(
            (
                place
                for place, block in enumerate(pages[entry.page - 1])
                if (entry.page, place) not in listed
                and len(block.text) <= 2 * _LONGEST
                and _plain(block.text) == words
            ),
            None,
        )
        if found is None:
            at_top.setdefault(entry.page, []).append(entry)
        else:
            listed[entry.page, found] = entry.level
    return listed, at_top


def _plain(text: str) -> str:
    words = " ".join(_WORDS.findall(text)).casefold()
    return _LEADING_NUMBER.sub("", words) or words


def _style(block: Block) -> tuple[float, bool]:
    """Size to the half point, and boldness: what headings of one level have in common."""
    return round(block.size * 2) / 2, block.bold


def _larger(pages: Sequence[Sequence[Block]]) -> dict[tuple[int, int], tuple[float, bool]]:
    """The blocks set in larger or bolder type than the text, with their styles."""
    weights: Counter[tuple[float, bool]] = Counter()
    for page in pages:
        for block in page:
            weights[_style(block)] += len(block.text)
    if not weights:
        return {}
    size, bold = weights.most_common(1)[0][0]
    found = {
        (number, place): _style(block)
        for number, page in enumerate(pages, 1)
        for place, block in enumerate(page)
        if _may_be_heading(block, size, bold)
    }
    for only_larger in (False, True):
        found = {
            place: style for place, style in found.items() if not only_larger or style[0] > size
        }
        length = sum(len(pages[number - 1][place].text) for number, place in found)
        if length <= _MOST * weights.total():
            return found
    return {}


def _drop_byline(candidates: dict[tuple[int, int], tuple[float, bool]]) -> None:
    """Take out what stands right below the title in a type of its own: authors, a subtitle."""
    times = Counter(candidates.values())
    for (page, place), style in list(candidates.items()):
        above = candidates.get((page, place - 1))
        if page == 1 and above and above > style and times[style] == 1:
            del candidates[page, place]


def _may_be_heading(block: Block, size: float, bold: bool) -> bool:
    """Whether a block stands out from text of that size and boldness."""
    text = block.text
    if block.kind != "prose" or len(block.lines) > 3 or len(text) > _LONGEST:
        return False
    if not _LETTERS.search(text) or text.startswith("•"):
        return False
    if block.size >= 1.12 * size:
        return True
    heavier = block.bold and not bold and block.size >= 0.95 * size
    return heavier and len(text) <= _LONGEST_BOLD and not _NOT_HEADING.search(text)


def _title(
    pages: Sequence[Sequence[Block]], candidates: dict[tuple[int, int], tuple[float, bool]]
) -> str:
    first = {place: style for (page, place), style in candidates.items() if page == 1 and place < 6}
    first = {
        place: style for place, style in first.items() if not _LIST.fullmatch(pages[0][place].text)
    }
    if not first:
        return ""
    largest = max(size for size, _ in first.values())
    return next(pages[0][place].text for place, style in first.items() if style[0] == largest)
