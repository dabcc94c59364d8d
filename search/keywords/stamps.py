"""What lies beside an engine's index and says what the two show together.

An engine's index carries a *mark*, a number that changes with each commit and belongs to it; the
stamp of that number is written before the commit. So whatever a power cut leaves, the engine's
newest state and its stamp fit together, or there is no stamp and the view is made anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from search.keywords.segments import Segment
from search.reading import Ids
from search.storage import flush

#: Raised whenever the files of a view change; views made before are then rebuilt.
LAYOUT = 4


class Part(msgspec.Struct, frozen=True):
    """A segment of a view.

    Attributes:
        file: Its file's name.
        dead: Places of the passages in it that are gone, uint32, little-endian.
    """

    file: str
    dead: bytes = b""


class Stamp(msgspec.Struct, frozen=True):
    """What a keyword view shows.

    Attributes:
        generation: The store's generation.
        analyser: The version of the analyser that made its terms.
        layout: What its files look like, see `LAYOUT`.
        languages: The languages its passages are in.
        parts: Its segments, in order.
    """

    generation: int
    analyser: int
    layout: int = LAYOUT
    languages: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    def usable(self, analyser: int) -> bool:
        """Whether this program, with that version of the analyser, can use the view."""
        return (self.analyser, self.layout) == (analyser, LAYOUT)


def write_stamp(folder: Path, mark: int, stamp: Stamp) -> None:
    """Say what the state with that mark shows.

    Args:
        folder: Where the view lies.
        mark: The mark of the engine's state.
        stamp: What it shows.

    Raises:
        OSError: The disk is full or read-only.
    """
    path = _path(folder, mark)
    path.write_bytes(msgspec.json.encode(stamp))
    flush(path)


def read_stamp(folder: Path, mark: int) -> Stamp | None:
    """What the state marked ``mark`` shows in ``folder``, or None if that cannot be told."""
    try:
        return msgspec.json.decode(_path(folder, mark).read_bytes(), type=Stamp)
    except (OSError, msgspec.MsgspecError):
        return None


def read_parts(folder: Path, stamp: Stamp) -> tuple[list[Segment], list[Ids]]:
    """The segments that a stamp names.

    Args:
        folder: Where the view lies.
        stamp: What it shows.

    Returns:
        The segments, and of each the places of those that are dead, int64, ascending.

    Raises:
        OSError: One is missing.
        ValueError: One is damaged, or the stamp is.
    """
    segments, dead = [], []
    for part in stamp.parts:
        if Path(part.file).name != part.file:
            raise ValueError(f"{part.file!r} is no name of a segment")
        segments.append(Segment.open(folder / part.file))
        dead.append(np.frombuffer(part.dead, dtype="<u4").astype(np.int64))
        if len(dead[-1]) and int(dead[-1].max()) >= len(segments[-1]):
            raise ValueError(f"{part.file} has fewer passages than were removed")
    return segments, dead


def part_of(file: str, dead: Ids) -> Part:
    """The entry of the segment in ``file``, with its ``dead``, int64, in a stamp."""
    return Part(file, dead.astype("<u4").tobytes())


def new_names(folder: Path, count: int) -> list[str]:
    """Names for ``count`` segments that are to be written into ``folder``."""
    taken = [path.stem.rpartition("-")[2] for path in folder.glob("segment-*.bin")]
    last = max((int(number) for number in taken if number.isdigit()), default=0)
    return [f"segment-{last + 1 + at}.bin" for at in range(count)]


def clean(folder: Path, mark: int, parts: Sequence[Part]) -> None:
    """Remove all stamps and segments but those of the state with that mark.

    Args:
        folder: Where the view lies.
        mark: The mark of the state that is kept.
        parts: Its segments.
    """
    keep = {_path(folder, mark).name, *(part.file for part in parts)}
    for pattern in ("generation-*.stamp", "segment-*.bin"):
        for path in folder.glob(pattern):
            if path.name not in keep:
                with contextlib.suppress(OSError):  # still open in a reader on Windows
                    path.unlink()


def _path(folder: Path, mark: int) -> Path:
    return folder / f"generation-{mark}.stamp"
