"""An answer is taken for known only if it would be the same again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_calls import search_url
from conftest import run_index
from web_site import Site, site_in

from search.models import Query
from web import create_app


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("freshness")) as made:
        yield made


def asked_again(site: Site, path: str, tag: str) -> int:
    return site.client.get(path, headers={"If-None-Match": tag}).status_code


@pytest.mark.parametrize("path", ["/api/v1/status", "/api/v1/facets?q=pump", search_url(q="pump")])
def test_what_did_not_change_is_not_sent_again(site: Site, path: str) -> None:
    tag = site.client.get(path).headers["ETag"]
    assert asked_again(site, path, tag) == 304


def test_the_status_changes_with_what_lies_beside_the_rows(tmp_path: Path) -> None:
    """Views are made anew, and maps drawn, without anything being written to the rows."""
    with site_in(tmp_path) as own:
        tag = own.client.get("/api/v1/status").headers["ETag"]
        (own.engine.collection.build / "map.npz.draft").write_bytes(b"x" * 1_000)
        assert asked_again(own, "/api/v1/status", tag) == 200


def test_the_status_changes_with_what_could_not_be_read(tmp_path: Path) -> None:
    with site_in(tmp_path) as own:
        tag = own.client.get("/api/v1/status").headers["ETag"]
        (own.library / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
        run_index(own.settings, own.library)
        answer = own.client.get("/api/v1/status", headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert len(answer.get_json()["failures"]) == 1


def test_facets_are_known_by_what_they_say(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the encoder others match, and it may come back without anything being written."""
    path = "/api/v1/facets?q=pump"
    tag = site.client.get(path).headers["ETag"]
    found = site.engine.facets
    monkeypatch.setattr(site.engine, "facets", lambda _: found(Query("")))
    other = site.client.get(path, headers={"If-None-Match": tag})
    assert other.status_code == 200
    monkeypatch.undo()
    assert asked_again(site, path, other.headers["ETag"]) == 200
    assert asked_again(site, path, tag) == 304


def test_another_way_of_answering_is_another_answer(site: Site) -> None:
    """A server that was started anew with other settings has the same collection."""
    path = search_url(q="pump")
    tag = site.client.get(path).headers["ETag"]
    app = create_app(site.settings.with_(rerank_ms=123), site.engine)
    assert app.test_client().get(path, headers={"If-None-Match": tag}).status_code == 200
    assert asked_again(site, path, tag) == 304


def test_what_is_judged_is_told_at_once(site: Site) -> None:
    hit = site.get(search_url(q="pump", k=1))["hits"][0]
    first = site.client.get("/api/v1/judgements")
    site.client.post(
        "/api/v1/judgements", json={"q": "pump", "passage_id": hit["passage_id"], "relevance": 1}
    )
    tag = first.headers.get("ETag", '"none"')
    again = site.client.get("/api/v1/judgements", headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert len(again.get_json()["judgements"]) == len(first.get_json()["judgements"]) + 1
