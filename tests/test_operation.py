"""How the server is run: health, numbers, log, a good end, several processes."""

from __future__ import annotations

import http.client
import json
import logging
import os
import shutil
import signal
import socket
import sys
import threading
from contextlib import contextmanager
from importlib.metadata import version

import psutil
import pytest
from api_calls import search_url
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from serving import PATIENCE, serving
from web_site import site_in

from search.keys import Keys, Scope
from web import create_app, logs
from web.server import Server

_COUNT = "wherein_stage_seconds_count"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("operation")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    """A site that a test may break."""
    with site_in(tmp_path) as made:
        yield made


# Health


def test_healthz_and_readyz(site):
    assert site.get("/healthz") == {"status": "ok", "version": version("wherein")}
    ready = site.get("/readyz")
    assert ready == {"status": "ready", "generation": site.get("/api/v1/status")["generation"]}


def test_a_collection_that_vanished_is_not_ready_and_no_path_is_told(own_site):
    shutil.rmtree(own_site.settings.collections)
    response = own_site.client.get("/readyz")
    assert response.status_code == 503
    assert response.json == {"status": "unready", "code": "collection-missing"}
    assert own_site.client.get("/healthz").status_code == 200


# Numbers


def numbers(text):
    """Every sample, by its name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def grown(site, *urls):
    """How much each number grew by these requests."""
    before = numbers(site.client.get("/metrics").text)
    for url in urls:
        site.client.get(url)
    after = numbers(site.client.get("/metrics").text)
    return {key: value - before.get(key, 0.0) for key, value in after.items()}


def test_queries_and_requests_are_counted(site):
    tag = site.client.get(search_url(q="bees")).headers["ETag"]
    found = grown(site, search_url(q="bees"), search_url(q="bees", mode="keyword"), "/nowhere")
    modes = ("mode", "hybrid"), ("requested", "hybrid")
    assert found["wherein_queries_total", *modes] == 1
    assert found["wherein_stage_seconds_count", ("stage", "whole")] == 2
    endpoint = ("endpoint", "api.get_search"), ("method", "GET"), ("status", "200")
    assert found["wherein_requests_total", *endpoint] == 2
    nowhere = ("endpoint", "nowhere"), ("method", "GET"), ("status", "404")
    assert found["wherein_requests_total", *nowhere] == 1
    site.client.get(search_url(q="bees"), headers={"If-None-Match": tag})
    text = site.client.get("/metrics").text
    assert numbers(text)["wherein_not_modified_total",] >= 1
    assert numbers(text)["wherein_generation",] == site.get("/readyz")["generation"]


def test_stages_the_encoder_and_its_cache_are_counted(site):
    found = grown(site, search_url(q="a kestrel above the weir"), search_url(q="pump", k=7))
    stages = {dict(key[1:])["stage"] for key, n in found.items() if key[0] == _COUNT and n}
    assert {"whole", "encoding", "words", "keywords", "texts"} <= stages
    assert found["wherein_encoder_batch_queries_count",] >= 1
    assert found["wherein_query_embeddings_total", ("from_cache", "no")] >= 1
    again = grown(site, search_url(q="a kestrel above the weir"))
    assert again["wherein_query_embeddings_total", ("from_cache", "yes")] >= 1
    assert again["wherein_encoder_batch_queries_count",] == 0


def test_callers_cannot_make_up_labels(site):
    def make_up(number):
        site.client.get(f"/made-up-{number}")
        site.client.open("/", method=f"MADEUP{number}")
        return len(numbers(site.client.get("/metrics").text))

    make_up(0)
    before = make_up(1)
    assert [make_up(number) for number in range(2, 8)] == [before] * 6


def test_numbers_are_for_those_who_may_read(site, tmp_path):
    settings = site.settings.with_(access="keys", home=tmp_path)
    client = create_app(settings, site.engine).test_client()
    assert client.get("/metrics").status_code == 401
    _, key = Keys(tmp_path).add("prometheus", (Scope.READ,))
    response = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert response.status_code == 200
    assert response.mimetype == "text/plain"


# The log


def test_each_request_has_an_id_and_a_line(site, caplog):
    with caplog.at_level(logging.INFO, "wherein.web.requests"):
        response = site.client.get("/api/v1/documents/999?x=y", headers={"X-Request-ID": "a" * 16})
    assert response.headers["X-Request-ID"] == "a" * 16
    (record,) = [each for each in caplog.records if each.name == "wherein.web.requests"]
    line = json.loads(logs.JsonLines().format(record))
    assert line["path"] == "/api/v1/documents/999"
    assert (line["method"], line["status"]) == ("GET", 400)
    assert line["caller"] == "127.0.0.1"
    assert line["milliseconds"] >= 0


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "bad id with spaces", 'in"jection{}'])
def test_ids_that_would_spoil_the_log_are_not_taken(site, given):
    answered = site.client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert len(answered) == 16
    assert answered != given


def test_json_lines_are_one_line_each_whatever_they_say():
    record = logging.LogRecord("wherein", logging.ERROR, "x", 1, "two\nlines\u2028%s", ("a",), None)
    try:
        raise ValueError("deep")
    except ValueError:
        record.exc_info = sys.exc_info()
    text = logs.JsonLines().format(record)
    assert "\n" not in text
    assert json.loads(text)["trace"].startswith("Traceback")


# A good end


@contextmanager
def running(app, threads=2):
    """A server in a thread, its port, and the thread."""
    with Server("127.0.0.1", 0) as server:
        server.listen(app, threads)
        begun = threading.Event()
        thread = threading.Thread(target=server.run, args=(begun.set,))
        thread.start()
        assert begun.wait(PATIENCE)
        try:
            yield server, int(server.url.rpartition(":")[2]), thread
        finally:
            server.stop()
            server.stop()
            thread.join(PATIENCE)


def test_what_is_being_answered_is_finished_and_nothing_else_is_begun():
    app, entered, release = Flask("slow"), threading.Event(), threading.Event()

    @app.get("/slow")
    def slow():
        entered.set()
        assert release.wait(PATIENCE)
        return b"x" * 3_000_000

    answers = []

    def ask(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/slow")
        answers.append(connection.getresponse().read())
        connection.close()

    with running(app) as (server, port, thread):
        asking = threading.Thread(target=ask, args=(port,))
        asking.start()
        assert entered.wait(PATIENCE)
        idle = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        server.stop()
        assert idle.recv(1) == b"", "a connection that asks nothing is closed"
        idle.close()
        assert thread.is_alive(), "the server waits for the answer"
        release.set()
        thread.join(PATIENCE)
        asking.join(PATIENCE)
        assert not thread.is_alive()
        assert answers == [b"x" * 3_000_000]


def test_connections_that_are_held_open_and_say_nothing_are_closed(monkeypatch):
    """Slowloris: many connections that never finish a request, to keep others out."""
    monkeypatch.setattr("web.server._IDLE", 1)
    monkeypatch.setattr("web.server._LOOKED", 1)
    with running(Flask("idle")) as (_, port, _thread):
        held = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(5)]
        for number, connection in enumerate(held):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Begun: "[: 9 * number])
        assert [connection.recv(1) for connection in held] == [b""] * 5
        for connection in held:
            connection.close()


def test_a_second_stop_does_not_wait():
    app, entered, release = Flask("stuck"), threading.Event(), threading.Event()

    @app.get("/stuck")
    def stuck():
        entered.set()
        release.wait(PATIENCE)
        return ""

    with running(app) as (server, port, thread):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/stuck")
        assert entered.wait(PATIENCE)
        server.stop()
        server.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        release.set()
        connection.close()


def test_requests_wait_in_a_queue_that_the_application_can_see():
    app, entered, release = Flask("queue"), threading.Event(), threading.Event()
    seen = []

    @app.get("/<name>")
    def view(name):
        if name == "first":
            entered.set()
            assert release.wait(PATIENCE)
        return ""

    def ask(port, name):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", f"/{name}")
        seen.append(connection.getresponse().status)
        connection.close()

    with running(app, threads=1) as (_, port, _thread):
        waiting = app.extensions["wherein.waiting"]
        first = threading.Thread(target=ask, args=(port, "first"))
        first.start()
        assert entered.wait(PATIENCE)
        others = [threading.Thread(target=ask, args=(port, f"other{n}")) for n in range(3)]
        for other in others:
            other.start()
        while waiting() < 3:
            threading.Event().wait(0.01)
        release.set()
        for thread in (first, *others):
            thread.join(PATIENCE)
        assert seen == [200] * 4
        assert waiting() == 0


# Processes


def port_of(process):
    line = process.stdout.readline()
    assert line.startswith("Wherein answers on "), line + process.stderr.read()
    return int(line.split()[3].rpartition(":")[2])


def fetch(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.mark.skipif(os.name != "posix", reason="sockets are handed on by POSIX systems only")
def test_several_processes_answer_are_replaced_and_end_together(site):
    with serving(site.settings, "--workers", "2", "--threads", "1") as server:
        port = port_of(server)
        workers = psutil.Process(server.pid).children()
        assert len(workers) == 2
        for _ in range(10):
            status, body = fetch(port, search_url(q="plum tree"))
            assert status == 200
            assert json.loads(body)["hits"]
        _, text = fetch(port, "/metrics")
        counted = {key: n for key, n in numbers(text).items() if key[0] == "wherein_queries_total"}
        assert sum(counted.values()) == 10, "whoever answered, it is counted"
        workers[0].kill()
        assert "has died" in server.stderr.readline()
        assert fetch(port, "/healthz")[0] == 200
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=PATIENCE)
        assert server.returncode == 0
        assert not any(worker.is_running() for worker in workers)


@pytest.mark.skipif(os.name != "posix", reason="sockets are handed on by POSIX systems only")
def test_the_others_end_when_the_first_process_is_killed(site):
    with serving(site.settings, "--workers", "2", "--threads", "1") as server:
        port_of(server)
        workers = psutil.Process(server.pid).children()
        server.kill()
        gone, alive = psutil.wait_procs(workers, timeout=PATIENCE)
        assert not alive
        assert len(gone) == 2


def test_serving_the_network_without_a_key_is_refused(site):
    with serving(site.settings, "--host", "0.0.0.0") as server:
        output, errors = server.communicate(timeout=PATIENCE)
    assert (server.returncode, output) == (2, "")
    assert "there is no key to ask with" in errors
    assert "wherein keys add" in errors


def test_the_log_is_json_where_that_is_wanted(site):
    with serving(site.settings, "--log-format", "json") as server:
        port = port_of(server)
        fetch(port, search_url(q="very private words"))
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=PATIENCE)
    lines = [json.loads(line) for line in errors.splitlines()]
    (line,) = [each for each in lines if each.get("path") == "/api/v1/search"]
    assert (line["status"], line["method"], len(line["request"])) == (200, "GET", 16)
    assert "private" not in errors
