"""How much one caller may ask, and what is said to all of them when there are too many.

Limits are counted in the memory of each process, over a sliding minute, by key or else by address.
They are checked for every request, before it is known whether there is anything at its address:
whoever guesses keys is slowed down wherever they try. That, and seconds to wait where its headers
give the time of day, is why the library `limits` is used as it is and not through flask-limiter.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from flask import Flask, Response, current_app, g, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from search.settings import Settings
from web import access, metrics
from web.guard import is_loopback
from web.problems import RequestError

#: How many times as much this machine may ask as any other.
_NEAR = 10
#: Seconds after which whoever was turned away may try again.
_AGAIN = 1
#: What is answered however many ask: it costs next to nothing, and tells how things stand.
_ALWAYS = ("/healthz", "/readyz", "/metrics")

_WAITING = "wherein.waiting"


def shed(app: Flask, settings: Settings) -> None:
    """Have ``app`` turn requests away while too many wait behind them.

    The ones that have waited longest are turned away, at once, until few enough are left: so
    nobody waits much longer than it takes to answer as many as may wait.

    Args:
        app: The application.
        settings: Say how many may wait.
    """
    app.extensions[_WAITING] = lambda: 0

    def check() -> None:
        waiting: Callable[[], int] = current_app.extensions[_WAITING]
        if waiting() > settings.waiting and request.path not in _ALWAYS:
            metrics.SHED.inc()
            g.retry_after = _AGAIN
            raise RequestError(
                "overloaded", "The server has more to do than it can.", "Try again in a moment."
            )

    app.before_request(check)


def watch(app: Flask, waiting: Callable[[], int]) -> None:
    """Have ``app`` ask ``waiting`` how many requests wait to be answered."""
    app.extensions[_WAITING] = waiting


def install(app: Flask, settings: Settings) -> None:
    """Have ``app`` hold callers to their limit, and tell them how they stand.

    Args:
        app: The application.
        settings: Say what the limit is.
    """
    app.after_request(_tell)
    if not settings.rate_limit:
        return
    counter = SlidingWindowCounterRateLimiter(MemoryStorage())
    far = RateLimitItemPerMinute(settings.rate_limit)
    near = RateLimitItemPerMinute(settings.rate_limit * _NEAR)

    def check() -> None:
        if request.path in _ALWAYS:
            return
        who = access.caller()
        limit = near if not who.by_key and is_loopback(who.name) else far
        allowed = counter.hit(limit, who.name)
        reset, left = counter.get_window_stats(limit, who.name)
        seconds = max(1, math.ceil(reset - time.time()))
        g.limit = limit.amount, left, seconds
        if not allowed:
            g.retry_after = seconds
            raise RequestError(
                "too-many-requests",
                f"More than {limit.amount:,} requests came within a minute.",
                f"Ask again in {seconds} seconds.",
            )

    app.before_request(check)


def _tell(response: Response) -> Response:
    if "limit" in g:
        amount, left, seconds = g.limit
        response.headers["RateLimit-Limit"] = str(amount)
        response.headers["RateLimit-Remaining"] = str(left)
        response.headers["RateLimit-Reset"] = str(seconds)
    if "retry_after" in g:
        response.headers["Retry-After"] = str(g.retry_after)
    return response
