"""What the paragraph styles of a Word document mean: headings, titles, list items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from docx.oxml.ns import qn

from indexer.readers.styled import Style

# Word keeps the English name of its own styles; other programs write what they show.
_HEADING = re.compile(
    r"(?:heading|.{0,2}berschrift|titre|titolo|t[íi]tulo|kop|rubrik|overskrift|otsikko|nag[łl]ówek"
    r"|nadpis|c[íi]msor|заголовок|başlık|标题|標題|見出し|제목)\s*([1-9])\b.*",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:document |book )?title|titel|titre|titolo|t[íi]tulo|otsikko|tytuł|название|标题|表題|제목",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"toc.*|table of (?:figures|authorities)|contents? \d|(?:inhalts)?verzeichnis\d*|tdm ?\d",
    re.IGNORECASE,
)
_LIST = re.compile(r"list (?:bullet|number).*|aufz.hlungszeichen.*|listenummer.*", re.IGNORECASE)
_LONGEST_CHAIN = 10


class Styles:
    """The paragraph styles of one document, looked up by their ids."""

    def __init__(self, root: Any) -> None:
        """Take the styles from the XML of the styles part, or None if there is none."""
        elements = [] if root is None else root.iterchildren(qn("w:style"))
        self._elements = {element.get(qn("w:styleId")): element for element in elements}
        self._styles: dict[str, Style] = {}

    def __getitem__(self, style_id: str) -> Style:
        if style_id not in self._styles:
            self._styles[style_id] = self._style(style_id)
        return self._styles[style_id]

    def _style(self, style_id: str) -> Style:
        chain = list(self._chain(style_id))
        named = style_named(style_id, *map(_name, chain[:1]))
        if named.contents or named.title:
            return named
        return Style(
            level=next(filter(None, map(_level, chain)), None) or _level_of_names([style_id]),
            listed=named.listed or any(map(is_listed, map(_properties, chain))),
            bold=next((bold for bold in map(_bold, chain) if bold is not None), False),
        )

    def _chain(self, style_id: str) -> Iterator[Any]:
        """The style and those it is based on."""
        for _ in range(_LONGEST_CHAIN):
            element = self._elements.get(style_id)
            if element is None:
                return
            yield element
            based_on = element.find(qn("w:basedOn"))
            style_id = "" if based_on is None else based_on.get(qn("w:val"), "")


def style_named(*names: str) -> Style:
    """What a style is by the names it has."""
    if any(map(_CONTENTS.fullmatch, names)):
        return Style(contents=True)
    if any(map(_TITLE.fullmatch, names)):
        return Style(title=True)
    return Style(_level_of_names(names), listed=any(map(_LIST.fullmatch, names)))


def outline_level(properties: Any) -> int | None:
    """The level of the heading that paragraph properties make, or None."""
    element = None if properties is None else properties.find(qn("w:outlineLvl"))
    value = "" if element is None else element.get(qn("w:val"), "")
    return int(value) + 1 if value in tuple("012345678") else None


def is_listed(properties: Any) -> bool:
    """Whether paragraph properties make a list item."""
    number = None if properties is None else properties.find(f"{qn('w:numPr')}/{qn('w:numId')}")
    return number is not None and number.get(qn("w:val")) not in (None, "0")


def is_on(element: Any) -> bool:
    """Whether a property that can be switched, such as bold, is on."""
    return element is not None and element.get(qn("w:val"), "1") not in ("0", "false", "off")


def _name(element: Any) -> str:
    name = element.find(qn("w:name"))
    return "" if name is None else name.get(qn("w:val"), "")


def _properties(element: Any) -> Any:
    return element.find(qn("w:pPr"))


def _level(element: Any) -> int | None:
    return _level_of_names([_name(element)]) or outline_level(_properties(element))


def _level_of_names(names: Sequence[str]) -> int | None:
    matches = (_HEADING.fullmatch(name) for name in names)
    return next((int(match[1]) for match in matches if match), None)


def _bold(element: Any) -> bool | None:
    bold = element.find(f"{qn('w:rPr')}/{qn('w:b')}")
    return None if bold is None else is_on(bold)
