"""Who may ask: keys, scopes, sessions, other origins, and how much. Each attack is written out."""

from __future__ import annotations

import json
import logging
import os
import stat
import threading

import pytest
from api_calls import problem, search_url
from click.testing import CliRunner
from web_site import Site, parsed, site_in

from indexer.commands import keys as keys_command
from search.errors import StorageError, UsageError
from search.keys import FILE, SESSION, Keys, Scope
from web import create_app
from web.guard import PAGE_POLICY

EVERYWHERE = {"Host": "192.168.1.7:8000"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("access")) as made:
        yield made


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "keys")


def client_of(site: Site, **changes):
    """A client of a server with other settings, on an address that others reach."""
    settings = site.settings.with_(**{"host": "0.0.0.0", **changes})
    client = create_app(settings, site.engine).test_client()
    client.environ_base["HTTP_HOST"] = "192.168.1.7:8000"
    return client


@pytest.fixture
def guarded(site, keys):
    return client_of(site, home=keys._path.parent)


def made(keys: Keys, *scopes: Scope, name: str = "mine") -> str:
    return keys.add(name, scopes or (Scope.READ,))[1]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


# Who needs one


@pytest.mark.parametrize(
    "path",
    ["/api/v1/search?q=bees", "/api/v1/status", "/api/v1/documents/1", "/metrics", "/api/nowhere"],
)
def test_without_a_key_nobody_from_elsewhere_is_answered(guarded, path):
    for method in ("GET", "POST", "HEAD"):
        response = guarded.open(path, method=method)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="wherein"'
    problem(guarded.get(path), 401, "key-required")


@pytest.mark.parametrize("path", ["/", "/documents/1", "/documents/1/file", "/nowhere"])
def test_pages_ask_for_the_key_and_show_nothing_else(guarded, path):
    response = guarded.get(path)
    assert response.status_code == 401
    page = parsed(response.text)
    assert page.one("main form").get("action") == "/key"
    assert "bees" not in response.text.lower()
    assert response.headers["Content-Security-Policy"] == PAGE_POLICY


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/key", "/static/wherein.css", "/api/docs"]
)
def test_what_tells_nothing_of_the_documents_needs_no_key(guarded, path):
    assert guarded.get(path).status_code == 200


def test_this_machine_needs_none_unless_it_is_told_so(site, keys):
    assert site.client.get("/api/v1/status").status_code == 200
    client = client_of(site, host="127.0.0.1", access="keys", home=keys._path.parent)
    client.environ_base["HTTP_HOST"] = "localhost"
    problem(client.get("/api/v1/status"), 401, "key-required")
    assert client.get("/api/v1/status", headers=bearer(made(keys))).status_code == 200


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_key_opens(guarded, keys, header):
    key = made(keys)
    value = f"Bearer {key}" if header == "Authorization" else key
    assert guarded.get(search_url(q="bees"), headers={header: value}).status_code == 200


def test_a_key_in_the_address_is_none(guarded, keys):
    key = made(keys)
    for name in ("key", "api_key", "token"):
        assert guarded.get(f"/api/v1/status?{name}={key}").status_code == 401


def test_wrong_keys_are_refused_in_whichever_way_they_are_wrong(guarded, keys, site):
    key = made(keys)
    _, name, secret = key.split("_", 2)
    wrong = [
        "", "x", "wherein_", f"wherein_{name}_", f"wherein_{name}_{secret}x", key[:-1],
        f"wherein_00000000_{secret}", f"other_{name}_{secret}", key.upper(), f" {key}x",
        f"wherein_{name}_\udcff", "é" * 300, "x" * 5000,
    ]  # fmt: skip
    for text in wrong:
        assert keys.find(text) is None
        if text.isascii():
            problem(guarded.get("/api/v1/status", headers=bearer(text)), 401, "key-refused")
    assert keys.find(key) is not None
    # Not even where no key is needed is a wrong one passed over.
    problem(site.client.get("/api/v1/status", headers=bearer("x")), 401, "key-refused")


def test_a_revoked_key_is_refused_at_once(guarded, keys):
    key = made(keys)
    assert guarded.get("/api/v1/status", headers=bearer(key)).status_code == 200
    keys.revoke("mine")
    problem(guarded.get("/api/v1/status", headers=bearer(key)), 401, "key-refused")


def test_a_key_that_reads_does_not_write(guarded, keys):
    body = {"q": "bees", "passage_id": 1, "relevance": None}
    reading = made(keys)
    found = problem(
        guarded.post("/api/v1/judgements", json=body, headers=bearer(reading)),
        403,
        "scope-missing",
    )
    assert "'write'" in found["detail"]
    writing = made(keys, Scope.READ, Scope.WRITE, name="other")
    response = guarded.post("/api/v1/judgements", json=body, headers=bearer(writing))
    assert response.status_code == 200


# Sessions


def cookie_of(response):
    return response.headers["Set-Cookie"]


def test_a_browser_gives_its_key_once(guarded, keys):
    key = made(keys)
    response = guarded.post("/key", data={"key": f" {key} "})
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    cookie = cookie_of(response)
    assert {"HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={SESSION}"} <= set(
        cookie.split("; ")
    )
    assert key not in cookie
    assert key.split("_", 2)[2] not in cookie
    assert guarded.get("/").status_code == 200
    assert guarded.get("/api/v1/status").status_code == 200
    keys.revoke("mine")
    assert guarded.get("/").status_code == 401


def test_the_cookie_is_for_encrypted_connections_where_there_is_one(guarded, keys):
    key = made(keys)
    response = guarded.post("/key", data={"key": key}, base_url="https://192.168.1.7:8000")
    assert "Secure" in cookie_of(response)


def test_a_session_can_be_ended(guarded, keys):
    guarded.post("/key", data={"key": made(keys)})
    assert guarded.post("/key/forget").status_code == 303
    assert guarded.get("/").status_code == 401


@pytest.mark.parametrize("key", ["", "x", "wherein_00000000_x", "x" * 5000])
def test_a_wrong_key_begins_no_session(guarded, key):
    response = guarded.post("/key", data={"key": key})
    assert response.status_code == 403
    assert "Set-Cookie" not in response.headers
    assert "not known here" in response.text


def test_sessions_cannot_be_made_up_or_prolonged(guarded, keys, monkeypatch):
    key, _ = keys.add("mine", (Scope.READ,))
    name, until, signed = keys.session(key).split(".")
    other, _ = keys.add("other", (Scope.READ, Scope.WRITE))
    wrong = [
        "", ".", "..", name, f"{name}.{until}", f"{name}.{until}.", f"{name}.{until}.{'0' * 64}",
        f"{name}.{int(until) + 1}.{signed}", f"{other.id}.{until}.{signed}", f"{name}.-1.{signed}",
        f"{name}.{'9' * 5000}.{signed}", f"{name}.²³.{signed}", f"{name}.{until}.é",
    ]  # fmt: skip
    for text in wrong:
        assert keys.find_session(text) is None, text
    assert keys.find_session(f"{name}.{until}.{signed}") == key
    monkeypatch.setattr("search.keys.time.time", lambda: int(until) + 1)
    assert keys.find_session(f"{name}.{until}.{signed}") is None


def test_another_site_cannot_begin_or_end_a_session(guarded, keys):
    """Login by a foreign form: the victim's browser would act under the attacker's key."""
    key = made(keys)
    for path in ("/key", "/key/forget"):
        for headers in (
            {"Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        ):
            response = guarded.post(path, data={"key": key}, headers=headers)
            assert response.status_code == 403
            assert "Set-Cookie" not in response.headers


# At rest


def test_keys_are_hashed_and_for_their_owners_eyes_alone(keys):
    first, second = made(keys), made(keys, name="other")
    text = keys._path.read_text()
    for key in (first, second):
        assert key not in text
        assert key.split("_", 2)[2] not in text
    assert stat.S_IMODE(keys._path.stat().st_mode) == 0o600
    kept = json.loads(text)["keys"]
    assert len({each["salt"] for each in kept}) == 2


def test_nobody_may_ever_read_the_keys_while_they_are_written(keys, monkeypatch):
    seen = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (seen.append(stat.S_IMODE(os.fstat(fd).st_mode)), fsync(fd))
    )
    before = os.umask(0)
    try:
        made(keys)
    finally:
        os.umask(before)
    assert seen == [0o600]


@pytest.mark.skipif(os.name != "posix", reason="rights are told otherwise there")
def test_keys_that_others_can_read_are_not_used(guarded, keys):
    key = made(keys)
    keys._path.chmod(0o644)
    with pytest.raises(StorageError, match="Others may read the keys"):
        keys.find(key)
    assert guarded.get("/api/v1/status", headers=bearer(key)).status_code == 503


def test_a_file_of_keys_that_cannot_be_read_lets_nobody_in(guarded, keys):
    key = made(keys)
    keys._path.write_text("{}")
    assert guarded.get("/api/v1/status", headers=bearer(key)).status_code == 503
    assert guarded.get("/api/v1/status").status_code == 401


def test_a_write_that_is_cut_short_leaves_the_keys_as_they_were(keys, monkeypatch):
    key = made(keys)

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError):
        made(keys, name="other")
    assert [each.name for each in keys.all()] == ["mine"]
    assert keys.find(key)


def test_keys_made_at_the_same_time_are_all_kept(keys):
    threads = [
        threading.Thread(target=made, args=(Keys(keys._path.parent),), kwargs={"name": str(n)})
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key.name for key in keys.all()} == {str(n) for n in range(8)}


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 65, "mine"])
def test_names_that_cannot_be_are_refused(keys, name):
    made(keys)
    with pytest.raises(UsageError):
        keys.add(name, (Scope.READ,))


def test_the_command_adds_lists_and_revokes(tmp_path):
    def run(*arguments):
        return CliRunner().invoke(
            keys_command.command, [*arguments, "--home", str(tmp_path)], standalone_mode=False
        )

    assert "There are no keys" in run("list").stderr
    key = run("add", "laptop", "--scope", "write").stdout.strip()
    found = Keys(tmp_path).find(key)
    assert found is not None
    assert found.scopes == (Scope.READ, Scope.WRITE)
    listed = run("list").stdout
    assert "laptop" in listed
    assert found.id in listed
    assert key not in listed
    assert "0 keys left" in run("revoke", "laptop").stdout
    assert Keys(tmp_path).find(key) is None
    with pytest.raises(UsageError):
        run("revoke", "laptop").return_value  # noqa: B018
        raise run("revoke", "laptop").exception
    assert (tmp_path / FILE).exists()


# Secrets and the log


def test_no_key_session_or_question_comes_into_the_log(site, keys, caplog):
    client = client_of(site, home=keys._path.parent, log_format="json")
    key = made(keys)
    # A server that was begun in this process has set levels of its own.
    for logger in (None, "wherein", "wherein.web", "wherein.web.requests"):
        caplog.set_level(logging.DEBUG, logger)
    client.get(search_url(q="very private words"), headers=bearer(key))
    client.get("/api/v1/status", headers={"X-API-Key": key + "x"})
    client.post("/key", data={"key": key})
    client.get("/?q=very+private+words")
    client.get(f"/api/v1/status?key={key}")
    session = client.get_cookie("wherein").value
    said = " ".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "/api/v1/search" in said
    for secret in (key, key.split("_", 2)[2], session, session.rpartition(".")[2], "private"):
        assert secret not in said
