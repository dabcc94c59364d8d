"""`wherein watch`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from indexer.commands.common import plural, printable, touched
from search.engine import display_path
from search.options import setting_options
from search.settings import Settings


@click.command("watch", short_help="Follow folders and index what changes.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@setting_options(
    "collection", "home", "max_file_mb", "max_unpacked_mb", "reader_seconds", "reader_memory_mb"
)
@click.option(
    "--sweep",
    default=600,
    show_default=True,
    type=click.IntRange(1),
    help="Seconds after which to look through all files, notified or not.",
)
def command(paths: tuple[Path, ...], sweep: int, **given: Any) -> None:
    """Index PATHS, then follow them: what is saved is searchable a moment later.

    Without PATHS, all that was indexed before is followed. Stop with Ctrl-C.
    """
    from indexer.manners import give_way
    from indexer.roots import roots_to_walk
    from indexer.watching import follow
    from indexer.worker import Limits

    give_way()
    settings = Settings.from_environment(**given)
    roots = roots_to_walk(paths, None, settings)
    for root in roots:
        click.echo(f"Following {printable(display_path(root))}")
    follow(roots, settings, Limits.of(settings), _tell, float(sweep))


def _tell(report: Any) -> None:
    """One line for a run in which something happened."""
    parts = touched(report)
    if not parts and not report.failures:
        return
    now = time.strftime("%H:%M:%S")
    passages = plural(report.passages, "passage")
    click.echo(f"{now}  {', '.join(parts) or 'nothing new'}; {passages}; {report.seconds:.1f} s")
    for path, reason in report.failures.items():
        click.echo(f"  {printable(display_path(path))}: {reason}")
