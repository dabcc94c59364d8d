"""The JSON API: what it answers when something breaks."""

import logging
import shutil

import pytest
from api_calls import problem, search_url
from web_site import site_in

from search.engine import Engine
from search.errors import EncoderError, StorageError
from web import create_app


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("api")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    """A site that a test may break."""
    with site_in(tmp_path) as made:
        yield made


def test_an_encoder_that_cannot_be_loaded_falls_back_to_words(site, monkeypatch):
    def fail(*_):
        raise EncoderError("The model is gone.", "Put it back.")

    monkeypatch.setattr("search.query_encoder.load_encoder", fail)
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
