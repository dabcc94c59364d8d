"""Questions to evaluate with, from any of the forms they are handed around in."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from search.errors import UsageError
from search.evaluation.lines import fault, numbered_lines, shown

_TAG = re.compile(r"<(/?[a-z]+)>", re.IGNORECASE)
#: What TREC's own topics repeat after a tag.
_LABEL = re.compile(r"\A(?:number|topic)\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Topic:
    """A question.

    Attributes:
        id: What judgements and runs call it.
        text: The question itself.
    """

    id: str
    text: str


class _Line(msgspec.Struct):
    """A line of queries.jsonl; what else stands in it is left aside."""

    id: str | int = msgspec.field(name="_id")
    text: str


def read_topics(path: Path) -> list[Topic]:
    """The questions of a file, in its order.

    The first character tells the form: ``{`` is BEIR's JSON Lines ({"_id", "text"}), ``<`` TREC's
    classic topics, of which number and title are taken, and anything else ``id<TAB>question``.

    Raises:
        UsageError: The file cannot be read, holds no question, or a line of it is malformed.
    """
    lines = list(numbered_lines(path))
    begin = lines[0][1].lstrip()[:1] if lines else ""
    form = {"{": _from_json, "<": _from_trec}.get(begin, _from_tabs)
    topics: dict[str, Topic] = {}
    for line, topic in form(path, lines):
        if topic.id in topics:
            raise fault(path, line, f"query {shown(topic.id)} was there before.")
        topics[topic.id] = topic
    if not topics:
        raise UsageError(
            f"{path} holds no queries.",
            'Put one on each line, as {"_id": "1", "text": "…"} or as its id, a tab and its text.',
        )
    return list(topics.values())


def _from_json(path: Path, lines: list[tuple[int, str]]) -> list[tuple[int, Topic]]:
    found = []
    for number, line in lines:
        try:
            entry = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise fault(path, number, f"it is no query in JSON ({error}).") from None
        found.append((number, Topic(str(entry.id).strip(), entry.text)))
    return found


def _from_tabs(path: Path, lines: list[tuple[int, str]]) -> list[tuple[int, Topic]]:
    found = []
    for number, line in lines:
        name, tab, text = line.partition("\t")
        if not tab or not name.strip() or not text.strip():
            raise fault(path, number, "it should be an id, a tab and a question.")
        found.append((number, Topic(name.strip(), text.strip())))
    return found


def _from_trec(path: Path, lines: list[tuple[int, str]]) -> list[tuple[int, Topic]]:
    """Number and title of each ``<top>``; a field ends where the next tag begins."""
    found: list[tuple[int, Topic]] = []
    fields: dict[str, list[str]] = {"num": [], "title": []}
    inside, begun, field = False, 0, ""
    for number, line in lines:
        parts = _TAG.split(line)
        for place, part in enumerate(parts):
            if place % 2 == 0:
                if inside and field in fields:
                    fields[field].append(part)
                continue
            field = part.lower()
            if field == "top":
                if inside:
                    raise fault(path, number, f"the topic of line {begun} has no </top>.")
                inside, begun, fields = True, number, {"num": [], "title": []}
            elif field == "/top":
                if not inside:
                    raise fault(path, number, "it ends a topic that never began.")
                inside = False
                found.append((begun, _topic(path, begun, fields)))
    if inside:
        raise fault(path, begun, "this topic has no </top>.")
    return found


def _topic(path: Path, line: int, fields: dict[str, list[str]]) -> Topic:
    values = {
        name: _LABEL.sub("", " ".join(html.unescape(" ".join(parts)).split()))
        for name, parts in fields.items()
    }
    for name, value in values.items():
        if not value:
            raise fault(path, line, f"this topic has no <{name}>.")
    # TREC writes 051 in its topics and 51 in its judgements.
    name = values["num"]
    return Topic(name.lstrip("0") or name if name.isdecimal() else name, values["title"])
