"""What each address of the API takes and gives, declared once where it is answered.

The model that an address declares checks its requests here, and describes them in the OpenAPI
document (`web.api.openapi`); so that what is described is what is checked.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Any

from flask import Blueprint, Response, request
from pydantic import BaseModel, TypeAdapter, ValidationError
from werkzeug.datastructures import MultiDict

from web import access
from web.access import Scope
from web.api import freshness
from web.api.asked import Nothing
from web.api.freshness import Passing
from web.problems import RequestError
from web.refusals import REPEATED, given_twice, refusal
from web.replies import json_reply

View = Callable[..., Response | Passing | dict[str, Any]]

JSON = "application/json"
LINES = "application/x-ndjson"
FILE = "application/octet-stream"

_HALVES = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_REAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address.

    Attributes:
        method: GET or POST.
        path: Below the API's own address, in Flask's notation.
        view: What answers; it is given what the request says, and then the path's numbers.
        asked: The type that the parameters, or the body of a POST, must have.
        answer: The type of the answer.
        lines: The type of a line of the answer as JSON Lines; None if it is not streamed.
        problems: Codes of the problems it may report beside those that every address may.
        scope: What a key must be good for.
        changing: What else than the collection's generation the answer depends on, given the
            path's numbers; None if answers are not to be kept at all.
        takes_file: Whether its body is a file, and its parameters stand in the address.
    """

    method: str
    path: str
    view: View
    asked: Any
    answer: Any
    lines: Any
    problems: tuple[str, ...]
    scope: Scope
    changing: Callable[..., str] | None
    takes_file: bool = False

    @property
    def summary(self) -> str:
        """What it does, one line."""
        return (getdoc(self.view) or "").partition("\n")[0]

    @property
    def has_body(self) -> bool:
        """Whether its parameters come in a body."""
        return self.method == "POST" and not self.takes_file


def by_content(**_: int) -> str:
    """Say that what an answer depends on shows in itself alone, so that it is made each time."""
    return ""


def by_generation(**_: int) -> str:
    """Say that an answer depends on the collection's generation and nothing else."""
    return ""


#: Every endpoint, in the order in which they are documented.
ENDPOINTS: list[Endpoint] = []


def get(
    path: str,
    answer: Any,
    asked: Any = Nothing,
    *,
    lines: Any = None,
    problems: tuple[str, ...] = (),
    changing: Callable[..., str] | None = None,
) -> Callable[[View], View]:
    """Declare what a view takes and gives that answers to GET.

    Args:
        path: As `Endpoint` has it, and so are the others.
        answer: The type of the answer.
        asked: The model of its parameters.
        lines: The type of a line, if it is streamed.
        problems: What it may report.
        changing: What the answer depends on beside the generation.
    """
    return _declare("GET", path, asked, answer, lines, problems, Scope.READ, changing)


def post(
    path: str,
    answer: Any,
    asked: Any,
    *,
    lines: Any = None,
    problems: tuple[str, ...] = (),
    scope: Scope = Scope.READ,
) -> Callable[[View], View]:
    """Declare what a view takes and gives that answers to POST.

    Args:
        path: As `Endpoint` has it, and so are the others.
        answer: The type of the answer.
        asked: The type of its body.
        lines: The type of a line, if it is streamed.
        problems: What it may report.
        scope: What a key must be good for.
    """
    return _declare("POST", path, asked, answer, lines, problems, scope, None)


def upload(
    path: str, answer: Any, asked: Any, *, problems: tuple[str, ...] = ()
) -> Callable[[View], View]:
    """Declare what a view takes and gives that takes a file, the body of a POST.

    Args:
        path: As `Endpoint` has it, and so are the others.
        answer: The type of the answer.
        asked: The model of its parameters.
        problems: What it may report.
    """
    return _declare("POST", path, asked, answer, None, problems, Scope.WRITE, None, True)


def _declare(method: str, *declared: Any) -> Callable[[View], View]:
    path, *rest = declared

    def declare(view: View) -> View:
        ENDPOINTS.append(Endpoint(method, path, view, *rest))
        return view

    return declare


def register(blueprint: Blueprint) -> None:
    """Have a blueprint answer at all endpoints."""
    for each in ENDPOINTS:
        name = f"{each.method.lower()}_{each.view.__name__}"
        blueprint.add_url_rule(
            each.path, name, functools.partial(_answer, each), methods=[each.method]
        )


def _answer(each: Endpoint, **places: int) -> Response:
    """Answer the request at hand, unless whoever asks may not or has the answer already."""
    access.require(each.scope)
    if each.takes_file:
        _require_type(FILE)
    given = from_body(each.asked) if each.has_body else from_arguments(each.asked)
    tag = None
    if each.changing is by_content:
        return _if_new(each.view(given, **places))
    if each.changing is not None and each.method == "GET":
        tag = freshness.tag(each.changing(**places))
        if freshness.is_known(tag):
            return freshness.not_modified(tag)
    found = each.view(given, **places)
    if isinstance(found, Response):
        return found
    if tag is None or isinstance(found, Passing):
        return json_reply(found.value if isinstance(found, Passing) else found)
    return freshness.marked(json_reply(found), tag)


def _if_new(found: Any) -> Response:
    """An answer, unless whoever asks has this very one."""
    tag = freshness.tag_of(found)
    if freshness.is_known(tag):
        return freshness.not_modified(tag)
    return freshness.marked(json_reply(found), tag)


def from_arguments(asked: type[BaseModel]) -> Any:
    """What the query string of the request says.

    Args:
        asked: The model that its parameters must fit.

    Raises:
        RequestError: One is missing, unknown, of the wrong type or there twice; it is named.
    """
    arguments: MultiDict[str, str] = request.args
    for name, given in arguments.lists():
        if len(given) > 1:
            raise given_twice(name, len(given))
    types = _types(asked)
    values = {name: _read(text, types.get(name)) for name, text in arguments.items()}
    return _checked(asked, values)


def from_body(asked: Any) -> Any:
    """What the JSON body of the request says.

    Args:
        asked: The type that it must have.

    Raises:
        RequestError: It is no JSON object, or as `from_arguments`.
    """
    if request.args:
        raise RequestError(
            "unknown-parameter",
            "A POST request takes no parameters in its address.",
            "Put them into the body.",
            next(iter(request.args))[:REPEATED],
        )
    _require_type(JSON)
    try:
        value = _whole(json.loads(request.get_data(cache=False)))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RequestError(
            "invalid-body", "The body is no JSON object.", 'Send one such as {"q": "some words"}.'
        )
    return _checked(asked, value)


def _require_type(wanted: str) -> None:
    """Refuse a body of any other type; a page of another web site cannot send this one unasked."""
    if request.mimetype != wanted:
        raise RequestError(
            "unsupported-media-type",
            "The body is not declared as JSON." if wanted == JSON else "The body is no file.",
            f"Send it with the header Content-Type: {wanted}.",
        )


def _whole(value: Any) -> Any:
    """What JSON says: without what is no character, and with whole numbers whole, as 3.0 is one."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case str():
            return _HALVES.sub(" ", value)
        case list():
            return [_whole(item) for item in value]
        case dict():
            return {_HALVES.sub("?", name): _whole(item) for name, item in value.items()}
    return value


def _checked(asked: Any, values: Mapping[str, Any]) -> Any:
    try:
        return _adapter(asked).validate_python(values, strict=True)
    except ValidationError as error:
        raise refusal(error, _names(asked, values)) from None


@functools.cache
def _adapter(asked: Any) -> TypeAdapter[Any]:
    return TypeAdapter(asked)


def _names(asked: Any, values: Mapping[str, Any]) -> list[str]:
    """The names of the parameters there are, in the alternative that was meant."""
    schema = _adapter(asked).json_schema()
    if "properties" in schema:
        return list(schema["properties"])
    found = [each["properties"] for each in schema["$defs"].values()]
    return list(
        next((each for each in found if "queries" in values and "queries" in each), found[-1])
    )


@functools.cache
def _types(asked: type[BaseModel]) -> dict[str, str]:
    """The JSON type of each parameter."""
    properties = asked.model_json_schema()["properties"] if asked.model_fields else {}
    return {name: _type(schema) for name, schema in properties.items()}


def _type(schema: dict[str, Any]) -> str:
    kinds = [each.get("type") for each in schema.get("anyOf", [schema])]
    return next((str(kind) for kind in kinds if kind != "null"), "string")


def _read(text: str, kind: str | None) -> Any:
    """A parameter from a query string; what is not of its type stays text, and is refused so."""
    match kind:
        case "integer" if _WHOLE.fullmatch(text):
            return int(text)
        case "number" if _REAL.fullmatch(text):
            return float(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "array":
            return [_read(item, "integer") for item in text.split(",")]
    return text
