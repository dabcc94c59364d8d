"""`wherein similar`."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import Any

import click

from indexer.cli import NOTHING_FOUND
from indexer.commands.common import printable
from search.options import setting_options
from search.settings import Settings

_WIDEST = 100
#: What stands before a glimpse of a passage, and how short one becomes at the most.
_INDENT, _LEAST = 12, 20


@click.command("similar", short_help="Find documents like a given one.")
@click.argument("path")
@click.option("-k", "limit", type=click.IntRange(1, 200), default=5, show_default=True,
              help="How many documents.")  # fmt: skip
@setting_options("collection", "home")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def command(path: str, limit: int, as_json: bool, **given: Any) -> None:
    """Print the documents most like the one at PATH, each with the passages that make it so.

    PATH is the path of an indexed file, or the end of one. Of the passages of both documents the
    nearest pairs are shown, that of PATH first, with their cosine. Nothing is encoded, so this is
    quick. The exit code is 0 if something was found and 1 if nothing was.
    """
    import msgspec

    from search.engine import Engine

    settings = Settings.from_environment(**given)
    with Engine.of(settings) as engine:
        hits = engine.similar(path, limit)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(hits), ensure_ascii=False))
    width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns)
    for hit in () if as_json else hits:
        click.echo(f"{hit.rank}. {click.style(printable(hit.title), bold=True)}  {hit.score:.3f}")
        page = f" › page {hit.page}" if hit.page is not None else ""
        click.echo(click.style(f"   {printable(hit.path)}{page}", dim=True))
        for pair in hit.shared:
            click.echo(f"   {pair.cosine:.3f}  {_glimpse(pair.own_text, pair.own_page, width)}")
            click.echo(f"      like  {_glimpse(pair.text, pair.page, width)}")
        click.echo()
    if not hits:
        click.echo("No other document is in the collection.", err=True)
        raise click.exceptions.Exit(NOTHING_FOUND)


def _glimpse(text: str, page: int | None, width: int) -> str:
    """The beginning of a passage in what is left of a line, with its page."""
    place = "" if page is None else f" (page {page})"
    room = max(_LEAST, width - _INDENT - len(place))
    return textwrap.shorten(printable(" ".join(text.split())), room, placeholder=" …") + place
