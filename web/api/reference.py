"""The API's own description: for programs /api/v1/openapi.json, for people /api/docs."""

from __future__ import annotations

import functools
from typing import Any

from flask import Blueprint, Response, render_template, request

from web.api.openapi import document
from web.catalogue import Texts, texts
from web.problems import KINDS
from web.replies import json_reply

reference = Blueprint("reference", __name__)


@reference.get("/api/v1/openapi.json")
def openapi() -> Response:
    """The OpenAPI document."""
    reply = json_reply(document())
    reply.headers["Cache-Control"] = "private, no-cache"
    reply.add_etag(weak=True)
    reply.make_conditional(request)
    return reply


@reference.get("/api/docs")
def docs() -> str:
    """The reference to read, made of the same document."""
    described = document()
    operations = [
        (method.upper(), path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = described["components"]["schemas"]
    return render_template(
        "reference.html",
        described=described,
        operations=operations,
        schemas=schemas,
        kinds=KINDS,
        type_of=functools.partial(type_of, say=texts()),
        named=named,
    )


def named(schema: dict[str, Any]) -> str | None:
    """The name of the shape that a schema refers to, be it of each item of a list; or None."""
    items = schema.get("items")
    target = schema.get("$ref") or (items or {}).get("$ref")
    if target is None:
        others = [each for each in schema.get("anyOf", ()) if "$ref" in each]
        target = others[0]["$ref"] if len(others) == 1 else None
    return None if target is None else str(target).rpartition("/")[2]


def type_of(schema: dict[str, Any], say: Texts) -> str:
    """What a value must be, in words, such as "integer, 1 to 200".

    Args:
        schema: The schema that says it.
        say: The language of the page.
    """
    if "anyOf" in schema or "oneOf" in schema:
        several = schema.get("anyOf") or schema["oneOf"]
        return _either([type_of(each, say) for each in several], say)
    if "$ref" in schema:
        return named(schema) or ""
    if "enum" in schema:
        return _either([f"“{value}”" for value in schema["enum"]], say)
    if "const" in schema:
        return f"“{schema['const']}”"
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return say("api.list_of", of=type_of(schema.get("items", {}), say))
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return say("api.object_of", of=type_of(schema["additionalProperties"], say))
    least, most = schema.get("minimum"), schema.get("maximum")
    name = say.known(f"api.types.{kind}", kind)
    if least is not None and most is not None:
        return f"{name}, {say('api.range', least=least, most=most)}"
    if "maxLength" in schema:
        return f"{name}, {say('api.characters', n=schema['maxLength'])}"
    return name


def _either(several: list[str], say: Texts) -> str:
    return f" {say('api.or')} ".join(several)
