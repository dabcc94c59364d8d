"""What the application carries from request to request: the settings and the engine."""

from __future__ import annotations

from flask import Flask, current_app

from search.engine import Engine
from search.settings import Settings

_SETTINGS = "wherein.settings"
_ENGINE = "wherein.engine"


def remember(app: Flask, settings: Settings, engine: Engine) -> None:
    """Keep settings and engine with the application."""
    app.extensions[_SETTINGS] = settings
    app.extensions[_ENGINE] = engine


def engine_of(app: Flask) -> Engine:
    """The engine that ``app`` asks."""
    engine: Engine = app.extensions[_ENGINE]
    return engine


def engine() -> Engine:
    """The engine that answers the request at hand."""
    return engine_of(current_app)


def settings() -> Settings:
    """The settings the application was made with."""
    found: Settings = current_app.extensions[_SETTINGS]
    return found
