"""`wherein status`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import click

from indexer.commands.common import plural, printable
from search.options import setting_options
from search.settings import Settings

#: What to do about documents most of whose pages are pictures without text.
_RECOGNISE = "Index with --ocr to have it recognised."


@click.command("status", short_help="Say what is in a collection.")
@setting_options("collection", "home")
@click.option(
    "--failures",
    is_flag=True,
    help="List every file that could not be read or is mostly without text, and what to do.",
)
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
    _summarise(status)
    _tell_of("{} mostly without text", "document", _scanned(status), listed=failures)
    _tell_of("{} could not be read", "file", status["failures"], listed=failures)
    if not failures and (status["scanned"] or status["failures"]):
        click.echo("    list them, and what to do, with: wherein status --failures")


def _summarise(status: Mapping[str, Any]) -> None:
    click.echo(f"Collection {status['collection']!r} at {printable(status['folder'])}")
    click.echo(
        f"  {plural(status['documents'], 'document')} from {plural(status['files'], 'file')}, "
        f"{plural(status['passages'], 'passage')}, {status['bytes'] / 1e6:,.1f} MB on disk"
    )
    for title, tally in (("formats", status["kinds"]), ("languages", status["languages"])):
        if tally:
            click.echo(f"  {title}: {printable(_tallied(tally))}")
    for root, rules in status["rules"].items():
        click.echo(f"  indexed: {printable(root + _in_words(rules))}")
    encoder = status["encoder"]
    click.echo(
        f"  model: {encoder['name']} ({encoder['dimension']} dimensions), passages of up to "
        f"{status['passage_pieces']} pieces"
    )
    if status["vector_index"]:
        click.echo(f"  vectors: {_vectors(status['vector_index'])}")
    if status["keyword_index"]:
        _tell_of_keywords(status["keyword_index"])
    searchable = "up to date" if status["published"] == status["generation"] else "being updated"
    click.echo(f"  generation {status['generation']}, search indexes {searchable}")


def _tell_of_keywords(index: Mapping[str, Any]) -> None:
    """The keyword engine, how long it takes, and what to do if that is too long."""
    click.echo(f"  words: {index['engine']}, 95 of 100 searches within {index['p95_ms']:,.1f} ms")
    if index["better"]:
        click.echo(
            f"    which the collection has outgrown: install wherein[{index['better']}] and run "
            f"wherein index --keyword-engine {index['better']}"
        )


def _vectors(index: Mapping[str, Any]) -> str:
    """How vectors are searched, in words."""
    if index["kind"] == "exact":
        return "exact, all are compared"
    return (
        f"graph over {index['covered']:,} of {index['rows']:,}, search breadth {index['breadth']}, "
        f"finds {index['recall']:.1%} of the ten nearest"
    )


def _tallied(tally: Mapping[str, int]) -> str:
    """How many there are of each, on one line; those of which it is not known come last."""
    known = [f"{name} {count:,}" for name, count in tally.items() if name]
    return ", ".join(known + ([f"unknown {tally['']:,}"] if "" in tally else []))


def _in_words(rules: Mapping[str, Any]) -> str:
    """The rules of a root as the options that set them, such as " (--include '*.pdf')"."""
    options = [f"--{name} {glob!r}" for name in ("include", "exclude") for glob in rules[name]]
    options += [f"--{name}" for name in ("follow", "hidden") if rules[name]]
    return f" ({' '.join(options)})" if options else ""


def _scanned(status: Mapping[str, Any]) -> dict[str, str]:
    """What is said of each scanned document, with what to do about it."""
    return {
        path: f"{told[0].upper()}{told[1:]}. {_RECOGNISE}"
        for path, told in status["scanned"].items()
    }


def _tell_of(sentence: str, noun: str, reasons: Mapping[str, str], *, listed: bool) -> None:
    """How many there are and, if they are to be listed, which: by what is the matter with them."""
    if not reasons:
        return
    click.echo(f"  {sentence.format(plural(len(reasons), noun))}{':' if listed else ''}")
    if not listed:
        return
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for path, reason in reasons.items():
        by_reason[reason].append(path)
    for reason, paths in by_reason.items():
        click.echo(f"    {printable(reason)}")
        for path in paths:
            click.echo(f"      {printable(path)}")
