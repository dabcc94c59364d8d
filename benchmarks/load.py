"""Clients that ask a server over loopback, each with a connection of its own that it keeps."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote_plus

_LONGEST = 30.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What one load came to.

    Attributes:
        per_second: Answers a second.
        p50: Half of the answers (200) took no longer, in milliseconds.
        p95: So did 95 of a hundred.
        p99: And 99.
        turned_away: How many requests were answered 503 with Retry-After.
        errors: How many were answered otherwise than 200, or not at all.
    """

    per_second: float
    p50: float
    p95: float
    p99: float
    turned_away: int
    errors: int

    def row(self) -> dict[str, float]:
        """As a row of the table."""
        return {
            "requests a second": round(self.per_second, 1),
            "p50 ms": round(self.p50, 1),
            "p95 ms": round(self.p95, 1),
            "p99 ms": round(self.p99, 1),
            "turned away": self.turned_away,
            "errors": self.errors,
        }


class Client:
    """A connection to a server, which speaks no more of HTTP than the server's answers need.

    Python's own client takes as long for an answer as the server does, on the same processors.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def get(self, path: str) -> int:
        """Ask for a path and read all that comes.

        Returns:
            The answer's status.

        Raises:
            OSError: There is no answer, or it ends too early.
        """
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), _LONGEST)
        asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n\r\n"
        try:
            self._socket.sendall(asked.encode("ascii"))
            return self._read(self._socket)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _read(self, line: socket.socket) -> int:
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += _received(line)
        head = got[:end].lower().split(b"\r\n")
        fields = dict(field.split(b":", 1) for field in head[1:])
        left = int(fields[b"content-length"]) - (len(got) - end - 4)
        while left > 0:
            left -= len(_received(line))
        if fields.get(b"connection", b"").strip() == b"close":
            self.close()
        return int(head[0].split()[1])


def _received(line: socket.socket) -> bytes:
    got = line.recv(1 << 16)
    if not got:
        raise ConnectionError("The server hung up.")
    return got


def load(
    port: int, clients: int, seconds: float, path: str, question: Callable[[], str]
) -> Figures:
    """Ask from so many clients for so long.

    Args:
        port: The server's.
        clients: How many ask at once, each as soon as it was answered.
        seconds: For how long they begin to ask.
        path: What to ask for, with ``{q}`` in the question's place.
        question: Gives the next question; called by one client at a time.
    """
    took: list[float] = []
    outcomes: Counter[str] = Counter()
    guard = threading.Lock()
    until = time.perf_counter() + seconds

    def ask() -> None:
        own: list[float] = []
        said: Counter[str] = Counter()
        client = Client(port)
        while time.perf_counter() < until:
            with guard:
                asked = path.format(q=quote_plus(question()))
            began = time.perf_counter()
            try:
                status = client.get(asked)
            except OSError:
                said["error"] += 1
                continue
            if status == 200:  # to be turned away takes no time
                own.append((time.perf_counter() - began) * 1000.0)
            said["fine" if status == 200 else "away" if status == 503 else "error"] += 1
        client.close()
        with guard:
            took.extend(own)
            outcomes.update(said)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = time.perf_counter() - began
    cuts = statistics.quantiles(took, n=100) if len(took) > 1 else [0.0] * 99
    return Figures(
        outcomes["fine"] / passed, cuts[49], cuts[94], cuts[98], outcomes["away"], outcomes["error"]
    )
