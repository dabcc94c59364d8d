"""`wherein serve` as a process of its own."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from urllib.parse import quote_plus, urlsplit

import pytest
from web_site import site_in


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("page")) as made:
        yield made


def heed_ctrl_c():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Server:
    """`wherein serve` in a process of its own."""

    def __init__(self, site, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "indexer.cli", "serve", "--home", site.settings.home,
             *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "WHEREIN_CACHE": str(site.settings.cache)},
            # Shells have what they run in the background ignore Ctrl-C, and that is inherited.
            preexec_fn=None if os.name == "nt" else heed_ctrl_c,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def ready(self):
        """The ready line, and the address it names."""
        line = self.process.stdout.readline()
        assert line.startswith("Wherein answers on "), line + self.process.stderr.read()
        return line, urlsplit(line.split()[3])

    def end(self, number):
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=30)
        return self.process.returncode, output, errors


def fetch(address, path, method="GET", body=None, headers=None):
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def test_serve_answers_on_a_free_port_and_ends_on_sigterm(site):
    with Server(site, "--port", "0", "--threads", "2") as server:
        line, address = server.ready()
        counts = site.engine.counts()
        assert line == (
            f"Wherein answers on http://127.0.0.1:{address.port} (collection 'default', "
            f"{counts.documents} documents, {counts.passages} passages). Stop with Ctrl-C.\n"
        )
        status, headers, body = fetch(address, "/api/v1/search?q=" + quote_plus("plum tree"))
        assert (status, headers["Content-Type"]) == (200, "application/json")
        assert "Server" not in headers
        assert json.loads(body)["hits"]
        pdf = f"/documents/{site.number('manual.pdf')}/file"
        content = (site.library / "manual.pdf").read_bytes()
        assert fetch(address, pdf)[::2] == (200, content)
        assert fetch(address, pdf, headers={"Range": "bytes=5-9"})[::2] == (206, content[5:10])
        status, _, body = fetch(address, "/api/v1/search?q=" + "x" * 100_000)
        assert (status, json.loads(body)["code"]) == (400, "invalid-parameter")
        status, _, body = fetch(
            address, "/api/v1/search", "POST", b" " * 70_000, {"Content-Type": "application/json"}
        )
        assert (status, json.loads(body)["code"]) == (413, "body-too-large")
        assert server.end(signal.SIGTERM) == (0, "", "")


def test_serve_ends_on_ctrl_c(site):
    with Server(site, "--port", "0", "--host", "localhost") as server:
        assert server.ready()[1].hostname == "localhost"
        assert server.end(signal.SIGINT) == (0, "", "")


def test_serve_says_what_to_do_about_a_port_in_use(site):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Server(site, "--port", str(port)) as server:
            output, errors = server.process.communicate(timeout=60)
    assert server.process.returncode == 2
    assert output == ""
    assert errors == (
        f"wherein: Port {port} is in use already. "
        "Choose another with --port, or let --port 0 find a free one.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--collection", "nowhere"], "There is no collection 'nowhere' yet."),
        (["--host", "203.0.113.1"], "This machine has no address '203.0.113.1' to listen on."),
        (["--port", "70000"], "There is no port 70000."),
        (["--threads", "0"], "The server needs at least one thread."),
    ],
)
def test_serve_refuses_what_cannot_be(site, arguments, sentence):
    with Server(site, *arguments) as server:
        output, errors = server.process.communicate(timeout=60)
    assert server.process.returncode == 2
    assert output == ""
    assert errors.startswith(f"wherein: {sentence}")
    assert errors.count("\n") == 1


def test_importing_web_loads_no_framework():
    code = "import sys, web, web.serve; print({'flask', 'waitress', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
