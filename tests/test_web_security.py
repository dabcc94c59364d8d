"""What keeps other web sites, and malicious documents, out."""

import os

import pytest
from conftest import run_index
from web_site import ATTACK, ATTACKING_NAME, Site, parsed, settings_for, site_in

from search.collection_writer import CollectionWriter
from search.engine import Engine
from search.schema import WalkRules
from web import create_app
from web.guard import OTHER_POLICY, PAGE_POLICY, is_loopback
from web.reading import PDF_POLICY

QUERY = "harmful+markup+names+texts+heading"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("security")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    """A site that a test may break."""
    with site_in(tmp_path) as made:
        yield made


def harmless(html):
    """Check that a page holds no element or attribute that a document or query put there."""
    page = parsed(html)
    for script in page.all("script"):
        assert script.attributes["src"].startswith("/static/")
        assert not script.text
    assert not page.all("img, style, iframe, object, embed, math")
    # Signs are drawn in place; nothing in them acts or leads elsewhere.
    assert not page.all("svg script, svg a, svg style, svg image, svg foreignObject, svg animate")
    for element in page.all("*"):
        for name, value in element.attributes.items():
            assert not name.startswith("on"), name
            assert name != "style"
            if name in ("href", "src", "action"):
                assert value.startswith(("/", "#")), value
                assert not value.startswith("//"), value
    return page


# Escaping


def test_malicious_documents_are_escaped_in_results(site):
    response = site.client.get(f"/?q={QUERY}&k=50")
    page = harmless(response.text)
    shown = page.text
    assert ATTACKING_NAME in shown
    assert ATTACK in shown
    assert "<script>alert(3)</script> </p><img src=x onerror=alert(4)> &lt;kept&gt;" in shown
    titles = [element.get("title") for element in page.all(".path")]
    assert any(title.endswith(ATTACKING_NAME) for title in titles)
    harmless(site.client.get(f"/?q={QUERY}&k=50&fragment=1").text)


def test_malicious_documents_are_escaped_on_their_own_pages(site):
    for name in ("attack.html", ATTACKING_NAME):
        row = site.row(name)
        end = len(row.document.text)
        page = harmless(site.client.get(f"/documents/{row.key}?start=0&end={end}&q={QUERY}").text)
        assert "<script>" in page.text or ATTACKING_NAME in page.text
    assert (
        harmless(site.client.get(f"/documents/{site.number('attack.html')}").text)
        .all("title")[0]
        .text.startswith(ATTACK)
    )


@pytest.mark.parametrize(
    "query",
    ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' autofocus onfocus='x",
     "javascript:alert(1)", "</title><script>x</script>", "{{7*7}}"],
)  # fmt: skip
def test_malicious_queries_are_escaped(site, query):
    number = site.number("bees.txt")
    for path in ("/", f"/documents/{number}"):
        response = site.client.get(path, query_string={"q": query, "start": 0, "end": 9})
        page = harmless(response.text)
        assert "49" not in page.all("title")[0].text
    page = harmless(site.client.get("/", query_string={"q": query}).text)
    assert page.all("#q")[0].get("value") == query
    harmless(site.client.get("/", query_string={"q": "a", "mode": query}).text)
    harmless(site.client.get("/", query_string={"q": "a", "k": query}).text)


def test_an_unknown_address_is_not_repeated_as_markup(site):
    response = site.client.get("/" + ATTACK)
    assert response.status_code == 404
    harmless(response.text)


def test_a_malicious_name_cannot_break_out_of_a_header(site):
    with site.client.get(f"/documents/{site.number(ATTACKING_NAME)}/file") as response:
        disposition = response.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert "\n" not in disposition


# Originals


def refused(site, number):
    page = site.client.get(f"/documents/{number}/file")
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "The original file is gone" in page.text


def test_a_symbolic_link_in_the_originals_place_is_refused(own_site, tmp_path):
    number = own_site.number("leaves.md")
    original = own_site.library / "leaves.md"
    secret = tmp_path / "secret.md"
    original.rename(secret)
    original.symlink_to(secret)
    refused(own_site, number)


def test_a_symbolic_link_on_the_way_is_refused(own_site, tmp_path):
    number = own_site.number("bees.txt")
    (own_site.library / "bees.txt").unlink()
    (own_site.library / "copies").rename(tmp_path / "elsewhere")
    (own_site.library / "copies").symlink_to(tmp_path / "elsewhere")
    refused(own_site, number)


def test_a_pipe_in_the_originals_place_is_refused(own_site):
    number = own_site.number("leaves.md")
    (own_site.library / "leaves.md").unlink()
    os.mkfifo(own_site.library / "leaves.md")
    refused(own_site, number)


def test_a_folder_in_the_originals_place_is_refused(own_site):
    number = own_site.number("leaves.md")
    (own_site.library / "leaves.md").unlink()
    (own_site.library / "leaves.md").mkdir()
    refused(own_site, number)


def test_a_file_outside_the_indexed_folders_is_refused(own_site):
    number = own_site.number("leaves.md")
    folder = own_site.settings.collections / own_site.settings.collection
    with CollectionWriter.open(folder) as writer:
        with writer.store.writing() as writing:
            writing.remove_root(own_site.library)
            writing.put_root(own_site.library / "copies", WalkRules())
            writing.put_root(own_site.library.with_name("lib"), WalkRules())
        writer.publish()
    refused(own_site, number)
    with own_site.client.get(f"/documents/{own_site.number('bees.txt')}/file") as response:
        assert "bees again.txt" in response.headers["Content-Disposition"]


@pytest.fixture
def linked_site(tmp_path):
    """A site whose folder was indexed with its links followed, two of which lead out of it."""
    library, outside = tmp_path / "library", tmp_path / "outside"
    (library / "inner").mkdir(parents=True)
    (outside / "deeper").mkdir(parents=True)
    (outside / "tides.txt").write_text("High water at the mill is an hour later than in the bay.\n")
    (outside / "deeper" / "moles.txt").write_text("Moles dig least while the ground is frozen.\n")
    (library / "inner" / "linked.txt").symlink_to(outside / "tides.txt")
    (library / "folder").symlink_to(outside / "deeper")
    settings = settings_for(tmp_path)
    run_index(settings, library, rules=WalkRules(follow=True))
    with Engine.of(settings) as engine:
        yield Site(settings, library, engine, create_app(settings, engine))


def put_roots(site, *removed, **rules):
    """Change what the store says of roots, by their path within the library."""
    folder = site.settings.collections / site.settings.collection
    with CollectionWriter.open(folder) as writer:
        with writer.store.writing() as writing:
            for root in removed:
                writing.remove_root(root)
            for name, rule in rules.items():
                writing.put_root(site.library / name if name != "library" else site.library, rule)
        writer.publish()


def test_a_link_is_followed_if_the_folder_was_indexed_so(linked_site):
    for name, words in (("linked.txt", b"High water"), ("moles.txt", b"Moles dig")):
        address = f"/documents/{linked_site.number(name)}/file"
        with linked_site.client.get(address) as response:
            assert response.status_code == 200
            assert f"filename={name}" in response.headers["Content-Disposition"]
            assert response.data.startswith(words)


def test_a_link_is_refused_once_links_are_not_followed(linked_site):
    put_roots(linked_site, library=WalkRules())
    refused(linked_site, linked_site.number("linked.txt"))
    refused(linked_site, linked_site.number("moles.txt"))


def test_the_nearest_folder_decides_whether_links_are_followed(linked_site):
    put_roots(linked_site, inner=WalkRules())
    refused(linked_site, linked_site.number("linked.txt"))
    with linked_site.client.get(f"/documents/{linked_site.number('moles.txt')}/file") as response:
        assert response.status_code == 200


def test_a_followed_link_outside_of_all_folders_is_refused(linked_site):
    put_roots(linked_site, linked_site.library, inner=WalkRules(follow=True))
    refused(linked_site, linked_site.number("moles.txt"))


def test_a_followed_link_that_leads_elsewhere_now_is_refused(linked_site, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("Nobody indexed this.\n")
    link = linked_site.library / "inner" / "linked.txt"
    link.unlink()
    link.symlink_to(secret)
    refused(linked_site, linked_site.number("linked.txt"))
    link.unlink()
    link.symlink_to(tmp_path)
    refused(linked_site, linked_site.number("linked.txt"))


def test_a_followed_link_to_a_pipe_is_refused(linked_site, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    link = linked_site.library / "inner" / "linked.txt"
    link.unlink()
    link.symlink_to(tmp_path / "pipe")
    refused(linked_site, linked_site.number("linked.txt"))


def test_content_that_was_swapped_behind_an_unchanged_look_is_refused(own_site):
    number = own_site.number("leaves.md")
    original = own_site.library / "leaves.md"
    before = original.stat()
    original.write_bytes(b"s" * before.st_size)
    os.utime(original, ns=(before.st_atime_ns, before.st_mtime_ns))
    refused(own_site, number)


@pytest.mark.parametrize(
    "path",
    ["/static/../guard.py", "/static/..%2fguard.py", "/static/%2e%2e/guard.py",
     "/static//etc/passwd", "/static/..\\guard.py", "/static/", "/static/other.css",
     "/documents/../etc/passwd", "/documents/1/../../etc/passwd", "/documents/1/file/../../x",
     "/documents/..%2f1/file", "/documents/%00/file", "/../../etc/passwd"],
)  # fmt: skip
def test_paths_that_climb_lead_nowhere(site, path):
    with site.client.get(path, follow_redirects=True) as response:
        assert response.status_code == 404
        assert "root:" not in response.text


# Host and origin


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1", "127.0.0.1:65535", "[::1]",
     "[::1]:8000"],
)  # fmt: skip
def test_own_names_are_answered(site, host):
    assert site.client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example",
     "evil.example@localhost", "localhost@evil.example", "localhost:80:80", "localhost/evil", "",
     "192.168.1.7", "[::2]", "[::1", "localhost evil.example", "0.0.0.0"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/healthz", "/static/wherein.css", "/no"])
def test_other_hosts_are_refused(site, host, path):
    response = site.client.get(path, environ_overrides={"HTTP_HOST": host})
    assert response.status_code == 400
    if path.startswith(("/api", "/healthz")):
        assert response.json["code"] == "host-refused"
        assert response.content_type == "application/problem+json"
    else:
        assert "does not answer to the host name" in response.text


@pytest.mark.parametrize(
    ("listens_on", "host", "status"),
    [
        ("wherein.lan", "wherein.lan:8000", 200),
        ("wherein.lan", "other.lan:8000", 400),
        ("192.168.1.7", "192.168.1.7:8000", 200),
        ("192.168.1.7", "192.168.1.8:8000", 400),
        ("fd00::7", "[fd00::7]:8000", 200),
        ("0.0.0.0", "192.168.1.7:8000", 200),
        ("0.0.0.0", "evil.example", 400),
        ("::", "[fd00::7]", 200),
        ("::", "evil.example", 400),
    ],
)
def test_the_configured_host_is_answered_too(site, listens_on, host, status):
    client = create_app(site.settings.with_(host=listens_on), site.engine).test_client()
    assert client.get("/healthz", headers={"Host": host}).status_code == status


def test_the_machines_own_name_is_answered_when_listening_everywhere(site, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Study")
    client = create_app(site.settings.with_(host="0.0.0.0"), site.engine).test_client()
    for host in ("study:8000", "study.local"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://["},
        {"Origin": "file://localhost"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
    ids=str,
)
def test_the_api_refuses_other_origins(site, headers):
    for method in ("GET", "POST", "OPTIONS"):
        response = site.client.open("/api/v1/search?q=a", method=method, headers=headers)
        assert response.status_code == 403
        assert response.json["code"] == "cross-origin"
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "https://LOCALHOST"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_the_api_answers_programs_and_its_own_pages(site, headers):
    assert site.client.get("/api/v1/search?q=a", headers=headers).status_code == 200


def test_links_from_other_sites_lead_to_pages_but_pages_cannot_be_loaded_unseen(site):
    link = {
        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
    }  # fmt: skip
    assert site.client.get("/?q=bees", headers=link).status_code == 200
    for unseen in (
        {**link, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {**link, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {**link, "Sec-Fetch-Dest": "iframe"},
        {**link, "Sec-Fetch-Dest": "embed"},
    ):
        assert site.client.get("/?q=bees", headers=unseen).status_code == 403


# Headers


ANSWERS = {
    "/": "page",
    "/?q=bees": "page",
    "/?q=bees&fragment=1": "page",
    "/?q=%3F": "page",
    "/documents/{leaves}?start=0&end=9&q=sugar": "page",
    "/documents/999": "page",
    "/nowhere": "page",
    "/api/problems": "page",
    "/documents/{leaves}/file": "other",
    "/documents/{manual}/file": "pdf",
    "/api/v1/search?q=bees": "other",
    "/api/v1/search": "other",
    "/api/v1/documents/{leaves}": "other",
    "/api/v1/documents/999": "other",
    "/api/v1/status": "other",
    "/api/nowhere": "other",
    "/healthz": "other",
    "/static/wherein.css": "other",
    "/static/wherein.js": "other",
    "/static/wherein.svg": "other",
    "/static/nothing": "page",
}
POLICIES = {"page": PAGE_POLICY, "other": OTHER_POLICY, "pdf": PDF_POLICY}


@pytest.mark.parametrize(("path", "kind"), ANSWERS.items())
def test_every_kind_of_answer_bears_its_headers(site, path, kind):
    path = path.format(leaves=site.number("leaves.md"), manual=site.number("manual.pdf"))
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        with site.client.open(path, method=method) as response:
            headers = response.headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            if method in ("GET", "HEAD"):
                assert headers["Content-Security-Policy"] == POLICIES[kind]
                kept = headers["Cache-Control"]
                if kind == "other" and "static" not in path:
                    assert kept in ("no-store", "private, no-cache")
                assert "public" not in kept or path.startswith("/static/")
                assert headers.get("Set-Cookie") is None


def test_the_page_policy_allows_nothing_from_outside_and_nothing_inline():
    assert PAGE_POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def test_a_refused_host_bears_the_headers_too(site):
    response = site.client.get("/", headers={"Host": "evil.example"})
    assert response.headers["Content-Security-Policy"] == PAGE_POLICY


def test_faults_bear_the_headers_too(site, monkeypatch):
    def fail(*_):
        raise RuntimeError("x")

    monkeypatch.setattr(Engine, "search", fail)
    response = site.client.get("/?q=a")
    assert response.status_code == 500
    assert response.headers["Content-Security-Policy"] == PAGE_POLICY


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("localhost", True), ("::1", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.7", False), ("example.org", False),
     ("", False)],
)  # fmt: skip
def test_what_only_this_machine_reaches(host, loopback):
    assert is_loopback(host) is loopback
