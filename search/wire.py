"""The JSON shape of an answer: what ``--json`` prints and the API sends."""

from __future__ import annotations

from typing import Any

import msgspec

from search.models import Answer


def answer_as_dict(answer: Answer) -> dict[str, Any]:
    """An answer as dictionaries, lists, strings and numbers.

    Every key is always there; what does not apply is None. A hit has the attributes of
    `search.models.Hit`; each of its marks is ``{"start": …, "end": …}``, in characters of its text.
    """
    return {
        "query": answer.query.text,
        "mode": str(answer.mode),
        "requested_mode": str(answer.query.mode),
        "fallback": answer.fallback,
        "note": answer.note,
        "generation": answer.generation,
        "took_ms": round(answer.milliseconds, 2),
        "hits": msgspec.to_builtins(answer.hits),
    }
