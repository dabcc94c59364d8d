"""Whatever is asked, the API answers as it says it does; `make fuzz-api` goes on for longer."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from api_fuzzing import fuzz
from hypothesis import given, settings
from hypothesis import strategies as st
from web_site import site_in

from search.grammar import FIELDS

#: What anybody may type, and what means something in the query language.
TYPED = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ['"', "'", "-", "OR", "(", ")", "*", "~", ":", "\\", "\0", "\u202e", "plum", "tree",
             "?", "%", "..", "<script>", "type:pdf", "after:9999", "pages:1-", "date:0000-99-99",
             *[f"{field}:" for field in FIELDS]]
        ),
        max_size=12,
    ).map(" ".join),
    st.lists(st.sampled_from("()\"-*: aOR"), max_size=40).map("".join),
)  # fmt: skip
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("fuzz")) as made:
        yield made


@pytest.fixture(scope="module")
def documented(site):
    """The statuses that a search is documented to answer with."""
    methods = site.get("/api/v1/openapi.json")["paths"]["/api/v1/search"]
    return {method: {int(status) for status in methods[method]["responses"]} for method in methods}


def fine(response, documented):
    assert response.status_code in documented
    assert response.status_code < 500, response.text
    if response.status_code == 200:
        assert isinstance(response.json, dict)
    else:
        assert response.content_type == "application/problem+json"


@settings(max_examples=150)
@given(typed=TYPED, mode=st.sampled_from(["hybrid", "semantic", "keyword"]))
def test_any_text_is_answered_or_refused_as_documented(site, documented, typed, mode):
    query = quote(typed.encode("utf-8", "surrogatepass"))
    fine(site.client.get(f"/api/v1/search?mode={mode}&q={query}&k=3"), documented["get"])
    body = json.dumps({"q": typed, "mode": mode, "k": 3})
    response = site.client.post("/api/v1/search", data=body, content_type="application/json")
    fine(response, documented["post"])


@settings(max_examples=150)
@given(query=st.text(st.characters(max_codepoint=0x2FF), max_size=60))
def test_any_query_string_is_answered_or_refused_as_documented(site, documented, query):
    for raw in (quote(query, safe="=&%;+,"), f"q=plum&{quote(query, safe='=&%;+,')}"):
        fine(site.client.get(f"/api/v1/search?{raw}"), documented["get"])


@settings(max_examples=150)
@given(body=JSON_VALUES, extra=st.binary(max_size=20))
def test_any_body_is_answered_or_refused_as_documented(site, documented, body, extra):
    for data in (json.dumps(body).encode(), json.dumps({"q": body}).encode() + extra):
        response = site.client.post("/api/v1/search", data=data, content_type="application/json")
        fine(response, documented["post"])


def test_a_short_run_of_schemathesis_with_all_checks_finds_nothing(tmp_path):
    done = fuzz(tmp_path, 8, "fuzzing", 1)
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-2_000:]
    assert "Operations:" in done.stdout
