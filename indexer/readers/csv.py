"""Tables as text: CSV and its relatives (RFC 4180, and what programs make of it)."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

from indexer.readers.base import DocumentBuilder
from indexer.readers.encoding import decode
from indexer.readers.tables import TableWriter
from search.errors import ReadError
from search.models import Document

_DELIMITERS = ",;\t|"
#: Lines looked at to find out what parts the cells.
_SAMPLE = 60
#: A cell that is quoted over more lines than this has lost its closing quote.
_LINES_QUOTED = 200
#: After so many lost quotes the file has no quoting at all.
_LOST_QUOTES = 20

# Not splitlines, which also breaks at form feeds and the like within a cell.
_LINE = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]+")
# Excel's own way to say it in the first line.
_DECLARED = re.compile(r'"?sep=(.)"?\s*')


def read(data: bytes, name: str) -> Document:
    """Read a table in a text file.

    Raises:
        ReadError: If the bytes are no text.
    """
    text = decode(data)
    if text is None:
        raise ReadError(
            "The file holds something else than text.", "Save it as CSV again and index again."
        )
    builder = DocumentBuilder("csv")
    lines = (match[0] for match in _LINE.finditer(text))
    first = list(islice(lines, _SAMPLE))
    declared = _DECLARED.fullmatch(first[0]) if first else None
    begin = 1 if declared else 0
    delimiter = declared[1] if declared else _delimiter(first, name)
    rows = _records(chain(first[begin:], lines), delimiter)
    TableWriter(builder).write(enumerate(rows, begin + 1))
    return builder.build()


def _delimiter(lines: list[str], name: str) -> str:
    """What parts the cells: what gives most lines the same number of cells, more than one."""
    if name.lower().endswith((".tsv", ".tab")) and any("\t" in line for line in lines):
        return "\t"

    def fitness(delimiter: str) -> tuple[float, int]:
        try:
            records = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            records = [line.split(delimiter) for line in lines]
        widths = Counter(len(record) for record in records if record)
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return (count / max(1, widths.total()) if width > 1 else 0.0), width

    return max(_DELIMITERS, key=fitness)


class _LostQuote(Exception):
    """A cell goes on for so long that its closing quote must be missing."""


def _records(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    """The records; a line whose quotes do not close is taken as if it had none."""
    lost = 0
    taken: list[str] = []

    def watched() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            if len(taken) > _LINES_QUOTED:
                raise _LostQuote
            yield line
        if len(taken) > 1 and sum(line.count('"') for line in taken) % 2:
            raise _LostQuote

    while lost < _LOST_QUOTES:
        try:
            for record in csv.reader(watched(), delimiter=delimiter):
                taken.clear()
                yield record
        except (_LostQuote, csv.Error):
            lost += 1
            yield taken[0].rstrip("\r\n").split(delimiter)
            lines = chain(taken[1:], lines)
            taken = []
        else:
            return
    for line in lines:
        yield line.rstrip("\r\n").split(delimiter)
