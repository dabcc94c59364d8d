"""`wherein search`."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from typing import Any

import click

from indexer.cli import NOTHING_FOUND
from indexer.commands.common import printable
from search.models import Answer, Hit, Mode
from search.options import setting_options
from search.settings import Settings

_WIDEST = 100
#: Stand for the begin and end of a mark while lines are broken.
_BEGIN, _END = "\x01", "\x02"


@click.command("search", short_help="Ask a collection a question.")
@click.argument("question", nargs=-1, required=True)
@click.option("-k", "limit", type=int, default=5, show_default=True, help="How many passages.")
@click.option(
    "--mode",
    default=str(Mode.HYBRID),
    show_default=True,
    help="hybrid (meaning and words), semantic (meaning) or keyword (words).",
)
@click.option(
    "--per-document",
    type=int,
    default=2,
    show_default=True,
    help="How many passages of one document at the most.",
)
@setting_options("collection", "home")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def command(
    question: tuple[str, ...],
    limit: int,
    mode: str,
    per_document: int,
    as_json: bool,
    **given: Any,
) -> None:
    """Ask a collection a QUESTION and print the passages that answer it, best first.

    Words that match are marked: *so* in plain output, in colour on a terminal. The exit code is 0
    if something was found, 1 if nothing was, 2 if the command was at fault.
    """
    from search.engine import Engine
    from search.queries import parse
    from search.wire import answer_as_dict

    settings = Settings.from_environment(**given)
    query = parse(" ".join(question), mode, limit, per_document)
    with Engine.of(settings) as engine:
        answer = engine.search(query)
    if as_json:
        click.echo(json.dumps(answer_as_dict(answer), ensure_ascii=False))
    else:
        _print(answer)
    if not answer.hits:
        raise click.exceptions.Exit(NOTHING_FOUND)


def _print(answer: Answer) -> None:
    for line in (answer.fallback, answer.note):
        if line:
            click.echo(f"({line})", err=True)
    if not answer.hits:
        click.echo("Nothing found.", err=True)
    width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns)
    for hit in answer.hits:
        click.echo("\n".join(_lines(hit, width)) + "\n")


def _lines(hit: Hit, width: int) -> list[str]:
    place = [printable(hit.path)]
    if hit.page is not None:
        place.append(f"page {hit.page}")
    place += [printable(heading) for heading in hit.headings if heading != hit.title]
    more = f"  (+{hit.more_in_document} more in this document)" if hit.more_in_document else ""
    title = click.style(printable(hit.title), bold=True)
    lines = [f"{hit.rank}. {title}  {hit.score:.3f}{more}"]
    lines += textwrap.wrap(
        " › ".join(place),
        width,
        initial_indent="   ",
        subsequent_indent="   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    lines[1:] = [click.style(line, dim=True) for line in lines[1:]]
    for paragraph in _with_marks(hit).splitlines():
        lines += textwrap.wrap(
            paragraph, width, initial_indent="   ", subsequent_indent="   ", drop_whitespace=True
        )
    begin, end = ("\x1b[1;33m", "\x1b[0m") if sys.stdout.isatty() else ("*", "*")
    return [line.replace(_BEGIN, begin).replace(_END, end) for line in lines]


def _with_marks(hit: Hit) -> str:
    parts, at = [], 0
    for mark in hit.marks:
        parts += [hit.text[at : mark.start], _BEGIN, hit.text[mark.start : mark.end], _END]
        at = mark.end
    parts.append(hit.text[at:])
    return "".join(parts)
