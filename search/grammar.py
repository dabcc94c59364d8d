r"""The query language: from what is typed to its items, and back.

::

    query   =  { item | "OR" }
    item    =  [ "-" ] ( field ":" value  |  phrase  |  prefix  |  word )
    field   =  "title" | "heading" | "path" | "type" | "lang" | "author" | "before" | "after"
             | "page" | "area"
    value   =  phrase | word
    phrase  =  a quotation mark, text in which \" and \\ stand for " and \, another one
    prefix  =  word "*"

Any text has its items: what does not fit is words, and punctuation between items is passed over.
What the items mean is left to `search.queries`; docs/query-language.md is for those who type them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import regex

#: The fields that there are.
FIELDS = ("title", "heading", "path", "type", "lang", "author", "before", "after", "page", "area")

_TYPOGRAPHIC = "“”„‟«»"
_QUOTES = f'"{_TYPOGRAPHIC}'
_LETTER = r"[\p{L}\p{N}]"
#: What may stand before an item without belonging to it.
_BETWEEN = regex.compile(r"[\s()\[\]{},;.!?]*")
_OR = regex.compile(r"OR(?=\s|$)")
_PHRASE = regex.compile(
    rf"\"((?:\\[\"\\]|[^\"])*)\"|[{_TYPOGRAPHIC}]([^{_TYPOGRAPHIC}]*)[{_TYPOGRAPHIC}]"
)
_FIELD = regex.compile(rf"({'|'.join(FIELDS)}):(?=\S)", regex.IGNORECASE)
_UNFINISHED = regex.compile(rf"({'|'.join(FIELDS)}):([{_QUOTES}].*)?", regex.IGNORECASE)
_RUN = regex.compile(r"\S+")
_PREFIX = regex.compile(rf"({_LETTER}[\p{{L}}\p{{M}}\p{{N}}]+)\*(?=[\s)\]}}]|$)")
_EXCLUDES = regex.compile(rf"-(?=[{_QUOTES}]|{_LETTER})")
_ESCAPED = regex.compile(r"\\([\"\\])")


class Form(Enum):
    """What an item is."""

    WORD = "word"
    PHRASE = "phrase"
    PREFIX = "prefix"
    FIELD = "field"
    OR = "OR"


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a query.

    Attributes:
        form: What it is.
        text: The word, the words of the phrase, what the prefix begins with, the field's value.
        name: The field's name, or "".
        quoted: Whether the value of a field is a phrase.
        excludes: Whether it stands after a minus sign.
        typed: How it was typed.
    """

    form: Form
    text: str
    name: str = ""
    quoted: bool = False
    excludes: bool = False
    typed: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Typed:
    """A text cut into its items.

    Attributes:
        items: In order.
        remarks: What was begun but not finished, and is therefore taken as words; sentences.
    """

    items: tuple[Item, ...]
    remarks: tuple[str, ...]


def items_of(text: str) -> Typed:
    """Cut a query into its items.

    Args:
        text: Any text; control characters are taken for what they are.
    """
    items: list[Item] = []
    remarks: list[str] = []
    at = _after_gap(text, 0)
    while at < len(text):
        item, at, remark = _item(text, at)
        if item:
            items.append(item)
        if remark:
            remarks.append(remark)
        at = _after_gap(text, at)
    return Typed(tuple(items), tuple(dict.fromkeys(remarks)))


def write(items: Iterable[Item]) -> str:
    """The items as a query; read again, it gives the same items."""
    return " ".join(map(_written, items))


def quoted(text: str) -> str:
    """``text`` as a phrase: nothing in it means anything to the query language."""
    return '"' + regex.sub(r'(["\\])', r"\\\1", text) + '"'


def _after_gap(text: str, at: int) -> int:
    return _end(_BETWEEN, text, at)


def _end(pattern: regex.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _item(text: str, at: int) -> tuple[Item | None, int, str]:
    """The item that begins at ``at``, where it ends, and what is to be said about it."""
    if either := _OR.match(text, at):
        return Item(Form.OR, "OR", typed="OR"), either.end(), ""
    start = at
    excludes = _EXCLUDES.match(text, at) is not None
    at += excludes
    if found := _syntax(text, at):
        item, end = found
        return dataclasses.replace(item, excludes=excludes, typed=text[start:end]), end, ""
    if text[at] in _QUOTES:
        return None, at + 1, f"A quotation mark {_before(text, at + 1)} is not closed."
    end = _end(_RUN, text, at)
    word = text[at:end]
    unfinished = _UNFINISHED.fullmatch(word)
    remark = f"{unfinished[1]}: has no value." if unfinished else ""
    excludes = excludes and not remark
    return Item(Form.WORD, word, excludes=excludes, typed=text[start:end]), end, remark


def _syntax(text: str, at: int) -> tuple[Item, int] | None:
    """The field, phrase or prefix that stands at ``at``, and where it ends; None if none does."""
    if phrase := _PHRASE.match(text, at):
        return Item(Form.PHRASE, _content(phrase)), phrase.end()
    if name := _FIELD.match(text, at):
        value = _PHRASE.match(text, name.end())
        if value is None and text[name.end()] not in _QUOTES:
            end = _end(_RUN, text, name.end())
            return Item(Form.FIELD, text[name.end() : end], name[1].lower()), end
        if value and (content := _content(value)):
            return Item(Form.FIELD, content, name[1].lower(), quoted=True), value.end()
    if prefix := _PREFIX.match(text, at):
        return Item(Form.PREFIX, prefix[1]), prefix.end()
    return None


def _content(phrase: regex.Match[str]) -> str:
    """What stands between quotation marks."""
    text = phrase[2] if phrase[1] is None else _ESCAPED.sub(r"\1", phrase[1])
    return " ".join(text.split())


def _written(item: Item) -> str:
    value = item.text
    if item.form is Form.PHRASE or item.quoted:
        value = quoted(value)
    elif item.form is Form.PREFIX:
        value += "*"
    return f"{'-' if item.excludes else ''}{item.name}{':' if item.name else ''}{value}"


def _before(text: str, at: int) -> str:
    """What follows, to tell a place in a query by."""
    word = text[at : at + 40].split()[:1]
    return f"before {word[0]}" if word else "at the end"
