"""`wherein serve`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from search.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])

_TYPES: dict[str, Any] = {"Path": Path, "int": int}


def _setting_options(*names: str) -> Callable[[_Command], _Command]:
    """Options for the settings called ``names``; without a value they arrive as None."""
    declared = {item.name: item for item in fields(Settings)}

    def decorate(command: _Command) -> _Command:
        for name in reversed(names):
            setting = declared[name]
            option = click.option(
                f"--{name.replace('_', '-')}",
                name,
                type=_TYPES.get(str(setting.type), str),
                help=f"{setting.metadata['help']} [env: WHEREIN_{name.upper()}]",
            )
            command = option(command)
        return command

    return decorate


@click.command("serve", short_help="Serve the search page and the JSON API.")
@_setting_options("collection", "home", "host", "port", "threads")
def command(**given: Any) -> None:
    """Serve the search page and the JSON API until Ctrl-C or SIGTERM.

    There are no passwords: whoever reaches the server may read what is indexed. As long as --host
    is left alone, that is this machine only.
    """
    from search.engine import Engine
    from web import create_app
    from web.guard import is_loopback
    from web.server import Server
    from web.wording import plural

    settings = Settings.from_environment(**given)
    with Engine.of(settings) as engine, Server(settings.host, settings.port) as server:
        engine.warm_up()
        counts = engine.counts()
        server.listen(create_app(settings, engine), settings.threads)
        if not is_loopback(settings.host):
            click.echo(
                f"Anybody who can reach {settings.host} over the network can read all that is "
                "indexed in this collection.",
                err=True,
            )
        ready = (
            f"Wherein answers on {server.url} (collection {settings.collection!r}, "
            f"{plural(counts.documents, 'document')}, {plural(counts.passages, 'passage')}). "
            "Stop with Ctrl-C."
        )
        server.run(lambda: click.echo(ready))
