"""Text made fit for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """``text`` on one line, with what would disturb a terminal shown as escapes."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def plural(count: int, noun: str) -> str:
    """A count with its noun, such as "1 file" or "1,204 files"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
