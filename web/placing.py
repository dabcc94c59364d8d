"""Finds a passage in HTML that was made of the same file, and marks it there.

The two differ in white space, signs of markup and what the reader left out, so only letters and
digits are compared. What is not found in one piece is looked for line by line.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import html as lxml_html
from lxml.etree import ParserError, _Element, iterwalk
from markupsafe import Markup

from search.models import Span

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)")
_EMPTY = frozenset(("br", "col", "hr", "wbr"))
#: libxml2 drops what lies deeper than 256.
_DEEPEST = 200
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_CLOSING = ".,;:!?)]}”’»%"
#: Fewest letters of a line that is looked for by itself.
_TELLING = 12
#: How much of a passage's letters must be found for it to count as found.
_ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class Placed:
    """HTML that can be gone about in.

    Attributes:
        html: With a name for each heading, and the passage marked.
        headings: Level, name and text of each heading.
        has_passage: Whether the passage, if there is one to mark, is there.
    """

    html: Markup
    headings: tuple[tuple[int, str, str], ...]
    has_passage: bool


def placed(fragment: Markup, title: str, passage: str) -> Placed | None:
    """HTML with its headings named, and a passage in ``<mark class="passage">``.

    The first of the marks is called ``passage``.

    Args:
        fragment: Harmless HTML.
        title: What the page is headed with; a first heading that only repeats it is left out.
        passage: The passage's text, or "".

    Returns:
        None if it cannot be taken for HTML at all, or is nested so deeply that some would be lost.
    """
    if _depth(fragment) > _DEEPEST:
        return None
    try:
        root = lxml_html.fragment_fromstring(str(fragment), create_parent="div")
    except (ParserError, ValueError):
        return None
    headings = [e for e in root.iter() if isinstance(e.tag, str) and e.tag in _HEADINGS]
    if headings and _text(headings[0]) == title and not (passage and passage in title):
        headings.pop(0).drop_tree()
    named = []
    # The page has a heading of its own, which theirs stand beneath.
    deeper = 1 if any(heading.tag == "h1" for heading in headings) else 0
    for number, heading in enumerate(headings, 1):
        heading.tag = f"h{min(6, int(heading.tag[1]) + deeper)}"
        heading.set("id", f"section-{number}")
        if text := _text(heading):
            named.append((int(heading.tag[1]), f"section-{number}", text))
    has_passage = not passage or _mark_passage(root, passage)
    inner = lxml_html.tostring(root, encoding="unicode")
    # Harmless HTML, of which only headings were named and texts put into marks.
    return Placed(Markup(inner), tuple(named), has_passage)  # noqa: S704


def _depth(fragment: str) -> int:
    """How deeply the elements of well-formed HTML are nested."""
    depth = deepest = 0
    for tag in _TAG.finditer(fragment):
        if tag[2] not in _EMPTY:
            depth += -1 if tag[1] else 1
            deepest = max(deepest, depth)
    return deepest


def _text(element: _Element) -> str:
    return " ".join("".join(map(str, element.itertext())).split())


def _mark_passage(root: _Element, passage: str) -> bool:
    slots = _slots(root)
    letters = _letters([text for _, _, text in slots])
    by_slot: dict[int, list[Span]] = {}
    for span in _found(letters.text, passage):
        # Letters of one slot that follow one another make one mark, signs between included.
        for slot, begin, last in letters.stretches(span):
            end = _sentence_end(slots[slot][2], last + 1)
            by_slot.setdefault(slot, []).append(Span(begin, end))
    # From the end, so that what is put in does not move what comes before.
    for slot in sorted(by_slot, reverse=True):
        element, is_tail, text = slots[slot]
        _mark(element, is_tail, text, by_slot[slot])
    first = root.find(".//mark[@class='passage']")
    if first is None:
        return False
    first.set("id", "passage")
    first.set("tabindex", "-1")
    return True


def _sentence_end(text: str, at: int) -> int:
    """Where a stretch of text ends that ends with a letter: signs right after it belong to it."""
    while at < len(text) and text[at] in _CLOSING:
        at += 1
    return at


def _slots(root: _Element) -> list[tuple[_Element, bool, str]]:
    """Every text in the tree in order: its element, whether it stands after it, and the text."""
    found: list[tuple[_Element, bool, str]] = []

    for event, element in iterwalk(root, events=("start", "end")):
        if event == "start" and element.text:
            found.append((element, False, element.text))
        elif event == "end" and element is not root and element.tail:
            found.append((element, True, element.tail))
    return found


@dataclass(frozen=True, slots=True)
class _Letters:
    """The letters and digits of texts, and where each comes from.

    Attributes:
        text: The letters.
        begins: Of each text, how many letters come before it.
        places: Of each letter, where it stands in its text.
    """

    text: str
    begins: list[int]
    places: array[int]

    def stretches(self, span: Span) -> list[tuple[int, int, int]]:
        """Number of each text that letters of a span are in, its first and its last such place."""
        found = []
        at = span.start
        while at < span.end:
            slot = bisect_right(self.begins, at) - 1
            following = self.begins[slot + 1] if slot + 1 < len(self.begins) else len(self.text)
            until = min(span.end, following)
            found.append((slot, self.places[at], self.places[until - 1]))
            at = until
        return found


def _letters(texts: Sequence[str]) -> _Letters:
    letters: list[str] = []
    begins: list[int] = []
    places = array("I")
    count = 0
    for text in texts:
        begins.append(count)
        own = [at for at, character in enumerate(text) if character.isalnum()]
        # One letter for each, so that places can be counted.
        letters.append("".join(text[at].lower()[:1] for at in own))
        places.extend(own)
        count += len(own)
    return _Letters("".join(letters), begins, places)


def _found(letters: str, passage: str) -> list[Span]:
    whole = _letters([passage]).text
    at = letters.find(whole) if whole else -1
    if at >= 0:
        return [Span(at, at + len(whole))]
    spans: list[Span] = []
    after = covered = 0
    for line in passage.split("\n"):
        wanted = _letters([line]).text
        if len(wanted) < _TELLING:
            continue
        at = letters.find(wanted, after)
        if at < 0:
            at = letters.find(wanted)
        if at < 0:
            continue
        covered += len(wanted)
        after = at + len(wanted)
        # A line that is there once may be twice in the passage, whole or as part of another.
        if all(at >= span.end or after <= span.start for span in spans):
            spans.append(Span(at, after))
    return sorted(spans, key=lambda s: s.start) if covered >= _ENOUGH * len(whole) > 0 else []


def _mark(element: _Element, is_tail: bool, text: str, spans: Sequence[Span]) -> None:
    """Put stretches of one text of the tree into marks."""
    marks: list[_Element] = []
    for number, span in enumerate(spans):
        until = spans[number + 1].start if number + 1 < len(spans) else len(text)
        mark = lxml_html.Element("mark")
        mark.set("class", "passage")
        mark.text = text[span.start : span.end]
        mark.tail = text[span.end : until]
        marks.append(mark)
    before = text[: spans[0].start]
    if is_tail:
        element.tail = before
        for mark in reversed(marks):
            tail = mark.tail
            element.addnext(mark)
            mark.tail = tail
    else:
        element.text = before
        for mark in reversed(marks):
            element.insert(0, mark)
