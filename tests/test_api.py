"""The JSON API: what it answers."""

import pytest
from api_calls import conforms, search_url
from web_site import BEES, site_in


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("api")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    """A site that a test may break."""
    with site_in(tmp_path) as made:
        yield made


def test_search_answers_in_the_documented_shape(site):
    answer = site.get(search_url(q="leaves turn sunlight into sugar", k=3))
    conforms(site, "/api/v1/search", answer)
    assert answer["query"] == "leaves turn sunlight into sugar"
    assert answer["mode"] == answer["requested_mode"] == "hybrid"
    assert 1 <= len(answer["hits"]) <= 3
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
    conforms(site, "/api/v1/documents/{number}", document)
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
    conforms(site, "/api/v1/status", status)
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


def test_answers_are_utf8_and_kept_only_to_be_asked_for_again(site):
    response = site.client.get(search_url(q="Blätter für Zücker 東京"))
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] in ("private, no-cache", "no-store")
    assert "Blätter für Zücker 東京".encode() in response.data


@pytest.mark.parametrize("path", ["/api/v1/search?q=bees", "/api/v1/status", "/healthz"])
def test_head_has_no_body(site, path):
    response = site.client.head(path)
    assert response.status_code == 200
    assert response.data == b""
    assert int(response.headers["Content-Length"]) > 0
