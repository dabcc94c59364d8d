"""The HTTP server: waitress on a socket of our own, so that its failures are sentences of ours."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

from flask import Flask

from search.errors import SettingError

#: Larger bodies, but for files, are cut off before the application sees them; it has its own,
#: smaller limit.
_BODY_LIMIT = 1024 * 1024
#: Seconds after which a connection on which nothing happens is closed, finished or not, and how
#: often it is looked for such.
_IDLE, _LOOKED = 60, 10
#: How many connections are open at the most; further ones wait to be taken.
_CONNECTIONS = 1000
#: How long what is being answered may take to be finished when the server ends, in seconds.
GRACE = 20.0
#: How often it is looked whether it is, and whether the server is to end, in seconds.
_TICK, _LONG_TICK = 0.05, 1.0


class Server:
    """Serves an application at one address.

    The address is taken at once, so that a port in use is found out before anything is loaded.

    Args:
        host: Name or address to listen on.
        port: Port to listen on; 0 takes a free one.
        taken: A socket that listens there already, in place of one to be made.

    Raises:
        SettingError: The address cannot be listened on.
    """

    def __init__(self, host: str, port: int, taken: socket.socket | None = None) -> None:
        self._host = host
        if taken is None:
            with _address_errors(host, port):
                taken = _bound(host, port)
        self._socket = taken
        self._server: Any = None
        self._stops = 0

    @property
    def url(self) -> str:
        """Where it is reached."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._socket.getsockname()[1]}"

    @property
    def listening(self) -> socket.socket:
        """The socket that was taken."""
        return self._socket

    def listen(self, app: Flask, threads: int) -> None:
        """Take connections from now on; they are answered once `run` is called.

        Args:
            app: What answers.
            threads: How many requests it answers at once.

        Raises:
            SettingError: Another program came to listen here first.
        """
        from waitress import create_server

        from web.limits import watch
        from web.receiving import channel_with
        from web.uploads import body_limit

        # It warns whenever more requests wait than there are threads, which is no news to anybody.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        with _address_errors(self._host, self._socket.getsockname()[1]):
            server = create_server(
                app,
                sockets=[self._socket],
                threads=threads,
                ident=None,
                channel_timeout=_IDLE,
                cleanup_interval=_LOOKED,
                connection_limit=_CONNECTIONS,
                # select cannot tell of as many connections.
                asyncore_use_poll=True,
            )
        server.channel_class = channel_with(body_limit(app, _BODY_LIMIT))
        waiting = server.task_dispatcher.queue
        watch(app, lambda: len(waiting))
        self._server = server

    def run(self, announce: Callable[[], None]) -> None:
        """Answer until Ctrl-C, SIGTERM or `stop`, and finish what is being answered then.

        Args:
            announce: Called when both will end the server cleanly.
        """
        with _terminable(self.stop):
            announce()
            while not self._stops:
                self._wait(_LONG_TICK)
            self._finish()

    def stop(self) -> None:
        """End the server when what is being answered is finished; called again, at once."""
        self._stops += 1
        if self._server is not None:
            self._server.pull_trigger()

    def close(self) -> None:
        """Let go of the address."""
        if self._server is not None:
            self._server.task_dispatcher.shutdown(timeout=_TICK)
            for channel in list(self._server.active_channels.values()):
                channel.handle_close()  # which gives up what it keeps in files
            self._server.asyncore.close_all(self._server._map)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait(self, seconds: float) -> None:
        """Look after the connections until something happens, but no longer than that."""
        self._server.asyncore.loop(timeout=seconds, map=self._server._map, use_poll=True, count=1)

    def _finish(self) -> None:
        """Take no more connections, and answer what has come in."""
        self._server.accepting = False
        until = time.monotonic() + GRACE
        while self._stops == 1 and time.monotonic() < until:
            busy = False
            for channel in list(self._server.active_channels.values()):
                if channel.requests or channel.total_outbufs_len:
                    busy = True
                else:
                    channel.will_close = True
            if not busy:
                return
            self._wait(_TICK)


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere it would let two programs listen at once
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # Two sockets may be bound to a port, but only one may listen.
        bound.listen()
    except BaseException:
        bound.close()
        raise
    return bound


@contextmanager
def _address_errors(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise SettingError(
                f"This machine has no address {host!r} to listen on.",
                "Leave --host out, or name one of its own.",
            ) from error
        if error.errno == errno.EADDRINUSE:
            raise SettingError(
                f"Port {port} is in use already.",
                "Choose another with --port, or let --port 0 find a free one.",
            ) from error
        if error.errno == errno.EACCES:
            raise SettingError(
                f"You may not listen on port {port}.", "Choose one from 1024 up with --port."
            ) from error
        raise SettingError(
            f"Nothing can listen on port {port} of {host!r} ({error.strerror or error}).",
            "Choose another address with --host and --port.",
        ) from error


@contextmanager
def _terminable(stop: Callable[[], None]) -> Iterator[None]:
    """Have SIGTERM and Ctrl-C end things in good order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heed(_: int, __: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, heed) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
