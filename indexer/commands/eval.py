"""`wherein eval`."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.commands.common import plural, printable
from search.models import Mode
from search.options import setting_options
from search.settings import Settings

if TYPE_CHECKING:
    from indexer.evaluating import Evaluation, Selection, Setup

#: Seconds between two lines that say how many questions were asked.
_EVERY = 10.0
#: How many of the queries that could not be asked are named.
_NAMED = 5
_FILE = click.Path(path_type=Path)


@click.command("eval", short_help="Measure how well questions with known answers are answered.")
@click.argument("folder", required=False, type=_FILE, metavar="[DIR]")
@setting_options("collection", "home", "model", "passage_pieces")
@click.option("--queries", type=_FILE, help="File of questions, if not in DIR.")
@click.option("--qrels", type=_FILE, help="File of judgements, if not in DIR.")
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice([str(mode) for mode in Mode]),
    help="Measure this mode; may be given several times. Left out, all three.",
)
@click.option("--baseline", type=_FILE, help="Compare with this run, a file in TREC's form.")
@click.option(
    "--run",
    "run_file",
    type=_FILE,
    help="Write what was answered to this file in TREC's form; with several modes, a file for "
    "each, the mode added to the name.",
)
@click.option(
    "--show",
    type=click.IntRange(0, 1000),
    default=5,
    show_default=True,
    help="How many of the queries that gained and that lost the most to name.",
)
@click.option(
    "--every",
    type=click.IntRange(1),
    default=1,
    help="Ask only one of so many questions, where there are thousands.",
)
@click.option(
    "--allow-unknown",
    is_flag=True,
    help="Accept judgements of documents and questions that are not there.",
)
@click.option("--rebuild", is_flag=True, help="Index DIR anew, even if an index of it is kept.")
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
def command(
    folder: Path | None,
    queries: Path | None,
    qrels: Path | None,
    modes: tuple[str, ...],
    baseline: Path | None,
    run_file: Path | None,
    show: int,
    every: int,
    allow_unknown: bool,
    rebuild: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Ask questions whose answers are known, and say how well they were answered.

    DIR holds corpus.jsonl, queries.jsonl and qrels/test.tsv as BEIR has them, or TREC's topics and
    qrels beside corpus.jsonl; it is indexed by itself, apart from all collections. Without DIR, the
    collection is asked, with --queries and --qrels.
    """
    from indexer.evaluating import Selection, evaluate

    chosen = [Mode(mode) for mode in dict.fromkeys(modes)] or list(Mode)
    selection = Selection(every, allow_unknown)
    with _setup(folder, queries, qrels, given, selection, rebuild=rebuild) as setup:
        ticker = _Ticker(len(setup.judged.queries))
        found = evaluate(setup, chosen, baseline, ticker.told)
        written = _write_runs(run_file, found)
        facts = _facts(setup)
    if as_json:
        click.echo(json.dumps(_as_dict(facts, setup, found), ensure_ascii=False))
        return
    _print(facts, setup, found, show)
    for path in written:
        click.echo(f"Wrote {printable(str(path))}.")


@contextlib.contextmanager
def _setup(
    folder: Path | None,
    queries: Path | None,
    qrels: Path | None,
    given: dict[str, Any],
    selection: Selection,
    *,
    rebuild: bool,
) -> Iterator[Setup]:
    """The setup that the arguments ask for.

    Raises:
        UsageError: They do not go together.
    """
    from indexer.commands.progress import Watch
    from indexer.evaluating import collection_setup, folder_setup
    from search.errors import UsageError

    settings = Settings.from_environment(**given)
    if folder is not None:
        if given["collection"] is not None:
            raise UsageError(
                "Both a folder and a collection are named.",
                "Leave one out: a folder is indexed by itself.",
            )
        with (
            Watch() as watch,
            folder_setup(
                folder, queries, qrels, settings, selection, watch, rebuild=rebuild
            ) as setup,
        ):
            yield setup
        return
    if queries is None or qrels is None:
        raise UsageError(
            "There is nothing to evaluate with.",
            "Name a folder in BEIR's layout, or questions and judgements for a collection: "
            "wherein eval --collection NAME --queries FILE --qrels FILE",
        )
    if given["model"] is not None or given["passage_pieces"] is not None or rebuild:
        raise UsageError(
            "A collection is evaluated with the model and the passages it was made with.",
            "Leave --model, --passage-pieces and --rebuild out, or run: wherein reindex",
        )
    with collection_setup(settings, queries, qrels, selection) as setup:
        yield setup


class _Ticker:
    """Says on standard error now and then how many questions were asked."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._said = time.monotonic()

    def told(self, mode: Mode, asked: int) -> None:
        now = time.monotonic()
        if now - self._said >= _EVERY:
            self._said = now
            click.echo(f"Asking: {asked:,} of {self._total:,} in {mode} mode", err=True)


def _facts(setup: Setup) -> dict[str, Any]:
    """What was evaluated, as JSON shows it."""
    manifest = setup.engine.collection.manifest
    counts = setup.engine.counts()
    return {
        "name": setup.name,
        "model": manifest.encoder.name,
        "passage_pieces": manifest.splitter.pieces,
        "documents": counts.documents,
        "passages": counts.passages,
        "asked": len(setup.judged.queries),
        "unanswered": setup.judged.unanswered,
        "unknown": setup.judged.unknown,
    }


def _write_runs(path: Path | None, found: Evaluation) -> list[Path]:
    from search.evaluation.runs import Run, write_run

    if path is None:
        return []
    written = []
    for result in found.results:
        alone = len(found.results) == 1
        target = path if alone else path.with_name(f"{path.stem}-{result.mode}{path.suffix}")
        write_run(target, Run(f"wherein-{result.mode}", result.answers.rankings))
        written.append(target)
    return written


def _print(facts: dict[str, Any], setup: Setup, found: Evaluation, show: int) -> None:
    from indexer.commands.eval_table import gains_and_losses, table

    queries = setup.judged.queries
    click.echo(
        f"{printable(facts['name'])}: {_queries(facts['asked'])}, "
        f"{plural(facts['documents'], 'document')}, {plural(facts['passages'], 'passage')} of up "
        f"to {facts['passage_pieces']} pieces, {printable(facts['model'])}"
    )
    if facts["unanswered"]:
        click.echo(
            f"{_queries(facts['unanswered'])} left out, as no judgement says what answers them."
        )
    if facts["unknown"]:
        click.echo(f"{plural(facts['unknown'], 'judgement')} of what is not there.")
    if found.baseline is not None and found.baseline.missing:
        click.echo(f"{_queries(found.baseline.missing)} not answered by the baseline.")
    for result in found.results:
        for reason, count in result.answers.fallbacks.items():
            click.echo(f"{_queries(count)} answered by words in {result.mode} mode: {reason}")
    refused = found.results[0].answers.refused
    for name, reason in list(refused.items())[:_NAMED]:
        click.echo(f"Query {printable(name)} was not asked: {reason}")
    if len(refused) > _NAMED:
        click.echo(f"… nor were {_queries(len(refused) - _NAMED)} more.")
    click.echo("\n" + "\n".join(table(found.results, found.baseline)))
    if found.baseline is None:
        return
    for result in found.results:
        click.echo(f"\n{result.mode} against {printable(found.baseline.tag)}:")
        click.echo("\n".join(gains_and_losses(result, found.baseline, queries, show)))


def _queries(count: int) -> str:
    return f"{count:,} {'query' if count == 1 else 'queries'}"


def _as_dict(facts: dict[str, Any], setup: Setup, found: Evaluation) -> dict[str, Any]:
    from search.evaluation.results import baseline_as_dict, method_as_dict, result_as_dict

    queries = setup.judged.queries
    described = {
        **facts,
        **method_as_dict(),
        "modes": {str(result.mode): result_as_dict(result, queries) for result in found.results},
    }
    if found.baseline is not None:
        described["baseline"] = baseline_as_dict(found.baseline, found.results, queries)
    return described
