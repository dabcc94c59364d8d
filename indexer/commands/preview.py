"""How a preview of a run is told."""

from __future__ import annotations

from typing import Any

from indexer.commands.common import plural, printable
from indexer.preview import Preview
from search.engine import display_path

#: How many paths of a kind the summary names.
_NAMED = 5


def in_words(found: Preview) -> str:
    """A preview as lines of text for a person."""
    lines = []
    for name, paths in (
        ("new", found.new),
        ("changed", found.changed),
        ("moved, copied or only touched", found.moved),
        ("gone", found.gone),
    ):
        if paths:
            lines.append(f"{plural(len(paths), 'file')} {name}:")
            lines += [f"  {printable(display_path(path))}" for path in paths[:_NAMED]]
            if len(paths) > _NAMED:
                lines.append(f"  … and {len(paths) - _NAMED:,} more")
    if found.unreadable:
        lines.append(f"{plural(len(found.unreadable), 'file')} that could not be read:")
        shown = list(found.unreadable.items())
        lines += [f"  {printable(display_path(path))}: {why}" for path, why in shown[:_NAMED]]
        if len(shown) > _NAMED:
            lines.append(f"  … and {len(shown) - _NAMED:,} more")
    for root, count in found.withheld.items():
        lines.append(
            f"{printable(display_path(root))} is empty or missing; its {plural(count, 'file')} "
            "would be kept, and taken out with --prune."
        )
    lines.append(
        f"{found.unchanged:,} unchanged, {found.other:,} of kinds that are not read, "
        f"{found.ignored:,} hidden or ignored."
    )
    if found.rate:
        lines.append(
            f"{plural(found.passages, 'passage')}, {found.to_embed:,} of them to be embedded at "
            f"{found.rate:,.0f} a second: about {_duration(found.seconds)}."
        )
    else:
        lines.append("Nothing would be embedded.")
    lines.append("Nothing was changed.")
    return "\n".join(lines)


def as_dict(found: Preview) -> dict[str, Any]:
    """A preview as JSON-ready values."""
    return {
        "new": [display_path(path) for path in found.new],
        "changed": [display_path(path) for path in found.changed],
        "moved": [display_path(path) for path in found.moved],
        "gone": [display_path(path) for path in found.gone],
        "unreadable": {display_path(path): why for path, why in found.unreadable.items()},
        "unchanged": found.unchanged,
        "other": found.other,
        "ignored": found.ignored,
        "withheld": {display_path(root): count for root, count in found.withheld.items()},
        "passages": found.passages,
        "to_embed": found.to_embed,
        "passages_per_second": round(found.rate, 1),
        "seconds": round(found.seconds, 1),
    }


def _duration(seconds: float) -> str:
    """A length of time as a person says it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
