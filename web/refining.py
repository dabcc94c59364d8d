"""The filters of a query as things to take off and put on; its text stays the one truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from search.fields import NoValue, condition_of
from search.grammar import Form, Item, items_of


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that a query has.

    Attributes:
        label: As it was typed; of a part of the map only that it is one.
        without: The query's text without it.
    """

    label: str
    without: str


def chips(text: str) -> list[Chip]:
    """The filters that stand in a query's text, and whatever it leaves out."""
    typed = list(items_of(text).items)
    return [
        Chip(_label(item), _text_of(typed[:at] + typed[at + 1 :]))
        for at, item in enumerate(typed)
        if _is_filter(item)
    ]


def _label(item: Item) -> str:
    return item.typed.partition(":")[0] + ":…" if item.name == "area" else item.typed


def added(text: str, filters: Iterable[str]) -> str:
    """A query's text with more filters at its end; those it has already are not put twice."""
    known = {item.typed for item in items_of(text).items}
    return " ".join(filter(None, (text.strip(), *(f for f in filters if f not in known))))


def removed(text: str, filters: Iterable[str]) -> str:
    """A query's text without filters that mean the same as ``filters``."""
    gone = [_meaning(item) for one in filters for item in items_of(one).items]
    return _text_of([item for item in items_of(text).items if _meaning(item) not in gone])


def only(text: str, filters: Iterable[str]) -> str:
    """A query's text with these filters in the place of all others of the same fields."""
    names = {item.name for one in filters for item in items_of(one).items}
    kept = [item for item in items_of(text).items if not item.name or item.name not in names]
    return added(_text_of(kept), filters)


def _meaning(item: Item) -> object:
    if item.form is not Form.FIELD or item.excludes:
        return item.typed
    try:
        return condition_of(item)
    except NoValue:
        return item.typed


def _is_filter(item: Item) -> bool:
    if item.form is not Form.FIELD:
        return item.excludes
    try:
        condition_of(item)
    except NoValue:
        return False
    return True


def _text_of(items: list[Item]) -> str:
    """The items as they were typed, less any OR that joins nothing any more."""
    kept: list[Item] = []
    for item in items:
        if item.form is Form.OR and (not kept or kept[-1].form is Form.OR):
            continue
        kept.append(item)
    while kept and kept[-1].form is Form.OR:
        kept.pop()
    return " ".join(item.typed for item in kept)
