"""`wherein mcp`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

import click

from search.options import setting_options
from search.settings import Settings

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

    from search.keys import Keys

_Message = MutableMapping[str, Any]
_App = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]],
    Awaitable[None],
]

#: Largest message from an agent, in bytes.
_BODY_LIMIT = 1024 * 1024


@click.command("mcp", short_help="Offer a collection to agents (Model Context Protocol).")
@setting_options("collection", "home", "host", "port", "access")
@click.option("--http", is_flag=True, help="Listen on --host and --port, at /mcp.")
def command(http: bool, **given: Any) -> None:
    """Offer a collection's documents to agents, over the Model Context Protocol.

    Without --http an agent starts this command and talks to it on standard input and output. With
    it, the command listens as wherein serve does: to this machine only unless --host says
    otherwise, and then to those alone who have a key.
    """
    from search.engine import Engine
    from search.errors import SettingError

    try:
        from web.agents import server_for
    except ImportError as error:
        raise SettingError(
            "The package mcp is not installed.", "Install it with: pip install 'wherein[mcp]'"
        ) from error

    settings = Settings.from_environment(**given)
    # Standard output is the agent's.
    logging.getLogger("wherein").setLevel(logging.WARNING)
    with Engine.of(settings) as engine:
        engine.warm_up()
        server = server_for(engine, settings)
        if http:
            _listen(server, settings)
        else:
            server.run("stdio")


def application(server: MCPServer[Any], settings: Settings) -> _App:
    """The ASGI application that answers agents over HTTP.

    Args:
        server: Offers the tools.
        settings: Say where it listens, and where its keys lie.
    """
    from mcp.server.transport_security import TransportSecuritySettings

    from search.keys import Keys
    from web.access import needs_keys

    app = server.streamable_http_app(
        stateless_http=True,
        json_response=True,
        max_request_body_size=_BODY_LIMIT,
        # Checked by our own rules, below.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        host=settings.host,
    )
    keys = Keys(settings.home) if needs_keys(settings) else None
    return guarded(app, settings.host, keys)


def guarded(app: _App, host: str, keys: Keys | None) -> _App:
    """An application that answers only to its own names, to no web site, and to known keys.

    Args:
        app: The application.
        host: The address it is served on.
        keys: The keys one of which whoever asks must have; None if nobody needs one.
    """
    from search.errors import StorageError
    from search.keys import Scope
    from web.guard import hosts_of, is_own

    may = hosts_of(host)

    def refusal(headers: dict[str, str]) -> int | None:
        named = headers.get("host", "")
        if not may(named):
            return 400
        site = headers.get("sec-fetch-site", "none")
        if site not in ("none", "same-origin") or not is_own(headers.get("origin"), named):
            return 403
        if keys is None:
            return None
        kind, _, given = headers.get("authorization", "").partition(" ")
        try:
            key = keys.find(given.strip()) if kind.lower() == "bearer" else None
        except StorageError:
            return 503
        if key is None:
            return 401
        return None if Scope.READ in key.scopes else 403

    async def answer(
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "http":
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in scope["headers"]
            }
            if status := refusal(headers):
                challenge = [(b"www-authenticate", b'Bearer realm="wherein"')]
                await send(
                    {
                        "type": "http.response.start",
                        "status": status,
                        "headers": [(b"content-length", b"0"), *challenge * (status == 401)],
                    }
                )
                await send({"type": "http.response.body", "body": b""})
                return
        await app(scope, receive, send)

    return answer


def _listen(server: MCPServer[Any], settings: Settings) -> None:
    """Answer agents over HTTP until Ctrl-C or SIGTERM."""
    import uvicorn

    from web.access import require_keys
    from web.server import Server

    with Server(settings.host, settings.port) as address:
        require_keys(settings)
        click.echo(f"Wherein answers agents on {address.url}/mcp. Stop with Ctrl-C.", err=True)
        config = uvicorn.Config(
            application(server, settings), log_level="warning", server_header=False
        )
        uvicorn.Server(config).run(sockets=[address.listening])
