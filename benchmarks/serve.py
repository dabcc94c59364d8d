"""How many requests a second the server answers, and how long each takes: `make bench-serve`.

    python benchmarks/serve.py --data FOLDER [--passages 20000] [--seconds 4]

Makes a collection of passages mixed from BEIR collections in FOLDER, serves it on loopback with
each server that is there (waitress always, with one process and with as many as there are cores;
gunicorn and granian if they can be imported), and asks it over the network stack from 1, 4, 16 and
64 clients at once. Each load is asked twice: questions that come again and again, whose embeddings
are kept, and questions never asked before, which the encoder has all to do. Then `wherein serve` is
asked once more while `wherein index` adds files to the collection. It takes about four minutes.

The clients run in a process beside the server and share its processors, so that figures are lower
than a server by itself would give. What was turned away for want of capacity is told apart from
errors.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import itertools
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from load import load
from material import grown, put_into_collection
from results import Figure, record
from synthesis import Real, fresh_questions, questions, real_passages

from search.encoders import DEFAULT_MODEL, load_encoder
from search.runs import EVERY, read_run
from search.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
CLIENTS = (1, 4, 16, 64)
#: How many clients the limits are for, and how many questions come again.
LIMITED, KNOWN = 16, 64
PATH = "/api/v1/search?k=10&q={q}"
_CACHE = Settings.from_environment().cache
#: Files that are indexed beside the server: more than it is done with while it is asked.
_FILES = 1_500
_WSGI = """
from search.engine import Engine
from search.settings import Settings
from web import create_app
settings = Settings.from_environment()
engine = Engine.of(settings)
engine.warm_up()
app = create_app(settings, engine)
"""


@contextmanager
def served(command: list[str], environment: dict[str, str], ready: str) -> Iterator[int]:
    """A server, and the port it answers at."""
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            port = int(environment["PORT"])
            if ready:
                said = []
                for line in process.stdout:
                    said.append(line)
                    if ready in line:
                        break
                else:
                    sys.exit("".join(said))
                port = int(said[-1].partition("http://")[2].split()[0].rpartition(":")[2])
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit("The server did not come up.")


def servers(port: str) -> Iterator[tuple[str, list[str], str]]:
    """Every server that is there: what it is called, how it is started, what it says when ready."""
    wherein = [sys.executable, "-P", "-m", "indexer.cli", "serve", "--port", "0"]
    wherein += ["--rate-limit", "0", "--waiting", "256"]
    workers = os.cpu_count() or 2
    yield "wherein serve", wherein, "answers on"
    yield f"wherein serve --workers {workers}", [*wherein, "--workers", str(workers)], "answers on"
    if importlib.util.find_spec("gunicorn"):
        yield (
            "gunicorn, 4 threads",
            [sys.executable, "-m", "gunicorn", "served:app", "--threads", "4", "--bind",
             f"127.0.0.1:{port}", "--log-level", "error"],
            "",
        )  # fmt: skip
    if importlib.util.find_spec("granian"):
        yield (
            "granian, 4 threads",
            [sys.executable, "-m", "granian", "--interface", "wsgi", "served:app", "--port", port,
             "--blocking-threads", "4", "--no-log"],
            "",
        )  # fmt: skip


@contextmanager
def indexing(
    folder: Path, real: Real, environment: dict[str, str], collection: Path
) -> Iterator[Callable[[], bool]]:
    """`wherein index` at work; what is given tells whether it still is.

    Args:
        folder: Where to put files of texts that were never seen before.
        real: What to make them of.
        environment: Says which collection.
        collection: Its folder.
    """
    chance = random.Random(3)
    folder.mkdir()
    for number in range(_FILES):
        texts = (chance.choice(real.texts).split() for _ in range(4))
        words = [word for text in texts for word in chance.sample(text, len(text))]
        (folder / f"{number}.txt").write_text(" ".join(words), "utf-8")
    command = [sys.executable, "-P", "-m", "indexer.cli", "index", str(folder)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            _wait_for_encoding(collection, process)
            yield lambda: process.poll() is None
        finally:
            process.terminate()


def _wait_for_encoding(collection: Path, process: subprocess.Popen[bytes]) -> None:
    """Return once a run has embedded the first passages."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        run = read_run(collection)
        if run is not None and run.pid == process.pid and run.passages:
            return
        time.sleep(EVERY)
    sys.exit("Indexing did not come to encode.")


def main() -> None:
    """Measure every server under every load, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=_CACHE / "benchmarks")
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each load lasts")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS, help="clients at once")
    parser.add_argument("--engine", default="whoosh", help="keyword engine")
    chosen = parser.parse_args()
    encoder = load_encoder(DEFAULT_MODEL, _CACHE)
    real = real_passages(chosen.data, chosen.to, encoder)
    kinds = {
        "known": itertools.cycle(questions(chosen.data, KNOWN)).__next__,
        "new": fresh_questions(chosen.data).__next__,
    }
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="serve-") as name:
        folder = Path(name).resolve()
        (folder / "served.py").write_text(_WSGI)
        environment = {
            **os.environ,
            "WHEREIN_HOME": str(folder / "home"),
            "PYTHONPATH": f"{folder}{os.pathsep}{PROJECT}",
            "PORT": str(_free_port()),
            "WHEREIN_RATE_LIMIT": "0",
        }
        settings = Settings.from_environment(home=str(folder / "home"))
        collection = settings.collections / settings.collection
        put_into_collection(
            collection,
            grown(real, chosen.passages),
            encoder,
            chosen.engine,
        )

        def measure(server: str, port: int, clients: int, kind: str) -> None:
            found = load(port, clients, chosen.seconds, PATH, kinds[kind])
            rows.append({"server": server, "clients": clients, "questions": kind, **found.row()})
            print("  ".join(f"{head}: {value}" for head, value in rows[-1].items()), flush=True)

        all_of_them = list(servers(environment["PORT"]))
        for server, command, ready in all_of_them:
            with served(command, environment, ready) as port:
                load(port, 2, 1.0, PATH, kinds["known"])
                for clients, kind in itertools.product(chosen.clients, kinds):
                    measure(server, port, clients, kind)
        for server, command, ready in all_of_them[:2]:
            beside = f"{server}, indexing beside it"
            with (
                served(command, environment, ready) as port,
                indexing(folder / server, real, environment, collection) as is_running,
            ):
                for kind in kinds:
                    measure(beside, port, LIMITED, kind)
                if not is_running():
                    sys.exit("Indexing ended before the questions did: raise the number of files.")
    record("serve", figures(rows, chosen.passages), "make bench-serve DATA=DIR")


def figures(rows: list[dict[str, Any]], passages: int) -> dict[str, Any]:
    """What the loads came to, with what is held against a limit before it."""
    found: dict[str, Any] = {"passages": passages}
    limits = {
        "requests a second": "≥ 150",
        "p99 ms": "≤ 250",
        "errors": "≤ 0",
        "turned away": "≤ 0",
    }
    for row in rows:
        if row["clients"] == LIMITED and row["server"].startswith("wherein"):
            where = f"{row['server']}, {LIMITED} clients, {row['questions']} questions"
            for head, limit in limits.items():
                found[f"{where}: {head}"] = Figure(row[head], "", limit)
    return found | {"loads": rows}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


if __name__ == "__main__":
    main()
