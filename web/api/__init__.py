"""The JSON API; `docs/api.md` is its reference.

`contract` says what an address takes and gives, `asked` and `answers` hold the shapes, and
`openapi` describes them. The other modules answer.
"""

from __future__ import annotations

from flask import Blueprint, Flask

from web import links
from web.api import (  # noqa: F401 - they declare what they answer
    asking,
    collections,
    documents,
    files,
    judgements,
    mapping,
    search,
    similar,
)
from web.api.contract import register
from web.api.reference import reference


def install(app: Flask) -> None:
    """Have ``app`` answer at the API's addresses."""
    api = Blueprint("api", __name__, url_prefix=links.API)
    register(api)
    app.register_blueprint(api)
    app.register_blueprint(reference)
