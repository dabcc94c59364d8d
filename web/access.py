"""Who asks, and what they may: nobody needs a key on this machine, everybody else does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app, g, request
from werkzeug.http import parse_cookie

from search.errors import SettingError
from search.keys import Keys, Scope
from search.settings import Settings
from web.guard import is_loopback
from web.problems import RequestError

__all__ = [
    "Caller",
    "Scope",
    "caller",
    "identify",
    "install",
    "keys_of",
    "may_write",
    "needs_keys",
    "presented_in",
    "require",
    "require_keys",
]

#: The cookie that holds a browser's session.
COOKIE = "wherein"
#: What is answered without a key: whether the server is there, and how to give it a key.
_OPEN = ("/healthz", "/readyz", "/key", "/api/problems", "/api/docs", "/api/v1/openapi.json")

_NEEDED = "wherein.keys-needed"
_KEYS = "wherein.keys"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever makes a request.

    Attributes:
        name: The id of their key, or the address they ask from.
        scopes: What they may do.
        by_key: Whether they presented a key.
    """

    name: str
    scopes: frozenset[Scope]
    by_key: bool = False


def needs_keys(settings: Settings) -> bool:
    """Whether a server with these settings answers only to those who have a key."""
    return settings.access == "keys" or not is_loopback(settings.host)


def require_keys(settings: Settings) -> None:
    """Refuse to serve where nobody could ask.

    Args:
        settings: Say where it listens, and where its keys lie.

    Raises:
        SettingError: Whoever asks needs a key, and there is none.
    """
    if needs_keys(settings) and not Keys(settings.home).all():
        raise SettingError(
            "Whoever asks is to have a key, and there is none."
            if is_loopback(settings.host)
            else f"Others can reach {settings.host}, and there is no key to ask with.",
            "Make one with: wherein keys add NAME",
        )


def identify(app: Flask, settings: Settings) -> None:
    """Have ``app`` find out of each request who makes it.

    Args:
        app: The application.
        settings: Say where it listens, and where its keys lie.
    """
    app.extensions[_NEEDED] = needs_keys(settings)
    app.extensions[_KEYS] = Keys(settings.home)
    app.before_request(_identify)


def install(app: Flask) -> None:
    """Have ``app`` refuse those who need a key and have none."""
    app.before_request(_admit)


def keys_of(app: Flask) -> Keys:
    """The keys that ``app`` knows."""
    found: Keys = app.extensions[_KEYS]
    return found


def caller() -> Caller:
    """Who makes the request at hand."""
    found: Caller = g.get("caller") or Caller(request.remote_addr or "", frozenset())
    return found


def may_write(app: Flask, headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers comes from somebody who may change things.

    Args:
        app: The application.
        headers: By their names in capitals, with underscores.

    Raises:
        StorageError: The file of keys cannot be read.
    """
    presented = presented_in(headers.get("AUTHORIZATION", ""), headers.get("X_API_KEY"))
    session = parse_cookie(headers.get("COOKIE", "")).get(COOKIE)
    keys = keys_of(app)
    if presented is not None:
        found = keys.find(presented)
        return found is not None and Scope.WRITE in found.scopes
    found = None if session is None else keys.find_session(session)
    if found is not None:
        return Scope.WRITE in found.scopes
    return not app.extensions[_NEEDED]


def presented_in(authorization: str, header: str | None) -> str | None:
    """The key that a request bears; never one in its address, where logs would keep it.

    Args:
        authorization: Its header Authorization.
        header: Its header X-API-Key, or None.
    """
    kind, _, value = authorization.partition(" ")
    return value.strip() if kind.lower() == "bearer" else header


def require(scope: Scope) -> None:
    """Refuse the request at hand unless whoever makes it may do that.

    Raises:
        RequestError: They may not.
    """
    if scope not in caller().scopes:
        raise RequestError(
            "scope-missing",
            f"The key is not good for this: it lacks the scope {str(scope)!r}.",
            f"Make another with: wherein keys add NAME --scope {scope}",
        )


def _identify() -> None:
    address = request.remote_addr or ""
    presented = presented_in(
        request.headers.get("Authorization", ""), request.headers.get("X-API-Key")
    )
    session = request.cookies.get(COOKIE)
    g.wrong_key = False
    if presented is None and session is None:
        needed = current_app.extensions[_NEEDED]
        g.caller = Caller(address, frozenset() if needed else frozenset(Scope))
        return
    keys = keys_of(current_app)
    found = keys.find(presented) if presented is not None else keys.find_session(session or "")
    if found is not None:
        g.caller = Caller(found.id, frozenset(found.scopes), by_key=True)
        return
    # A session of another server on this machine, or one that is over, is no attempt at a key.
    g.wrong_key = presented is not None
    needed = current_app.extensions[_NEEDED] or g.wrong_key
    g.caller = Caller(address, frozenset() if needed else frozenset(Scope))


def _admit() -> None:
    if request.path in _OPEN or request.path.startswith("/static/"):
        return
    if g.wrong_key:
        raise RequestError(
            "key-refused",
            "The key is not known here.",
            "It may have been revoked; ask for another.",
        )
    if not caller().scopes:
        raise RequestError(
            "key-required",
            "This server answers only to those who have a key.",
            "Send it as Authorization: Bearer KEY; wherein keys add makes one.",
        )
