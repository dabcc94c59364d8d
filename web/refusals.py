"""From what pydantic complains of to the sentence that a request is refused with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from web.problems import RequestError

#: Longest piece of what was sent that a problem repeats.
REPEATED = 40

_TYPES = {
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "model": "an object",
    "string": "text",
}


def refusal(error: ValidationError, known: Iterable[str]) -> RequestError:
    """The first of a model's complaints, as a sentence.

    Args:
        error: What pydantic found.
        known: The names of the parameters there are.
    """
    first = error.errors(include_url=False)[0]
    # Tags of alternatives stand in the way that leads to the parameter, but are none themselves.
    steps = [step for step in first["loc"] if not str(step).startswith("~")]
    name = ".".join(map(str, steps))
    if first["type"] == "extra_forbidden":
        return RequestError(
            "unknown-parameter",
            f"There is no parameter {short(name)}.",
            f"There are: {', '.join(known)}.",
            name[:REPEATED],
        )
    name = name[:REPEATED]
    if first["type"] == "missing":
        return RequestError(
            "missing-parameter",
            f"The parameter {name!r} is missing.",
            "The reference at /api/docs says what it is.",
            name,
        )
    return RequestError(
        "invalid-parameter",
        f"The parameter {name!r} {_wanted(first['type'], first.get('ctx', {}), first['input'])}.",
        "The reference at /api/docs says what it may be.",
        name,
    )


def given_twice(name: str, times: int) -> RequestError:
    """The refusal of the parameter ``name``, which is there so many ``times``."""
    return RequestError(
        "invalid-parameter",
        f"The parameter {short(name)} is given {times} times.",
        "Give it once.",
        name[:REPEATED],
    )


def short(value: Any) -> str:
    """A value as it was sent, cut if it is long."""
    text = repr(value[: 2 * REPEATED]) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= REPEATED else text[: REPEATED - 1] + "…"


def _wanted(kind: str, context: dict[str, Any], given: Any) -> str:
    """What a parameter must be, and what it is."""
    match kind:
        case "greater_than_equal":
            return f"must be {context['ge']} or more, not {short(given)}"
        case "less_than_equal":
            return f"must be {context['le']} or less, not {short(given)}"
        case "string_too_long":
            return f"has {len(given):,} characters; it may have {context['max_length']:,}"
        case "string_too_short":
            return "must not be empty"
        case "too_long":
            return f"has {len(given):,} items; it may have {context['max_length']:,}"
        case "too_short":
            return f"must have at least {context['min_length']} item"
        case "string_pattern_mismatch":
            return f"is not of the form that is wanted: {short(given)}"
        case "literal_error":
            return f"must be {context['expected']}, not {short(given)}"
        case "finite_number":
            return "must be a finite number"
    return f"must be {_TYPES.get(kind.partition('_')[0], 'of another type')}, not {short(given)}"
