"""How many requests a second the server answers, and how long each takes: ``make bench-serve``.

Indexes the sample corpus with the built-in model, serves it on loopback with each server that is
there (waitress always; gunicorn and granian if they can be imported), and asks it over the network
stack from 1, 4, 16 and 64 clients at once, each with a connection of its own that it keeps.

The clients run in a process beside the server and share its processors, so that figures are lower
than a server by itself would give. Eight questions come again and again, so that their embeddings
are kept; with --fresh each is asked once, and the encoder has all of them to do. What was turned
away for want of capacity is told apart from errors.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import itertools
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

PROJECT = Path(__file__).resolve().parents[1]
CLIENTS = (1, 4, 16, 64)
QUESTIONS = (
    "water escaping from a pipe",
    "how long may the landlord keep the deposit",
    "who pays for the boiler",
    "leaves turn sunlight into sugar",
    "opening hours of the archive",
    "code E7",
    "what to do when bees swarm",
    "insurance against burglary",
)
_WSGI = """
from search.engine import Engine
from search.settings import Settings
from web import create_app
settings = Settings.from_environment()
engine = Engine.of(settings)
engine.warm_up()
app = create_app(settings, engine)
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one load came to.

    Attributes:
        per_second: Answers a second.
        p50: Half of the answers took no longer, in milliseconds.
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


def load(port: int, clients: int, seconds: float, path: str, *, fresh: bool = False) -> Figures:
    """Ask from so many clients for so long, each question once if ``fresh``."""
    took: list[float] = []
    outcomes: Counter[str] = Counter()
    guard = threading.Lock()
    until = time.perf_counter() + seconds

    def ask(first: int) -> None:
        own: list[float] = []
        said: Counter[str] = Counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for number in itertools.count(first):
            began = time.perf_counter()
            if began >= until:
                break
            words = QUESTIONS[number % len(QUESTIONS)]
            question = quote_plus(f"{words} {first}.{number} {until}" if fresh else words)
            try:
                connection.request("GET", path.format(q=question))
                response = connection.getresponse()
                response.read()
                status = response.status
            except OSError:
                connection.close()
                said["error"] += 1
                continue
            own.append((time.perf_counter() - began) * 1000.0)
            said["fine" if status == 200 else "away" if status == 503 else "error"] += 1
        connection.close()
        with guard:
            took.extend(own)
            outcomes.update(said)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
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


@contextmanager
def served(command: list[str], environment: dict[str, str], ready: str) -> Iterator[int]:
    """A server, and the port it answers at."""
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            if ready:
                line = process.stdout.readline()
                if ready not in line:
                    sys.exit(line + process.stdout.read())
                port = int(line.split()[3].rpartition(":")[2])
            else:
                port = int(environment["PORT"])
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("The server did not come up.")


def servers(environment: dict[str, str], workers: int) -> Iterator[tuple[str, list[str], str]]:
    """Every server that is there: what it is called, how it is started, what it says when ready."""
    wherein = [sys.executable, "-P", "-m", "indexer.cli", "serve", "--port", "0"]
    wherein += ["--rate-limit", "0", "--waiting", "256"]
    yield "waitress", wherein, "answers on"
    yield f"waitress, {workers} workers", [*wherein, "--workers", str(workers)], "answers on"
    port = environment["PORT"]
    if importlib.util.find_spec("gunicorn"):
        yield (
            "gunicorn, gthread",
            [sys.executable, "-m", "gunicorn", "served:app", "--threads", "4", "--bind",
             f"127.0.0.1:{port}", "--log-level", "error"],
            "",
        )  # fmt: skip
    if importlib.util.find_spec("granian"):
        yield (
            "granian",
            [sys.executable, "-m", "granian", "--interface", "wsgi", "served:app", "--port", port,
             "--blocking-threads", "4", "--no-log"],
            "",
        )  # fmt: skip


def main() -> None:
    """Measure every server under every load, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each load lasts")
    parser.add_argument("--clients", type=int, nargs="*", default=CLIENTS, help="clients at once")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2, help="processes")
    parser.add_argument("--mode", default="hybrid", help="how to search")
    parser.add_argument("--model", default=None, help="encoder, if not the built-in one")
    parser.add_argument("--fresh", action="store_true", help="ask each question once")
    parser.add_argument("--record", action="store_true", help="keep the figures")
    chosen = parser.parse_args()
    path = f"/api/v1/search?mode={chosen.mode}&k=10&q={{q}}"
    rows: list[dict[str, str | float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "served.py").write_text(_WSGI)
        environment = {
            **os.environ,
            "WHEREIN_HOME": str(folder / "home"),
            "PYTHONPATH": f"{folder}{os.pathsep}{PROJECT}",
            "PORT": str(_free_port()),
            "WHEREIN_RATE_LIMIT": "0",
            **({"WHEREIN_MODEL": chosen.model} if chosen.model else {}),
        }
        index = [sys.executable, "-P", "-m", "indexer.cli", "index", str(PROJECT / "sample_corpus")]
        subprocess.run(index, env=environment, check=True, capture_output=True)
        print(f"{'server':<24}{'clients':>8}{'req/s':>9}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}"
              f"{'away':>7}{'errors':>8}")  # fmt: skip
        for server, command, ready in servers(environment, chosen.workers):
            with served(command, environment, ready) as port:
                load(port, 2, 1.0, path)
                for clients in chosen.clients:
                    found = load(port, clients, chosen.seconds, path, fresh=chosen.fresh)
                    print(f"{server:<24}{clients:>8}{found.per_second:>9.1f}{found.p50:>9.1f}"
                          f"{found.p95:>9.1f}{found.p99:>9.1f}{found.turned_away:>7}"
                          f"{found.errors:>8}", flush=True)  # fmt: skip
                    rows.append(
                        {
                            "server": server,
                            "clients": clients,
                            "requests a second": round(found.per_second, 1),
                            "p50 ms": round(found.p50, 1),
                            "p95 ms": round(found.p95, 1),
                            "p99 ms": round(found.p99, 1),
                            "turned away": found.turned_away,
                            "errors": found.errors,
                        }
                    )
    if chosen.record:
        from results import record

        record("serve", {"loads": rows}, "make bench-serve")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


if __name__ == "__main__":
    main()
