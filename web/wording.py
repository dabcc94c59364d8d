"""How numbers, kinds and paths are put into words on the pages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

_KINDS = {
    "docx": "Word",
    "html": "HTML",
    "markdown": "Markdown",
    "pdf": "PDF",
    "rst": "reStructuredText",
    "text": "Text",
}


def plural(count: int, noun: str) -> str:
    """A count with its noun, such as "1 passage" or "1,204 passages"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def kind_label(kind: str) -> str:
    """What people call a format."""
    return _KINDS.get(kind, kind)


def duration(milliseconds: float) -> str:
    """A time such as "12 ms" or "1.4 s"."""
    if milliseconds < 999.5:
        return f"{max(1, round(milliseconds))} ms"
    return f"{milliseconds / 1000:.1f} s"


def breadcrumbs(path: str, roots: Iterable[str]) -> tuple[str, ...]:
    """The steps of a shown path from the indexed folder it lies in, that folder's name first."""
    shown = PurePath(path)
    holding = [PurePath(root) for root in roots if shown.is_relative_to(root)]
    if not holding:
        return (shown.name,)
    root = max(holding, key=lambda holder: len(holder.parts))
    steps = shown.relative_to(root).parts
    return (root.name, *steps) if root.name else steps


def trail(headings: Iterable[str], title: str) -> tuple[str, ...]:
    """The heading trail without a heading that only repeats the title."""
    return tuple(heading for heading in headings if heading != title)
