"""What can go wrong with a request, in the one shape of RFC 9457 that the API answers with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import HTTPException

from search.errors import (
    CollectionError,
    CollectionLocked,
    CollectionMismatch,
    CollectionMissing,
    DocumentMissing,
    EncoderError,
    UsageError,
    WhereinError,
)

#: Where the kinds of problem are explained; the ``type`` of a problem is an anchor on that page.
ADDRESS = "/api/problems"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem.

    Attributes:
        code: Its name, which never changes.
        status: HTTP status it usually comes with.
        title: What it is, in a few words.
        meaning: When it happens and what a caller can do, for the list of all kinds.
    """

    code: str
    status: int
    title: str
    meaning: str


_ALL = (
    Kind(
        "invalid-request",
        400,
        "The request cannot be understood",
        "The request is malformed in a way that no other kind describes.",
    ),
    Kind(
        "missing-parameter",
        400,
        "A parameter is missing",
        "A parameter that has no default was left out; it is named.",
    ),
    Kind(
        "unknown-parameter",
        400,
        "There is no such parameter",
        "A parameter was given that this address does not have; it is named.",
    ),
    Kind(
        "invalid-parameter",
        400,
        "A parameter cannot be used",
        "A parameter has the wrong type, is out of range, was given twice, or is a query that "
        "is empty or too long; it is named.",
    ),
    Kind(
        "invalid-body",
        400,
        "The body is no JSON object",
        "The body of a POST request must be one JSON object in UTF-8.",
    ),
    Kind(
        "key-required",
        401,
        "A key is needed",
        "The server can be reached by others than those on its machine, and answers only to those "
        "who have a key; wherein keys makes one.",
    ),
    Kind(
        "key-refused",
        401,
        "The key is not known",
        "The key was revoked, or is misspelled.",
    ),
    Kind(
        "scope-missing",
        403,
        "The key is not good for this",
        "A key with the scope read asks; one with the scope write also judges and changes.",
    ),
    Kind(
        "uploads-off",
        403,
        "Files are not taken here",
        "The server was started without a folder for uploads (--upload-folder).",
    ),
    Kind(
        "host-refused",
        400,
        "The Host header names another host",
        "The server answers only to its own names, so that no web site can reach it under a "
        "name of its own.",
    ),
    Kind(
        "cross-origin",
        403,
        "The request comes from another web site",
        "The API answers programs and its own pages, not scripts of other web sites.",
    ),
    Kind(
        "not-found",
        404,
        "There is nothing at this address",
        "The address is misspelled, or what was there is gone.",
    ),
    Kind(
        "document-missing",
        404,
        "There is no such document",
        "The collection has no document or passage of that number, or has it no longer.",
    ),
    Kind(
        "stale-cursor",
        409,
        "The collection has changed since the cursor was given",
        "What follows need not go on where the answer before ended; ask again without a cursor.",
    ),
    Kind(
        "method-not-allowed",
        405,
        "The method is not allowed here",
        "The Allow header lists the methods of this address.",
    ),
    Kind(
        "body-too-large",
        413,
        "The body is too large",
        "The body of a POST request may have 64 KiB, and a file as many megabytes as are read of "
        "one (--max-file-mb).",
    ),
    Kind(
        "unsupported-media-type",
        415,
        "The body is of another type",
        "The body of a POST request must have the content type application/json, and a file "
        "application/octet-stream.",
    ),
    Kind(
        "unanswerable",
        422,
        "There is nothing to answer",
        "Each parameter is as it should be, but there is no sense in what they say: a query "
        "without a letter or digit, a cursor from another question, a passage both liked and not.",
    ),
    Kind(
        "file-refused",
        422,
        "The file is not taken",
        "No file is kept under such a name, files of its kind cannot be read, or too many have "
        "its name.",
    ),
    Kind(
        "too-many-requests",
        429,
        "Too many requests",
        "The key or address has asked more than it may within a minute; Retry-After says when to "
        "go on, and the headers RateLimit-Limit, -Remaining and -Reset how things stand.",
    ),
    Kind(
        "internal",
        500,
        "Something unexpected went wrong",
        "A fault of the server. Its log has the details under the reference in the answer.",
    ),
    Kind(
        "overloaded",
        503,
        "The server has more to do than it can",
        "Too many requests wait; Retry-After says when to try again.",
    ),
    Kind(
        "encoder-missing",
        503,
        "The encoder cannot be loaded",
        "What needs the model cannot be answered; a search falls back to words.",
    ),
    Kind(
        "collection-missing",
        503,
        "The collection is missing",
        "The collection's folder is gone; it answers again once it is back.",
    ),
    Kind(
        "collection-busy",
        503,
        "The collection is busy",
        "Another program holds the database; try again.",
    ),
    Kind(
        "collection-mismatch",
        503,
        "The collection does not fit this program",
        "It was written by a newer version, or made with another model.",
    ),
    Kind(
        "collection-unreadable",
        503,
        "The collection cannot be read",
        "The disk is damaged, unreadable or full.",
    ),
    Kind(
        "not-stored",
        507,
        "The file cannot be put away",
        "The disk or the folder for uploads is full, gone, or may not be written to.",
    ),
)

#: Every kind of problem by its code.
KINDS = {kind.code: kind for kind in _ALL}

_BY_STATUS = {
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "unsupported-media-type",
}
_SENTENCES = {
    "not-found": ("There is nothing at this address.", "Begin at the search page, /."),
    "method-not-allowed": (
        "This address does not answer to that method.",
        "The Allow header lists those it answers to.",
    ),
    "body-too-large": (
        "The body is too large.",
        "Ask with a shorter query, or send smaller files.",
    ),
    "unsupported-media-type": (
        "The body is not declared as JSON.",
        "Send it with the header Content-Type: application/json.",
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong.

    Attributes:
        kind: What kind of thing.
        status: The HTTP status to answer with.
        detail: What is wrong this time, one sentence.
        remedy: What can be done about it, one sentence; may be empty.
        parameter: The parameter at fault, or None.
    """

    kind: Kind
    status: int
    detail: str
    remedy: str = ""
    parameter: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The shape that the API sends."""
        return {
            "type": f"{ADDRESS}#{self.kind.code}",
            "title": self.kind.title,
            "status": self.status,
            "detail": self.detail,
            "remedy": self.remedy,
            "parameter": self.parameter,
            "code": self.kind.code,
        }


class RequestError(WhereinError):
    """A request that is refused for what it says itself.

    Args:
        code: The kind of problem.
        message: What is wrong, one sentence.
        remedy: What the caller can do about it.
        parameter: The parameter at fault.
    """

    def __init__(
        self, code: str, message: str, remedy: str = "", parameter: str | None = None
    ) -> None:
        super().__init__(message, remedy)
        self.code = code
        self.parameter = parameter


def problem_of(error: Exception) -> Problem | None:
    """The problem that an exception stands for, or None if it is a fault of the program."""
    if isinstance(error, RequestError):
        return _problem(error.code, error.message, error.remedy, error.parameter)
    if isinstance(error, HTTPException):
        return _of_http(error)
    code = _code_of(error)
    if code is None or not isinstance(error, WhereinError):
        return None
    return _problem(code, error.message, error.remedy)


def internal(reference: str) -> Problem:
    """A fault of the program, with the reference under which the log has it."""
    return _problem(
        "internal",
        "Something unexpected went wrong.",
        f"The server's log has the details under the reference {reference}.",
    )


def _problem(code: str, detail: str, remedy: str, parameter: str | None = None) -> Problem:
    kind = KINDS[code]
    return Problem(kind, kind.status, detail, remedy, parameter)


def _of_http(error: HTTPException) -> Problem | None:
    status = error.code or 500
    if status >= 500:
        return None
    code = _BY_STATUS.get(status, "invalid-request")
    detail, remedy = _SENTENCES.get(
        code, (f"The request cannot be answered ({error.name}).", "Check how it is made.")
    )
    return Problem(KINDS[code], status, detail, remedy)


def _code_of(error: Exception) -> str | None:
    codes: tuple[tuple[type[Exception], str], ...] = (
        (UsageError, "invalid-request"),
        (DocumentMissing, "document-missing"),
        (EncoderError, "encoder-missing"),
        (CollectionMissing, "collection-missing"),
        (CollectionLocked, "collection-busy"),
        (CollectionMismatch, "collection-mismatch"),
        (CollectionError, "collection-unreadable"),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), None)
