"""The HTTP server: waitress on a socket of our own, so that its failures are sentences of ours."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

from flask import Flask

from search.errors import SettingError

#: Larger bodies are cut off before the application sees them; it has its own, smaller limit.
_BODY_LIMIT = 1024 * 1024


class Server:
    """Serves an application at one address.

    The address is taken at once, so that a port in use is found out before anything is loaded.

    Args:
        host: Name or address to listen on.
        port: Port to listen on; 0 takes a free one.

    Raises:
        SettingError: The address cannot be listened on.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        with _address_errors(host, port):
            self._socket = _bound(host, port)
        self._server: Any = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._socket.getsockname()[1]}"

    def listen(self, app: Flask, threads: int) -> None:
        """Take connections from now on; they are answered once `run` is called.

        Args:
            app: What answers.
            threads: How many requests it answers at once.

        Raises:
            SettingError: Another program came to listen here first.
        """
        from waitress import create_server

        # It warns whenever more requests wait than there are threads, which is no news to anybody.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        with _address_errors(self._host, self._socket.getsockname()[1]):
            self._server = create_server(
                app,
                sockets=[self._socket],
                threads=threads,
                ident=None,
                max_request_body_size=_BODY_LIMIT,
            )

    def run(self, announce: Callable[[], None]) -> None:
        """Answer until Ctrl-C or SIGTERM.

        Args:
            announce: Called when both will end the server cleanly.
        """
        with _terminable():
            try:
                announce()
                self._server.run()
            except KeyboardInterrupt:
                return  # it came outside of the server's own loop

    def close(self) -> None:
        """Let go of the address."""
        if self._server is not None:
            self._server.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
def _terminable() -> Iterator[None]:
    """Have SIGTERM end things as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
