"""`wherein index`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from indexer.cli import INTERRUPTED
from indexer.commands.common import plural, printable, touched
from search.engine import display_path
from search.options import setting_options
from search.settings import Settings

#: How many failures the summary names for each reason; `wherein status --failures` lists them all.
_NAMED = 3


@click.command("index", short_help="Read folders and files into a collection.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@setting_options(
    "collection",
    "home",
    "model",
    "passage_pieces",
    "map_layout",
    "keyword_engine",
    "vector_index",
    "max_file_mb",
    "max_unpacked_mb",
    "reader_seconds",
    "reader_memory_mb",
)
@click.option(
    "--include", multiple=True, metavar="GLOB", help="Only files like this, such as '*.pdf'."
)
@click.option(
    "--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders like this."
)
@click.option("--follow", is_flag=True, help="Follow symbolic links, also out of the folder.")
@click.option("--hidden", is_flag=True, help="Hidden files too, and what ignore files name.")
@click.option("--ocr", is_flag=True, help="Read scanned pages with tesseract.")
@click.option(
    "--ocr-languages",
    default="",
    help="Languages to read them in, such as eng+deu; left out, each document's own.",
)
@click.option("--retry", is_flag=True, help="Look again at files that could not be read before.")
@click.option("--prune", is_flag=True, help="Take out what lay in folders now empty or missing.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    paths: tuple[Path, ...],
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    follow: bool,
    hidden: bool,
    ocr: bool,
    ocr_languages: str,
    retry: bool,
    prune: bool,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Read PATHS, folders and files, into a collection, or bring it up to date.

    Only what is new, changed or moved since the last time is read, and what is gone is taken out.
    Without PATHS, all that was indexed before is gone through again.

    What --include, --exclude, --follow and --hidden say is kept with each folder and holds for
    later runs, until one of them is given anew.
    """
    from indexer import pipeline
    from indexer.commands.preview import as_dict, in_words
    from indexer.commands.progress import Watch
    from indexer.manners import give_way
    from indexer.mapping import draw_map, require_layout
    from indexer.opening import open_for_indexing
    from indexer.preview import preview
    from indexer.readers import ocr as recognition
    from indexer.roots import roots_to_walk
    from indexer.unrelated import measure_unrelated
    from indexer.worker import Limits
    from search.schema import WalkRules

    give_way()
    settings = Settings.from_environment(**given)
    limits = Limits.of(settings, ocr_languages if ocr else None)
    if ocr:
        recognition.enable(ocr_languages)  # here only to learn at once whether that can be done
    rules = WalkRules(_globs(include), _globs(exclude), follow, hidden)
    asked = rules if (include or exclude or follow or hidden) else None
    roots = roots_to_walk(paths, asked, settings)
    require_layout(settings)
    if dry_run:
        with Watch() as watch:
            found = preview(roots, settings, watch, limits, retry=retry, prune=prune)
        told = json.dumps(as_dict(found), ensure_ascii=False) if as_json else in_words(found)
        click.echo(told)
        return
    writer, encoder = open_for_indexing(settings)
    with writer, Watch() as watch:
        report = pipeline.index(roots, writer, encoder, watch, limits, retry=retry, prune=prune)
    if as_json:
        click.echo(json.dumps(_as_dict(report), ensure_ascii=False))
    else:
        _summarise(report, settings.collection)
    if report.interrupted:
        raise click.exceptions.Exit(INTERRUPTED)
    changed = report.added or report.changed or report.removed
    if changed:
        measure_unrelated(settings, encoder)
    if settings.map_layout or changed:
        draw_map(settings)  # last: what was indexed can be searched already


def _globs(given: tuple[str, ...]) -> tuple[str, ...]:
    """Globs without empty ones, which only take back those given before."""
    return tuple(glob for glob in given if glob)


def _summarise(report: Any, collection: str) -> None:
    done = touched(report)
    head = "Stopped early; kept so far" if report.interrupted else f"Collection {collection!r}"
    click.echo(f"{head}: {', '.join(done) or 'nothing new'}; {report.unchanged:,} unchanged.")
    if report.passages:
        click.echo(
            f"{plural(report.passages, 'passage')}, {report.embedded:,} of them newly embedded."
        )
    left_out = [
        f"{count:,} {what}"
        for what, count in (
            ("of kinds that are not read", report.other),
            ("hidden or ignored", report.ignored),
        )
        if count
    ]
    if left_out:
        click.echo(f"Left out: {', '.join(left_out)}.")
    for root, count in report.withheld.items():
        click.echo(
            f"{printable(display_path(root))} is empty or missing now; its {plural(count, 'file')} "
            "are kept. If they are really gone, run it again with --prune."
        )
    if report.scanned:
        click.echo(f"{plural(len(report.scanned), 'document')} mostly without text:")
        _list(report.scanned)
    if report.failures:
        click.echo(f"{plural(len(report.failures), 'file')} could not be read:")
        _list(report.failures)
    click.echo(f"Done in {report.seconds:.1f} s.")


def _list(reasons: Mapping[Path, str]) -> None:
    """Paths by what is the matter with them, a few of each."""
    by_reason: defaultdict[str, list[Path]] = defaultdict(list)
    for path, reason in reasons.items():
        by_reason[reason].append(path)
    for reason, paths in by_reason.items():
        if len(paths) == 1:
            click.echo(f"  {printable(display_path(paths[0]))}: {reason}")
            continue
        click.echo(f"  {len(paths):,} files: {reason}")
        for path in paths[:_NAMED]:
            click.echo(f"    {printable(display_path(path))}")
        if len(paths) > _NAMED:
            click.echo("    … all of them: wherein status --failures")


def _as_dict(report: Any) -> dict[str, Any]:
    names = (
        "added",
        "changed",
        "moved",
        "removed",
        "unchanged",
        "other",
        "ignored",
        "passages",
        "embedded",
    )
    return {
        **{name: getattr(report, name) for name in names},
        "failures": {display_path(path): reason for path, reason in report.failures.items()},
        "scanned": {display_path(path): reason for path, reason in report.scanned.items()},
        "withheld": {display_path(root): count for root, count in report.withheld.items()},
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
    }
