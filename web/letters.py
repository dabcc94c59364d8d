"""The head of a message: who wrote to whom, when, and about what."""

from __future__ import annotations

from email import policy
from email.parser import BytesHeaderParser

#: The fields that are shown, in order, as the catalogue names them.
FIELDS = ("from", "to", "cc", "date", "subject")
#: How much of a message is read to find them, and how much of each is shown.
HEAD = 256 * 1024
_LONGEST = 500


def begins_with_head(text: str) -> bool:
    """Whether the text of a message begins with who wrote it or what it is about."""
    return text.startswith(("From: ", "Subject: "))


def head_of(content: bytes) -> list[tuple[str, str]]:
    """The fields of a message's head that it has, by their names in `FIELDS`.

    Args:
        content: The message; no more than its first `HEAD` bytes are looked at.
    """
    message = BytesHeaderParser(policy=policy.default).parsebytes(content[:HEAD])
    found = []
    for name in FIELDS:
        try:
            value = " ".join(str(message.get(name, "")).split())
        except (ValueError, IndexError, AttributeError, TypeError):
            continue  # a field so broken that the parser gives up costs that field
        if value:
            shown = value.encode("utf-8", "replace").decode()
            found.append((name, shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"))
    return found
