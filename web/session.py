"""The form that asks a browser for a key, once: what it gets for it is a cookie."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)

from search.keys import SESSION
from web import access

session = Blueprint("session", __name__)

_LONGEST_KEY = 200


@session.get("/key")
def form() -> str:
    """The form."""
    return render_template("key.html", refused=False)


@session.post("/key")
def begin() -> Response:
    """A session for a key that is known here, or the form again."""
    keys = access.keys_of(current_app)
    given = request.form.get("key", "").strip()
    key = keys.find(given) if len(given) <= _LONGEST_KEY else None
    if key is None:
        return make_response(render_template("key.html", refused=True), 403)
    response = make_response(redirect("/", 303))
    response.set_cookie(
        access.COOKIE,
        keys.session(key),
        max_age=SESSION,
        httponly=True,
        samesite="Strict",
        secure=request.is_secure,
    )
    return response


@session.post("/key/forget")
def end() -> Response:
    """The way back to the form, once the session in this browser is ended."""
    response = make_response(redirect("/key", 303))
    response.delete_cookie(access.COOKIE, httponly=True, samesite="Strict")
    return response
