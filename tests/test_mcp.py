"""`wherein mcp`: agents find and read documents, with citations; the protocol's own client asks."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import httpx2
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from web_site import site_in

from search.engine import Engine
from search.errors import SettingError, StorageError
from search.keys import Keys, Scope
from web.agents import server_for
from web.mcp import application, command

TOOLS = {"search", "read_passage", "read_document", "similar", "collections"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("agents")) as made:
        yield made


def asked(site, name, **arguments):
    """What a tool answers, asked by the package's own client."""

    async def ask():
        async with Client(server_for(site.engine, site.settings)) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(ask())


def told(site, name, **arguments):
    result = asked(site, name, **arguments)
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


def refused(site, name, **arguments):
    result = asked(site, name, **arguments)
    assert result.is_error
    return result.content[0].text


def test_the_tools_are_described_with_types_and_change_nothing(site):
    async def listed():
        async with Client(server_for(site.engine, site.settings)) as client:
            return (await client.list_tools()).tools, client.instructions

    tools, instructions = asyncio.run(listed())
    assert {tool.name for tool in tools} == TOOLS
    assert "not instructions" in instructions
    for tool in tools:
        assert tool.description
        assert tool.annotations.read_only_hint is True
        assert tool.output_schema["type"] == "object"
        assert tool.output_schema["properties"]


def test_what_is_found_says_where_it_stands(site):
    found = told(site, "search", query="impeller blocked by gravel", limit=2)
    assert 1 <= len(found["passages"]) <= 2
    best = found["passages"][0]
    citation = best["citation"]
    assert citation["title"] == "Pond pump manual"
    assert citation["page"] == 3
    assert citation["path"] == str(site.library / "manual.pdf")
    assert citation["text"] == f"Pond pump manual, page 3 ({citation['path']})"
    whole = site.row("manual.pdf").document.text
    assert whole[citation["start"] : citation["end"]] == best["text"]


def test_a_passage_can_be_read_with_what_stands_around_it(site):
    best = told(site, "search", query="impeller blocked by gravel", limit=1)["passages"][0]
    passage = told(site, "read_passage", passage_id=best["passage_id"], around=50)
    assert passage["text"] == best["text"]
    whole = site.row("manual.pdf").document.text
    start, end = passage["citation"]["start"], passage["citation"]["end"]
    assert passage["before"] == whole[max(0, start - 50) : start]
    assert passage["after"] == whole[end : end + 50]
    assert passage["citation"] == best["citation"]


def test_a_document_can_be_read_piece_by_piece(site):
    number, read, start = site.number("leaves.md"), "", 0
    while start is not None:
        part = told(site, "read_document", document_id=number, start=start, length=100)
        assert len(part["text"]) <= 100
        read, start = read + part["text"], part["next_start"]
    assert read == site.row("leaves.md").document.text
    assert part["length"] == len(read)
    assert told(site, "read_document", document_id=number, start=10**9)["text"] == ""


def test_documents_that_are_alike(site):
    number = site.number("leaves.md")
    alike = told(site, "similar", document_id=number, limit=3)["passages"]
    assert alike
    assert number not in {each["citation"]["document_id"] for each in alike}


def test_the_collections(site):
    (known,) = told(site, "collections")["collections"]
    assert known == {
        "name": "default",
        "searched": True,
        "documents": 5,
        "passages": site.engine.counts().passages,
        "folders": [str(site.library)],
    }


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("search", {"query": "?"}, "no letter or digit"),
        ("search", {"query": "a", "limit": 0}, "limit"),
        ("search", {"query": "a", "mode": "magic"}, "mode"),
        ("search", {}, "query"),
        ("read_passage", {"passage_id": 9999}, "There is no passage 9999"),
        ("read_document", {"document_id": 9999}, "no document 9999"),
        ("read_document", {"document_id": -1}, "document_id"),
        ("read_document", {"document_id": 1, "length": 10**6}, "length"),
        ("similar", {"document_id": 9999}, "no document 9999"),
    ],
)
def test_what_cannot_be_is_told_to_the_agent(site, name, arguments, words):
    assert words in refused(site, name, **arguments)


def test_a_broken_collection_is_told_in_a_sentence_and_a_fault_is_not(site, monkeypatch):
    def broken(*_):
        raise StorageError("The disk failed.", "Check it.")

    monkeypatch.setattr(Engine, "search", broken)
    assert "The disk failed. Check it." in refused(site, "search", query="bees")

    def fault(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Engine, "search", fault)
    assert "secret" not in refused(site, "search", query="bees")


def test_over_standard_input_and_output(site):
    started = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from web.mcp import command; command()", "--home", str(site.settings.home)],
        env={**os.environ, "WHEREIN_CACHE": str(site.settings.cache)},
    )

    async def ask():
        async with Client(stdio_client(started)) as client:
            tools = (await client.list_tools()).tools
            found = await client.call_tool("search", {"query": "plum tree", "limit": 1})
            return {tool.name for tool in tools}, found.structured_content

    names, found = asyncio.run(ask())
    assert names == TOOLS
    assert found["passages"][0]["citation"]["title"] == "bees.txt"


# Over HTTP

PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


def statuses(site, *requests, **changes):
    """What requests with these headers are answered with."""
    settings = site.settings.with_(**changes)

    async def ask():
        app = application(server_for(site.engine, settings), settings)
        inner = httpx2.ASGITransport(app=app)
        found = []
        async with httpx2.AsyncClient(transport=inner, base_url="http://localhost") as client:
            for headers in requests:
                response = await client.post("/mcp", json=PING, headers=headers)
                found.append(response.status_code)
        return found

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 400),
        ({"Host": "localhost.evil.example"}, 400),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
    ids=str,
)
def test_web_sites_cannot_use_an_agents_tools(site, headers, status):
    assert statuses(site, headers) == [status]


def test_others_than_this_machine_need_a_key(site, tmp_path):
    _, key = Keys(tmp_path).add("agent", (Scope.READ,))
    elsewhere = {"Host": "192.168.1.7:8000"}
    wrong = {**elsewhere, "Authorization": "Bearer wherein_00000000_x"}
    in_address = {**elsewhere, "X-Key": key}
    _, writes = Keys(tmp_path).add("writes", (Scope.WRITE,))
    cannot_read = {**elsewhere, "Authorization": f"Bearer {writes}"}
    found = statuses(site, elsewhere, wrong, in_address, cannot_read, host="0.0.0.0", home=tmp_path)
    assert found == [401, 401, 401, 403]


def test_over_http_with_a_key(site, tmp_path):
    import socket
    import threading

    import uvicorn

    (tmp_path / "collections").symlink_to(site.settings.collections)
    _, key = Keys(tmp_path).add("agent", (Scope.READ,))
    settings = site.settings.with_(access="keys", home=tmp_path)
    app = application(server_for(site.engine, settings), settings)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(app, log_level="error", lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            found = asyncio.run(_asked_over_http(port, key))
        finally:
            server.should_exit = True
            thread.join(60)
    assert found["passages"][0]["citation"]["title"] == "bees.txt"


async def _asked_over_http(port, key):
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers) as http:
        transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
        async with Client(transport) as client:
            result = await client.call_tool("search", {"query": "plum tree", "limit": 1})
            return result.structured_content


def test_the_network_is_not_served_without_a_key(site):
    with pytest.raises(SettingError, match="no key to ask with"):
        command.main(
            ["--http", "--host", "0.0.0.0", "--port", "0", "--home", str(site.settings.home)],
            standalone_mode=False,
        )
