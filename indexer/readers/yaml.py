"""YAML: its values as lines, each with where it lies, and its comments.

Only PyYAML's parser is used, event by event: nothing is built from the file, so that no tag can
make an object and no alias a document larger than the file. What an alias stands for is written
where it is defined. What is no YAML, such as a template, is read as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from yaml import events

from indexer.readers.base import DocumentBuilder
from indexer.readers.data import TEXT_LIMIT, Leaf, write_data
from indexer.readers.encoding import decode
from indexer.readers.text import write_text
from search.errors import ReadError
from search.models import Document

# libyaml's parser is twenty times as fast; PyYAML is sometimes built without it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Characters YAML forbids would end the parsing.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DEPTH = 200
_NOTHING = frozenset({"", "~", "null"})


def read(data: bytes, _name: str) -> Document:
    """Read a YAML file; several documents in it are read one after the other.

    Raises:
        ReadError: If the bytes are no text, or the values are nested too deeply.
    """
    text = decode(data)
    if text is None:
        raise ReadError("The YAML file holds something else than text.")
    text = _FORBIDDEN.sub("", text)
    try:
        return write_data(DocumentBuilder("yaml"), _leaves(text), "document")
    except yaml.YAMLError:
        builder = DocumentBuilder("yaml")
        write_text(builder, text[:TEXT_LIMIT])
        return builder.build()


def _leaves(text: str) -> Iterator[Leaf]:
    """The values and comments of a file with where they lie."""
    place = _Place()
    comments = _Comments(text)
    several = len(re.findall(r"^---(?:\s|$)", text, re.MULTILINE)) > 1
    documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        match event:
            case events.DocumentStartEvent():
                documents += 1
                place.steps = [documents] if several else []
                place.names = []
            case events.MappingStartEvent() | events.SequenceStartEvent():
                place.begin(isinstance(event, events.MappingStartEvent))
            case events.MappingEndEvent() | events.SequenceEndEvent():
                place.end()
            case events.AliasEvent():
                place.take_name("")
            case events.ScalarEvent():
                comments.meet(event)
                if not place.take_name(event.value):
                    yield Leaf(tuple(place.steps), comments.take(), is_comment=True)
                    yield _leaf(place.steps, event.value)
    yield Leaf((), comments.rest(), is_comment=True)


def _leaf(steps: list[str | int], value: str) -> Leaf:
    """A value; of a name without one, the name itself is the value."""
    if value.lower() not in _NOTHING:
        return Leaf(tuple(steps), value)
    name = steps[-1] if steps else ""
    return Leaf(tuple(steps[:-1]), name if isinstance(name, str) and not value else "")


class _Place:
    """Where the parser is: the path, and for each open mapping whether a name is to come."""

    def __init__(self) -> None:
        self.steps: list[str | int] = []
        self.names: list[bool | None] = []

    def begin(self, is_mapping: bool) -> None:
        """Go into a mapping or list."""
        self._count()
        if self.names and self.names[-1]:
            self.steps[-1] = ""
        if len(self.names) >= _DEPTH:
            raise ReadError(
                "The YAML file is nested too deeply.",
                "Save it again in a simpler form and index again.",
            )
        self.names.append(True if is_mapping else None)
        self.steps.append("" if is_mapping else 0)

    def end(self) -> None:
        """Come out of it; as a name, a mapping or list has no words."""
        self.names.pop()
        self.steps.pop()
        self._turn()

    def take_name(self, value: str) -> bool:
        """Take a scalar; whether it is the name of a value to come and not a value itself."""
        is_name = bool(self.names) and self.names[-1] is True
        if is_name:
            self.steps[-1] = value
        else:
            self._count()
        self._turn()
        return is_name

    def _count(self) -> None:
        """One more item of the list, if this is one."""
        if self.names and self.names[-1] is None and isinstance(self.steps[-1], int):
            self.steps[-1] += 1

    def _turn(self) -> None:
        """After a name comes a value, and after a value a name."""
        if self.names and self.names[-1] is not None:
            self.names[-1] = not self.names[-1]


class _Comments:
    """The comments that fill lines of their own, to be written where they stand."""

    def __init__(self, text: str) -> None:
        self._found = [
            (number, words)
            for number, line in enumerate(text.split("\n"))
            if line.lstrip().startswith("#")
            and any(map(str.isalnum, words := line.strip("# \t\r")))
        ]
        self._next = 0
        self._waiting: list[str] = []

    def meet(self, scalar: events.ScalarEvent) -> None:
        """Keep the comments in front of a scalar; what looks like one within it is text."""
        start, end = scalar.start_mark, scalar.end_mark
        if start is None or end is None:
            return
        while self._next < len(self._found) and self._found[self._next][0] < end.line:
            number, words = self._found[self._next]
            if number < start.line:
                self._waiting.append(words)
            self._next += 1

    def take(self) -> str:
        """The comments kept since the last time, as lines."""
        waiting, self._waiting = "\n".join(self._waiting), []
        return waiting

    def rest(self) -> str:
        """The comments at the end of the file."""
        return "\n".join([*self._waiting, *(words for _, words in self._found[self._next :])])
