"""Files that are sent to the server: where they go, and what keeps them from going elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from api_calls import conforms, problem
from tests_support import names_in
from web_site import Site, parsed, site_in

from search.errors import SettingError
from search.keys import Keys, Scope
from web import create_app
from web.receiving import channel_with
from web.updating import updating_of
from web.uploads import body_limit, uploads_of

FILES = "/api/v1/files"
FORM = "/collection/files"
PLAIN = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("uploads")) as made:
        yield made


@pytest.fixture
def site(built: Site, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A server that takes files; what it would index is only noted."""
    settings = built.settings.with_(upload_folder=inbox)
    app = create_app(settings, built.engine)
    begun: list[Path] = []
    monkeypatch.setattr(updating_of(app), "take_in", begun.append)
    app.extensions["begun"] = begun
    return replace(built, settings=settings, app=app)


def send(site: Site, name: str, content: bytes = b"Bees.", **more: Any) -> Any:
    headers = {**PLAIN, **more.pop("headers", {})}
    return site.client.post(
        FILES, query_string={"name": name}, data=content, headers=headers, **more
    )


# What is kept


def test_a_file_is_put_into_the_folder_and_a_run_begins(site: Site, inbox: Path) -> None:
    response = send(site, "bees.txt", b"They swarmed.")
    assert response.status_code == 200, response.text
    conforms(site, FILES, response.json, "post")
    assert response.json == {"name": "bees.txt", "size": 13, "new": True}
    assert (inbox / "bees.txt").read_bytes() == b"They swarmed."
    assert names_in(inbox) == ["bees.txt"], "no draft is left"
    assert site.app.extensions["begun"] == [inbox]


def test_the_form_works_without_script_and_takes_several(site: Site, inbox: Path) -> None:
    form = site.page("/collection").one(".uploads form")
    assert (form.get("method"), form.get("action")) == ("post", FORM)
    sent = [(io.BytesIO(b"One."), "one.txt"), (io.BytesIO(b"Two."), "two.md"), (io.BytesIO(), "")]
    response = site.client.post(FORM, data={"files": sent})
    assert response.status_code == 200
    assert parsed(response.text).texts(".sent li") == ["one.txt Added.", "two.md Added."]
    assert names_in(inbox) == ["one.txt", "two.md"]
    assert site.app.extensions["begun"] == [inbox], "one run for all of them"


def test_the_form_says_of_each_file_what_became_of_it(site: Site, inbox: Path) -> None:
    (inbox / "a.txt").write_text("Another.")
    sent = [(io.BytesIO(b"1"), "a.txt"), (io.BytesIO(b"2"), "a.exe"), (io.BytesIO(b"1"), "a.txt")]
    response = site.client.post(FORM, data={"files": sent}, headers={"Accept": "application/json"})
    assert response.status_code == 200
    first, second, third = response.get_json()["outcomes"]
    assert (first["said"], first["new"]) == (
        "Added as “a (2).txt”: another file has that name.",
        True,
    )
    assert (second["kept"], second["said"]) == (
        False,
        "Files of the kind .exe cannot be read. docs/formats.md lists those that can be.",
    )
    assert (third["said"], third["new"]) == ("It is there already, as “a (2).txt”.", False)


# Who may


def test_the_folder_must_be_one_and_no_collections_own(built: Site, tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path / "file"):
        (tmp_path / "file").write_text("x")
        with pytest.raises(SettingError, match="is not there"):
            create_app(built.settings.with_(upload_folder=folder), built.engine)
    inside = built.settings.collections / "default"
    (tmp_path / "link").symlink_to(inside)
    for folder in (inside, tmp_path / "link"):
        with pytest.raises(SettingError, match="where the collections do"):
            create_app(built.settings.with_(upload_folder=folder), built.engine)


def test_without_a_folder_nothing_is_taken(built: Site) -> None:
    problem(send(built, "a.txt"), 403, "uploads-off")
    assert built.client.post(FORM, data={}).status_code == 403
    assert not built.page("/collection").all(".uploads")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
    ],
)
def test_no_other_web_site_can_send_files(site: Site, inbox: Path, headers: dict[str, str]) -> None:
    assert send(site, "a.txt", headers=headers).status_code in (400, 403)
    form = {"files": [(io.BytesIO(b"x"), "a.txt")]}
    assert site.client.post(FORM, data=form, headers=headers).status_code in (400, 403)
    assert not names_in(inbox)


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "", "application/json"]
)
def test_what_a_foreign_form_could_send_is_no_file(site: Site, inbox: Path, kind: str) -> None:
    problem(send(site, "a.txt", headers={"Content-Type": kind}), 415, "unsupported-media-type")
    assert not names_in(inbox)


def test_only_a_key_that_may_write_sends_files(
    site: Site, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(tmp_path / "home")
    reading, writing = (
        {"Authorization": f"Bearer {keys.add(str(scope), (Scope.READ, scope))[1]}"}
        for scope in (Scope.READ, Scope.WRITE)
    )
    app = create_app(site.settings.with_(access="keys", home=tmp_path / "home"), site.engine)
    monkeypatch.setattr(updating_of(app), "take_in", lambda _: None)
    guarded = replace(site, app=app)
    assert send(guarded, "a.txt").status_code == 401
    problem(send(guarded, "a.txt", headers=reading), 403, "scope-missing")
    form = {"files": [(io.BytesIO(b"x"), "a.txt")]}
    assert guarded.client.post(FORM, data=form, headers=reading).status_code == 403
    assert 'id="uploads"' not in guarded.client.get("/collection", headers=reading).text
    assert not names_in(inbox)
    assert send(guarded, "a.txt", headers=writing).status_code == 200
    assert 'id="uploads"' in guarded.client.get("/collection", headers=writing).text


def test_large_bodies_are_taken_only_of_those_who_may_send_them(site: Site, tmp_path: Path) -> None:
    """Bodies are written to the disk before the application sees the request."""
    keys = Keys(tmp_path / "home")
    key = keys.add("mine", (Scope.READ, Scope.WRITE))[1]
    reader = keys.add("theirs", (Scope.READ,))[1]
    app = create_app(site.settings.with_(access="keys", home=tmp_path / "home"), site.engine)
    limit = body_limit(app, 1_000)
    each = uploads_of(app).each
    assert limit(FILES, {"AUTHORIZATION": f"Bearer {key}"}) > each
    assert limit(FORM, {"X_API_KEY": key}) > each
    for headers in ({}, {"AUTHORIZATION": f"Bearer {reader}"}, {"X_API_KEY": "wherein_0_x"},
                    {"COOKIE": "wherein=0.9999999999.x"}):  # fmt: skip
        assert limit(FILES, headers) == 1_000
    assert limit("/api/v1/search", {"AUTHORIZATION": f"Bearer {key}"}) == 1_000
    open_to_all = body_limit(site.app, 1_000)
    assert open_to_all(FILES, {}) > each
    assert open_to_all("/api/v1/search", {}) == 1_000
    here = {"HOST": "localhost:8700", "ORIGIN": "http://localhost:8700"}
    assert open_to_all(FORM, here | {"SEC_FETCH_SITE": "same-origin"}) > each
    for foreign in ({"ORIGIN": "http://evil.example"}, {"ORIGIN": "null"},
                    {"SEC_FETCH_SITE": "cross-site"}):  # fmt: skip
        assert open_to_all(FORM, here | foreign) == 1_000, "any web site may have a form sent"


def test_the_server_goes_by_that_limit() -> None:
    from waitress.adjustments import Adjustments

    channel = channel_with(lambda path, _: 100 if path == "/many" else 10)
    for path, taken in (("/many", True), ("/few", False)):
        parser = channel.parser_class(Adjustments())
        parser.received(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n".encode())
        assert (parser.error is None) == taken


def test_a_german_page_says_it_in_german(site: Site) -> None:
    response = site.client.post(
        FORM,
        data={"files": [(io.BytesIO(b"x"), "a.exe")]},
        headers={"Accept": "application/json", "Accept-Language": "de"},
    )
    assert "können nicht gelesen werden" in response.get_json()["outcomes"][0]["said"]


def test_what_was_sent_is_found(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    with site_in(tmp_path / "site") as site:
        app = create_app(site.settings.with_(upload_folder=tmp_path / "inbox"), site.engine)
        sending = replace(site, app=app)
        first = send(sending, "wasps.txt", b"The wasps came in August.")
        second = send(sending, "hornets.txt", b"The hornets left in September.")
        assert (first.status_code, second.status_code) == (200, 200)
        assert updating_of(app).wait(60)
        assert updating_of(app).own().failed is False, updating_of(app).own().said
        for word in ("wasps", "hornets"):
            found = sending.get(f"/api/v1/search?q={word}&mode=keyword")
            assert [hit["title"] for hit in found["hits"]] == [f"{word}.txt"]
