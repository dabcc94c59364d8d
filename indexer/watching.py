"""Following folders: what is saved is searchable a moment later."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import watchfiles

from indexer.opening import open_for_indexing
from indexer.pipeline import Report, index
from indexer.progress import Unwatched
from indexer.relevance import would_walk
from indexer.worker import Limits
from search.errors import CollectionLocked
from search.schema import WalkRules
from search.settings import Settings

_log = logging.getLogger("wherein")

#: Files changed less than so many seconds ago are left alone: somebody may be writing them.
AT_REST = 0.4
#: After a run that took long, the next waits as many seconds, so that searching and whatever else
#: the machine does go on meanwhile; after others hardly at all.
_LONG = 5.0
#: How long to wait for another process that writes to the collection, in seconds.
_LOCKED = 2.0


def follow(
    roots: Mapping[Path, WalkRules],
    settings: Settings,
    limits: Limits,
    tell: Callable[[Report], None],
    sweep: float = 600.0,
    stop: threading.Event | None = None,
) -> None:
    """Index ``roots``, then again whenever something in them changes, until told to stop.

    The system's notifications say when to look; each time the folders are gone through as
    `indexer.pipeline.index` does, which costs one stat a file. The collection is locked only while
    that happens.

    Args:
        roots: Absolute paths with the rules for what lies beneath.
        settings: Name the collection.
        limits: What reading one file may take.
        tell: Is given the report of each run.
        sweep: Seconds after which the folders are gone through even without a notification, for
            disks that send none.
        stop: Ends it when set; otherwise only ctrl-C does.

    Raises:
        CollectionMismatch: The collection was made with another model or splitter.
        EncoderError: The encoder cannot be loaded or failed.
        StorageError: The disk is full, read-only or damaged.
        CollectionLocked: Another process is writing to it as this one begins.
        SettingError: A setting names what there is not, such as a keyword engine.
    """
    stop = stop or threading.Event()
    changes: queue.SimpleQueue[bool] = queue.SimpleQueue()
    listener = threading.Thread(
        target=_listen, args=(roots, changes, stop), name="wherein-watch", daemon=True
    )
    listener.start()
    writer, encoder = open_for_indexing(settings)
    writer.close()
    first = True  # the first run takes up all there is, and says nothing of later ones
    try:
        while not stop.is_set():
            began = time.monotonic()
            wait = sweep
            try:
                writer, _ = open_for_indexing(settings, encoder)
            except CollectionLocked:
                wait = _LOCKED
            else:
                with writer:
                    report = index(roots, writer, encoder, Unwatched(), limits, at_rest=AT_REST)
                tell(report)
                if report.interrupted:
                    return
                if report.postponed:
                    wait = AT_REST
            spent = time.monotonic() - began
            _wait(changes, wait, stop)
            stop.wait(spent if spent > _LONG and not first else AT_REST)
            first = False
            _drain(changes)
    finally:
        stop.set()
        listener.join()


def _listen(
    roots: Mapping[Path, WalkRules], changes: queue.SimpleQueue[bool], stop: threading.Event
) -> None:
    """Put something into ``changes`` whenever a file changes that a walk would look at."""

    def counts(_: watchfiles.Change, path: str) -> bool:
        return would_walk(Path(path), roots)

    try:
        for _ in watchfiles.watch(
            *(root for root in roots if root.exists()),
            watch_filter=counts,
            step=50,
            debounce=400,
            stop_event=stop,
            rust_timeout=500,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            changes.put(True)
    except OSError as error:
        _log.warning(
            "The system sends no notifications for these folders (%s); "
            "they are gone through from time to time.",
            error,
        )


def _wait(changes: queue.SimpleQueue[bool], seconds: float, stop: threading.Event) -> None:
    """Wait until something changed, ``seconds`` have passed or it is time to stop."""
    until = time.monotonic() + seconds
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        try:
            changes.get(timeout=min(0.5, left))
        except queue.Empty:
            continue
        return


def _drain(changes: queue.SimpleQueue[bool]) -> None:
    while not changes.empty():
        changes.get()
