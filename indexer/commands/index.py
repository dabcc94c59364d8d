"""`wherein index`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from indexer.cli import INTERRUPTED
from indexer.commands.common import plural, printable
from search.engine import display_path
from search.options import setting_options
from search.settings import Settings

#: How many failures the summary names; `wherein status --failures` lists them all.
_NAMED = 10


@click.command("index", short_help="Read folders and files into a collection.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@setting_options("collection", "home", "model", "passage_pieces", "max_file_mb")
@click.option("--retry", is_flag=True, help="Look again at files that could not be read before.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(paths: tuple[Path, ...], retry: bool, as_json: bool, **given: Any) -> None:
    """Read PATHS, folders and files, into a collection, or bring it up to date.

    Only what is new, changed or moved since the last time is read, and what is gone is taken out.
    Without PATHS, all that was indexed before is gone through again.
    """
    from indexer import pipeline
    from indexer.commands.progress import Watch
    from indexer.walk import resolve_roots
    from search.collection import exists
    from search.errors import UsageError

    nothing = UsageError("Nothing was indexed before.", "Say what to index: wherein index FOLDER")
    settings = Settings.from_environment(**given)
    roots = resolve_roots(paths)
    if not roots and not exists(settings.collections / settings.collection):
        raise nothing
    writer, encoder = pipeline.open_for_indexing(settings)
    with writer, Watch() as watch:
        if not roots:
            with writer.store.reading() as reading:
                roots = reading.roots()
        if not roots:
            raise nothing
        report = pipeline.index(roots, writer, encoder, watch, settings.max_file_mb, retry=retry)
    if as_json:
        click.echo(json.dumps(_as_dict(report), ensure_ascii=False))
    else:
        _summarise(report, settings.collection)
    if report.interrupted:
        raise click.exceptions.Exit(INTERRUPTED)


def _summarise(report: Any, collection: str) -> None:
    touched = [
        f"{count:,} {what}"
        for what, count in (
            ("added", report.added),
            ("changed", report.changed),
            ("moved or copied", report.moved),
            ("removed", report.removed),
        )
        if count
    ]
    head = "Stopped early; kept so far" if report.interrupted else f"Collection {collection!r}"
    click.echo(f"{head}: {', '.join(touched) or 'nothing new'}; {report.unchanged:,} unchanged.")
    if report.passages:
        click.echo(
            f"{plural(report.passages, 'passage')}, {report.embedded:,} of them newly embedded."
        )
    if report.other:
        click.echo(f"{plural(report.other, 'file')} of kinds that are not read.")
    for root in report.withheld:
        click.echo(
            f"{printable(display_path(root))} is empty now; its documents are kept. "
            "If they are really gone, run: wherein remove with that path."
        )
    if report.failures:
        click.echo(f"{plural(len(report.failures), 'file')} could not be read:")
        for path, reason in list(report.failures.items())[:_NAMED]:
            click.echo(f"  {printable(display_path(path))}: {reason}")
        if len(report.failures) > _NAMED:
            click.echo("  … all of them: wherein status --failures")
    click.echo(f"Done in {report.seconds:.1f} s.")


def _as_dict(report: Any) -> dict[str, Any]:
    names = ("added", "changed", "moved", "removed", "unchanged", "other", "passages", "embedded")
    return {
        **{name: getattr(report, name) for name in names},
        "failures": {display_path(path): reason for path, reason in report.failures.items()},
        "withheld": [display_path(path) for path in report.withheld],
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
    }
