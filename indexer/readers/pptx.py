"""Presentations of PowerPoint.

The slides' XML is gone through directly: python-pptx gives up on a whole presentation when one
picture is missing, and leaves out diagrams, and content that is there in two versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from indexer.readers.base import DocumentBuilder
from indexer.readers.lines import names
from indexer.readers.ooxml import (
    Package,
    attribute,
    damaged,
    descendants,
    elements,
    local,
    relation_key,
)
from indexer.readers.slides import Slide, write_slides
from search.models import Document

_LABEL = "presentation"
_TITLES = names("title ctrTitle")
# The same on every slide.
_REPEATED = names("sldNum dt ftr hdr sldImg")


def read(data: bytes, _name: str) -> Document:
    """Read a presentation.

    Raises:
        ReadError: If it is damaged, or would fill the memory when unpacked.
    """
    package = Package(data, _LABEL)
    main = package.part_of("", "officeDocument")
    root = package.xml(main) if main else None
    if root is None:
        raise damaged(_LABEL)
    targets = {relation.key: relation.target for relation in package.related(main)}
    parts = [targets.get(relation_key(entry), "") for entry in descendants(root, "sldId")]
    builder = DocumentBuilder("pptx")
    write_slides(builder, [_slide(package, part) for part in parts])
    given = package.properties()
    return builder.build(
        given.title or builder.first_heading,
        author=given.author,
        date=given.date,
        language=given.language,
    )


def _slide(package: Package, part: str) -> Slide:
    """A slide; one that is missing or damaged is empty."""
    root = package.xml(part)
    related = package.related(part)
    targets = {relation.key: relation.target for relation in related}
    title = ""
    items: list[str | tuple[str, ...]] = []
    for shape in _shapes(root):
        kind = _placeholder(shape)
        if kind in _REPEATED:
            continue
        if kind in _TITLES and not title:
            title = _text(shape)
        elif local(shape) == "graphicFrame":
            items += _graphic(package, shape, targets)
        else:
            items.append(_text(shape))
    notes: list[str] = []
    for relation in related:
        if relation.kind == "notesSlide":
            shapes = _shapes(package.xml(relation.target))
            notes += [_text(shape) for shape in shapes if _placeholder(shape) == "body"]
        elif relation.kind == "comments":
            items += map("Comment: {}".format, _comments(package.xml(relation.target)))
    return Slide(title, items, "\n".join(filter(None, notes)))


def _shapes(parent: Any) -> Iterator[Any]:
    """The shapes of a slide in the order a screen reader takes them, those in groups too."""
    for child in elements(parent):
        name = local(child)
        if name in ("sp", "graphicFrame"):
            yield child
        elif name == "AlternateContent":
            # Content for newer programs, and for all others; the text is the same.
            yield from _shapes(next(elements(child), None))
        elif name in ("cSld", "spTree", "grpSp"):
            yield from _shapes(child)


def _placeholder(shape: Any) -> str:
    """What a shape is a placeholder for; "" if it is none, "obj" if that is not said."""
    for properties in elements(shape):
        if local(properties).startswith("nv"):
            for place in descendants(properties, "ph"):
                return attribute(place, "type") or "obj"
    return ""


def _text(shape: Any) -> str:
    bodies = (body for body in elements(shape) if local(body) == "txBody")
    return "\n".join(filter(None, (_paragraphs(body) for body in bodies)))


def _paragraphs(body: Any) -> str:
    """The text of the paragraphs within an element, each on a line of its own."""
    return "\n".join(filter(None, map(_paragraph, descendants(body, "p"))))


def _paragraph(paragraph: Any) -> str:
    parts = paragraph.iter("{*}t", "{*}br")
    return "".join("\n" if local(part) == "br" else part.text or "" for part in parts).strip()


def _graphic(
    package: Package, frame: Any, targets: dict[str, str]
) -> Iterator[str | tuple[str, ...]]:
    """The text of a table, a chart or a diagram."""
    for element in descendants(frame, "graphicData"):
        for child in elements(element):
            if local(child) == "tbl":
                for row in elements(child, "tr"):
                    yield tuple(_paragraphs(cell) for cell in elements(row, "tc"))
            elif local(child) == "chart":
                yield from _chart(package.xml(targets.get(relation_key(child), "")))
            elif local(child) == "relIds":
                data = package.xml(targets.get(attribute(child, "dm"), ""))
                yield "\n".join(filter(None, map(_paragraph, descendants(data, "p"))))


def _chart(root: Any) -> Iterator[str]:
    """What is written on a chart: titles of it and its axes, names of the series, categories."""
    for title in descendants(root, "title"):
        yield _paragraphs(title).replace("\n", " ")
    series = [_cached(name) for entry in descendants(root, "ser") for name in elements(entry, "tx")]
    yield "Chart of " + ", ".join(filter(None, dict.fromkeys(series))) if any(series) else ""
    categories = next((_cached(c) for c in descendants(root, "cat")), "")
    yield categories


def _cached(element: Any) -> str:
    """The values an element had when the chart was saved."""
    values = (value.text or "" for value in descendants(element, "v"))
    return ", ".join(filter(None, map(str.strip, values)))


def _comments(root: Any) -> Iterator[str]:
    """What the comments on a slide say, in both forms they are kept in."""
    for comment in descendants(root, "cm"):
        texts = (element.text or "" for element in elements(comment, "text"))
        yield "".join(texts).strip() or _paragraphs(comment).replace("\n", " ")
