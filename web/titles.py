"""What a document is called."""

from __future__ import annotations

from pathlib import Path

from search.engine import display_path
from search.rows import DocumentRow


def title_of(row: DocumentRow) -> str:
    """A document's own title, or the name of its file where it has none."""
    if row.document.title or not row.paths:
        return row.document.title or "Untitled"
    return display_path(Path(row.paths[0].name))
