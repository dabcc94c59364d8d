"""The OpenAPI 3.1 document of the API, made of what its addresses declare.

It is put together here and not by a framework: those that were looked at (spectree, flask-openapi3,
APIFlask) take an empty or broken body for an empty object, or a parameter given twice for its first
value, and answer in shapes of their own. pydantic, which checks the requests, writes the schemas.
"""

from __future__ import annotations

import re
from functools import cache
from inspect import cleandoc
from typing import Any

from flask import current_app
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from search.keys import Scope
from web import links
from web.api import answers
from web.api.asked import NUMBER_LIMIT, Nothing
from web.api.contract import ENDPOINTS, FILE, JSON, LINES, Endpoint
from web.problems import KINDS

PROBLEM = "application/problem+json"

_REFERENCE = "#/components/schemas/{model}"
_PLACE = re.compile(r"<number:(\w+)>")
_ATTRIBUTE = re.compile(r"^    (\w+): (.+?)(?=^    \w|^\S|\Z)", re.MULTILINE | re.DOTALL)
#: The order in which addresses are described; others follow.
_AREAS = ("search", "documents", "passages", "similar", "feedback", "meanings", "facets", "suggest",
          "explain", "judgements", "map", "files", "collections", "status")  # fmt: skip
#: What any address may answer with, beside the problems it declares.
_ANYWHERE = (
    "host-refused", "key-required", "key-refused", "scope-missing", "cross-origin",
    "too-many-requests", "internal", "overloaded", "collection-missing", "collection-busy",
    "collection-mismatch", "collection-unreadable",
)  # fmt: skip
_OF_ARGUMENTS = ("missing-parameter", "unknown-parameter", "invalid-parameter")
_OF_BODIES = ("invalid-body", "body-too-large", "unsupported-media-type")
_OF_FILES = ("unsupported-media-type",)


class _Described(GenerateJsonSchema):
    """Schemas whose descriptions are those of the docstrings."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return _describe(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return _describe(super().dataclass_schema(schema), schema["cls"])

    def field_is_required(self, field: Any, total: bool) -> bool:
        return self.mode == "serialization" or super().field_is_required(field, total)

    def get_title_from_name(self, name: str) -> str:
        return name


def document() -> dict[str, Any]:
    """The OpenAPI document, as JSON-ready values."""
    shown: dict[str, Any] = _document(current_app.config["VERSION"])
    return shown


@cache
def _document(version: str) -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for each in sorted(ENDPOINTS, key=_place):
        path = paths.setdefault(links.API + _PLACE.sub(r"{\1}", each.path), {})
        path[each.method.lower()] = _operation(each, schemas)
    _schema_of(answers.Problem, "serialization", schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wherein",
            "version": version,
            "summary": "Ask a folder of documents a question.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"key": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key that wherein keys add makes; asked for unless the "
                    "server listens to its own machine only.",
                }
            },
        },
    }


def _place(each: Endpoint) -> tuple[int, str, str]:
    """Where an endpoint stands among all."""
    area = each.path.split("/")[1]
    return _AREAS.index(area) if area in _AREAS else len(_AREAS), each.path, each.method


def _operation(each: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    answer = _schema_of(each.answer, "serialization", schemas)
    content: dict[str, Any] = {JSON: {"schema": answer}}
    if each.lines is not None:
        # One line of it; OpenAPI has no word yet for a body that is many.
        lines = _schema_of(each.lines, "serialization", schemas)
        content[LINES] = {"schema": {"type": "string", "x-line-schema": lines}}
    operation: dict[str, Any] = {
        "operationId": each.view.__name__,
        "summary": each.summary,
        "responses": {
            "200": {"description": "The answer.", "content": content},
            **_problems(each),
        },
    }
    if each.changing is not None and not each.has_body:
        operation["responses"]["304"] = {"description": "The answer is as it was."}
    if each.scope is not Scope.READ:
        operation["x-scope"] = str(each.scope)
    if parameters := _parameters(each):
        operation["parameters"] = parameters
    if each.has_body:
        body = _schema_of(each.asked, "validation", schemas)
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    if each.takes_file:
        operation["requestBody"] = {"required": True, "content": {FILE: {"schema": {}}}}
    return operation


def _parameters(each: Endpoint) -> list[dict[str, Any]]:
    numbers = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0, "maximum": NUMBER_LIMIT},
            "description": "A number, as hits and lists give it.",
        }
        for name in _PLACE.findall(each.path)
    ]
    return numbers if each.has_body else numbers + _query(each.asked)


def _query(model: type[BaseModel]) -> list[dict[str, Any]]:
    if model is Nothing:
        return []
    schema = model.model_json_schema(schema_generator=_Described)
    parameters = []
    for name, given in schema["properties"].items():
        described = {key: value for key, value in given.items() if key != "description"}
        parameter = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": _without_null(described),
            "description": given["description"],
        }
        if described.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        parameters.append(parameter)
    return parameters


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What a parameter may be if it is there at all: a query string has no null."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def _problems(each: Endpoint) -> dict[str, Any]:
    codes = (*_ANYWHERE, *_OF_ARGUMENTS, *each.problems)
    if each.has_body:
        codes += _OF_BODIES
    if each.takes_file:
        codes += _OF_FILES
    if _PLACE.search(each.path):
        codes += ("not-found",)
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    schema = {"$ref": _REFERENCE.format(model="Problem")}
    return {
        str(status): {
            "description": " ".join(f"{KINDS[code].title} ({code})." for code in sorted(found)),
            "content": {PROBLEM: {"schema": schema}},
        }
        for status, found in sorted(by_status.items())
    }


def _schema_of(shape: Any, mode: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """A reference to the schema of a type, which is put among the others with what it needs."""
    adapter: TypeAdapter[Any] = TypeAdapter(shape)
    found, shared = TypeAdapter.json_schemas(
        [("", mode, adapter)], ref_template=_REFERENCE, schema_generator=_Described
    )
    schemas.update(shared.get("$defs", {}))
    return dict(found["", mode])


def _describe(schema: JsonSchemaValue, cls: type) -> JsonSchemaValue:
    """Give a schema the words that its type's docstring has for it and its attributes."""
    told: dict[str, str] = {}
    for parent in reversed(cls.__mro__):
        told |= _told(parent.__doc__ or "")
    schema["description"] = cleandoc(cls.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    schema.pop("title", None)
    for name, attribute in schema.get("properties", {}).items():
        attribute.pop("title", None)
        if name in told:
            attribute["description"] = told[name]
    return schema


def _told(docstring: str) -> dict[str, str]:
    """What the section Attributes of a docstring says of each."""
    _, _, attributes = cleandoc(docstring).partition("Attributes:\n")
    return {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(attributes)}
