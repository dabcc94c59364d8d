"""What goes on while queries are answered, told to whoever counts it; the web server does."""

from __future__ import annotations

from collections.abc import Callable

#: Is told what happened, of which kind it was, and how much of it: seconds or a number.
Listener = Callable[[str, str, float], None]

#: A stage of answering took so many seconds; an encoder was given so many queries at once; so many
#: embeddings of queries were kept, or had to be made.
STAGE, BATCH, EMBEDDINGS = "stage", "batch", "embeddings"

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have ``listener`` told from now on, by whichever thread something happens in."""
    if listener not in _listeners:
        _listeners.append(listener)


def is_heard() -> bool:
    """Whether anybody listens, so that it is worth measuring."""
    return bool(_listeners)


def tell(what: str, kind: str, much: float) -> None:
    """Tell everybody who listens.

    Args:
        what: What happened, `STAGE` or one of the others.
        kind: Of which kind it was.
        much: How many seconds it took, or how many there were.
    """
    for listener in _listeners:
        listener(what, kind, much)
