"""`wherein reindex`."""

from __future__ import annotations

from typing import Any

import click

from indexer.commands.common import plural
from search.options import setting_options
from search.settings import Settings


@click.command("reindex", short_help="Build a collection anew from its stored text.")
@setting_options("collection", "home", "model", "passage_pieces", "keyword_engine", "vector_index")
def command(**given: Any) -> None:
    """Build a collection anew from its stored text, with another model or other passages.

    No source file is read. The collection answers as before until the new build is complete.
    """
    from indexer.commands.progress import Watch
    from indexer.manners import give_way
    from indexer.reindexing import reindex

    give_way()
    settings = Settings.from_environment(**given)
    with Watch() as watch:
        documents = reindex(settings, watch)
    click.echo(f"Collection {settings.collection!r}: {plural(documents, 'document')} built anew.")
