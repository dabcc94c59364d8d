"""From a field and its value, as they are typed, to the condition they mean."""

from __future__ import annotations

import calendar
import os
import re
from collections.abc import Callable

from search.analysis.folding import fold
from search.errors import UsageError
from search.grammar import Item, quoted
from search.phrases import exact_words
from search.requirements import (
    Area,
    Condition,
    Dated,
    Headed,
    Kind,
    Language,
    Lies,
    Named,
    Pages,
    Phrase,
    Prefix,
)

_MOST_PAGES = 10**9
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_PAGES = re.compile(r"(\d{1,9})(?:([-–])(\d{1,9})?)?")
_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_][a-z]{2,8})?")
_AREA = re.compile(r"\d{1,15}(?:;-?\d{1,4},-?\d{1,4}){3,200}")
_KIND = re.compile(r"\.?(\w+)")
#: A value that needs no quotation marks.
_PLAIN = re.compile(r"[\w./-]*[\w/]")
#: What may follow a value in a sentence.
_PUNCTUATION = ".,;!?)]}"


class NoValue(UsageError):
    """What stands after a field's name cannot be its value; the message says what could."""


def condition_of(item: Item) -> Condition:
    """What a field with its value requires.

    Args:
        item: An item that is a field.

    Raises:
        NoValue: The value makes no sense there.
    """
    return _CONDITIONS[item.name](item)


def typed(condition: Condition) -> str:
    """A condition as it can be typed; what is typed so means the same condition."""
    match condition:
        case Phrase(words):
            return quoted(" ".join(words))
        case Prefix(start):
            return f"{start}*"
        case Named(where, words, is_open):
            return _typed_words(where, words, is_open)
        case Headed(words, is_open):
            return _typed_words("heading", words, is_open)
        case Lies(pattern):
            return f"path:{quoted(pattern)}"
        case Kind(name):
            return f"type:{name}"
        case Language(code):
            return f"lang:{code}"
        case Dated(side, day):
            return f"{side}:{day}"
        case _:
            return _typed_place(condition)


def _typed_place(condition: Pages | Area) -> str:
    if isinstance(condition, Area):
        corners = (f"{x},{y}" for x, y in condition.corners)
        return f"area:{';'.join((str(condition.drawn), *corners))}"
    first, last = condition.first, condition.last
    if first == last:
        return f"page:{first}"
    return f"page:{first}-{'' if last == _MOST_PAGES else last}"


def _typed_words(field: str, words: tuple[str, ...], is_open: bool) -> str:
    return f"{field}:{'-'.join(words)}*" if is_open else f"{field}:{quoted(' '.join(words))}"


def as_typed(name: str, value: str) -> str:
    """The field ``name`` with a value as somebody would type it: quoted only where it must be."""
    return f"{name}:{value}" if _PLAIN.fullmatch(value) else f"{name}:{quoted(value)}"


def bare_words(text: str) -> tuple[str, ...]:
    """The words of a title or of a name: as `exact_words`, without diacritics."""
    return tuple(map(fold, exact_words(text)))


def _named(item: Item) -> Named:
    return Named("author" if item.name == "author" else "title", *_words(item))


def _headed(item: Item) -> Headed:
    return Headed(*_words(item))


def _words(item: Item) -> tuple[tuple[str, ...], bool]:
    """The words of a name, and whether the last one need only begin a word."""
    words = bare_words(item.text)
    if not words:
        raise NoValue(f"{item.name}: takes words, not {item.text}.")
    return words, not item.quoted and item.text.endswith("*")


def _lies(item: Item) -> Lies:
    return Lies(item.text.replace(os.sep, "/"))


def _kind(item: Item) -> Kind:
    found = _KIND.fullmatch(_bare(item))
    if not found:
        raise NoValue(f"type: takes a format such as pdf or docx, not {item.text}.")
    return Kind(found[1])


def _language(item: Item) -> Language:
    found = _LANGUAGE.fullmatch(_bare(item))
    if not found:
        raise NoValue(f"lang: takes a code of two letters such as de, not {item.text}.")
    return Language(found[1])


def _dated(item: Item) -> Dated:
    found = _DATE.fullmatch(_bare(item))
    if found:
        year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
        if year and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]:
            text = f"{year:04d}-{month:02d}-{day:02d}"
            return Dated("before", text) if item.name == "before" else Dated("after", text)
    raise NoValue(
        f"{item.name}: takes a date such as 2024, 2024-06 or 2024-06-30, not {item.text}."
    )


def _pages(item: Item) -> Pages:
    found = _PAGES.fullmatch(_bare(item))
    if not found:
        raise NoValue(f"page: takes a number or a range such as 3-7, not {item.text}.")
    first, dash, last = found.groups()
    if not last:
        return Pages(int(first), _MOST_PAGES if dash else int(first))
    return Pages(*sorted((int(first), int(last))))


def _area(item: Item) -> Area:
    found = _AREA.fullmatch(_bare(item))
    if not found:
        raise NoValue(f"area: takes what drawing on the map gives, not {item.text}.")
    drawn, *corners = found[0].split(";")
    pairs = (corner.split(",") for corner in corners)
    return Area(int(drawn), tuple((int(x), int(y)) for x, y in pairs))


def _bare(item: Item) -> str:
    return item.text.rstrip(_PUNCTUATION).lower()


_CONDITIONS: dict[str, Callable[[Item], Condition]] = {
    "title": _named,
    "heading": _headed,
    "author": _named,
    "path": _lies,
    "type": _kind,
    "lang": _language,
    "before": _dated,
    "after": _dated,
    "page": _pages,
    "area": _area,
}
