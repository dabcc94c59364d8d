"""Whether a collection is sound: its database, its views, and what lies about in its folder."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from search import corpus_map
from search.builds import STORE, current_build
from search.collection_writer import CollectionWriter
from search.distrust import distrusting, manifest_of, number_of
from search.errors import StorageError
from search.inspection import faults
from search.invariants import Fault, Invariant
from search.keywords import (
    CHOICE,
    CHOICE_DRAFT,
    KEYWORDS,
    KEYWORDS_DRAFT,
    KEYWORDS_OLD,
    KeywordIndex,
)
from search.reading import Ids
from search.runs import RUN, RUN_DRAFT
from search.schema import FORMAT
from search.store import Store
from search.vectors import VECTORS, VectorIndex, unused

#: How often a collection is gone through again because it was published to meanwhile.
_TRIES = 3
#: How many passages' vectors are compared together.
_CHUNK = 4096

_OURS = {"CURRENT", "writer.lock", CHOICE, RUN}
_DRAFTS = {
    "CURRENT.draft",
    "import.draft",
    "vectors.draft",
    f"{corpus_map.FILE}.draft",
    CHOICE_DRAFT,
    RUN_DRAFT,
    KEYWORDS_DRAFT,
    KEYWORDS_OLD,
}
_DATABASE = {STORE, f"{STORE}-wal", f"{STORE}-shm", f"{STORE}-journal"}
#: What the vector view was in builds made before it had a folder.
_VECTORS = re.compile(r"vectors-\d+\.faiss")
_KEPT = re.compile(r"damaged-\d+\.sqlite")
_SERIOUS = (Invariant.DATABASE, Invariant.TABLES)


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold.

    Attributes:
        code: Its short name, for programs.
        what: What breaks it, in the plural, for people.
        count: How many do.
        example: The first of them.
        repairable: Whether `search.mending.repair` knows what to do.
    """

    code: str
    what: str
    count: int
    example: str
    repairable: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Attributes:
        documents: How many living documents there are.
        passages: How many passages they have.
        findings: What is wrong; empty if nothing is.
        notes: What else is worth knowing, sentences.
        seconds: How long it took.
    """

    documents: int
    passages: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    seconds: float


def check(folder: Path) -> Report:
    """Go through the collection in ``folder`` and say all that is wrong with it.

    It is read as one state, whatever is written meanwhile, and nothing is changed, except that a
    collection of an older format is brought up to this one, as by every command.

    Raises:
        CollectionMissing: There is none.
        StorageError: It has no database, or cannot be opened by this user.
        CollectionMismatch: Its format is newer than this program.
        CollectionLocked: Its format is older, and another process is writing to it.
    """
    began = time.perf_counter()
    build = current_build(folder)
    for _ in range(_TRIES):
        bring_up(folder)
        found, counts, published = _look_through(build)
        before, build = build, current_build(folder)
        if not found or (build == before and _published(build) == published):
            break  # otherwise views and database may have been looked at in different states
    left, notes = _lying_about(folder)
    return Report(*counts, summary([*found, *left]), notes, time.perf_counter() - began)


def bring_up(folder: Path) -> None:
    """Bring a collection of an older format up to this one; refuse one of a newer.

    Raises:
        CollectionMismatch: The format is newer.
        StorageError: There is no database, or it cannot be opened by this user.
        CollectionLocked: The format is older, and another process is writing.
        CollectionMissing: There is no collection.
    """
    path = current_build(folder) / STORE
    if not path.is_file():
        Store(path)  # which says so
    try:
        with distrusting(path) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
    except StorageError:
        return  # damaged; what exactly, the check says
    if version > FORMAT:
        Store(path)
    if 0 < version < FORMAT:
        CollectionWriter.open(folder).close()


def summary(found: Iterable[Fault]) -> tuple[Finding, ...]:
    """Faults counted by invariant, each with its first example."""
    first: dict[Invariant, str] = {}
    counts: dict[Invariant, int] = {}
    for fault in found:
        first.setdefault(fault.invariant, fault.example)
        counts[fault.invariant] = counts.get(fault.invariant, 0) + 1
    return tuple(
        Finding(kind.code, kind.what, counts[kind], first[kind], kind.repairable)
        for kind in Invariant
        if kind in counts
    )


@contextlib.contextmanager
def opened_views(
    connection: sqlite3.Connection, build: Path
) -> Iterator[tuple[VectorIndex | None, KeywordIndex | None]]:
    """The views of a build as they are on disk; None for one that cannot be read.

    Raises:
        CollectionMismatch: The keyword engine is not installed.
    """
    manifest = None
    with contextlib.suppress(sqlite3.DatabaseError):  # the check proper says what is damaged
        manifest = manifest_of(connection)
    vectors = None
    if manifest is not None:
        vectors = VectorIndex.open(build / VECTORS, manifest.encoder.dimension)
    words = KeywordIndex.open(build / KEYWORDS)
    try:
        yield vectors, words
    finally:
        if words is not None:
            words.close()


def view_faults(
    connection: sqlite3.Connection, vectors: VectorIndex | None, words: KeywordIndex | None
) -> Iterator[Fault]:
    """What is wrong with views, compared with the database in its present transaction.

    Args:
        connection: The database, in a transaction.
        vectors: Its embeddings as they are on disk, or None if they cannot be read.
        words: Its keyword index, likewise.

    Raises:
        StorageError: A file of theirs cannot be read.
    """
    for view, invariant in (
        (vectors, Invariant.VECTOR_VIEW),
        (words, Invariant.KEYWORD_VIEW),
    ):
        if view is None:
            yield Fault(invariant, 0, "there is none that can be read")
        elif (stale := _stale(connection, view.generation)) is not None:
            yield Fault(invariant, 0, stale)
        else:
            yield from _compare_ids(connection, view.ids(), view.generation, invariant)
    if words is not None and _stale(connection, words.generation) is None:
        for name in words.damaged():
            yield Fault(Invariant.KEYWORD_VIEW, 0, f"its file {name} is not as it was written")
    if vectors is not None:
        yield from _compare_vectors(connection, vectors)


def leftovers(folder: Path) -> Iterator[tuple[Path, bool]]:
    """What lies in a collection's folder and does not belong there, and whether we left it there.

    To be asked only while nobody writes. The inside of the keyword view is its own affair, and
    hidden files are those of file managers.

    Yields:
        The path of a file or folder, and whether it is a draft or an old build of ours.

    Raises:
        CollectionMissing: There is no collection.
        StorageError: It cannot be read, or is damaged.
    """
    build = current_build(folder)
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path == build or path.name in _OURS:
            continue
        if not _KEPT.fullmatch(path.name):
            yield path, path.name in _DRAFTS or (path.is_dir() and path.name.isdigit())
    for path in sorted(build.iterdir()):
        if path.name.startswith("."):
            continue
        if path.name not in (*_DATABASE, KEYWORDS, VECTORS, corpus_map.FILE):
            yield path, path.name in _DRAFTS or bool(_VECTORS.fullmatch(path.name))
    for path in unused(build / VECTORS):
        yield path, True


def _look_through(build: Path) -> tuple[list[Fault], tuple[int, int], int]:
    """Faults, how many documents and passages there are, and the generation published."""
    found: list[Fault] = []
    counts, published = (0, 0), -1
    try:
        with distrusting(build / STORE) as connection:
            connection.execute("BEGIN")
            with opened_views(connection, build) as views:
                found += faults(connection)
                if not any(fault.invariant in _SERIOUS for fault in found):
                    published = number_of(connection, "published")
                    found += view_faults(connection, *views)
                    counts = _counts(connection)
    except StorageError as error:
        found.append(Fault(Invariant.DATABASE, 0, error.message))
    return found, counts, published


def _published(build: Path) -> int:
    try:
        with distrusting(build / STORE) as connection:
            return number_of(connection, "published")
    except StorageError:
        return -1


def _counts(connection: sqlite3.Connection) -> tuple[int, int]:
    documents, passages = connection.execute(
        "SELECT (SELECT count(*) FROM documents WHERE died IS NULL), (SELECT count(*) FROM "
        "passages JOIN documents ON documents.id = passages.document WHERE died IS NULL)"
    ).fetchone()
    return documents, passages


def _stale(connection: sqlite3.Connection, generation: int) -> str | None:
    """Why a view of ``generation`` cannot be used, or None if it can."""
    published, newest = number_of(connection, "published"), number_of(connection, "generation")
    if published <= generation <= newest:
        return None
    return f"it shows generation {generation}, not one from {published} to {newest}"


def _compare_ids(
    connection: sqlite3.Connection, shown: Ids, generation: int, invariant: Invariant
) -> Iterator[Fault]:
    rows = connection.execute(
        "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document "
        "WHERE d.born <= ?1 AND (d.died IS NULL OR d.died > ?1) ORDER BY p.id",
        (generation,),
    )
    living = np.fromiter((row for (row,) in rows), dtype=np.int64)
    distinct, times = np.unique(shown, return_counts=True)
    for row in np.setdiff1d(living, distinct, assume_unique=True).tolist():
        yield Fault(invariant, row, f"passage {row} is not in it")
    for row in np.setdiff1d(distinct, living, assume_unique=True).tolist():
        yield Fault(invariant, row, f"passage {row} is in it, but in no document")
    for row in distinct[times > 1].tolist():
        yield Fault(invariant, row, f"passage {row} is in it more than once")


def _compare_vectors(connection: sqlite3.Connection, view: VectorIndex) -> Iterator[Fault]:
    """Passages in the view and in the database whose embeddings differ; both keep 16 bits."""
    shown = np.sort(view.ids())
    if not len(shown):
        return
    cursor = connection.execute(
        "SELECT p.id, e.vector FROM passages p JOIN embeddings e ON e.id = p.embedding "
        "ORDER BY p.id"
    )
    while rows := cursor.fetchmany(_CHUNK):
        ids = np.array([row for row, _ in rows], dtype=np.int64)
        at = np.minimum(np.searchsorted(shown, ids), len(shown) - 1)
        known = shown[at] == ids
        halves = iter(view.vectors(ids[known]).astype("<f2"))
        for (row, vector), is_known in zip(rows, known.tolist(), strict=True):
            if is_known and next(halves).tobytes() != vector:
                yield Fault(
                    Invariant.VECTOR_VIEW, row, f"passage {row} has another embedding in it"
                )


def _lying_about(folder: Path) -> tuple[list[Fault], tuple[str, ...]]:
    """What is left over, if nobody is writing, and what there is to note."""
    notes = tuple(
        f"{path.name} is the damaged database that was salvaged; delete it when nobody misses "
        "anything."
        for path in sorted(folder.iterdir())
        if _KEPT.fullmatch(path.name)
    )
    lock = FileLock(folder / "writer.lock", timeout=0)
    try:
        with contextlib.suppress(PermissionError, NotImplementedError):
            lock.acquire()  # in a folder that cannot be written to, nobody writes
    except Timeout:
        note = "Another process is writing to the collection; leftovers were not looked for."
        return [], (*notes, note)
    try:
        return [
            Fault(
                Invariant.LEFTOVER if ours else Invariant.STRAY,
                0,
                path.relative_to(folder).as_posix(),
            )
            for path, ours in leftovers(folder)
        ], notes
    finally:
        lock.release()
