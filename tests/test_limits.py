"""Which other web sites may ask, and how much anybody may. Each attack is written out."""

from __future__ import annotations

import pytest
from api_calls import problem, search_url
from test_access import bearer, client_of, made
from web_site import site_in

from search.errors import SettingError
from search.keys import Keys
from web import create_app, limits


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("limits")) as made_site:
        yield made_site


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "keys")


# Other origins

PARTNER = "https://partner.example"


@pytest.fixture(scope="module")
def shared(site):
    settings = site.settings.with_(allow_origin=f"{PARTNER} http://localhost:3000")
    return create_app(settings, site.engine).test_client()


def test_no_other_origin_is_allowed_unless_a_setting_says_so(site):
    response = site.client.get("/api/v1/status", headers={"Origin": PARTNER})
    assert response.status_code == 403
    assert not any(name.startswith("Access-Control") for name, _ in response.headers)


def test_an_allowed_origin_may_ask_the_api(shared):
    headers = {"Origin": PARTNER, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    response = shared.get("/api/v1/status", headers=headers)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == PARTNER
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Origin" in response.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_an_allowed_origin_may_ask_first(shared):
    headers = {
        "Origin": PARTNER,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    response = shared.options("/api/v1/search", headers=headers)
    assert response.status_code == 204
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]
    assert response.headers["Access-Control-Allow-Origin"] == PARTNER


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://partner.example.evil.example", "http://partner.example",
     "https://partner.example:444", "null", "https://evil.example?https://partner.example"],
)  # fmt: skip
def test_others_stay_out(shared, origin):
    for method in ("GET", "OPTIONS"):
        response = shared.open("/api/v1/status", method=method, headers={"Origin": origin})
        assert response.status_code == 403
        assert "Access-Control-Allow-Origin" not in response.headers


def test_an_allowed_origin_may_not_load_pages(shared):
    headers = {"Origin": PARTNER, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    for path in ("/", "/documents/1", "/documents/1/file"):
        assert shared.get(path, headers=headers).status_code == 403


@pytest.mark.parametrize("origin", ["*", "partner.example", "https://x.example/path", "file://x"])
def test_what_is_no_origin_cannot_be_allowed(site, origin):
    with pytest.raises(SettingError, match="is no origin"):
        create_app(site.settings.with_(allow_origin=origin), site.engine)


# How much


def test_callers_are_held_to_their_limit_and_told_how_they_stand(site, keys):
    client = client_of(site, home=keys._path.parent, rate_limit=3)
    first, second = made(keys), made(keys, name="other")
    left = []
    for _ in range(3):
        response = client.get("/api/v1/status", headers=bearer(first))
        assert response.status_code == 200
        assert response.headers["RateLimit-Limit"] == "3"
        left.append(int(response.headers["RateLimit-Remaining"]))
    assert left == [2, 1, 0]
    response = client.get("/api/v1/status", headers=bearer(first))
    problem(response, 429, "too-many-requests")
    assert 1 <= int(response.headers["Retry-After"]) <= 120
    assert response.headers["RateLimit-Remaining"] == "0"
    assert client.get("/api/v1/status", headers=bearer(second)).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/status", "/key", "/", "/api/v1/nowhere", "/nowhere"])
def test_keys_cannot_be_guessed_without_end_wherever_it_is_tried(site, keys, path):
    client = client_of(site, home=keys._path.parent, rate_limit=3)
    client.environ_base["REMOTE_ADDR"] = "192.168.1.99"
    statuses = [
        client.get(path, headers=bearer(f"wherein_0000000{n}_x")).status_code for n in range(5)
    ]
    assert statuses[-2:] == [429, 429]
    client.environ_base["REMOTE_ADDR"] = "192.168.1.98"
    assert client.post("/key", data={"key": made(keys)}).status_code == 303, "others still may"


def test_this_machine_may_ask_ten_times_as_much(site):
    client = create_app(site.settings.with_(rate_limit=2), site.engine).test_client()
    statuses = [client.get("/api/v1/collections").status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    unlimited = create_app(site.settings.with_(rate_limit=0), site.engine).test_client()
    response = unlimited.get("/api/v1/collections")
    assert "RateLimit-Limit" not in response.headers


def test_health_is_told_however_many_ask(site):
    client = create_app(site.settings.with_(rate_limit=1), site.engine).test_client()
    assert {client.get("/healthz").status_code for _ in range(30)} == {200}


def test_past_its_capacity_the_server_turns_requests_away_at_once(site):
    app = create_app(site.settings.with_(waiting=2), site.engine)
    waiting = 3
    limits.watch(app, lambda: waiting)
    client = app.test_client()
    response = client.get(search_url(q="bees"))
    problem(response, 503, "overloaded")
    assert response.headers["Retry-After"] == "1"
    assert client.get("/?q=bees").status_code == 503
    assert client.get("/healthz").status_code == 200
    waiting = 2
    assert client.get(search_url(q="bees")).status_code == 200
