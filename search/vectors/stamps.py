"""What lies in the vector view's folder, and which generation it shows.

The stamp names the files that make up the view. It is written last, when they are safely on the
disk, and no file that a stamp names is ever changed: whatever a power cut leaves, there is a stamp
all of whose files are whole, or none.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from search.storage import flush, flush_folder
from search.vectors.parts import PartEntry

#: Raised whenever the files change; views made before are then rebuilt.
LAYOUT = 1

_STAMP = re.compile(r"generation-(\d+)\.stamp")
_NUMBERED = re.compile(r"(?:part|graph)-(\d+)\.\w+")
_DRAFT = "stamp.draft"


class GraphEntry(msgspec.Struct, frozen=True):
    """The graph over the first parts, as the stamp names it.

    Attributes:
        number: In its file's name.
        size: Bytes of its file.
        parts: How many parts it covers, from the first on.
        breadth: How many candidates a search of it keeps (efSearch).
        recall: Share of the ten nearest that it found, at that breadth, when it was made.
    """

    number: int
    size: int
    parts: int
    breadth: int
    recall: float

    @property
    def file(self) -> str:
        """Its file's name."""
        return f"graph-{self.number}.faiss"


class Stamp(msgspec.Struct, frozen=True):
    """What the vector view shows.

    Attributes:
        generation: The store's generation.
        dimension: Length of the vectors.
        kind: What was asked for: "auto", "exact" or "hnsw".
        parts: The parts, in order.
        graph: The graph over the first of them, or None if every vector is compared.
        layout: What the files look like, see `LAYOUT`.
    """

    generation: int
    dimension: int
    kind: str = "auto"
    parts: tuple[PartEntry, ...] = ()
    graph: GraphEntry | None = None
    layout: int = LAYOUT

    @property
    def rows(self) -> int:
        """How many passages the parts hold, those among them that are gone by now."""
        return sum(part.added for part in self.parts)

    @property
    def dead(self) -> int:
        """How many of them are gone."""
        return sum(part.removed for part in self.parts)

    def covered(self) -> int:
        """How many passages the graph covers."""
        return 0 if self.graph is None else sum(p.added for p in self.parts[: self.graph.parts])

    def files(self) -> dict[str, int]:
        """The files it names, with the bytes they have."""
        named = {part.file: part.size(self.dimension) for part in self.parts}
        if self.graph is not None:
            named[self.graph.file] = self.graph.size
        return named


def read_stamps(folder: Path, dimension: int) -> Iterator[Stamp]:
    """The stamps in ``folder`` whose files are all there and as long as they should be.

    Args:
        folder: Where the view lies.
        dimension: Length of the vectors; a stamp of others is passed over.

    Yields:
        The newest first.
    """
    for generation, path in sorted(_stamps(folder).items(), reverse=True):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            stamp = msgspec.json.decode(path.read_bytes(), type=Stamp)
            shape = (stamp.layout, stamp.dimension, stamp.generation)
            fits = shape == (LAYOUT, dimension, generation)
            sizes = stamp.files()
            if fits and all((folder / n).stat().st_size == size for n, size in sizes.items()):
                yield stamp


def describe(folder: Path, dimension: int) -> dict[str, Any] | None:
    """How the view in ``folder`` is searched, as JSON-ready values; None if there is none.

    Args:
        folder: Where the view lies.
        dimension: Length of the vectors.
    """
    stamp = next(read_stamps(folder, dimension), None)
    if stamp is None:
        return None
    graph = stamp.graph
    return {
        "asked_for": stamp.kind,
        "kind": "exact" if graph is None else "hnsw",
        "rows": stamp.rows,
        "dead": stamp.dead,
        "parts": len(stamp.parts),
        "covered": stamp.covered(),
        "breadth": None if graph is None else graph.breadth,
        "recall": None if graph is None else round(graph.recall, 4),
        "bytes": sum(stamp.files().values()),
    }


def write_stamp(folder: Path, stamp: Stamp) -> None:
    """Make the view that ``stamp`` describes the one that is shown.

    Args:
        folder: Where the view lies; the files that the stamp names are on the disk.
        stamp: The stamp.

    Raises:
        OSError: The disk is full or read-only; what was shown before still is.
    """
    draft = folder / _DRAFT
    try:
        draft.write_bytes(msgspec.json.encode(stamp))
        flush(draft)
        flush_folder(folder)
        draft.replace(folder / f"generation-{stamp.generation}.stamp")
        flush_folder(folder)
    finally:
        draft.unlink(missing_ok=True)


def next_number(folder: Path) -> int:
    """A number that no part and no graph in ``folder`` has."""
    matches = (_NUMBERED.fullmatch(path.name) for path in folder.iterdir())
    return 1 + max((int(match[1]) for match in matches if match), default=0)


def unused(folder: Path) -> Iterator[Path]:
    """The files of ours in ``folder`` that the newest stamp does without; none if there is none."""
    stamps = _stamps(folder)
    named = _named(stamps[max(stamps)]) if stamps else None
    if named is not None:
        yield from (path for path in _ours(folder) if path.name not in named)


def clear(folder: Path, generation: int) -> None:
    """Remove all that the stamp of a generation does without, or the newest if it has none.

    Args:
        folder: Where the view lies.
        generation: That of the store: what shows a later one is of no use.
    """
    stamps = _stamps(folder)
    shown = stamps.get(generation) or stamps.get(max(stamps, default=0))
    named = set() if shown is None else _named(shown)
    if named is not None:
        for path in _ours(folder):
            if path.name not in named:
                with contextlib.suppress(OSError):  # still open in a reader on Windows
                    path.unlink()


def _named(stamp: Path) -> set[str] | None:
    """A stamp's name and those of its files; None if it cannot be read."""
    try:
        return {stamp.name, *msgspec.json.decode(stamp.read_bytes(), type=Stamp).files()}
    except (OSError, msgspec.MsgspecError):
        return None


def _ours(folder: Path) -> list[Path]:
    """The files in ``folder`` that are of our making, in order."""
    if not folder.is_dir():
        return []
    patterns = (_STAMP, _NUMBERED, re.compile(re.escape(_DRAFT)))
    return sorted(p for p in folder.iterdir() if any(each.fullmatch(p.name) for each in patterns))


def _stamps(folder: Path) -> dict[int, Path]:
    """The stamps in ``folder`` by the generation in their names."""
    if not folder.is_dir():
        return {}
    named = ((_STAMP.fullmatch(path.name), path) for path in folder.iterdir())
    return {int(match[1]): path for match, path in named if match}
