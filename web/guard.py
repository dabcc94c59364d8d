"""Who may ask, and what browsers may do with the answers.

Whoever is on this machine may read what is indexed; others need a key (`web.access`). What is kept
out here are web sites that a user of this machine happens to visit: under a name of their own that
points here (DNS rebinding), by scripts that ask across origins, and by measuring how answers look
from outside.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from search.errors import SettingError
from search.settings import Settings
from web.links import API
from web.problems import RequestError

#: What a page may load: its own script, style, fonts and pictures, nothing else.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: What anything else may load: nothing.
OTHER_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/@?#]+)(?::[0-9]{1,5})?")
_ALWAYS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_EVERYWHERE = frozenset({"", "0.0.0.0", "[::]"})  # noqa: S104 - recognised, not listened on


#: What scripts of other web sites may send, and read of an answer, where they are allowed to ask.
_SENT = "Accept, Authorization, Content-Type, If-None-Match, X-API-Key, X-Request-ID"
_READ = "ETag, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-ID"
#: For how many seconds a browser need not ask again whether it may ask.
_REMEMBERED = "600"


def install(app: Flask, settings: Settings) -> None:
    """Have ``app`` check every request and mark every answer.

    Args:
        app: The application.
        settings: Say what address it is served on, which requests may bear as their host, and which
            other origins may ask.
    """
    origins = frozenset(map(_origin, settings.allow_origin.split()))
    may = hosts_of(settings.host)

    def check() -> Response | None:
        _check_host(may)
        g.allowed_origin = _allowed(origins)
        if g.allowed_origin is None:
            _check_origin()
        elif request.method == "OPTIONS":
            return Response(status=204)
        return None

    app.before_request(check)
    app.after_request(_mark)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    """A host as a Host header writes it: IPv6 addresses in brackets."""
    host = host.strip().strip("[]").lower()
    return f"[{host}]" if ":" in host else host


def hosts_of(host: str) -> Callable[[str], bool]:
    """What tells whether a Host header names a server.

    Args:
        host: The address that the server listens on.

    Returns:
        A function that takes the header's value.
    """
    names = _ALWAYS | {_bracketed(host)}
    open_to_all = _bracketed(host) in _EVERYWHERE
    if open_to_all:
        machine = socket.gethostname().lower()
        names |= {machine, f"{machine}.local"}

    def may(header: str) -> bool:
        match = _HOST.fullmatch(header)
        name = match[1].lower().rstrip(".") if match else ""
        # An address made of numbers cannot be rebound: no name was looked up to get here.
        return name in names or (open_to_all and _is_address(name))

    return may


def is_own(origin: str | None, host: str) -> bool:
    """Whether a request with this Origin header, if any, comes from a page of its own host.

    Args:
        origin: The header's value, or None.
        host: The value of its Host header.
    """
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether the headers of a request tell that it comes from a page of another web site.

    Args:
        headers: By their names in capitals, with underscores.
    """
    site = headers.get("SEC_FETCH_SITE", "none")
    own = is_own(headers.get("ORIGIN"), headers.get("HOST", ""))
    return site not in ("none", "same-origin") or not own


def _check_host(may: Callable[[str], bool]) -> None:
    if not may(request.environ.get("HTTP_HOST", "")):
        raise RequestError(
            "host-refused",
            "This server does not answer to the host name in the request.",
            "Ask it as localhost or 127.0.0.1, or start it with --host and that name.",
        )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _origin(text: str) -> str:
    """An origin that a setting names, as browsers write it.

    Raises:
        SettingError: It is none.
    """
    parts = urlsplit(text)
    if (
        parts.scheme not in ("http", "https")
        or text.lower() != f"{parts.scheme}://{parts.netloc}".lower()
    ):
        raise SettingError(
            f"allow_origin names {text!r}, which is no origin.",
            "Write it such as https://example.org, without a path.",
        )
    return text.lower()


def _allowed(origins: frozenset[str]) -> str | None:
    """The origin of the request at hand, if it is one that may ask the API though it is another."""
    origin = request.headers.get("Origin")
    is_api = request.path.startswith(f"{API}/")
    return origin if is_api and origin is not None and origin.lower() in origins else None


def _check_origin() -> None:
    site = request.headers.get("Sec-Fetch-Site", "none")
    foreign = site not in ("none", "same-origin")
    if request.path.startswith("/api/") or request.method not in ("GET", "HEAD", "OPTIONS"):
        host = request.environ.get("HTTP_HOST", "")
        foreign = foreign or not is_own(request.headers.get("Origin"), host)
    else:
        # A link from elsewhere may lead to a page; loading a page unseen would let other sites
        # measure what it says.
        foreign = foreign and not _is_link()
    if foreign:
        raise RequestError(
            "cross-origin",
            "The request comes from another web site.",
            "Ask from a program, or from this server's own pages.",
        )


def _is_link() -> bool:
    headers = request.headers
    return (
        request.method in ("GET", "HEAD")
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
    )


def _mark(response: Response) -> Response:
    headers = response.headers
    is_page = response.mimetype == "text/html"
    headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else OTHER_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    allowed = g.get("allowed_origin")
    headers.setdefault(
        "Cross-Origin-Resource-Policy", "same-origin" if allowed is None else "cross-origin"
    )
    if allowed is not None:
        headers["Access-Control-Allow-Origin"] = allowed
        headers["Access-Control-Expose-Headers"] = _READ
        headers.add("Vary", "Origin")
        if request.method == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST"
            headers["Access-Control-Allow-Headers"] = _SENT
            headers["Access-Control-Max-Age"] = _REMEMBERED
    if is_page:
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cache-Control", "private, no-cache")
    return response
