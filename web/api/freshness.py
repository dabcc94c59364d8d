"""Answers that need not be sent again: an ETag that changes whenever the collection does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request
from werkzeug.datastructures import ETags

from web import state


@dataclass(frozen=True, slots=True)
class Passing:
    """An answer that holds for this moment only, whatever the generation.

    Attributes:
        value: The answer.
    """

    value: dict[str, Any]


def tag(changing: str = "") -> str:
    """The ETag of the answer to the request at hand.

    It is a weak one: the answer's time is another each time it is made.

    Args:
        changing: What else than the collection the answer depends on.

    Raises:
        CollectionError: The collection cannot be read, or was deleted.
    """
    collection = state.engine().collection
    with collection.store.reading() as reading:
        generations = reading.meta("generation"), reading.meta("published")
    parts = (
        current_app.config["VERSION"],
        # Started anew with a reranker, say, a server answers the same question in another way.
        str(state.settings()),
        str(collection.build),
        collection.manifest.encoder.digest,
        *map(str, generations),
        request.full_path,
        request.headers.get("Accept", ""),
        changing,
    )
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        digest.update(len(data).to_bytes(4, "big") + data)
    return digest.hexdigest()


def tag_of(value: Any) -> str:
    """The ETag of an answer that may change without the collection doing so.

    Args:
        value: The answer, as `json` can write it.
    """
    data = json.dumps(value, sort_keys=True).encode()
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def is_known(known: str) -> bool:
    """Whether whoever asks has the answer of this tag already."""
    given: ETags = request.if_none_match
    return given.contains_weak(known)


def not_modified(known: str) -> Response:
    """Tell whoever asks that the answer is as it was."""
    return marked(Response(status=304), known)


def marked(reply: Response, known: str) -> Response:
    """An answer with its tag, to be kept by whoever asks and asked for again each time.

    Args:
        reply: The answer.
        known: Its tag.
    """
    reply.set_etag(known, weak=True)
    reply.headers["Cache-Control"] = "private, no-cache"
    return reply
