"""What judgements call the documents of a user's own collection."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from search.engine import display_path
from search.errors import UsageError
from search.evaluation.lines import shown
from search.models import Hit
from search.reading import Reading

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DocumentNames:
    """Names of a collection's documents.

    A document is called by its path beneath the folder that was indexed, or by its whole path where
    two would share a name.

    Attributes:
        by_path: Name by path, as hits show paths; a document at several paths has one name.
        by_last: Paths by their last part, with and without its suffix.
    """

    by_path: dict[str, str]
    by_last: dict[str, list[str]]

    def of_hit(self, hit: Hit) -> str:
        """What the document of a hit is called."""
        return self.by_path.get(hit.path, hit.path)

    def find(self, name: str, reading: Reading) -> str | None:
        """What the document is called that somebody calls ``name``; None if there is none.

        ``name`` may be its path or the end of it, with or without the suffix, or the number that
        users see.

        Raises:
            UsageError: Several documents are called so.
        """
        wanted = PurePath(name).parts
        if not wanted:
            return None
        if name in self.by_path:
            return self.by_path[name]
        ends = [
            path
            for path in self.by_last.get(wanted[-1], ())
            if PurePath(path).parts[-len(wanted) : -1] == wanted[:-1]
        ]
        found = sorted({self.by_path[path] for path in ends})
        exact = [name_ for name_ in found if PurePath(name_) == PurePath(name)]
        if len(exact or found) > 1:
            raise UsageError(
                f"{shown(name)} may be {shown(found[0])} or {shown(found[1])}.",
                "Write more of its path.",
            )
        if found:
            return (exact or found)[0]
        row = reading.document(int(name)) if _NUMBER.fullmatch(name) else None
        return None if row is None else self.by_path.get(display_path(row.paths[0]))


def names_in(reading: Reading) -> DocumentNames:
    """The names of all documents of a collection."""
    roots = reading.roots()
    paths: dict[int, list[Path]] = {}
    for record in reading.files():
        if record.document is not None:
            paths.setdefault(record.document, []).append(record.location)
    short = {document: _beneath(found[0], roots) for document, found in paths.items()}
    times = Counter(short.values())
    by_path: dict[str, str] = {}
    by_last: dict[str, list[str]] = {}
    for document, found in paths.items():
        name = short[document] if times[short[document]] == 1 else display_path(found[0])
        for path in found:
            shown_as = display_path(path)
            by_path[shown_as] = name
            last = PurePath(shown_as)
            for end in {last.name, last.stem}:
                by_last.setdefault(end, []).append(shown_as)
    return DocumentNames(by_path, by_last)


def _beneath(path: Path, roots: Iterable[Path]) -> str:
    """``path`` as it lies beneath the nearest root."""
    above = [root for root in roots if path.is_relative_to(root)]
    nearest = max(above, key=lambda root: len(root.parts), default=None)
    if nearest is None:
        return display_path(path)
    return display_path(path.relative_to(nearest) if path != nearest else Path(path.name))
