"""`wherein check`."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from indexer.commands.common import plural, printable
from search.options import setting_options
from search.settings import Settings

#: Exit code when something is wrong with the collection.
FAULTY = 1


@click.command("check", short_help="Go through a collection and say what is wrong with it.")
@setting_options("collection", "home")
@click.option("--repair", is_flag=True, help="Mend what can be mended.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(repair: bool, as_json: bool, **given: Any) -> None:
    """Go through a collection and say what is wrong with it.

    The database, every document, passage and embedding in it, and the search indexes are held
    against one another. The exit code is 0 if all is well, 1 if something is wrong (with --repair:
    still wrong afterwards), 2 if the command was at fault.
    """
    from search.checking import check
    from search.mending import repair as mend

    settings = Settings.from_environment(**given)
    folder = settings.collections / settings.collection
    report = check(folder)
    done: tuple[str, ...] = ()
    if repair and report.findings:
        done = mend(folder)
        report = check(folder)
    if as_json:
        click.echo(json.dumps({**dataclasses.asdict(report), "repaired": done}, ensure_ascii=False))
    else:
        _print(report, done, settings.collection, repair=repair)
    if report.findings:
        raise click.exceptions.Exit(FAULTY)


def _print(report: Any, done: tuple[str, ...], collection: str, *, repair: bool) -> None:
    for sentence in done:
        click.echo(printable(sentence))
    click.echo(
        f"Collection {collection!r}: {plural(report.documents, 'document')}, "
        f"{plural(report.passages, 'passage')} checked in {report.seconds:,.1f} s; "
        + ("these faults remain:" if report.findings else "all is well.")
        if repair or not report.findings
        else f"Collection {collection!r} has faults:"
    )
    for finding in report.findings:
        hopeless = "" if finding.repairable else " (cannot be repaired)"
        click.echo(
            f"  {finding.what}: {finding.count:,}, such as {printable(finding.example)}{hopeless}"
        )
    for note in report.notes:
        click.echo(printable(note))
    if not repair and any(finding.repairable for finding in report.findings):
        click.echo(f"Mend them with: wherein check --repair --collection {collection}")
