"""Puts the application together: guard, problems, API, pages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.routing import IntegerConverter

from search.engine import Engine
from search.settings import Settings
from web import api, assets, failures, guard, pages, reading, state
from web.params import BODY_LIMIT
from web.wording import plural


class DocumentNumber(IntegerConverter):
    """A document's number in an address; no longer than the store can count."""

    regex = "[0-9]{1,18}"


def build(settings: Settings, engine: Engine | None) -> Flask:
    """The application, put together; see `web.create_app`.

    Args:
        settings: As `web.create_app` takes them.
        engine: The engine to ask, or None to open it from the settings.
    """
    app = Flask("web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["plural"] = plural
    app.url_map.converters["number"] = DocumentNumber
    guard.install(app, settings.host)
    failures.install(app)
    assets.install(app)
    app.register_blueprint(api.root)
    app.register_blueprint(api.api)
    app.register_blueprint(pages.pages)
    app.register_blueprint(reading.reading)
    app.config["VERSION"] = _version()
    state.remember(app, settings, engine or Engine.of(settings))
    return app


def _version() -> str:
    try:
        return version("wherein")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"
