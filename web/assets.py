"""Style, scripts and pictures of the pages, at addresses that change when they do.

All of them stand beneath one version, so that scripts can name one another without it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from flask import Flask, Response, abort, request

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".bcmap": "application/octet-stream",
    ".pfb": "application/octet-stream",
    ".ttf": "font/ttf",
}
#: What draws PDFs in the background may run the decoders of pictures that come with it as
#: WebAssembly, and load nothing; no page may do that.
_POLICIES = {
    "vendor/pdfjs/pdf.worker.min.mjs": "default-src 'none'; script-src 'wasm-unsafe-eval'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_FOREVER = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Serve the static files beneath /static/ and let templates name them with ``asset(…)``."""
    app.jinja_env.globals["asset"] = address
    app.add_url_rule("/static/<path:name>", "static", _serve)


def address(name: str) -> str:
    """Where the static file ``name`` is to be had, in its present version."""
    return f"/static/{_version()}/{name}"


@cache
def _all() -> dict[str, Traversable]:
    """The files that may be had, by name; nothing else is ever read."""
    found: dict[str, Traversable] = {}

    def look(folder: Traversable, start: str) -> None:
        for item in sorted(folder.iterdir(), key=lambda item: item.name):
            if item.is_dir():
                look(item, f"{start}{item.name}/")
            elif "." in item.name and _type(item.name):
                found[start + item.name] = item

    look(files("web") / "static", "")
    return found


def _type(name: str) -> str | None:
    return _TYPES.get("." + name.rpartition(".")[2])


@cache
def _version() -> str:
    digest = hashlib.blake2b(digest_size=5)
    for name, item in _all().items():
        digest.update(name.encode() + b"\0" + item.read_bytes())
    return digest.hexdigest()


@cache
def _load(name: str) -> tuple[bytes, str]:
    content = _all()[name].read_bytes()
    return content, hashlib.blake2b(content, digest_size=8).hexdigest()


def _serve(name: str) -> Response:
    version, _, rest = name.partition("/")
    fresh = version == _version()
    wanted = rest if fresh else name
    if wanted not in _all():
        abort(404)
    content, digest = _load(wanted)
    response = Response(content, content_type=_type(wanted))
    response.headers["Cache-Control"] = _FOREVER if fresh else "no-cache"
    if wanted in _POLICIES:
        response.headers["Content-Security-Policy"] = _POLICIES[wanted]
    response.set_etag(digest)
    response.make_conditional(request)
    return response
