"""The JSON shape of an answer: what ``--json`` prints and the API sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from search.fields import typed
from search.models import Answer


def answer_as_dict(answer: Answer) -> dict[str, Any]:
    """An answer as dictionaries, lists, strings and numbers.

    Every key is always there; what does not apply is None. A hit has the attributes of
    `search.models.Hit`; each of its marks is ``{"start": …, "end": …}``, in characters of its text.
    ``understood`` is what the query's text was taken for: the words that are asked for, what words
    begin with, and the conditions as they can be typed; of each list in ``required`` one must hold.
    ``stages`` has the milliseconds that each stage took, where the query asks to explain.
    """
    query = answer.query
    return {
        "query": query.text,
        "understood": {
            "words": query.words,
            "prefixes": list(query.prefixes),
            "required": [list(map(typed, clause)) for clause in query.requirements.clauses],
            "excluded": list(map(typed, query.requirements.excluded)),
        },
        "mode": str(answer.mode),
        "requested_mode": str(query.mode),
        "fallback": answer.fallback,
        "note": answer.note,
        "unanswered": answer.unanswered,
        "did_you_mean": answer.did_you_mean,
        "generation": answer.generation,
        "total": answer.total,
        "total_is_lower_bound": answer.total_is_lower_bound,
        "offset": query.offset,
        "more": answer.more,
        "took_ms": round(answer.milliseconds, 2),
        "stages": _rounded(answer.stages) if query.explain else None,
        "hits": msgspec.to_builtins(answer.hits),
    }


def _rounded(stages: Mapping[str, float]) -> dict[str, float]:
    return {name: round(milliseconds, 2) for name, milliseconds in stages.items()}
