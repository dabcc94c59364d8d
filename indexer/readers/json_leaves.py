"""The values of a JSON text, one after the other, without building the whole of it.

More is understood than the standard allows, because programs write it: commas after the last item,
comments, NaN and Infinity, line breaks within strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder

from indexer.readers.data import Leaf
from search.errors import ReadError

_BETWEEN = re.compile(r"(?:[\s,]++|//[^\n]*+|/\*.*?\*/)*", re.DOTALL)
_BARE = re.compile(r"true|false|null|NaN|-?Infinity|-?\d[\d.eE+-]*")
_STRING = JSONDecoder(strict=False)
# Deeper than anything a person reads; it also keeps paths short.
_DEPTH = 200


class BrokenJsonError(ValueError):
    """The text is no JSON from some point on."""


def json_leaves(text: str, *, several: bool = False) -> Iterator[Leaf]:
    """The values of a JSON text with where they lie; null is left out.

    Args:
        text: The text.
        several: Whether it holds several values, which then lie as in a list.

    Raises:
        BrokenJsonError: When the iteration comes to where the text is no JSON.
        ReadError: If it is nested deeper than any data is.
    """
    path: list[str | int] = []
    closing: list[str] = []
    if several:
        path, closing = [0], [""]
    outermost = len(closing)
    at = _skip(text, 0)
    while at < len(text):
        if closing and text[at] == closing[-1]:
            closing.pop()
            path.pop()
            at = _skip(text, at + 1)
        else:
            at = _step(text, at, path, closing)
            if text[at : at + 1] in ("{", "["):
                _open(text[at], path, closing)
                at = _skip(text, at + 1)
                continue
            value, at = _scalar(text, at)
            if value != "null":
                yield Leaf(tuple(path), value)
            at = _skip(text, at)
        if not closing:
            break
    if len(closing) > outermost or at < len(text):
        raise BrokenJsonError("It ends too early." if closing else "Something follows the value.")


def _skip(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


def _step(text: str, at: int, path: list[str | int], closing: list[str]) -> int:
    """Take the name of the next value, or its number in a list, and say where the value begins."""
    if not closing:
        return at
    last = path[-1]
    if isinstance(last, int):
        path[-1] = last + 1
        return at
    path[-1], at = _quoted(text, at)
    at = _skip(text, at)
    if text[at : at + 1] != ":":
        raise BrokenJsonError("A colon is missing.")
    return _skip(text, at + 1)


def _open(bracket: str, path: list[str | int], closing: list[str]) -> None:
    if len(path) >= _DEPTH:
        raise ReadError(
            "The JSON file is nested too deeply.",
            "Save it again in a simpler form and index again.",
        )
    closing.append("}" if bracket == "{" else "]")
    path.append("" if bracket == "{" else 0)


def _scalar(text: str, at: int) -> tuple[str, int]:
    if match := _BARE.match(text, at):
        return match[0], match.end()
    return _quoted(text, at)


def _quoted(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] != '"':
        raise BrokenJsonError("A value is missing.")
    try:
        value, end = _STRING.raw_decode(text, at)
    except JSONDecodeError as error:
        raise BrokenJsonError(str(error)) from error
    return str(value), end
