"""What several commands say, and how it is made fit for a terminal."""

from __future__ import annotations

from typing import Any


def printable(text: str) -> str:
    """``text`` on one line, with what would disturb a terminal shown as escapes."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def plural(count: int, noun: str) -> str:
    """A count with its noun, such as "1 file" or "1,204 files"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def touched(report: Any) -> list[str]:
    """What a run did to documents, such as "2 added"; nothing where nothing was done.

    Args:
        report: What came of the run, an `indexer.pipeline.Report`.
    """
    counts = (
        ("added", report.added),
        ("changed", report.changed),
        ("moved or copied", report.moved),
        ("removed", report.removed),
    )
    return [f"{count:,} {what}" for what, count in counts if count]
