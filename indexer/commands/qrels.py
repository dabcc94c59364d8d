"""`wherein qrels`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from indexer.cli import NOTHING_FOUND
from indexer.commands.common import plural
from search.options import setting_options
from search.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("qrels", short_help="Write what was judged, for wherein eval.")
@click.option("--out", type=_FILE, help="File to write the judgements to; else they are printed.")
@click.option(
    "--queries",
    type=_FILE,
    help="File to write the questions to. Left out, beside --out, with .queries.tsv added.",
)
@click.option(
    "--passages", is_flag=True, help="Judge passages by what they say, not whole documents."
)
@setting_options("collection", "home")
def command(out: Path | None, queries: Path | None, passages: bool, **given: Any) -> None:
    """Write the judgements that were made on the search page or through the API.

    They come in TREC's form, with the questions in a file of their own, so that wherein eval
    --collection can measure how well those questions are answered. The exit code is 0 if something
    was judged and 1 if nothing was.
    """
    from search.collection import Collection
    from search.errors import UsageError
    from search.evaluation.kept import kept_judgements

    settings = Settings.from_environment(**given)
    folder = settings.collections / settings.collection
    with Collection(folder) as collection, collection.store.reading() as reading:
        kept = kept_judgements(reading, passages=passages)
    if kept.gone:
        click.echo(
            f"Left out: {plural(kept.gone, 'judgement')} of documents that are gone.", err=True
        )
    if not kept.qrels:
        click.echo("Nothing was judged yet.", err=True)
        raise click.exceptions.Exit(NOTHING_FOUND)
    if out is not None and queries is None:
        queries = out.with_name(f"{out.name}.queries.tsv")
    for path, lines in ((out, kept.qrels), (queries, kept.queries)):
        if path is None:
            continue
        try:
            path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
        click.echo(f"Wrote {path}.", err=True)
    if out is None:
        for line in kept.qrels:
            click.echo(line)
