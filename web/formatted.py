"""A document as it is, rather than as its text: pages, tables and messages in their own form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import charset_normalizer
from markupsafe import Markup

from search.engine import Engine
from search.models import Span
from search.rows import DocumentRow
from web import letters, originals, placing, sanitising, tables
from web.catalogue import Texts
from web.layout import CONTENTS, Entry
from web.titles import title_of

#: Larger originals are shown as text.
LARGEST = 3_000_000

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.I)


@dataclass(frozen=True, slots=True)
class Formatted:
    """A document in its own form.

    Attributes:
        html: What is shown.
        contents: Its table of contents.
        has_passage: Whether the passage, if one was asked for, is marked in it.
    """

    html: Markup
    contents: tuple[Entry, ...] = ()
    has_passage: bool = True


def formatted(
    row: DocumentRow, passage: Span | None, marks: Sequence[Span], engine: Engine, say: Texts
) -> Formatted | None:
    """A document in its own form, if it has one that can be shown and its original is there.

    Args:
        row: The document.
        passage: The passage to mark, or None.
        marks: Spans of the document's text whose words are marked.
        engine: The engine of its collection.
        say: The language of the page.

    Raises:
        DocumentMissing: The collection has lost it meanwhile.
        CollectionError: The collection cannot be read, or was deleted.
    """
    document = row.document
    if document.kind in tables.KINDS:
        html = tables.tables(document, passage, marks, say("kinds.csv"))
        return None if html is None else Formatted(html)
    if document.kind not in ("html", "markdown"):
        return None
    content = _content(row, engine)
    if content is None:
        return None
    text = _text(content)
    shown = (
        sanitising.from_markdown(text) if document.kind == "markdown" else sanitising.harmless(text)
    )
    wanted = "" if passage is None else document.text[passage.start : passage.end]
    placed = placing.placed(shown, title_of(row), wanted)
    if placed is None:
        return None
    return Formatted(placed.html, _contents(placed.headings), placed.has_passage)


def _contents(headings: Sequence[tuple[int, str, str]]) -> tuple[Entry, ...]:
    """The table of contents; what is deeper than the outermost levels is left out of long ones."""
    levels = sorted({level for level, _, _ in headings})
    while len(levels) > 1 and sum(level in levels for level, _, _ in headings) > CONTENTS:
        levels.pop()
    return tuple(
        Entry(levels.index(level), text, 1, name)
        for level, name, text in headings
        if level in levels
    )[:CONTENTS]


def head(row: DocumentRow, engine: Engine) -> list[tuple[str, str]]:
    """The head of a message, unless its text begins with it; nothing for any other document.

    Args:
        row: The document.
        engine: The engine of its collection.

    Raises:
        DocumentMissing: The collection has lost it meanwhile.
        CollectionError: The collection cannot be read, or was deleted.
    """
    if row.document.kind != "mail" or letters.begins_with_head(row.document.text):
        return []
    content = _content(row, engine)
    return [] if content is None else letters.head_of(content)


def _content(row: DocumentRow, engine: Engine) -> bytes | None:
    """The original, if it is a file of its own and not too large."""
    source = originals.find(row.key, engine)
    if source is None or source.member:
        return None
    _, original = originals.open_original(row.key, engine)
    if original is None:
        return None
    with original.stream as stream:
        if original.source.member or original.size > LARGEST:
            return None
        return stream.read(LARGEST)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    declared = _CHARSET.search(content[:4096])
    if declared:
        try:
            return content.decode(declared[1].decode("ascii"), "replace")
        except (LookupError, UnicodeError):
            pass  # none that is known, or one of Python's own that is for no texts
    best = charset_normalizer.from_bytes(content[:200_000]).best()
    return content.decode(best.encoding if best else "latin-1", "replace")
