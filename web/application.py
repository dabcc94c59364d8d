"""Puts the application together: guard, problems, API, pages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.routing import IntegerConverter

from search.engine import Engine
from search.settings import Settings
from web import (
    access,
    api,
    assets,
    collection,
    compression,
    failures,
    guard,
    health,
    limits,
    logs,
    mapping,
    metrics,
    pages,
    reading,
    session,
    state,
    updating,
    uploading,
    uploads,
)
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

    Raises:
        CollectionError: As `web.create_app` has it, and so the others.
        EncoderError: The reranker cannot be loaded.
        SettingError: An origin is none.
    """
    app = Flask("web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["plural"] = plural
    app.url_map.converters["number"] = DocumentNumber
    # In this order a request is looked at: what is not answered anyway costs least.
    logs.install(app)
    metrics.install(app)
    compression.install(app)
    limits.shed(app, settings)
    guard.install(app, settings)
    access.identify(app, settings)
    limits.install(app, settings)
    access.install(app)
    failures.install(app)
    assets.install(app)
    pages.install(app)
    updating.install(app, settings)
    uploads.install(app, settings)
    api.install(app)
    app.register_blueprint(health.health)
    app.register_blueprint(session.session)
    app.register_blueprint(pages.pages)
    app.register_blueprint(reading.reading)
    app.register_blueprint(collection.collection)
    app.register_blueprint(uploading.uploading)
    app.register_blueprint(mapping.mapping)
    app.config["VERSION"] = _version()
    state.remember(app, settings, engine or Engine.of(settings))
    return app


def _version() -> str:
    try:
        return version("wherein")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"
