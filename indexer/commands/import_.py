"""`wherein import`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from indexer.commands.common import plural, printable
from search.options import setting_options
from search.settings import Settings


@click.command("import", short_help="Make a collection out of an exported file.")
@click.argument("file", type=click.Path(path_type=Path))
@setting_options("collection", "home")
@click.option("--replace", is_flag=True, help="Replace the collection if there is one.")
@click.option(
    "--model",
    help="The model that the collection was made with, if it is not the built-in one; only say so "
    "if you trust it, for searching loads it.",
)
def command(file: Path, replace: bool, model: str | None, **given: Any) -> None:
    """Make a collection out of FILE, which `wherein export` wrote.

    All of FILE is checked before the collection can be searched. The model that it names is not
    loaded now.
    """
    from search.portable import import_

    settings = Settings.from_environment(**given)
    folder = settings.collections / settings.collection
    done = import_(file.expanduser().absolute(), folder, replace=replace, model=model)
    manifest = done.manifest
    click.echo(
        f"Collection {settings.collection!r}: {plural(manifest.counts.documents, 'document')}, "
        f"{plural(manifest.counts.passages, 'passage')} imported."
    )
    encoder = manifest.collection.encoder
    click.echo(
        f"  model: {printable(encoder.name)} ({encoder.dimension} dimensions); searching loads it"
    )
    for root in done.roots:
        click.echo(f"  read from: {printable(str(root))}")
    if done.roots:
        click.echo(
            "  `wherein index` without PATHS would look there, on this machine, for what changed."
        )
