"""Where an answer ended, as a word that the next request hands back.

A cursor names the build and the generation it was made in and what was asked; handed back for
another question it is refused, and so it is once the collection has changed, since what follows
then need not go on where the answer ended. It tells nothing that whoever holds it does not know, so
that it is checked against mistakes and not signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from web.problems import RequestError

#: Generation, position, and digests of the build's name and of what was asked.
_PACKED = struct.Struct(">QQ4s8s")
_CHECK = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list.

    Attributes:
        build: Name of the collection's build.
        generation: Generation that the list was made of.
        asked: What was asked, but for the place.
        position: How far the list went.
    """

    build: str
    generation: int
    asked: str
    position: int


def written(place: Place) -> str:
    """A place as a cursor."""
    packed = _PACKED.pack(
        place.generation, place.position, _digest(place.build, 4), _digest(place.asked, 8)
    )
    check = hashlib.blake2b(packed, digest_size=_CHECK).digest()
    return base64.urlsafe_b64encode(packed + check).rstrip(b"=").decode()


def position(cursor: str, build: str, generation: int, asked: str) -> int:
    """How far the list went that a cursor comes from.

    Args:
        cursor: What was handed back.
        build: Name of the collection's build.
        generation: The generation that is asked now.
        asked: What is asked, but for the place.

    Raises:
        RequestError: It is no cursor, another question's, or the collection has changed since.
    """
    try:
        data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        data = b""
    packed, check = data[: _PACKED.size], data[_PACKED.size :]
    genuine = len(packed) == _PACKED.size and check == (
        hashlib.blake2b(packed, digest_size=_CHECK).digest()
    )
    if not genuine:
        raise _refused("This is no cursor.")
    made_in, found, of_build, of_asked = _PACKED.unpack(packed)
    if of_asked != _digest(asked, 8):
        raise _refused("The cursor comes from the answer to another question.")
    if (made_in, of_build) != (generation, _digest(build, 4)):
        raise stale()
    return int(found)


def stale() -> RequestError:
    """What is said of a cursor once the collection has changed."""
    return RequestError(
        "stale-cursor",
        "The collection has changed since the cursor was given.",
        "Ask again without a cursor.",
        "cursor",
    )


def _refused(detail: str) -> RequestError:
    remedy = "Take next_cursor from an answer, and ask the same question with it."
    return RequestError("unanswerable", detail, remedy, "cursor")


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=size).digest()
