"""What the engine, the indexer and the API say in English sentences, said in another language.

They say it in one language, so that logs, the command line and programs have it the same; the pages
look it up here. `web/texts/said` holds, for each other language, the sentences by their English
ones, in which `{0}`, `{1}` and so on stand for what is another each time.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import NamedTuple

#: Longer texts are left as they are, and so is what is longer in the place of a number or name.
_LONGEST = 3_000
_PLACE = re.compile(r"\{(\d)\}")
_FILLED = "(.{1,400}?)"
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+")
#: Where a sentence ends that is not known.
_END = re.compile(r"(?<=[.!?:;)])\s+|\Z")


class Said(NamedTuple):
    """Sentences for the page.

    Attributes:
        text: What they say.
        language: The language they are in, as far as all of them are in one.
    """

    text: str
    language: str


class Sentences:
    """The sentences of one language by their English ones.

    Args:
        language: Its code.
        known: The sentences.
        number: Writes a number as that language does.
    """

    def __init__(
        self, language: str, known: Mapping[str, str], number: Callable[[float], str]
    ) -> None:
        self._language = language
        self._number = number
        # The one that fixes most of the text first: another may fit the beginning of the same.
        ordered = sorted(known.items(), key=lambda item: -len(_PLACE.sub("", item[0])))
        self._known = [(_pattern(english), other) for english, other in ordered]

    def __call__(self, text: str) -> Said:
        """English sentences in this language, as far as they are known."""
        if len(text) > _LONGEST:
            return Said(text, "en")
        return self._said(text)

    def _said(self, text: str) -> Said:
        parts, at, known = [], 0, True
        while at < len(text):
            found = self._at(text, at)
            if found is None:
                end, then = next(_END.finditer(text, at)).span()
                parts.append(text[at:end])
                known, at = False, then
            else:
                sentence, at = found
                parts.append(sentence)
        return Said(" ".join(filter(None, parts)), self._language if known else "en")

    def _at(self, text: str, at: int) -> tuple[str, int] | None:
        """The sentence that begins at a place, said, and where the next one begins."""
        for pattern, other in self._known:
            match = pattern.match(text, at)
            if match:
                values = [self._value(group) for group in match.groups()]
                return other.format(*values), match.end()
        return None

    def _value(self, value: str) -> str:
        """What stands in a sentence: a number, what is known itself, or anything else as it is."""
        if _NUMBER.fullmatch(value):
            return self._number(float(value.replace(",", "")))
        said = self._said(value)
        return said.text if said.language == self._language else value


def _pattern(english: str) -> re.Pattern[str]:
    """What an English sentence looks like when something stands in its places."""
    pieces = [re.escape(piece) for piece in _PLACE.split(english)[::2]]
    return re.compile(_FILLED.join(pieces) + r"(?:\s+|\Z)", re.DOTALL)


def table_of(language: str) -> dict[str, str]:
    """The sentences of a language, by their English ones.

    Args:
        language: Its code.
    """
    content = (files("web") / "texts" / "said" / f"{language}.toml").read_text("utf-8")
    table: dict[str, str] = {}
    for area in tomllib.loads(content).values():
        table |= area
    return table
