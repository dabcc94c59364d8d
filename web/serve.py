"""`wherein serve`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from search.options import setting_options
from search.settings import Settings


@click.command("serve", short_help="Serve the search page and the JSON API.")
@setting_options("collection", "home", "host", "port", "threads")
@click.option(
    "--watch", is_flag=True, help="Follow the indexed folders too, as wherein watch does."
)
def command(watch: bool, **given: Any) -> None:
    """Serve the search page and the JSON API until Ctrl-C or SIGTERM.

    There are no passwords: whoever reaches the server may read what is indexed. As long as --host
    is left alone, that is this machine only.
    """
    from search.engine import Engine
    from web import create_app
    from web.following import following
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
        with ExitStack() as beside:

            def announce() -> None:
                click.echo(ready)
                if watch:
                    beside.enter_context(following(settings))

            server.run(announce)
