"""The page of the collection: what is indexed, and what could not be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from flask import Blueprint, Response, current_app, redirect, render_template
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as Answer

from search.builds import STORE
from search.status import status_of
from search.storage import storage_errors
from web import access, progress, readable, state
from web.access import Scope
from web.catalogue import texts
from web.guard import is_loopback
from web.problems import RequestError
from web.updating import updating_of
from web.uploads import uploads_of
from web.wording import kind_label

collection = Blueprint("collection", __name__)

#: Most reasons that are told, most files named for one, and most scans.
_REASONS, _NAMED, _SCANS = 100, 50, 200


@dataclass(frozen=True, slots=True)
class Failures:
    """Files that could not be read for one reason.

    Attributes:
        reason: Why, and what can be done about it.
        count: How many they are.
        paths: Their paths, of very many only the first.
    """

    reason: str
    count: int
    paths: tuple[str, ...]


@collection.get("/collection")
def show() -> str:
    """What is indexed, when it last changed, and what could not be read."""
    return page()


def page(outcomes: Sequence[object] = ()) -> str:
    """The page of the collection.

    Args:
        outcomes: What became of files that were sent by it, see `web.uploading.Outcome`.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    opened = state.engine().collection
    status = status_of(opened)
    say = texts()
    failures = _grouped(status["failures"])
    uploads, may_write = uploads_of(current_app), Scope.WRITE in access.caller().scopes
    return render_template(
        "collection.html",
        status=status,
        changed=say.date(_changed(opened.build / STORE).isoformat(), "medium"),
        megabytes=say.number(round(status["bytes"] / 1_000_000, 1)),
        kinds=[(kind_label(kind, say), kind, n) for kind, n in status["kinds"].items()],
        languages=[(say.language_name(code), code, n) for code, n in status["languages"].items()],
        failures=failures[:_REASONS],
        other_reasons=len(failures[_REASONS:]),
        scanned=list(status["scanned"].items())[:_SCANS],
        other_scans=len(status["scanned"]) - _SCANS,
        may_update=_may_update(),
        uploads=uploads if may_write else None,
        formats=_formats() if may_write and uploads.folder else [],
        outcomes=outcomes,
        run=progress.state_of(state.engine(), updating_of(current_app), say),
    )


@collection.post("/collection/update")
def update() -> Answer:
    """The way back to the page of the collection, once all that was indexed is gone through."""
    if not _may_update():
        raise Forbidden
    updating_of(current_app).begin()
    return redirect("/collection", 303)


@collection.get("/collection/events")
def events() -> Response:
    """How a run is getting on, as server-sent events."""
    told = progress.events(state.engine(), updating_of(current_app), texts())
    return Response(told, mimetype="text/event-stream", headers={"Cache-Control": "no-store"})


def _may_update() -> bool:
    """Only who sits at this machine, and may change things, may have it read its disk."""
    return is_loopback(state.settings().host) and Scope.WRITE in access.caller().scopes


def _formats() -> list[str]:
    """What browsers are to offer of a folder's files; nothing where that is not known."""
    try:
        return sorted(readable.suffixes())
    except RequestError:
        return []  # whoever sends a file is told


def _changed(store: Path) -> date:
    """The day on which something was written last; it stands in SQLite's log at first."""
    with storage_errors(store):
        written = [store.stat()]
        with suppress(FileNotFoundError):
            written.append(store.with_name(f"{store.name}-wal").stat())
    # A log that is empty was made by one who only read.
    latest = max(status.st_mtime for status in written if status.st_size)
    return datetime.fromtimestamp(latest, UTC).date()


def _grouped(failures: dict[str, str]) -> list[Failures]:
    """Failures by their reason, the most frequent first."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for path, reason in failures.items():
        by_reason[reason].append(path)
    ranked = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    return [Failures(reason, len(paths), tuple(paths[:_NAMED])) for reason, paths in ranked]
