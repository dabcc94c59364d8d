"""What the pages say, in the languages they can say it in; `web/texts` holds one file for each.

A text is found by its name, such as ``search.placeholder``; one that counts something has a form
for each of its language's plurals. Numbers, dates and the names of languages come from the CLDR, by
way of Babel.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal
from flask import request

from web import state
from web.sentences import Said, Sentences, table_of

#: The languages that there are, the first of them for whoever asks for none of them.
LANGUAGES = ("en", "de")
#: Which region's way of writing dates and numbers goes with each.
_REGIONS = {"en": "en_GB"}


class Texts:
    """Everything the pages say in one language.

    Args:
        language: One of `LANGUAGES`.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = Locale.parse(_REGIONS.get(language, language))
        content = (files("web") / "texts" / f"{language}.toml").read_text("utf-8")
        self._texts = dict(_flattened(tomllib.loads(content)))
        self._sentences = None
        if language != LANGUAGES[0]:
            self._sentences = Sentences(language, table_of(language), self.number)

    @property
    def names(self) -> frozenset[str]:
        """The names of all texts."""
        return frozenset(self._texts)

    def __call__(self, name: str, /, **values: Any) -> str:
        """The text called ``name``, with ``values`` where it names them; numbers are written out.

        Raises:
            KeyError: There is no such text.
        """
        return self._texts[name].format(**{key: self._shown(v) for key, v in values.items()})

    def count(self, name: str, n: int, **values: Any) -> str:
        """The form for ``n`` of the text called ``name``, such as "1,204 passages".

        Args:
            name: A text that counts something.
            n: How many.
            values: What else it names.
        """
        form = f"{name}.{self._locale.plural_form(n)}"
        return self(form if form in self._texts else f"{name}.other", n=n, **values)

    def known(self, name: str, otherwise: str) -> str:
        """The text called ``name``, or ``otherwise`` if there is none."""
        return self._texts.get(name, otherwise)

    def said(self, text: str) -> Said:
        """English sentences of the engine, the indexer or the API in this language.

        Args:
            text: The sentences. What is not known of them stays English.
        """
        return Said(text, "en") if self._sentences is None else self._sentences(text)

    def number(self, value: float) -> str:
        """A number as it is written in this language."""
        return str(format_decimal(value, locale=self._locale))

    def date(self, day: str, form: Literal["long", "medium"] = "long") -> str:
        """A date such as "2024-06-30" as it is written; the day or month may be missing.

        Args:
            day: The date.
            form: Whether the month is written out, or as short as can be.
        """
        try:
            year, month, dom = (*map(int, day.split("-")), 0, 0)[:3]
            known = date(year, month or 1, dom or 1)
        except ValueError:
            return day
        if dom:
            return str(format_date(known, form, locale=self._locale))
        return str(format_skeleton("yMMMM", known, locale=self._locale)) if month else f"{year:04d}"

    def language_name(self, code: str) -> str:
        """What a language is called, by its ISO 639-1 code; the code itself if it has no name."""
        return str(self._locale.languages.get(code, code))

    def under(self, start: str) -> dict[str, str]:
        """The texts whose names begin with ``start``, by the rest of their names."""
        return {
            name.removeprefix(start): text
            for name, text in self._texts.items()
            if name.startswith(start)
        }

    def _shown(self, value: Any) -> Any:
        return self.number(value) if isinstance(value, int) else value


@cache
def texts_in(language: str) -> Texts:
    """The texts in a language, one of `LANGUAGES`."""
    return Texts(language)


def texts() -> Texts:
    """The texts for the request at hand: in the language of the settings, else the browser's."""
    wanted = (code.partition("-")[0].lower() for code in request.accept_languages.values())
    known = next((language for language in wanted if language in LANGUAGES), LANGUAGES[0])
    return texts_in(state.settings().language or known)


def _flattened(table: Mapping[str, Any], start: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            found += _flattened(value, f"{start}{name}.")
        else:
            found.append((start + name, value))
    return found
