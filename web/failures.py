"""Whatever goes wrong in a request is answered here: as JSON to programs, as a page to people."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from web.problems import Problem, internal, problem_of
from web.replies import json_reply

_log = logging.getLogger("wherein.web")

_PROBLEM_TYPE = "application/problem+json"
_KEYS = ("key-required", "key-refused")
#: Addresses of programs that lie outside of the API.
_FOR_PROGRAMS = ("/api", "/healthz", "/readyz", "/metrics")


def install(app: Flask) -> None:
    """Have ``app`` answer every exception with a problem."""
    app.register_error_handler(Exception, _answer)


def _answer(error: Exception) -> Response:
    problem = problem_of(error) or _log_fault(error)
    if problem.kind.code in _KEYS:
        return _ask_for_key(problem)
    response = _as_json(problem) if _asked_by_program() else _as_page(problem)
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name in ("Allow", "Content-Range"):
                response.headers[name] = value
    return response


def _ask_for_key(problem: Problem) -> Response:
    """Tell a program that it needs a key; show people the form for it."""
    if _asked_by_program():
        response = _as_json(problem)
    else:
        response = make_response(render_template("key.html", refused=False), problem.status)
    response.headers["WWW-Authenticate"] = 'Bearer realm="wherein"'
    return response


def _log_fault(error: Exception) -> Problem:
    reference = secrets.token_hex(4)
    _log.error("Problem %s at %s", reference, request.path[:200], exc_info=error)
    return internal(reference)


def _asked_by_program() -> bool:
    return request.path.startswith("/api/") or request.path in _FOR_PROGRAMS


def _as_json(problem: Problem) -> Response:
    return json_reply(problem.as_dict(), problem.status, _PROBLEM_TYPE)


def _as_page(problem: Problem) -> Response:
    return make_response(render_template("error.html", problem=problem), problem.status)
