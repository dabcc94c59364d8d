"""JSON Lines: one value in each line, and the line number as its place."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from indexer.readers.base import DocumentBuilder
from indexer.readers.data import Leaf, write_data
from indexer.readers.encoding import decode
from indexer.readers.json_leaves import BrokenJsonError, json_leaves
from search.errors import ReadError
from search.models import Document


def read(data: bytes, _name: str) -> Document:
    """Read a JSON Lines file; a line that is no JSON is kept as it is.

    Raises:
        ReadError: If the bytes are no text, or the values are nested too deeply.
    """
    text = decode(data)
    if text is None:
        raise ReadError("The JSON Lines file holds something else than text.")
    return write_data(DocumentBuilder("jsonl"), _line_leaves(text), "line")


def _line_leaves(text: str) -> Iterator[Leaf]:
    """The values of all lines, each with the number of its line before its path."""
    for number, line in enumerate(StringIO(text), 1):
        if line.strip():
            leaves = _leaves(line)
            for leaf in [Leaf(("",), line)] if leaves is None else leaves:
                yield Leaf((number, *leaf.path), leaf.value)


def _leaves(line: str) -> list[Leaf] | None:
    """The values in a line, or None if it is no JSON."""
    try:
        return list(json_leaves(line))
    except BrokenJsonError:
        return None
