"""The corpus map on its page and in the API."""

import pytest
from api_calls import conforms
from web_site import site_in


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("map")) as made:
        yield made


def test_every_document_has_a_place(site):
    answer = site.get("/api/v1/map")
    conforms(site, "/api/v1/map", answer)
    listed = site.get("/api/v1/documents?k=200")["documents"]
    assert answer["documents"] == [document["id"] for document in listed]
    assert answer["total"] == len(listed)
    assert all(-1000 <= place <= 1000 for place in answer["x"] + answer["y"])
    for by in ("clusters", "kinds", "folders"):
        assert len(answer[by]["of"]) == len(answer["x"]) == len(answer["y"]) == len(listed)
        assert set(answer[by]["of"]) <= set(range(len(answer[by]["names"])))
    kinds = [answer["kinds"]["names"][kind] for kind in answer["kinds"]["of"]]
    assert kinds == [document["kind"] for document in listed]


def test_a_query_has_a_place_and_one_of_filters_none(site):
    place = site.get("/api/v1/map/place?q=leaves+and+sugar")
    conforms(site, "/api/v1/map/place", place)
    assert place["note"] is None
    assert -1000 <= place["x"] <= 1000
    nowhere = site.get("/api/v1/map/place?q=type:pdf")
    assert (nowhere["x"], nowhere["y"]) == (None, None)


def test_a_dot_says_what_it_is(site):
    for number in site.get("/api/v1/map")["documents"]:
        found = site.get(f"/api/v1/map/documents/{number}")
        conforms(site, "/api/v1/map/documents/{number}", found)
        whole = site.get(f"/api/v1/documents/{number}")
        assert (found["title"], found["kind"]) == (whole["title"], whole["kind"])
        assert found["path"] in whole["paths"]
        assert site.client.get(found["url"]).status_code == 200
    missing = site.client.get("/api/v1/map/documents/99999")
    assert (missing.status_code, missing.json["code"]) == (404, "document-missing")


def test_what_was_drawn_around_is_searched(site):
    drawn = site.get("/api/v1/map")
    everywhere = "-1001,-1001;1001,-1001;1001,1001;-1001,1001"
    area = f"area:{drawn['drawn']};{everywhere}"
    found = site.get(f"/api/v1/search?q={area}&k=200&per_document=50".replace(";", "%3B"))
    assert {hit["document_id"] for hit in found["hits"]} == set(drawn["documents"])
    older = site.get(f"/api/v1/search?q=area:1{area.removeprefix('area:')}".replace(";", "%3B"))
    assert older["hits"] == []


def test_the_map_is_not_sent_twice(site):
    first = site.client.get("/api/v1/map")
    again = site.client.get("/api/v1/map", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_page_names_the_clusters_without_a_script(site):
    page = site.page("/map?q=bees")
    assert page.one("input[name=q]").get("value") == "bees"
    names = page.texts(".map-groups .map-name")
    assert sorted(names) == sorted(site.get("/api/v1/map")["clusters"]["names"])
    assert page.links(".map-groups a")
    for url in page.links(".map-groups a"):
        assert site.client.get(url).status_code == 200
