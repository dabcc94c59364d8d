"""Which folders and files a run goes through, and by what rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indexer.changes import within
from indexer.walk import resolve_roots
from search.builds import exists
from search.collection import Collection
from search.errors import UsageError
from search.schema import WalkRules
from search.settings import Settings


def roots_to_walk(
    paths: Sequence[Path], rules: WalkRules | None, settings: Settings
) -> dict[Path, WalkRules]:
    """The roots of a run.

    Args:
        paths: What the user named; nothing for all that was indexed before.
        rules: What the user asked of them, or None for the rules given before, if any.
        settings: Name the collection.

    Returns:
        Absolute paths without links, each with the rules for what lies beneath it.

    Raises:
        UsageError: A path is not there, or there is nothing to go through.
        CollectionError: The collection cannot be opened, see `search.collection.Collection`.
    """
    folder = settings.collections / settings.collection
    known: dict[Path, WalkRules] = {}
    if exists(folder):
        with Collection(folder) as collection, collection.store.reading() as reading:
            known = reading.roots()
    roots = resolve_roots(paths, known) or list(known)
    # Known roots beneath those asked for have rules of their own.
    roots += [root for root in known if root not in roots and within(root, roots)]
    if not roots:
        raise UsageError("Nothing was indexed before.", "Say what to index: wherein index FOLDER")
    return {root: rules or known.get(root, WalkRules()) for root in roots}
