"""The OpenAPI document, its page, the routes and docs/api.md say the same."""

from __future__ import annotations

import re

import jsonschema_rs
import pytest
from api_calls import schema_of
from conftest import PROJECT
from web_site import Site, site_in

from search.models import Hit, Mode
from web.api.asked import QueryParams
from web.api.contract import ENDPOINTS
from web.problems import KINDS

REFERENCE = (PROJECT / "docs" / "api.md").read_text("utf-8")
METHODS = {"GET", "POST"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("openapi")) as made:
        yield made


@pytest.fixture(scope="module")
def described(site: Site):
    return site.get("/api/v1/openapi.json")


def routes(site: Site) -> set[tuple[str, str]]:
    """Every method and address below /api/v1, but that of the document itself."""
    return {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in site.app.url_map.iter_rules()
        for method in METHODS & (rule.methods or set())
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json")
    }


def test_every_route_is_described_and_nothing_else(site, described):
    operations = {
        (method.upper(), path) for path, methods in described["paths"].items() for method in methods
    }
    assert operations == routes(site)
    assert len(operations) == len(ENDPOINTS)


def test_the_document_is_openapi_3_1(described):
    assert described["openapi"] == "3.1.0"
    assert jsonschema_rs.meta.is_valid(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": described["components"]["schemas"],
        }
    )
    names = {
        operation["operationId"]
        for methods in described["paths"].values()
        for operation in methods.values()
    }
    assert len(names) == len(ENDPOINTS)


def test_all_that_is_described_is_explained(described):
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation["summary"].endswith("."), path
            for parameter in operation.get("parameters", ()):
                assert parameter["description"].endswith("."), (path, parameter["name"])
    for name, schema in described["components"]["schemas"].items():
        assert schema["description"], name
        for field, value in schema["properties"].items():
            assert value.get("description"), f"{name}.{field}"


def test_every_key_of_an_answer_is_there_always(described):
    hit = described["components"]["schemas"]["FoundHit"]
    assert set(hit["properties"]) == {*Hit.__dataclass_fields__, "url", "document_url"}
    assert set(hit["required"]) == set(hit["properties"])


def test_the_modes_are_those_of_the_engine(site):
    schema = QueryParams.model_json_schema()
    assert schema["properties"]["mode"]["enum"] == [str(mode) for mode in Mode]


def test_each_problem_has_its_status(described):
    known = {str(kind.status) for kind in KINDS.values()} | {"200", "304"}
    for methods in described["paths"].values():
        for operation in methods.values():
            assert set(operation["responses"]) <= known
            assert {"200", "400", "401", "429", "503"} <= set(operation["responses"])


def test_the_reference_names_every_address_parameter_key_and_code(site, described):
    for method, path in routes(site):
        row = next((line for line in REFERENCE.splitlines() if f"`{path}`" in line), "")
        assert method in row, (method, path)
    for methods in described["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                assert f"`{parameter['name']}`" in REFERENCE or parameter["in"] == "path"
    for name, schema in described["components"]["schemas"].items():
        for field in schema["properties"]:
            assert f"`{field}`" in REFERENCE, f"{name}.{field}"
    for kind in KINDS.values():
        assert f"| `{kind.code}` | {kind.status} |" in REFERENCE, kind.code


def test_the_reference_page_shows_the_whole_document_without_scripts(site, described):
    page = site.page("/api/docs")
    assert not page.all("style, img, link[href^='http'], main script")
    assert all(script.get("src").startswith("/static/") for script in page.all("script"))
    for methods in described["paths"].values():
        for operation in methods.values():
            section = page.one(f"#{operation['operationId']}")
            names = section.texts("dt code")
            assert names == [each["name"] for each in operation.get("parameters", ())]
    for name, schema in described["components"]["schemas"].items():
        assert page.one(f"#{name}").texts("dt code") == list(schema["properties"])
    for target in page.links("main a[href^='#']"):
        assert page.all(target), target


def test_the_document_is_sent_once(site):
    first = site.client.get("/api/v1/openapi.json")
    again = site.client.get(
        "/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_what_is_described_is_what_is_checked(site):
    body = schema_of(site, "components", "schemas", "SearchParams")
    for wrong in ({"q": "a", "k": 0}, {"q": "a", "mode": "x"}, {"q": ""}, {"q": "a", "z": 1}):
        assert not jsonschema_rs.validator_for(body).is_valid(wrong)
        response = site.client.post("/api/v1/search", json=wrong)
        assert response.status_code == 400
    for right in ({"q": "a"}, {"q": "a", "k": 3, "min_score": None, "explain": True}):
        assert jsonschema_rs.validator_for(body).is_valid(right)
        assert site.client.post("/api/v1/search", json=right).status_code == 200
