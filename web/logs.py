"""The server's log, in words or as JSON; never what was asked, nor by what key.

A request is known by an id, which its answer bears, and every problem that is logged.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from datetime import UTC, datetime

from flask import Flask, Response, g, has_request_context, request

from search.settings import Settings
from web import access

_log = logging.getLogger("wherein.web.requests")

_HEADER = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_LONGEST_PATH = 200
#: What a record may carry beside its message, and the log then tells.
_TOLD = ("method", "path", "status", "milliseconds", "bytes", "caller")


class JsonLines(logging.Formatter):
    """Each record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request": getattr(record, "request", None),
        }
        line |= {name: getattr(record, name) for name in _TOLD if hasattr(record, name)}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _OfRequest(logging.Filter):
    """Gives each record the id of the request at hand."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request = g.get("request_id") if has_request_context() else None
        return True


def begin(settings: Settings) -> None:
    """Write the log of this process in the form that the settings name.

    As JSON it tells of every request; in words, of what goes wrong alone.
    """
    log = logging.getLogger("wherein")
    if not log.handlers:
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)
    for handler in log.handlers:
        if settings.log_format == "json":
            handler.setFormatter(JsonLines())
        handler.addFilter(_OfRequest())
    _log.setLevel(logging.INFO if settings.log_format == "json" else logging.WARNING)


def install(app: Flask) -> None:
    """Have ``app`` number its requests and log them."""
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """The id of the request at hand."""
    found: str = g.request_id
    return found


def _begin() -> None:
    # One that a proxy in front gave is kept, so that its log and ours tell of the same request.
    given = request.headers.get(_HEADER, "")
    g.request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
    g.logged_from = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers[_HEADER] = g.request_id
    _log.info(
        "%s %s %s",
        request.method,
        request.path[:_LONGEST_PATH],
        response.status_code,
        extra={
            "method": request.method,
            "path": request.path[:_LONGEST_PATH],
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - g.logged_from) * 1000.0, 2),
            "bytes": response.content_length,
            "caller": access.caller().name,
        },
    )
    return response
