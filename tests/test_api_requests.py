"""The JSON API: what requests may say, and how they are refused."""

import json

import pytest
from api_calls import problem, search_url
from web_site import site_in

from web.problems import KINDS


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("api")) as made:
        yield made


# Queries of every kind


def test_a_nul_byte_is_white_space(site):
    answer = site.get(search_url(q="plum\0tree"))
    assert answer["query"] == "plum tree"
    assert answer["hits"]


def test_bytes_that_are_no_utf8_do_no_harm(site):
    assert site.get("/api/v1/search?q=plum%ff%fetree")["hits"] is not None


def test_a_lone_surrogate_in_json_is_white_space(site):
    response = site.client.post(
        "/api/v1/search", data=b'{"q": "plum \\ud800 tree"}', content_type="application/json"
    )
    assert response.json["query"] == "plum tree"


def test_only_stop_words_are_searched_by_meaning_and_noted_by_words(site):
    answer = site.get(search_url(q="what is the", mode="keyword"))
    assert answer["hits"] == []
    assert "very common words" in answer["note"]
    assert site.client.get(search_url(q="what is the")).status_code == 200


def test_a_query_of_the_greatest_length_is_answered(site):
    text = ("plum " * 2000)[:10_000].strip()
    hit = site.get(search_url(q=text, k=1))["hits"][0]
    assert "q=" not in hit["url"], "a query that long is not carried along"
    assert site.client.get(hit["url"].partition("#")[0]).status_code == 200


@pytest.mark.parametrize(
    ("parameters", "parameter", "sentence"),
    [
        ({"q": ""}, "q", "The parameter 'q' must not be empty."),
        (
            {"q": "x" * 100_000},
            "q",
            "The parameter 'q' has 100,000 characters; it may have 10,000.",
        ),
        ({"q": "a", "k": 0}, "k", "The parameter 'k' must be 1 or more, not 0."),
        ({"q": "a", "k": -1}, "k", "The parameter 'k' must be 1 or more, not -1."),
        ({"q": "a", "k": 2001}, "k", "The parameter 'k' must be 2000 or less, not 2001."),
        ({"q": "a", "k": " 3"}, "k", "The parameter 'k' must be a whole number, not ' 3'."),
        ({"q": "a", "offset": -1}, "offset", "The parameter 'offset' must be 0 or more, not -1."),
        (
            {"q": "a", "min_score": "nan"},
            "min_score",
            "The parameter 'min_score' must be a number, not 'nan'.",
        ),
        (
            {"q": "a", "explain": "yes"},
            "explain",
            "The parameter 'explain' must be true or false, not 'yes'.",
        ),
        (
            {"q": "a", "cursor": "../x"},
            "cursor",
            "The parameter 'cursor' is not of the form that is wanted: '../x'.",
        ),
        ({"q": "a", "k": "ten"}, "k", "The parameter 'k' must be a whole number, not 'ten'."),
        ({"q": "a", "k": ""}, "k", "The parameter 'k' must be a whole number, not ''."),
        ({"q": "a", "k": "1.5"}, "k", "The parameter 'k' must be a whole number, not '1.5'."),
        (
            {"q": "a", "mode": "magic"},
            "mode",
            "The parameter 'mode' must be 'hybrid', 'semantic' or 'keyword', not 'magic'.",
        ),
        (
            {"q": "a", "per_document": 0},
            "per_document",
            "The parameter 'per_document' must be 1 or more, not 0.",
        ),
    ],
)
def test_impossible_parameters_are_named(site, parameters, parameter, sentence):
    response = site.client.get(search_url(**parameters))
    found = problem(response, 400, "invalid-parameter", parameter)
    assert found["detail"] == sentence


@pytest.mark.parametrize(
    ("parameters", "parameter", "sentence"),
    [
        ({"q": " \n\t"}, "q", "The query is empty."),
        ({"q": "?!… —"}, "q", "The query holds no letter or digit to search for."),
        ({"q": "a", "k": 201}, "k", "201 passages do not come in one piece; at most 200 do."),
    ],
)
def test_what_makes_no_sense_is_told_apart(site, parameters, parameter, sentence):
    found = problem(site.client.get(search_url(**parameters)), 422, "unanswerable", parameter)
    assert found["detail"] == sentence


def test_numbers_too_long_for_a_number_are_refused(site):
    found = problem(site.client.get(search_url(q="a", k="9" * 5000)), 400, "invalid-parameter", "k")
    assert len(found["detail"]) < 200


@pytest.mark.parametrize(
    ("body", "parameter", "kind"),
    [
        ({"q": "a", "k": "10"}, "k", "a whole number"),
        ({"q": "a", "k": 2.5}, "k", "a whole number"),
        ({"q": "a", "k": True}, "k", "a whole number"),
        ({"q": "a", "k": None}, "k", "a whole number"),
        ({"q": 7}, "q", "text"),
        ({"q": ["a"]}, "q", "text"),
        ({"q": "a", "mode": 1}, "mode", "'hybrid'"),
    ],
)
def test_wrong_types_in_a_body_are_named(site, body, parameter, kind):
    response = site.client.post("/api/v1/search", json=body)
    found = problem(response, 400, "invalid-parameter", parameter)
    assert kind in found["detail"]


def test_a_whole_number_is_one_however_json_writes_it(site):
    body = b'{"q": "plum", "k": 1.0, "min_score": 0}'
    response = site.client.post("/api/v1/search", data=body, content_type="application/json")
    assert len(response.json["hits"]) == 1


def test_a_missing_query_is_named(site):
    problem(site.client.get("/api/v1/search"), 400, "missing-parameter", "q")
    problem(site.client.post("/api/v1/search", json={"k": 3}), 400, "missing-parameter", "q")


def test_unknown_parameters_are_refused_by_name(site):
    found = problem(site.client.get(search_url(q="a", limit=3)), 400, "unknown-parameter", "limit")
    assert found["detail"] == "There is no parameter 'limit'."
    assert found["remedy"] == (
        "There are: q, mode, k, per_document, offset, min_score, explain, highlight, cursor."
    )
    body = {"q": "a", "\ud800": 1}
    response = site.client.post(
        "/api/v1/search", data=json.dumps(body), content_type="application/json"
    )
    problem(response, 400, "unknown-parameter", "?")
    long = "x" * 5000
    problem(site.client.get(search_url(**{"q": "a", long: 1})), 400, "unknown-parameter", "x" * 40)


def test_a_parameter_given_twice_is_refused(site):
    problem(site.client.get("/api/v1/search?q=a&q=b"), 400, "invalid-parameter", "q")


def test_a_post_with_parameters_in_its_address_is_refused(site):
    response = site.client.post("/api/v1/search?k=3", json={"q": "a"})
    problem(response, 400, "unknown-parameter", "k")


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'"q"', b"null", b"\xff\xfe", b'{"q": "a"} and more',
        b"[" * 60_000, b'{"q":' * 10_000, b'{"q": "a", "k": ' + b"9" * 6000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(site, body):
    response = site.client.post("/api/v1/search", data=body, content_type="application/json")
    problem(response, 400, "invalid-body")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "text/json", None]
)
def test_other_content_types_are_refused(site, content_type):
    response = site.client.post("/api/v1/search", data=b'{"q": "a"}', content_type=content_type)
    problem(response, 415, "unsupported-media-type")


def test_json_with_a_charset_is_json(site):
    response = site.client.post(
        "/api/v1/search", data=b'{"q": "bees"}', content_type="application/json; charset=utf-8"
    )
    assert response.status_code == 200


def test_a_body_over_64_kib_is_refused(site):
    fits = json.dumps({"q": "bees" + " " * (64 * 1024 - 20)})
    assert len(fits) <= 64 * 1024
    response = site.client.post("/api/v1/search", data=fits, content_type="application/json")
    problem(response, 400, "invalid-parameter", "q")
    response = site.client.post(
        "/api/v1/search", data=b" " * (64 * 1024 + 1), content_type="application/json"
    )
    problem(response, 413, "body-too-large")


# Addresses and methods


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/v1", "/api/v2/search", "/api/v1/search/", "/api/v1/documents/x",
     "/api/v1/documents/-1", "/api/v1/documents/" + "9" * 30, "/api/v1/documents/" + "9" * 5000],
    ids=lambda path: path[:30],
)  # fmt: skip
def test_an_address_with_nothing_at_it(site, path):
    problem(site.client.get(path), 404, "not-found")


@pytest.mark.parametrize("number", [0, 999, 10**18 - 1])
def test_a_document_that_is_not_there(site, number):
    found = problem(site.client.get(f"/api/v1/documents/{number}"), 404, "document-missing")
    assert found["detail"] == f"The collection has no document {number}."


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_method_that_is_not_allowed(site, method):
    response = site.client.open("/api/v1/search", method=method)
    problem(response, 405, "method-not-allowed")
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))
    problem(site.client.open("/api/v1/status", method=method), 405, "method-not-allowed")


@pytest.mark.parametrize(
    ("queries", "status", "code", "parameter"),
    [
        ([], 400, "invalid-parameter", "queries"),
        ([{"q": "a"}] * 21, 400, "invalid-parameter", "queries"),
        ("a", 400, "invalid-parameter", "queries"),
        (["a"], 400, "invalid-parameter", "queries.0"),
        ([{"q": "a"}, {"k": 3}], 400, "missing-parameter", "queries.1.q"),
        ([{"q": "a"}, {"q": "b", "k": "3"}], 400, "invalid-parameter", "queries.1.k"),
        ([{"q": "a", "limit": 3}], 400, "unknown-parameter", "queries.0.limit"),
        ([{"q": "a"}, {"q": "?"}], 422, "unanswerable", "queries.1.q"),
        ([{"q": "a", "k": 500}], 422, "unanswerable", "queries.0.k"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_in_a_batch_is_named_by_its_place(site, queries, status, code, parameter):
    response = site.client.post("/api/v1/search", json={"queries": queries})
    problem(response, status, code, parameter)


def test_a_batch_takes_no_query_of_its_own(site):
    response = site.client.post("/api/v1/search", json={"queries": [{"q": "a"}], "q": "b"})
    problem(response, 400, "unknown-parameter", "q")


def test_every_problem_is_explained_where_its_type_points(site):
    page = site.page("/api/problems")
    assert {element.get("id") for element in page.all("dl.problems dt")} == set(KINDS)
