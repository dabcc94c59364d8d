"""How a collection is getting on, as server-sent events: whoever's run is at work on it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass

from search.engine import Engine
from search.errors import CollectionError
from search.runs import RunState, read_run
from web.catalogue import Texts
from web.updating import Updating

#: How often the state is looked at, and for how long before whoever listens asks again; in seconds.
_PAUSE = 1.0
_LISTENED = 25.0
#: After how many milliseconds whoever listens is to ask again: when nothing goes on, and when it
#: does but too many listen.
_IDLE, _CROWDED = 3000, 2000
#: How many may listen at once. Each takes one of the server's threads, which are few.
_LISTENERS = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Run:
    """How far a run has got.

    Attributes:
        phase: What it does: "indexing" or "reindexing".
        done: How many files, or stored documents, it is done with.
        total: Of how many.
        passages: How many passages it has embedded.
        split: Of how many it has found.
        share: What part of the work is done, 0 to 1.
        seconds: How long it will still take, or None if that cannot be said yet.
    """

    phase: str
    done: int
    total: int
    passages: int
    split: int
    share: float
    seconds: int | None


@dataclass(frozen=True, slots=True)
class State:
    """How a collection is getting on.

    Attributes:
        running: Whether a run is at work, wherever it was begun.
        elsewhere: Whether it was begun elsewhere: at the command line, by `wherein watch`.
        failed: Whether the last one that was begun from here failed.
        said: What that one said at last, one line.
        language: The language that this is in.
        run: How far the run has got, once it knows what it has to do.
        documents: How many documents there are.
        passages: How many passages.
        failures: How many files could not be read.
    """

    running: bool
    elsewhere: bool
    failed: bool
    said: str
    language: str
    run: Run | None
    documents: int
    passages: int
    failures: int


def state_of(engine: Engine, updating: Updating, say: Texts) -> State:
    """How a collection is getting on.

    Args:
        engine: The engine of the collection.
        updating: What begins runs from here.
        say: The texts of whoever is told.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    own, found = updating.own(), read_run(engine.collection.folder)
    counts = engine.counts()
    said = say.said(own.said)
    return State(
        running=own.running or found is not None,
        elsewhere=found is not None and found.pid != own.process,
        failed=own.failed,
        said=said.text,
        language=said.language,
        run=None if found is None else _shown(found),
        documents=counts.documents,
        passages=counts.passages,
        failures=counts.failures,
    )


def events(engine: Engine, updating: Updating, say: Texts) -> Generator[str, None, None]:
    """The state as server-sent events: as often as it changes while a run is at work, else once.

    Args:
        engine: The engine of the collection.
        updating: What begins runs from here.
        say: The texts of whoever is told.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    told = state_of(engine, updating, say)
    crowded = not _LISTENERS.acquire(blocking=False)
    try:
        yield f"retry: {_CROWDED if crowded or told.running else _IDLE}\n{_event(told)}"
        until = time.monotonic() + _LISTENED
        while told.running and not crowded and time.monotonic() < until:
            time.sleep(_PAUSE)
            try:
                state = state_of(engine, updating, say)
            except CollectionError:
                return  # whoever listens asks again, and is told then
            if state != told:
                yield _event(state)
                told = state
    finally:
        if not crowded:
            _LISTENERS.release()


def _event(state: State) -> str:
    return f"data: {json.dumps(asdict(state))}\n\n"


def _shown(run: RunState) -> Run:
    left = run.seconds_left(time.time())
    return Run(
        run.phase,
        run.done,
        run.total,
        run.passages,
        run.split,
        round(min(1.0, run.share), 4),
        None if left is None else max(1, round(left)),
    )
