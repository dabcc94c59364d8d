"""What the readers of data share: values and where they lie become lines such as "port: 8080".

A reader gives one `Leaf` after the other in the order of the file. What lies in a list of records
gets a place, "records 3–12", several short records together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from indexer.languages import tidy_language
from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.dates import iso_date
from indexer.readers.titles import real_title
from search.models import Document

#: Where a value lies: names, and in lists numbers counted from 1.
Path = tuple[str | int, ...]

#: How much text is taken from one file of data, in characters, and how many values.
TEXT_LIMIT, VALUE_LIMIT = 4_000_000, 1_000_000

# Longer strings, and those of several lines, are prose and get paragraphs of their own.
_PROSE = 200
# A long run of characters without a space is no word: a picture in letters, a key, a checksum.
_UNREADABLE = re.compile(r"[\x21-\x7e]{200,}")
_KEPT = 60
# Short values of a list share a line; of a long list of numbers only the beginning is kept.
_LINE = 300
_NUMBERS = 50
# How many steps of a path are shown, its last ones.
_STEPS = 8
# Lines make a block, and records a place, until they have so much text.
_GROUP = 700


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value and where it lies, or a comment on the next value, which has the same path."""

    path: Path
    value: str
    is_comment: bool = False


@dataclass(frozen=True, slots=True)
class _Record:
    """An item of a list of records: where the list lies, and which item it is; 0 outside any."""

    path: Path
    number: int


def write_data(builder: DocumentBuilder, leaves: Iterable[Leaf], unit: str = "record") -> Document:
    """Write values until they end, or there are more than are taken from one file.

    Args:
        builder: An empty document.
        leaves: The values in order.
        unit: What the items are called if the whole file is a list.

    Returns:
        The finished document; title, author, date and language are taken from the values.
    """
    said: dict[str, str] = {}
    records = (
        (record, list(_blocks(run)))
        for record, run in groupby(
            _noting(said, _bounded(leaves)), lambda leaf: _record_of(leaf.path)
        )
    )
    for path, run in groupby(records, lambda item: item[0].path if item[0].number else None):
        places = list(_places(run))
        short = len(places) == 1 and sum(map(len, places[0][2])) < _GROUP
        for first, last, blocks in places:
            builder.place("" if path is None or short else _place(path, unit, first, last))
            for block in blocks:
                builder.block(block, preformatted=True)
    return builder.build(
        real_title(said.get("title") or said.get("name")),
        author=said.get("author", ""),
        date=iso_date(said.get("date")),
        language=tidy_language(said.get("language") or said.get("lang") or ""),
    )


def _bounded(leaves: Iterable[Leaf]) -> Iterator[Leaf]:
    """The values that have something to read, within the limits."""
    size = 0
    for count, leaf in enumerate(leaves):
        if value := leaf.value.strip():
            text = _UNREADABLE.sub(lambda match: match[0][:_KEPT] + "…", value)
            size += len(text) + sum(len(step) for step in leaf.path if isinstance(step, str))
            yield Leaf(leaf.path, text, leaf.is_comment)
        if size > TEXT_LIMIT or count > VALUE_LIMIT:
            return


def _noting(said: dict[str, str], leaves: Iterable[Leaf]) -> Iterator[Leaf]:
    """The values as they are; the document's own fields, not those of records, are noted."""
    for leaf in leaves:
        own = leaf.path and leaf.path[:-1] in ((), ("info",), ("metadata",))
        if own and not leaf.is_comment and len(leaf.value) <= _PROSE:
            said.setdefault(str(leaf.path[-1]).lower(), leaf.value)
        yield leaf


def _record_of(path: Path) -> _Record:
    """The record a value belongs to: an item with names in it of a list that lies near the top."""
    for depth, step in enumerate(path[:2]):
        if isinstance(step, int) and any(isinstance(name, str) for name in path[depth + 1 :]):
            return _Record(path[:depth], step)
    return _Record((), 0)


def _blocks(run: Iterable[Leaf]) -> Iterator[str]:
    """The paragraphs of a record, or of what stands outside any."""
    for _, lines in groupby(_lines(run), lambda line: line[0]):
        gathered: list[str] = []
        for _, line in lines:
            if "\n" in line or len(line) > _LINE or sum(map(len, gathered)) > _GROUP:
                yield "\n".join(gathered)
                gathered = []
            if "\n" in line:
                yield from re.split(r"\n\s*\n", line)
            else:
                gathered.append(line)
        yield "\n".join(gathered)


def _lines(run: Iterable[Leaf]) -> Iterator[tuple[Path, str]]:
    """The lines of a record, each with the group it belongs to."""
    by_list = groupby(run, lambda leaf: (_list_path(leaf.path), leaf.is_comment))
    for (path, is_comment), leaves in by_list:
        record = _record_of(path)
        shown = path[1:] if record.number and not record.path else path
        label = "" if is_comment else _label(shown)
        group = _group(shown)
        prefix = f"{label}: " if label else ""
        for line in _joined(leaf.value for leaf in leaves):
            yield group, prefix + line


def _joined(values: Iterator[str]) -> Iterator[str]:
    """The values of a list on as few lines as are easily read."""
    line, count = "", 0
    for value in values:
        count += 1
        if count > _NUMBERS and not any(map(str.isalpha, value)):
            continue
        if "\n" in value or len(value) > _PROSE or len(line) + len(value) > _LINE:
            if line:
                yield line
            line = ""
        if "\n" in value or len(value) > _PROSE:
            yield value
        else:
            line = f"{line}, {value}" if line else value
    if line:
        yield line


def _list_path(path: Path) -> Path:
    """The path of the list a value is an item of, or its own path."""
    return path[:-1] if path and isinstance(path[-1], int) else path


def _group(path: Path) -> Path:
    """What the lines of a block have in common: the field at the top, and the item of a list."""
    numbers = [depth for depth, step in enumerate(path) if isinstance(step, int)]
    return path[: numbers[-1] + 1] if numbers else path[:1] if len(path) > 1 else ()


def _label(path: Path) -> str:
    names = [one_line(step) for step in path if isinstance(step, str)]
    return ".".join(filter(None, names[-_STEPS:]))


def _places(
    run: Iterable[tuple[_Record, list[str]]],
) -> Iterator[tuple[int, int, list[str]]]:
    """Records put together: the first and the last of each place, and their blocks."""
    gathered: list[str] = []
    first = last = size = 0
    for record, blocks in run:
        if size and size + sum(map(len, blocks)) > _GROUP:
            yield first, last, gathered
            gathered, size = [], 0
        if not gathered:
            first = record.number
        last = record.number
        gathered += blocks
        size += sum(map(len, blocks))
    yield first, last, gathered


def _place(path: Path, unit: str, first: int, last: int) -> str:
    name = _label(path)
    many = "" if first == last else "s"
    numbers = f"{first}" if first == last else f"{first}–{last}"
    return f"{name} {numbers}" if name else f"{unit}{many} {numbers}"
