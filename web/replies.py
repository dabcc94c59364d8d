"""JSON answers."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from flask import Response


def json_reply(value: Any, status: int = 200, content_type: str = "application/json") -> Response:
    """An answer with ``value`` as JSON in UTF-8, never kept by a cache.

    Args:
        value: Of dicts, lists, tuples, texts, finite numbers, booleans and None.
        status: HTTP status.
        content_type: What kind of JSON it is.
    """
    try:
        body = msgspec.json.encode(value)
    except UnicodeEncodeError:
        # Names of parameters come from outside and may hold what UTF-8 cannot say.
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        body = text.encode("utf-8", "replace")
    return Response(body, status, content_type=content_type, headers={"Cache-Control": "no-store"})
