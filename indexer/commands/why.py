"""`wherein why`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from indexer.commands.common import printable
from search.models import Mode
from search.options import setting_options
from search.settings import Settings


@click.command("why", short_help="Say why a document is not found.")
@click.argument("question")
@click.argument("path")
@click.option("-k", "limit", type=int, default=5, show_default=True, help="How many passages.")
@click.option(
    "--mode",
    default=str(Mode.HYBRID),
    show_default=True,
    help="hybrid (meaning and words), semantic (meaning) or keyword (words).",
)
@click.option("--min-score", type=float, help="Leave out what scores less.")
@setting_options("collection", "home")
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
def command(
    question: str,
    path: str,
    limit: int,
    mode: str,
    min_score: float | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Say why the document at PATH is not among the answers to QUESTION.

    It may not be indexed, a filter may leave it out, or others may be nearer: the places of its
    best passages by meaning and by words are told. PATH is the path of a file, or the end of one.
    """
    import msgspec

    from search.engine import Engine
    from search.errors import DocumentMissing
    from search.queries import parse

    settings = Settings.from_environment(**given)
    query = parse(question, mode, limit, min_score=min_score)
    with Engine.of(settings) as engine:
        try:
            why = engine.why(query, path)
        except DocumentMissing as error:
            if sentence := _never_read(Path(os.path.realpath(path)), engine.collection):
                raise DocumentMissing(error.message, sentence) from None
            raise
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(why), ensure_ascii=False))
        return
    click.echo(f"{click.style(printable(why.title), bold=True)}\n{printable(why.path)}")
    for reason in why.reasons:
        click.echo(f"  {printable(reason)}")
    if why.cosine is not None:
        click.echo(f"  by meaning: place {why.semantic_rank:,}, cosine {why.cosine:.3f}")
    if why.keyword_rank is not None:
        click.echo(f"  by words: place {why.keyword_rank:,}, BM25 {why.bm25:.1f}")
    elif why.bm25:
        click.echo(f"  by words: beyond the places that were looked through, BM25 {why.bm25:.1f}")


def _never_read(path: Path, collection: Any) -> str:
    """Why a file is not read at all, as far as can be told now; or ""."""
    from indexer.relevance import would_walk

    with collection.store.reading() as reading:
        roots = reading.roots()
    if not any(root == path or root in path.parents for root in roots):
        return "It does not lie in an indexed folder; index it with: wherein index PATH"
    if path.exists() and not would_walk(path, roots):
        return "Its kind is not read, or the rules of the folder leave it out."
    return ""
