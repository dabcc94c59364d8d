"""Who may ask, and what browsers may do with the answers.

The server has no passwords: whoever reaches it may read what is indexed. What is kept out are web
sites that a user of this machine happens to visit: under a name of their own that points here (DNS
rebinding), by scripts that ask across origins, and by measuring how answers look from outside.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from flask import Flask, Response, request

from web.problems import RequestError

#: What a page may load: its own script, style and pictures, nothing else.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: What anything else may load: nothing.
OTHER_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/@?#]+)(?::[0-9]{1,5})?")
_ALWAYS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_EVERYWHERE = frozenset({"", "0.0.0.0", "[::]"})  # noqa: S104 - recognised, not listened on


def install(app: Flask, host: str) -> None:
    """Have ``app`` check every request and mark every answer.

    Args:
        app: The application.
        host: The address it is served on; requests may bear it as their host.
    """
    names = _ALWAYS | {_bracketed(host)}
    open_to_all = _bracketed(host) in _EVERYWHERE
    if open_to_all:
        machine = socket.gethostname().lower()
        names |= {machine, f"{machine}.local"}

    def check() -> None:
        _check_host(names, open_to_all)
        _check_origin()

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


def _check_host(names: frozenset[str] | set[str], open_to_all: bool) -> None:
    match = _HOST.fullmatch(request.environ.get("HTTP_HOST", ""))
    name = match[1].lower().rstrip(".") if match else ""
    # An address made of numbers cannot be rebound: no name was looked up to get here.
    if name in names or (open_to_all and _is_address(name)):
        return
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


def _check_origin() -> None:
    site = request.headers.get("Sec-Fetch-Site", "none")
    foreign = site not in ("none", "same-origin")
    if request.path.startswith("/api/"):
        foreign = foreign or not _is_own(request.headers.get("Origin"))
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


def _is_own(origin: str | None) -> bool:
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    host = request.environ.get("HTTP_HOST", "")
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


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
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if is_page:
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cache-Control", "private, no-cache")
    return response
