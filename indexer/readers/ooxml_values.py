"""Values of spreadsheet cells as a person reads them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta


def as_read(value: object) -> str:
    """A cell's value as text.

    Dates are written as in ISO 8601, without the time at midnight; numbers without the digits that
    come from binary fractions.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        clock = _clock(value.time())
        return f"{value:%Y-%m-%d}" if clock == "00:00" else f"{value:%Y-%m-%d} {clock}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return _clock(value)
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
    return "" if value is None else str(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}"


def _clock(value: time) -> str:
    return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
