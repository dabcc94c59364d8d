"""Dates, in whatever form they are written, as numbers that sort: 2024.06.30."""

from __future__ import annotations

from collections.abc import Iterator

import regex

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?P<day>[0-3]?[0-9])(?:st|nd|rd|th)?"
_YEAR = regex.compile(r"(?<![0-9])[12][0-9]{3}(?![\p{L}\p{N}])")
#: What stands before the year.
_BEFORE = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}])(?:(?:{_DAY}\ (?:of\ )?)?{_NAME},?\ "
    rf"|{_NAME}\ {_DAY},?\ "
    r"|(?P<first>[0-3]?[0-9])(?P<mark>[./])(?P<second>[0-3]?[0-9])(?P=mark))$",
    regex.IGNORECASE,
)
#: The longest that can stand there, "30th of September, ", and what may not come before it.
_LONGEST = 24


def dates(text: str) -> Iterator[tuple[list[str], int, int]]:
    """Dates in ``text`` that are not written as 2024-06-30: what each may be, where it stands.

    English names of months are known. "30.6.2024" is a day first, "6/7/2024" may be either.
    """
    for found_year in _YEAR.finditer(text):
        year, at = found_year.group(), found_year.start()
        match = _BEFORE.search(text, max(0, at - _LONGEST), at)
        if match is None:
            continue
        if match["name"]:
            month = _MONTHS.index(match["name"][:3].lower()) + 1
            if match["day"] is None:
                yield [f"{year}.{month:02}"], match.start(), found_year.end()
                continue
            found = [(month, int(match["day"]))]
        else:
            first, second = int(match["first"]), int(match["second"])
            found = [(second, first)]
            if match["mark"] == "/":
                found.append((first, second))
        forms = [f"{year}.{m:02}.{d:02}" for m, d in found if 1 <= m <= 12 and 1 <= d <= 31]
        if forms:
            yield list(dict.fromkeys(forms)), match.start(), found_year.end()
