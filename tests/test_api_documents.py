"""The JSON API beside searching: lists, passages, what is alike, meanings, facets, explanations."""

from __future__ import annotations

import pytest
from api_calls import conforms, problem, search_url
from conftest import run_index
from web_site import site_in


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("documents")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    """A site that a test may break."""
    with site_in(tmp_path) as made:
        yield made


def best(site, words):
    return site.get(search_url(q=words, k=1))["hits"][0]


# Lists


def test_the_list_of_documents_goes_through_all_of_them_page_by_page(site):
    url, seen = "/api/v1/documents?k=2", []
    while True:
        page = site.get(url)
        conforms(site, "/api/v1/documents", page)
        assert page["total"] == 5
        assert 1 <= len(page["documents"]) <= 2
        seen += page["documents"]
        if page["next_cursor"] is None:
            break
        url = f"/api/v1/documents?k=2&cursor={page['next_cursor']}"
    numbers = [each["id"] for each in seen]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 5
    bees = next(each for each in seen if each["id"] == site.number("bees.txt"))
    assert [path.rpartition("/")[2] for path in bees["paths"]] == ["bees.txt", "bees again.txt"]
    assert bees["title"] == "bees.txt"
    assert site.get(bees["document_url"])["id"] == bees["id"]


def test_a_cursor_of_the_list_is_none_of_a_search_and_the_other_way_round(site):
    of_list = site.get("/api/v1/documents?k=1")["next_cursor"]
    response = site.client.get(search_url(q="water", cursor=of_list))
    problem(response, 422, "unanswerable", "cursor")
    of_search = site.get(search_url(q="water", k=1))["next_cursor"]
    response = site.client.get(f"/api/v1/documents?cursor={of_search}")
    problem(response, 422, "unanswerable", "cursor")


def test_a_cursor_of_a_list_that_changed_says_so(own_site):
    cursor = own_site.get("/api/v1/documents?k=1")["next_cursor"]
    (own_site.library / "new.txt").write_text("A kestrel hovered above the weir.\n")
    run_index(own_site.settings, own_site.library)
    response = own_site.client.get(f"/api/v1/documents?k=1&cursor={cursor}")
    problem(response, 409, "stale-cursor", "cursor")


def test_the_collections_of_the_home_folder(site):
    answer = site.get("/api/v1/collections")
    conforms(site, "/api/v1/collections", answer)
    assert answer == {"collections": [{"name": "default", "served": True}]}


# Passages and what is like them


def test_a_passage_is_what_the_hit_said(site):
    hit = best(site, "impeller blocked by gravel")
    passage = site.get(f"/api/v1/passages/{hit['passage_id']}")
    conforms(site, "/api/v1/passages/{number}", passage)
    for key in ("text", "start", "end", "page", "path", "title", "document_id", "headings"):
        assert passage[key] == hit[key], key


def test_a_passage_that_is_not_there(site):
    found = problem(site.client.get("/api/v1/passages/9999"), 404, "document-missing")
    assert found["detail"] == "The collection has no passage 9999."


def test_documents_like_one_are_others(site):
    number = site.number("leaves.md")
    answer = site.get(f"/api/v1/similar/{number}?k=3")
    conforms(site, "/api/v1/similar/{number}", answer)
    found = [hit["document_id"] for hit in answer["hits"]]
    assert 1 <= len(found) <= 3
    assert number not in found
    problem(site.client.get("/api/v1/similar/9999"), 404, "document-missing")
    problem(site.client.get(f"/api/v1/similar/{number}?k=0"), 400, "invalid-parameter", "k")


def test_passages_like_one_are_of_other_documents(site):
    hit = best(site, "switch the pump off")
    answer = site.get(f"/api/v1/similar/passages/{hit['passage_id']}")
    conforms(site, "/api/v1/similar/passages/{number}", answer)
    assert answer["hits"]
    assert hit["document_id"] not in {each["document_id"] for each in answer["hits"]}
    problem(site.client.get("/api/v1/similar/passages/9999"), 404, "document-missing")


def test_feedback_finds_more_of_the_same_and_none_of_what_was_named(site):
    hits = site.get(search_url(q="pump filter water", k=3, per_document=3))["hits"]
    liked, unliked = hits[0]["passage_id"], hits[-1]["passage_id"]
    body = {"liked": [liked], "unliked": [unliked], "k": 5}
    answer = site.client.post("/api/v1/feedback", json=body).json
    conforms(site, "/api/v1/feedback", answer, "post")
    assert answer["hits"]
    assert not {liked, unliked} & {hit["passage_id"] for hit in answer["hits"]}


@pytest.mark.parametrize(
    ("body", "status", "code", "parameter"),
    [
        ({}, 400, "missing-parameter", "liked"),
        ({"liked": []}, 400, "invalid-parameter", "liked"),
        ({"liked": ["1"]}, 400, "invalid-parameter", "liked.0"),
        ({"liked": [1], "disliked": []}, 400, "unknown-parameter", "disliked"),
        ({"liked": [9999]}, 404, "document-missing", None),
    ],
)
def test_feedback_that_cannot_be_is_refused(site, body, status, code, parameter):
    problem(site.client.post("/api/v1/feedback", json=body), status, code, parameter)


def test_feedback_on_a_passage_that_is_liked_and_not_makes_no_sense(site):
    number = best(site, "pump")["passage_id"]
    response = site.client.post("/api/v1/feedback", json={"liked": [number], "unliked": [number]})
    assert response.status_code == 422
    assert response.json["code"] == "unanswerable"


# Beside an answer


def test_meanings_come_in_a_second_request_or_with_the_hits(site):
    question = "why does a plant shut its pores at noon"
    hits = site.get(search_url(q=question, highlight="meaning", k=5))["hits"]
    numbers = ",".join(str(hit["passage_id"]) for hit in hits)
    query = question.replace(" ", "+")
    answer = site.get(f"/api/v1/meanings?q={query}&passages={numbers}")
    conforms(site, "/api/v1/meanings", answer)
    with_hits = {str(hit["passage_id"]): hit["meaning"] for hit in hits if hit["meaning"]}
    assert answer["meanings"] == with_hits
    assert site.get(search_url(q=question, k=1))["hits"][0]["meaning"] is None


@pytest.mark.parametrize("passages", ["", "x", "1,,2", "1;2", "-1", ",".join(["1"] * 51)])
def test_meanings_of_what_is_no_list_of_numbers(site, passages):
    response = site.client.get(f"/api/v1/meanings?q=a&passages={passages}")
    assert response.status_code == 400
    assert response.json["code"] == "invalid-parameter"
    assert response.json["parameter"].startswith("passages")


def test_facets_count_the_documents_that_match(site):
    answer = site.get("/api/v1/facets?q=water")
    conforms(site, "/api/v1/facets", answer)
    everything = site.get("/api/v1/facets")
    assert everything["documents"] == 5
    kinds = next(each for each in everything["facets"] if each["name"] == "type")
    assert {each["value"]: each["count"] for each in kinds["values"]} == {
        "text": 2,
        "html": 1,
        "markdown": 1,
        "pdf": 1,
    }


def test_suggestions_complete_what_is_typed(site):
    answer = site.get("/api/v1/suggest?text=type:pd")
    conforms(site, "/api/v1/suggest", answer)
    assert "type:pdf" in {each["text"].strip() for each in answer["suggestions"]}
    assert len(site.get("/api/v1/suggest?text=p&k=1")["suggestions"]) <= 1
    assert site.get("/api/v1/suggest?text=")["suggestions"] is not None


def test_why_a_document_is_where_it_is(site):
    number = site.number("bees.txt")
    answer = site.get(f"/api/v1/explain?q=plum+tree&document={number}")
    conforms(site, "/api/v1/explain", answer)
    assert answer["document_id"] == number
    assert answer["rank"] == 1
    assert answer["reasons"]
    problem(site.client.get("/api/v1/explain?q=a&document=9999"), 404, "document-missing")
    problem(site.client.get("/api/v1/explain?q=a"), 400, "missing-parameter", "document")


def test_hits_explain_themselves_and_the_answer_its_time(site):
    answer = site.get(search_url(q="pump", explain="true"))
    conforms(site, "/api/v1/search", answer)
    assert answer["hits"][0]["explanation"]["terms"]
    assert answer["stages"]
    assert site.get(search_url(q="pump"))["stages"] is None
