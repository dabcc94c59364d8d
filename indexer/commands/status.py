"""`wherein status`."""

from __future__ import annotations

import json
from typing import Any

import click

from indexer.commands.common import plural, printable
from search.options import setting_options
from search.settings import Settings


@click.command("status", short_help="Say what is in a collection.")
@setting_options("collection", "home")
@click.option("--failures", is_flag=True, help="List every file that could not be read, and why.")
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
def command(failures: bool, as_json: bool, **given: Any) -> None:
    """Say what is in a collection, what it was made with, and what could not be read."""
    from search.collection import Collection
    from search.status import status_of

    settings = Settings.from_environment(**given)
    with Collection(settings.collections / settings.collection) as collection:
        status = status_of(collection)
    if as_json:
        click.echo(json.dumps(status, ensure_ascii=False))
        return
    click.echo(f"Collection {status['collection']!r} at {printable(status['folder'])}")
    click.echo(
        f"  {plural(status['documents'], 'document')} from {plural(status['files'], 'file')}, "
        f"{plural(status['passages'], 'passage')}, {status['bytes'] / 1e6:,.1f} MB on disk"
    )
    for root in status["roots"]:
        click.echo(f"  indexed: {printable(root)}")
    encoder = status["encoder"]
    click.echo(
        f"  model: {encoder['name']} ({encoder['dimension']} dimensions), passages of up to "
        f"{status['passage_pieces']} pieces"
    )
    searchable = "up to date" if status["published"] == status["generation"] else "being updated"
    click.echo(f"  generation {status['generation']}, search indexes {searchable}")
    failed = status["failures"]
    if not failed:
        return
    click.echo(f"  {plural(len(failed), 'file')} could not be read" + (":" if failures else ""))
    if failures:
        for path, reason in failed.items():
            click.echo(f"    {printable(path)}: {reason}")
    else:
        click.echo("    list them with: wherein status --failures")
