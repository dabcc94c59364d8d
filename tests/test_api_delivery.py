"""How answers of the API are delivered: page by page, line by line, not twice, and packed."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import brotli
import pytest
from api_calls import conforms, problem, schema_of, search_url
from conftest import run_index
from jsonschema import Draft202012Validator
from web_site import settings_for, site_in

from search.encoders import HashingEncoder
from search.engine import Engine
from search.errors import EncoderError
from web import create_app
from web.api import cursors

LINES = {"Accept": "application/x-ndjson"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("delivery")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    """A site that a test may break."""
    with site_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A client of a collection with more passages than one answer may hold."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "library").mkdir()
    for number in range(450):
        (folder / "library" / f"{number}.txt").write_text(f"Pump {number} stands in hall {number}.")
    settings = settings_for(folder)
    run_index(settings, folder / "library")
    with Engine.of(settings) as engine:
        yield create_app(settings, engine).test_client()


# Cursors


def test_pages_follow_one_another_without_gap_or_repeat(site):
    question = {"q": "water pump filter leaves", "per_document": 50}
    whole = site.get(search_url(**question, k=50))
    seen, cursor = [], None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page = site.get(search_url(**question, k=2, **more))
        conforms(site, "/api/v1/search", page)
        seen += [hit["passage_id"] for hit in page["hits"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [hit["passage_id"] for hit in whole["hits"]]
    assert [hit["rank"] for hit in whole["hits"]] == list(range(1, len(seen) + 1))


def test_a_cursor_names_the_generation(own_site):
    cursor = own_site.get(search_url(q="water", k=1))["next_cursor"]
    own_site.get(search_url(q="water", k=1, cursor=cursor))
    (own_site.library / "new.txt").write_text("Water runs over the weir.\n")
    run_index(own_site.settings, own_site.library)
    response = own_site.client.get(search_url(q="water", k=1, cursor=cursor))
    found = problem(response, 409, "stale-cursor", "cursor")
    assert found["remedy"] == "Ask again without a cursor."


@pytest.mark.parametrize("changed", [{"q": "pump"}, {"mode": "keyword"}, {"per_document": 1}])
def test_a_cursor_goes_with_its_question(site, changed):
    cursor = site.get(search_url(q="water", k=1))["next_cursor"]
    response = site.client.get(search_url(**{"q": "water", "k": 1, "cursor": cursor, **changed}))
    problem(response, 422, "unanswerable", "cursor")


def test_a_cursor_that_was_tampered_with_is_none(site):
    cursor = site.get(search_url(q="water", k=1))["next_cursor"]
    for other in (cursor[:-1], cursor + "A", cursor[:10] + "AAAA" + cursor[14:], "A", "A" * 200):
        response = site.client.get(search_url(q="water", k=1, cursor=other))
        problem(response, 422, "unanswerable", "cursor")


def test_a_cursor_is_what_it_was_made_of():
    place = cursors.Place("0001", 7, "asked", 40)
    cursor = cursors.written(place)
    assert cursors.position(cursor, "0001", 7, "asked") == 40
    for other in (replace(place, build="0002"), replace(place, generation=8)):
        with pytest.raises(Exception, match="has changed"):
            cursors.position(cursor, other.build, other.generation, other.asked)


# Lines


def lines_of(response):
    assert response.status_code == 200
    assert response.content_type == "application/x-ndjson"
    assert response.headers["Cache-Control"] == "no-store"
    return [json.loads(line) for line in response.text.splitlines()]


def test_lines_say_what_the_whole_answer_says(site):
    url = search_url(q="water pump filter leaves", k=5)
    head, *hits, end = lines_of(site.client.get(url, headers=LINES))
    whole = site.get(url)
    assert [{k: v for k, v in hit.items() if k != "line"} for hit in hits] == whole["hits"]
    assert head.pop("line") == "answer"
    for key in ("query", "total", "generation", "mode", "next_cursor"):
        assert head[key] == whole[key]
    assert end == {
        "line": "end",
        "hits": len(hits),
        "more": whole["more"],
        "next_cursor": whole["next_cursor"],
    }


def test_each_line_is_as_described(site):
    operation = ("paths", "/api/v1/search", "get", "responses", "200", "content")
    schema = schema_of(site, *operation, "application/x-ndjson", "schema", "x-line-schema")
    for line in lines_of(site.client.get(search_url(q="water"), headers=LINES)):
        Draft202012Validator(schema).validate(line)


def test_many_hits_come_line_by_line(many):
    head, *hits, end = lines_of(many.get(search_url(q="pump type:text", k=2000), headers=LINES))
    assert head["total"] > 200
    assert len(hits) == end["hits"] == head["total"]
    assert [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1))
    assert len({hit["passage_id"] for hit in hits}) == len(hits)
    assert end["more"] is False
    some = lines_of(many.get(search_url(q="pump type:text", k=250), headers=LINES))
    assert [line["passage_id"] for line in some[1:-1]] == [
        hit["passage_id"] for hit in hits[: len(some) - 2]
    ]
    assert some[-1]["hits"] == 250
    cursor = some[-1]["next_cursor"]
    onward = many.get(search_url(q="pump type:text", k=1, cursor=cursor)).json
    assert onward["hits"][0]["passage_id"] == hits[250]["passage_id"]


def test_a_stream_that_the_collection_changes_under_ends_with_a_problem(many, monkeypatch):
    answered = Engine.search
    asked = []

    def moving_on(engine, query):
        asked.append(query)
        answer = answered(engine, query)
        return replace(answer, generation=answer.generation + len(asked) - 1)

    monkeypatch.setattr(Engine, "search", moving_on)
    lines = lines_of(many.get(search_url(q="pump type:text", k=2000), headers=LINES))
    assert len(asked) == 2
    assert lines[-1]["line"] == "problem"
    assert lines[-1]["code"] == "stale-cursor"


def test_what_is_wrong_is_told_before_the_stream_begins(site):
    problem(site.client.get(search_url(q="?"), headers=LINES), 422, "unanswerable", "q")


# Not twice


@pytest.mark.parametrize(
    "url",
    ["/api/v1/search?q=pump", "/api/v1/status", "/api/v1/documents", "/api/v1/documents/{leaves}",
     "/api/v1/similar/{leaves}", "/api/v1/facets?q=pump", "/api/v1/suggest?text=pu"],
)  # fmt: skip
def test_an_answer_that_is_known_is_not_sent_again(site, url):
    url = url.format(leaves=site.number("leaves.md"))
    first = site.client.get(url)
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag = first.headers["ETag"]
    assert tag.startswith('W/"')
    for given in (tag, f'"other", {tag}', "*"):
        again = site.client.get(url, headers={"If-None-Match": given})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tag
    assert site.client.get(url, headers={"If-None-Match": 'W/"x"'}).status_code == 200


def test_what_is_known_costs_no_search(site, monkeypatch):
    tag = site.client.get(search_url(q="pump")).headers["ETag"]

    def fail(*_):
        raise AssertionError("it was searched")

    monkeypatch.setattr(Engine, "search", fail)
    again = site.client.get(search_url(q="pump"), headers={"If-None-Match": tag})
    assert again.status_code == 304


def test_tags_differ_by_question_and_form(site):
    tags = {
        site.client.get(search_url(q="pump")).headers["ETag"],
        site.client.get(search_url(q="pump", k=3)).headers["ETag"],
        site.client.get(search_url(q="filter")).headers["ETag"],
        site.client.get("/api/v1/status").headers["ETag"],
    }
    assert len(tags) == 4


def test_a_new_generation_has_new_tags(own_site):
    url = search_url(q="pump")
    tag = own_site.client.get(url).headers["ETag"]
    (own_site.library / "new.txt").write_text("Another pump.\n")
    run_index(own_site.settings, own_site.library)
    again = own_site.client.get(url, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert again.headers["ETag"] != tag


def test_an_original_that_is_gone_changes_the_documents_tag(own_site):
    url = f"/api/v1/documents/{own_site.number('leaves.md')}"
    tag = own_site.client.get(url).headers["ETag"]
    (own_site.library / "leaves.md").unlink()
    again = own_site.client.get(url, headers={"If-None-Match": tag})
    assert again.json["original_url"] is None


def test_an_answer_by_words_for_want_of_an_encoder_is_not_kept(own_site, monkeypatch):
    def fail(*_):
        raise EncoderError("It is gone.")

    monkeypatch.setattr(HashingEncoder, "encode_queries", fail)
    response = own_site.client.get(search_url(q="pump"))
    assert response.json["fallback"]
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


def test_problems_are_not_kept(site):
    assert "ETag" not in site.client.get(search_url(q="?")).headers


# Packed


@pytest.mark.parametrize(("name", "unpack"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_answers_are_packed_for_those_who_can_unpack_them(site, name, unpack):
    url = search_url(q="pump", mode="keyword")
    plain = site.client.get(url)
    packed = site.client.get(url, headers={"Accept-Encoding": name})
    assert packed.headers["Content-Encoding"] == name
    assert len(packed.data) < len(plain.data)
    found = json.loads(unpack(packed.data))
    assert found | {"took_ms": 0} == plain.json | {"took_ms": 0}
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert packed.headers["ETag"] == plain.headers["ETag"]
    again = site.client.get(
        url, headers={"Accept-Encoding": name, "If-None-Match": packed.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Encoding" not in again.headers


def test_lines_and_small_answers_are_not_packed(site):
    accept = {"Accept-Encoding": "gzip, br"}
    assert "Content-Encoding" not in site.client.get("/healthz", headers=accept).headers
    lines = site.client.get(search_url(q="pump"), headers={**accept, **LINES})
    assert "Content-Encoding" not in lines.headers


def test_a_style_sheet_that_was_packed_is_known_by_its_tag(site):
    accept = {"Accept-Encoding": "gzip"}
    first = site.client.get("/static/wherein.css", headers=accept)
    again = site.client.get(
        "/static/wherein.css", headers={**accept, "If-None-Match": first.headers["ETag"]}
    )
    assert first.headers["Content-Encoding"] == "gzip"
    assert again.status_code == 304
