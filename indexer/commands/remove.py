"""`wherein remove`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from indexer.commands.common import plural
from search.options import setting_options
from search.settings import Settings


@click.command("remove", short_help="Take folders or files out of a collection.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@setting_options("collection", "home")
def command(paths: tuple[Path, ...], **given: Any) -> None:
    """Take PATHS, folders and files, out of a collection. The files themselves stay.

    A folder that is indexed again afterwards comes back.
    """
    from indexer.removal import remove
    from search.collection_writer import CollectionWriter

    settings = Settings.from_environment(**given)
    wanted = [Path(os.path.realpath(path.expanduser())) for path in paths]
    with CollectionWriter.open(settings.collections / settings.collection) as writer:
        removed = remove(wanted, writer)
    click.echo(f"{plural(removed, 'file')} taken out of collection {settings.collection!r}.")
