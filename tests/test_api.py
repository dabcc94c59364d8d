"""The JSON API: shapes, parameters, problems."""

import json
import logging
import shutil

import pytest
from conftest import PROJECT
from web_site import BEES, site_in

import search.engine
from search.engine import Engine
from search.errors import EncoderError, StorageError
from search.models import Hit
from web import create_app
from web.problems import KINDS

ANSWER = {
    "query", "understood", "mode", "requested_mode", "fallback", "note", "generation", "total",
    "total_is_lower_bound", "offset", "more", "took_ms", "hits",
}  # fmt: skip
HIT = {*Hit.__dataclass_fields__, "url", "document_url"}
DOCUMENT = {
    "id", "title", "kind", "author", "date", "language", "paths", "locations", "pages",
    "textless_pages", "scanned", "text", "sections", "passages", "url", "original_url",
}  # fmt: skip
STATUS = {
    "collection", "folder", "files", "documents", "passages", "roots", "rules", "kinds",
    "languages", "encoder", "passage_pieces", "near", "generation", "published", "bytes",
    "scanned", "failures",
}  # fmt: skip
PROBLEM = {"type", "title", "status", "detail", "remedy", "parameter", "code"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("api")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    """A site that a test may break."""
    with site_in(tmp_path) as made:
        yield made


def search_url(**parameters):
    from urllib.parse import urlencode

    return "/api/v1/search?" + urlencode(parameters)


def problem(response, status, code, parameter=None):
    """Check that a response is a problem of this kind, and give its content."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    found = response.json
    assert set(found) == PROBLEM
    assert found["code"] == code
    assert found["type"] == f"/api/problems#{code}"
    assert found["status"] == status
    assert found["title"] == KINDS[code].title
    assert found["parameter"] == parameter
    assert found["detail"].endswith(".")
    assert isinstance(found["remedy"], str)
    return found


# Answers


def test_search_answers_in_the_documented_shape(site):
    answer = site.get(search_url(q="leaves turn sunlight into sugar", k=3))
    assert set(answer) == ANSWER
    assert answer["query"] == "leaves turn sunlight into sugar"
    assert answer["mode"] == answer["requested_mode"] == "hybrid"
    assert 1 <= len(answer["hits"]) <= 3
    for hit in answer["hits"]:
        assert set(hit) == HIT
        assert all(set(mark) == {"start", "end"} for mark in hit["marks"])
    best = answer["hits"][0]
    assert best["title"] == "How leaves make sugar"
    assert best["path"].endswith("leaves.md")
    assert {best["text"][m["start"] : m["end"]] for m in best["marks"]} >= {"leaves", "sugar"}


def test_a_hits_addresses_lead_to_its_document(site):
    hit = site.get(search_url(q="impeller blocked by gravel", k=1))["hits"][0]
    assert hit["page"] == 3
    assert hit["url"].startswith(
        f"/documents/{hit['document_id']}?start={hit['start']}&end={hit['end']}&q=impeller+blocked"
    )
    assert hit["url"].endswith("#passage")
    document = site.get(hit["document_url"])
    assert document["text"][hit["start"] : hit["end"]] == hit["text"]
    assert site.client.get(hit["url"].partition("#")[0]).status_code == 200


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_get_and_post_answer_alike(site, mode):
    asked = {"q": "bees in the plum tree", "k": 4, "mode": mode, "per_document": 1}
    got = site.get(search_url(**asked))
    response = site.client.post("/api/v1/search", json=asked)
    assert response.status_code == 200
    posted = response.json
    assert {**got, "took_ms": 0} == {**posted, "took_ms": 0}
    assert got["requested_mode"] == mode


def test_defaults_are_those_of_the_reference(site):
    assert site.get(search_url(q="water")) | {"took_ms": 0} == site.get(
        search_url(q="water", k=10, mode="hybrid", per_document=2)
    ) | {"took_ms": 0}


def test_k_and_per_document_limit_the_hits(site):
    everything = site.get(search_url(q="water pump filter leaves", k=200, per_document=50))
    assert len(everything["hits"]) > 3
    assert len(site.get(search_url(q="water pump filter leaves", k=1))["hits"]) == 1
    single = site.get(search_url(q="water pump filter leaves", k=200, per_document=1))
    numbers = [hit["document_id"] for hit in single["hits"]]
    assert len(numbers) == len(set(numbers))


def test_a_document_in_the_documented_shape(site):
    document = site.get(f"/api/v1/documents/{site.number('manual.pdf')}")
    assert set(document) == DOCUMENT
    assert document["kind"] == "pdf"
    assert document["title"] == "Pond pump manual"
    assert document["pages"] == 3
    assert document["textless_pages"] == 0
    assert document["scanned"] == ""
    assert document["author"] == "Kim Weir"
    assert document["date"] == "2000-01-01"
    assert document["language"] == "en"
    assert document["locations"] == [{"path": document["paths"][0], "member": ""}]
    assert document["url"] == f"/documents/{document['id']}"
    assert document["original_url"] == f"/documents/{document['id']}/file"
    assert {frozenset(section) for section in document["sections"]} == {
        frozenset({"start", "body", "end", "headings", "page", "place"})
    }
    assert {frozenset(passage) for passage in document["passages"]} == {
        frozenset({"start", "end", "headings", "page", "place"})
    }
    assert "impeller" in document["text"]


def test_a_document_at_two_paths_names_both(site):
    document = site.get(f"/api/v1/documents/{site.number('bees.txt')}")
    assert [path.rpartition("/")[2] for path in document["paths"]] == ["bees.txt", "bees again.txt"]
    assert document["pages"] is None
    assert document["text"].strip() == BEES.strip()


def test_original_url_is_null_once_the_file_is_gone(own_site):
    number = own_site.number("leaves.md")
    (own_site.library / "leaves.md").unlink()
    assert own_site.get(f"/api/v1/documents/{number}")["original_url"] is None


def test_status_in_the_documented_shape(site):
    status = site.get("/api/v1/status")
    assert set(status) == STATUS
    assert status["collection"] == "default"
    assert status["documents"] == 5
    assert status["files"] == 6
    assert status["roots"] == [str(site.library)]
    assert status["rules"] == {
        str(site.library): {"include": [], "exclude": [], "follow": False, "hidden": False}
    }
    assert status["kinds"] == {"text": 2, "html": 1, "markdown": 1, "pdf": 1}
    assert sum(status["languages"].values()) == 5
    assert status["scanned"] == status["failures"] == {}
    assert set(status["encoder"]) == {"name", "dimension", "digest"}


def test_healthz(site):
    from importlib.metadata import version

    assert site.get("/healthz") == {"status": "ok", "version": version("wherein")}


def test_answers_are_utf8_and_not_kept(site):
    response = site.client.get(search_url(q="Blätter für Zücker 東京"))
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Blätter für Zücker 東京".encode() in response.data


@pytest.mark.parametrize("path", ["/api/v1/search?q=bees", "/api/v1/status", "/healthz"])
def test_head_has_no_body(site, path):
    response = site.client.head(path)
    assert response.status_code == 200
    assert response.data == b""
    assert int(response.headers["Content-Length"]) > 0


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
        ({"q": ""}, "q", "The query is empty."),
        ({"q": " \n\t"}, "q", "The query is empty."),
        ({"q": "?!… —"}, "q", "The query holds no letter or digit to search for."),
        (
            {"q": "x" * 100_000},
            "q",
            "The query has 100,000 characters; at most 10,000 are searched for.",
        ),
        ({"q": "a", "k": 0}, "k", "0 hits cannot be asked for."),
        ({"q": "a", "k": -1}, "k", "-1 hits cannot be asked for."),
        ({"q": "a", "k": 201}, "k", "201 hits cannot be asked for."),
        ({"q": "a", "k": 10**9}, "k", "1000000000 hits cannot be asked for."),
        ({"q": "a", "k": "ten"}, "k", "The parameter 'k' must be a whole number, not 'ten'."),
        ({"q": "a", "k": ""}, "k", "The parameter 'k' must be a whole number, not ''."),
        ({"q": "a", "k": "1.5"}, "k", "The parameter 'k' must be a whole number, not '1.5'."),
        ({"q": "a", "mode": "magic"}, "mode", "There is no mode 'magic'."),
        (
            {"q": "a", "per_document": 0},
            "per_document",
            "At least one passage of each document must be allowed.",
        ),
    ],
)
def test_impossible_parameters_are_named(site, parameters, parameter, sentence):
    response = site.client.get(search_url(**parameters))
    found = problem(response, 400, "invalid-parameter", parameter)
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
        ({"q": "a", "mode": 1}, "mode", "text"),
    ],
)
def test_wrong_types_in_a_body_are_named(site, body, parameter, kind):
    response = site.client.post("/api/v1/search", json=body)
    found = problem(response, 400, "invalid-parameter", parameter)
    assert kind in found["detail"]


def test_a_missing_query_is_named(site):
    problem(site.client.get("/api/v1/search"), 400, "missing-parameter", "q")
    problem(site.client.post("/api/v1/search", json={"k": 3}), 400, "missing-parameter", "q")


def test_unknown_parameters_are_refused_by_name(site):
    found = problem(site.client.get(search_url(q="a", limit=3)), 400, "unknown-parameter", "limit")
    assert found["detail"] == "There is no parameter 'limit'."
    assert found["remedy"] == "There are: q, k, mode, per_document, offset, min_score, explain."
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
    ids=str,
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


def test_every_problem_is_explained_where_its_type_points(site):
    page = site.page("/api/problems")
    assert {element.get("id") for element in page.all("dt")} == set(KINDS)


# Faults


def test_an_encoder_that_cannot_be_loaded_falls_back_to_words(site, monkeypatch):
    def fail(*_):
        raise EncoderError("The model is gone.", "Put it back.")

    monkeypatch.setattr(search.engine, "load_encoder", fail)
    with Engine.of(site.settings) as engine:
        engine.warm_up()
        client = create_app(site.settings, engine).test_client()
        answer = client.get(search_url(q="plum tree", mode="semantic")).json
        page = client.get("/?q=plum+tree").text
    assert answer["mode"] == "keyword"
    assert answer["requested_mode"] == "semantic"
    assert answer["fallback"] == (
        "The model is gone. Put it back. Until then only words are searched."
    )
    assert answer["hits"][0]["cosine"] is None
    assert "Until then only words are searched." in page


def test_a_damaged_collection_is_a_503(site, monkeypatch):
    def fail(*_):
        raise StorageError("The disk failed.", "Check it.")

    monkeypatch.setattr(Engine, "search", fail)
    found = problem(site.client.get(search_url(q="a")), 503, "collection-unreadable")
    assert (found["detail"], found["remedy"]) == ("The disk failed.", "Check it.")
    assert "The disk failed." in site.page("/?q=a", 503).text


def test_a_collection_that_vanished_is_a_503(own_site):
    shutil.rmtree(own_site.settings.collections)
    problem(own_site.client.get(search_url(q="a")), 503, "collection-missing")
    problem(own_site.client.get("/api/v1/documents/1"), 503, "collection-missing")
    problem(own_site.client.get("/api/v1/status"), 503, "collection-missing")
    assert own_site.client.get("/healthz").status_code == 200
    own_site.page("/", 503)


def test_a_fault_shows_no_internals_but_is_logged(site, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("secret detail in /etc/somewhere")

    monkeypatch.setattr(Engine, "search", fail)
    with caplog.at_level(logging.ERROR, "wherein.web"):
        response = site.client.get(search_url(q="very private words"))
    found = problem(response, 500, "internal")
    assert "secret" not in response.text
    reference = found["remedy"].split()[-1].rstrip(".")
    (record,) = caplog.records
    assert reference in record.getMessage()
    assert "private" not in record.getMessage()
    assert record.exc_info
    page = site.client.get("/?q=a")
    assert page.status_code == 500
    assert "secret" not in page.text


# The reference


def test_the_reference_names_every_code_and_key():
    reference = (PROJECT / "docs" / "api.md").read_text("utf-8")
    for kind in KINDS.values():
        assert f"| `{kind.code}` | {kind.status} |" in reference
    assert reference.count("\n| `") >= len(KINDS)
    for key in ANSWER | HIT | DOCUMENT | STATUS | PROBLEM:
        assert f"`{key}`" in reference, key
