"""`wherein search`."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from typing import Any

import click

from indexer.cli import NOTHING_FOUND
from indexer.commands.common import plural, printable
from indexer.commands.marking import marked_lines
from search.models import Answer, Explanation, Hit, Mode
from search.options import setting_options
from search.settings import Settings

_WIDEST = 100
_UNANSWERED = (
    "No good answer here: what follows comes no nearer to the question than to others that have "
    "nothing to do with this collection. Ask in other words or with fewer filters, or search "
    "another collection with --collection."
)


@click.command(
    "search",
    short_help="Ask a collection a question.",
    # -word leaves a word out, and so does one that begins with h.
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.argument("question", nargs=-1, required=True)
@click.option("-k", "limit", type=int, default=5, show_default=True, help="How many passages.")
@click.option("--offset", type=int, default=0, help="How many of the best ones to pass over.")
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
@click.option("--min-score", type=float, help="Leave out what scores less.")
@click.option(
    "--highlight",
    type=click.Choice(["words", "meaning"]),
    default="words",
    show_default=True,
    help="Mark the words that match; or also the sentence that carries the meaning, which takes "
    "longer.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Say of each passage how it came by its score, and how long each stage took.",
)
@setting_options("collection", "home", "rerank", "rerank_ms")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def command(
    question: tuple[str, ...],
    limit: int,
    offset: int,
    mode: str,
    per_document: int,
    min_score: float | None,
    highlight: str,
    explain: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Ask a collection a QUESTION and print the passages that answer it, best first.

    The question may hold "exact phrases", -words to leave out, words* and filters: title:,
    heading:, path:, type:, lang:, author:, before:, after:, page:. Put it in single quotes, so that
    the shell leaves it alone.

    Words that match are marked: *so* in plain output, in colour on a terminal. The sentence that
    carries the meaning is marked ‹so›, the words in it that do _so_; on a terminal they are
    underlined and reversed. The exit code is 0 if something was found, 1 if nothing was, 2 if the
    command was at fault.
    """
    from search.engine import Engine
    from search.queries import parse
    from search.wire import answer_as_dict

    _refuse_options(question)
    settings = Settings.from_environment(**given)
    query = parse(
        " ".join(question),
        mode,
        limit,
        per_document,
        offset=offset,
        min_score=min_score,
        explain=explain,
    )
    with Engine.of(settings) as engine:
        answer = engine.search(query)
        if highlight == "meaning":
            answer = engine.with_meanings(answer)
    if as_json:
        click.echo(json.dumps(answer_as_dict(answer), ensure_ascii=False))
    else:
        _print(answer)
    if not answer.hits:
        raise click.exceptions.Exit(NOTHING_FOUND)


def _refuse_options(question: tuple[str, ...]) -> None:
    """Refuse what was meant for an option; "-word" is none.

    Raises:
        click.NoSuchOption: There is one.
    """
    for word in question:
        if word.startswith("--") and word[2:3].isalpha() and " " not in word:
            raise click.NoSuchOption(word.partition("=")[0])


def _print(answer: Answer) -> None:
    for line in (answer.fallback, answer.note):
        if line:
            click.echo(f"({line})", err=True)
    if answer.did_you_mean:
        click.echo(f"Did you mean: {printable(answer.did_you_mean)}", err=True)
    if answer.hits and answer.unanswered:
        click.echo(_UNANSWERED, err=True)
    if not answer.hits:
        click.echo(_nothing(answer), err=True)
        return
    width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns)
    for hit in answer.hits:
        click.echo("\n".join(_lines(hit, answer, width)) + "\n")
    if answer.more:
        click.echo(_further(answer), err=True)
    if answer.stages:
        stages = ", ".join(f"{name} {taken:.1f}" for name, taken in answer.stages.items())
        click.echo(f"({answer.milliseconds:.1f} ms: {stages})", err=True)


def _nothing(answer: Answer) -> str:
    if answer.total:
        return f"No more is found; there are {plural(answer.total, 'matching passage')}."
    return "Nothing found."


def _further(answer: Answer) -> str:
    """How many passages there are, and how to see the next ones."""
    total = f"{'at least ' if answer.total_is_lower_bound else ''}{answer.total:,}"
    first, last = answer.hits[0].rank, answer.hits[-1].rank
    shown = f"{first}–{last}" if first != last else f"{first}"
    return f"({shown} of {total} matching passages; see the next with --offset {last}.)"


def _lines(hit: Hit, answer: Answer, width: int) -> list[str]:
    """A hit as it is printed."""
    head = [f"{hit.rank}. {click.style(printable(hit.title), bold=True)}"]
    if answer.query.meaning:
        head.append(f"{hit.score:.3f}{' (weak)' if hit.weak else ''}")
    if hit.more_in_document:
        head.append(f"(+{hit.more_in_document} more in this document)")
    below = [_wrapped(" › ".join(_where(hit)), width)]
    if about := _about(hit):
        below.append(_wrapped(" · ".join(about), width))
    if hit.explanation:
        below.append(_wrapped(_reasons(hit, hit.explanation), width))
    lines = ["  ".join(head), *(click.style(line, dim=True) for part in below for line in part)]
    return lines + marked_lines(hit, width, terminal=sys.stdout.isatty())


def _where(hit: Hit) -> list[str]:
    """The steps to the passage: file, page, headings or place."""
    steps = [printable(hit.path)]
    if hit.page is not None:
        steps.append(f"page {hit.page}")
    steps += [printable(heading) for heading in hit.headings if heading != hit.title]
    if hit.place:
        steps.append(printable(hit.place))
    return steps


def _about(hit: Hit) -> list[str]:
    """What else is known of the document."""
    known = [printable(part) for part in (hit.author, hit.date) if part]
    if hit.also_in:
        known.append(f"also in {plural(hit.also_in, 'other document')}")
    return known


def _place(rank: int | None) -> str:
    """Which place a hit takes by its meaning or its words alone."""
    return "not among the best by this alone" if rank is None else f"place {rank}"


def _reasons(hit: Hit, why: Explanation) -> str:
    """An explanation in one line."""
    parts = []
    if hit.cosine is not None:
        trust = f" × {why.understood:.2f} understood" if why.understood < 1.0 else ""
        rank = f", {_place(why.semantic_rank)}"
        parts.append(f"{why.meaning:.3f} by meaning (cosine {hit.cosine:.3f}{trust}{rank})")
    if hit.bm25 is not None:
        shares = ", ".join(f"{printable(term)} {share:.1f}" for term, share in why.terms.items())
        rank = f", {_place(why.keyword_rank)}" if hit.bm25 else ""
        parts.append(
            f"{why.words:.3f} by words (BM25 {hit.bm25:.1f} of at most {why.greatest_bm25:.1f}"
            f"{rank}{': ' if shares else ''}{shares})"
        )
    if why.feedback:
        parts.append(f"{why.feedback:.3f} for being like the best")
    reranked = "" if hit.rerank_score is None else f"; reranked by {hit.rerank_score:.3f}"
    return f"{hit.score:.3f} = {' + '.join(parts)}{reranked}"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent="   ",
        subsequent_indent="   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
