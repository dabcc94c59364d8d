"""Dates as files give them, in one form."""

from __future__ import annotations

import re
from datetime import date, datetime

from dateutil import parser

#: Documents are not dated before print, nor after this program.
_EARLIEST, _LATEST = 1450, 2200
_SHORT = re.compile(r"(\d{4})(?:-(\d{2}))?")


def iso_date(value: object) -> str:
    """A date as "2024-06-30", "2024-06" or "2024", as exact as it is given; "" if it is none.

    Args:
        value: A date or datetime, or text such as "2024-06-30T12:00:00Z", "30 June 2024" or "2024".
    """
    if isinstance(value, date):  # datetime is one too
        return value.strftime("%Y-%m-%d") if _EARLIEST <= value.year <= _LATEST else ""
    text = str(value or "").strip()[:100]
    if match := _SHORT.fullmatch(text):
        year, month = int(match[1]), int(match[2] or 1)
        return text if _EARLIEST <= year <= _LATEST and 1 <= month <= 12 else ""
    try:
        # Two defaults that differ in everything show what the text leaves out.
        first = parser.parse(text, default=datetime(2000, 1, 1))
        second = parser.parse(text, default=datetime(2001, 2, 2))
    except (ValueError, OverflowError, TypeError):
        return ""
    if first.year != second.year or not _EARLIEST <= first.year <= _LATEST:
        return ""
    if first.month != second.month:
        return f"{first.year:04d}"
    return f"{first:%Y-%m}" if first.day != second.day else f"{first:%Y-%m-%d}"
