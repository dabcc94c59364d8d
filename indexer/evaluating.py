"""An evaluation from beginning to end: what is asked, which engine answers, what came of it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.corpus import corpus_name, look_through, open_corpus
from indexer.progress import Progress
from search.collection import Collection
from search.encoders import load_encoder
from search.engine import Engine
from search.errors import UsageError
from search.evaluation.asking import NameOf, ask
from search.evaluation.judged import Judged, Resolve, judge
from search.evaluation.layout import find_files
from search.evaluation.naming import names_in
from search.evaluation.qrels import read_judgements
from search.evaluation.results import Baseline, ModeResult, baseline_of, result_of
from search.evaluation.runs import read_run
from search.evaluation.topics import read_topics
from search.models import Mode
from search.settings import Settings


@dataclass(frozen=True, slots=True)
class Selection:
    """Which judgements count.

    Attributes:
        every: Ask only the first of each so many questions.
        allow_unknown: Accept judgements of what is not there.
    """

    every: int = 1
    allow_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Setup:
    """An engine, and what it is to be asked.

    Attributes:
        name: What is evaluated.
        engine: The engine.
        judged: The questions with their judgements.
        name_of: What judgements call a hit's document.
        resolve: Which document somebody's name for it means.
    """

    name: str
    engine: Engine
    judged: Judged
    name_of: NameOf
    resolve: Resolve


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found.

    Attributes:
        results: One for each mode.
        baseline: The run they are compared with, or None.
    """

    results: tuple[ModeResult, ...]
    baseline: Baseline | None


@contextlib.contextmanager
def folder_setup(
    folder: Path,
    queries: Path | None,
    qrels: Path | None,
    settings: Settings,
    selection: Selection,
    progress: Progress,
    *,
    rebuild: bool = False,
) -> Iterator[Setup]:
    """The setup for a folder with a corpus, which is indexed if need be.

    Args:
        folder: Where the corpus lies.
        queries: The file of questions, if it is not in the folder.
        qrels: The file of judgements, if it is not in the folder.
        settings: Model, passage length and cache folder.
        selection: Which judgements count.
        progress: Watches the indexing.
        rebuild: Index anew even what was indexed before.

    Raises:
        UsageError: A file is missing or malformed, or its judgements do not fit the corpus.
        EncoderError: The encoder cannot be loaded.
        StorageError: The disk is full or read-only.
        CollectionLocked: Another process is indexing the same corpus.
        CollectionError: The index that is kept of the corpus cannot be opened.
    """
    files = find_files(folder, queries, qrels)
    topics, judgements = read_topics(files.queries), read_judgements(files.qrels)
    corpus = look_through(files.corpus)

    def resolve(name: str) -> str | None:
        return name if name in corpus.ids else None

    judged = judge(
        topics,
        judgements,
        files.qrels,
        resolve,
        allow_unknown=selection.allow_unknown,
        every=selection.every,
    )
    with open_corpus(corpus, settings, progress, rebuild=rebuild) as engine:
        yield Setup(folder.resolve().name, engine, judged, corpus_name, resolve)


@contextlib.contextmanager
def collection_setup(
    settings: Settings, queries: Path, qrels: Path, selection: Selection
) -> Iterator[Setup]:
    """The setup for a user's own collection, whose documents are judged by path or number.

    Args:
        settings: Name the collection.
        queries: The file of questions.
        qrels: The file of judgements.
        selection: Which judgements count.

    Raises:
        UsageError: A file is missing or malformed, or a judgement names no document or several.
        CollectionMissing: There is no such collection.
        EncoderError: The collection's encoder cannot be loaded.
        StorageError: The collection is damaged or cannot be read.
        CollectionMismatch: Its format is newer than this program.
        CollectionLocked: Its format is older, and another process is writing to it.
    """
    topics, judgements = read_topics(queries), read_judgements(qrels)
    folder = settings.collections / settings.collection
    with Collection(folder) as collection, collection.store.reading() as reading:
        names = names_in(reading)
        made_with = collection.manifest.encoder
        # Loaded here so that what goes wrong is said, and words do not stand in for meaning.
        encoder = load_encoder(made_with.name, settings.cache, made_with.digest)

        def resolve(name: str) -> str | None:
            return names.find(name, reading)

        judged = judge(
            topics,
            judgements,
            qrels,
            resolve,
            allow_unknown=selection.allow_unknown,
            every=selection.every,
        )
        with Engine(folder, settings.cache, encoder) as engine:
            yield Setup(settings.collection, engine, judged, names.of_hit, resolve)


def evaluate(
    setup: Setup,
    modes: Sequence[Mode],
    baseline: Path | None = None,
    told: Callable[[Mode, int], object] = lambda *_: None,
) -> Evaluation:
    """Ask all questions in each mode, and measure the answers.

    Args:
        setup: The engine and the questions.
        modes: How to search.
        baseline: A run to compare with.
        told: Is told after each question how many were asked in that mode.

    Raises:
        UsageError: The baseline is malformed, or answers none of the questions.
        CollectionError: The collection is damaged, cannot be read or was deleted.
    """
    queries = setup.judged.queries
    before = None
    if baseline is not None:
        before = baseline_of(read_run(baseline), queries, setup.resolve)
        if before.missing == len(queries):
            raise UsageError(
                f"{baseline} answers none of the queries.",
                "Give a run made with the same queries.",
            )
    setup.engine.warm_up()
    results = []
    for mode in modes:
        answers = ask(setup.engine, queries, mode, setup.name_of, functools.partial(told, mode))
        results.append(result_of(mode, queries, answers))
    return Evaluation(tuple(results), before)
