"""What requests may ask for, checked; the sentences about it are `search.queries`' own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.datastructures import MultiDict

from search.errors import QueryError
from search.models import Mode, Query
from search.queries import parse
from web.problems import RequestError

#: Largest body of a request in bytes.
BODY_LIMIT = 64 * 1024
#: Longest piece of what was sent that a problem repeats.
_REPEATED = 40


class SearchParams(BaseModel):
    """Parameters of a search.

    Attributes:
        q: What is looked for.
        k: How many passages at the most.
        mode: "hybrid", "semantic" or "keyword".
        per_document: How many passages of one document at the most.
        offset: How many of the best passages to pass over.
        min_score: Least score of a passage, or None.
        explain: Whether each hit is to say how it came by its score.
    """

    model_config = ConfigDict(extra="forbid")

    q: str
    k: int = 10
    mode: str = str(Mode.HYBRID)
    per_document: int = 2
    offset: int = 0
    min_score: float | None = None
    explain: bool = False

    def query(self) -> Query:
        """The query they make.

        Raises:
            RequestError: One of them is impossible; it is named.
        """
        try:
            return parse(
                self.q,
                self.mode,
                self.k,
                self.per_document,
                offset=self.offset,
                min_score=self.min_score,
                explain=self.explain,
            )
        except QueryError as error:
            name = _NAMES.get(error.argument, error.argument)
            raise RequestError("invalid-parameter", error.message, error.remedy, name) from error


class PlaceParams(BaseModel):
    """Parameters of a document's page: which passage of it, found how.

    Attributes:
        start: First character of the passage.
        end: One past its last character.
        part: Which part of a very long document, counted from 1.
        q: The query that found it.
        mode: The mode that found it.
    """

    model_config = ConfigDict(extra="ignore")

    start: int | None = None
    end: int | None = None
    part: int | None = None
    q: str = ""
    mode: str = str(Mode.HYBRID)

    def query(self) -> Query | None:
        """The query that led here, or None if there is none that could have."""
        try:
            return parse(self.q, self.mode)
        except QueryError:
            return None


#: What the parameters are called that have another name than `parse`'s arguments.
_NAMES = {"text": "q", "limit": "k"}
_TYPES = {
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "string": "text",
}


def search_from_arguments(arguments: MultiDict[str, str]) -> SearchParams:
    """Parameters of a search from a query string.

    Raises:
        RequestError: One is missing, unknown, of the wrong type or there twice; it is named.
    """
    for name, values in arguments.lists():
        if len(values) > 1:
            raise RequestError(
                "invalid-parameter",
                f"The parameter {_short(name)} is given {len(values)} times.",
                "Give it once.",
                name[:_REPEATED],
            )
    return _search(arguments.to_dict(), strict=False)


def search_from_body(body: bytes) -> SearchParams:
    """Parameters of a search from a JSON body.

    Raises:
        RequestError: It is no JSON object; or as `search_from_arguments`.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RequestError(
            "invalid-body", "The body is no JSON object.", 'Send one such as {"q": "some words"}.'
        )
    # JSON can name what is no character; pydantic would not say which parameter that was.
    tidy = {name.encode("utf-8", "replace").decode(): item for name, item in value.items()}
    return _search(tidy, strict=True)


def search_from_page(arguments: MultiDict[str, str]) -> SearchParams:
    """Parameters of the search page; what it does not know it leaves aside.

    Raises:
        RequestError: One is of the wrong type; it is named.
    """
    known = {name: arguments[name] for name in SearchParams.model_fields if arguments.get(name)}
    return _search({"q": "", **known}, strict=False)


def place_from_arguments(arguments: MultiDict[str, str]) -> PlaceParams:
    """Parameters of a document's page.

    Raises:
        RequestError: One is of the wrong type; it is named.
    """
    try:
        return PlaceParams.model_validate(arguments.to_dict())
    except ValidationError as error:
        raise _refusal(error, PlaceParams) from None


def _search(values: Mapping[str, Any], *, strict: bool) -> SearchParams:
    try:
        return SearchParams.model_validate(values, strict=strict)
    except ValidationError as error:
        raise _refusal(error, SearchParams) from None


def _refusal(error: ValidationError, model: type[BaseModel]) -> RequestError:
    """The first of a model's complaints, as a sentence."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0])
    known = ", ".join(model.model_fields)
    if first["type"] == "extra_forbidden":
        return RequestError(
            "unknown-parameter",
            f"There is no parameter {_short(name)}.",
            f"There are: {known}.",
            name[:_REPEATED],
        )
    if first["type"] == "missing":
        return RequestError(
            "missing-parameter",
            f"The parameter {name!r} is missing.",
            "Say with it what you are looking for.",
            name,
        )
    wanted = _TYPES.get(first["type"].partition("_")[0], "of another type")
    return RequestError(
        "invalid-parameter",
        f"The parameter {name!r} must be {wanted}, not {_short(first['input'])}.",
        "Leave it out to have its default." if name != "q" else "",
        name,
    )


def _short(value: Any) -> str:
    """A value as it was sent, cut if it is long."""
    text = json.dumps(value) if not isinstance(value, str) else repr(value[: 2 * _REPEATED])
    return text if len(text) <= _REPEATED else text[: _REPEATED - 1] + "…"
