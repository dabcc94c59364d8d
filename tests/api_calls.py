"""Requests to the API, and what must hold of every answer to them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from jsonschema import Draft202012Validator
from web_site import Site
from werkzeug.test import TestResponse

from web.problems import KINDS

PROBLEM = {"type", "title", "status", "detail", "remedy", "parameter", "code"}


def search_url(**parameters: Any) -> str:
    return "/api/v1/search?" + urlencode(parameters)


def problem(
    response: TestResponse, status: int, code: str, parameter: str | None = None
) -> dict[str, Any]:
    """Check that a response is a problem of this kind, and give its content."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = response.get_json()
    assert set(found) == PROBLEM
    assert found["code"] == code
    assert found["type"] == f"/api/problems#{code}"
    assert found["status"] == status
    assert found["title"] == KINDS[code].title
    assert found["parameter"] == parameter
    assert found["detail"].endswith(".")
    assert isinstance(found["remedy"], str)
    return found


def schema_of(site: Site, *steps: str) -> dict[str, Any]:
    """A schema in the OpenAPI document, with what it refers to."""
    document = site.get("/api/v1/openapi.json")
    found = document
    for step in steps:
        found = found[step]
    return {**found, "components": document["components"]}


def conforms(site: Site, template: str, value: Any, method: str = "get") -> None:
    """Check that an answer has exactly the keys that the OpenAPI document gives it."""
    schema = schema_of(
        site, "paths", template, method, "responses", "200", "content", "application/json", "schema"
    )
    _strict(schema)
    errors = [
        f"{'/'.join(map(str, error.path))}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(value)
    ]
    assert not errors, errors


def _strict(schema: Any) -> None:
    """Have a schema allow no key that it does not name."""
    if isinstance(schema, list):
        for item in schema:
            _strict(item)
    elif isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            schema["additionalProperties"] = False
        for value in schema.values():
            _strict(value)
