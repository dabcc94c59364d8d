"""`wherein export`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from indexer.commands.common import plural, printable
from search.options import setting_options
from search.settings import Settings


@click.command("export", short_help="Write a collection into one file.")
@click.argument("file", type=click.Path(path_type=Path))
@setting_options("collection", "home")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(file: Path, force: bool, **given: Any) -> None:
    """Write a collection into FILE, from which `wherein import` makes it again elsewhere.

    FILE holds the text of every document, its passages and their embeddings, and the paths the
    documents were read from; neither the documents themselves nor the model.
    """
    from search.portable import export

    settings = Settings.from_environment(**given)
    target = file.expanduser().absolute()
    manifest = export(settings.collections / settings.collection, target, overwrite=force)
    click.echo(
        f"Collection {settings.collection!r}: {plural(manifest.counts.documents, 'document')}, "
        f"{plural(manifest.counts.passages, 'passage')} written to {printable(str(target))} "
        f"({target.stat().st_size / 1e6:,.1f} MB)."
    )
