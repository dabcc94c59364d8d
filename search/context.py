"""The line that goes in front of a passage when it is embedded or indexed for keywords.

A passage out of the middle of a document often does not name what it is about; its title and
headings do. They are put before the text that is embedded, never into the text that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Longest context in characters: about 40 word pieces, so that 200 of the passage still fit in the
#: 256 that the default encoder reads.
CONTEXT_LIMIT = 160
_SEPARATOR = " > "


def context_line(title: str, headings: Sequence[str]) -> str:
    """Title and heading trail on one line, the outermost left out first where it is too long.

    No part stands in it twice, and it has `CONTEXT_LIMIT` characters at the most.
    """
    trail: list[str] = []
    for part in (title, *headings):
        if part and part not in trail:
            trail.append(part)
    while len(trail) > 1 and len(_SEPARATOR.join(trail)) > CONTEXT_LIMIT:
        trail.pop(0)
    return _SEPARATOR.join(trail)[:CONTEXT_LIMIT]


def embedded_text(title: str, headings: Sequence[str], passage: str) -> str:
    """What the encoder is given for a passage: its context, a line break, its text.

    The context is the `context_line` of ``title`` and ``headings``.
    """
    context = context_line(title, headings)
    return f"{context}\n{passage}" if context else passage
