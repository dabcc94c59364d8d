"""Style, script and picture of the pages, at addresses that change when they do."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from flask import Flask, Response, abort, request

_TYPES = {
    "wherein.css": "text/css; charset=utf-8",
    "wherein.js": "text/javascript; charset=utf-8",
    "wherein.svg": "image/svg+xml",
}
_FOREVER = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Serve the static files beneath /static/ and let templates name them with ``asset(…)``."""
    app.jinja_env.globals["asset"] = address
    app.add_url_rule("/static/<name>", "static", _serve)


def address(name: str) -> str:
    """Where the static file ``name`` is to be had, in its present version."""
    return f"/static/{name}?v={_load(name)[1]}"


@cache
def _load(name: str) -> tuple[bytes, str]:
    content = (files("web") / "static" / name).read_bytes()
    return content, hashlib.blake2b(content, digest_size=5).hexdigest()


def _serve(name: str) -> Response:
    if name not in _TYPES:
        abort(404)
    content, version = _load(name)
    response = Response(content, content_type=_TYPES[name])
    fresh = request.args.get("v") == version
    response.headers["Cache-Control"] = _FOREVER if fresh else "no-cache"
    response.set_etag(version)
    response.make_conditional(request)
    return response
