"""`wherein serve`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from search.options import setting_options
from search.settings import Settings


@click.command("serve", short_help="Serve the search page and the JSON API.")
@setting_options(
    "collection", "home", "host", "port", "threads", "workers", "waiting", "access",
    "allow_origin", "rate_limit", "log_format", "upload_folder", "upload_mb", "max_file_mb",
)  # fmt: skip
@click.option(
    "--watch", is_flag=True, help="Follow the indexed folders too, as wherein watch does."
)
def command(watch: bool, **given: Any) -> None:
    """Serve the search page and the JSON API until Ctrl-C or SIGTERM.

    As long as --host is left alone, only this machine can ask. With any other, whoever asks needs a
    key, which wherein keys add makes. What is being answered when the server ends is finished.
    """
    from search.engine import Engine
    from web import create_app, logs
    from web.access import require_keys
    from web.following import following
    from web.memory import hold_on_to_little, settle
    from web.server import Server
    from web.workers import serve

    hold_on_to_little()
    settings = Settings.from_environment(**given)
    logs.begin(settings)
    with (
        Engine.of(settings) as engine,
        Server(settings.host, settings.port) as server,
        ExitStack() as beside,
    ):
        require_keys(settings)
        ready = _ready(engine, server.url, settings)

        def announce() -> None:
            click.echo(ready)
            if watch:
                beside.enter_context(following(settings))

        if settings.workers > 1:
            serve(settings, server, announce)
            return
        engine.warm_up()
        server.listen(create_app(settings, engine), settings.threads)
        settle()
        server.run(announce)


def _ready(engine: Any, url: str, settings: Settings) -> str:
    """What is said once the server answers."""
    from web.wording import plural

    counts = engine.counts()
    return (
        f"Wherein answers on {url} (collection {settings.collection!r}, "
        f"{plural(counts.documents, 'document')}, {plural(counts.passages, 'passage')}). "
        "Stop with Ctrl-C."
    )
