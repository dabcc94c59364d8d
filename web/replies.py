"""JSON answers."""

from __future__ import annotations

import json
from typing import Any

from flask import Response


def json_reply(value: Any, status: int = 200, content_type: str = "application/json") -> Response:
    """An answer with ``value`` as JSON in UTF-8, never kept by a cache.

    Args:
        value: What `json.dumps` can write.
        status: HTTP status.
        content_type: What kind of JSON it is.
    """
    # Names of parameters come from outside and may hold what UTF-8 cannot say.
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, content_type=content_type, headers={"Cache-Control": "no-store"})
