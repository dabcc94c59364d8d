"""What benchmarks work out: growth, what is put before everybody, what answers come to."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from conftest import PROJECT

BENCHMARKS = PROJECT / "benchmarks"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
AWAY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Imports a module of the benchmarks, which are no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    known = set(sys.modules)

    def module(name: str) -> ModuleType:
        return __import__(name)

    yield module
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCHMARKS)):
            del sys.modules[name]


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_power_that_a_figure_grows_like_is_found(bench: Any, power: float) -> None:
    sizes = [10_000, 100_000, 1_000_000]
    assert bench("growth").exponent(sizes, [3 * n**power for n in sizes]) == pytest.approx(power)


@pytest.mark.parametrize("values", [["exact", "hnsw"], [None, 2.0], [0.0, 2.0]])
def test_no_power_is_made_up_from_less_than_two_figures(bench: Any, values: list[Any]) -> None:
    assert bench("growth").exponent([10, 100], values) == ""


def test_questions_without_a_relevant_document_are_left_out(bench: Any, tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("q\td\ts\n1\ta\t2\n2\ta\t0\n", "utf-8")
    documents = [{"_id": "a", "title": "Bees", "text": "They swarm."}]
    asked = [{"_id": str(number), "text": f"question {number}"} for number in (1, 2, 3)]
    for name, items in {"corpus": documents, "queries": asked}.items():
        lines = "\n".join(json.dumps(item) for item in items)
        (tmp_path / f"{name}.jsonl").write_text(lines, "utf-8")
    given = bench("material").judged(tmp_path)
    assert given.documents == {"a": "Bees\nThey swarm."}
    assert given.questions == {"1": "question 1"}
    assert given.relevance["1"] == {"a": 2}


def test_material_comes_back_as_it_was_saved(bench: Any, tmp_path: Path) -> None:
    material = bench("material").Material
    full, own = np.eye(2, 3, dtype=np.float32), np.ones((2, 3), np.float32)
    material(["one", "two"], full, own, 2).save(tmp_path)
    back = material.load(tmp_path)
    assert (back.texts, back.together) == (["one", "two"], 2)
    assert (back.full == full).all()
    assert (back.own == own).all()


def test_questions_made_of_halves_are_never_asked_twice(bench: Any, tmp_path: Path) -> None:
    synthesis = bench("synthesis")
    for name in ("squad-dev", "liveqa_med", "cranfield", "cisi", "cf", "npl"):
        (tmp_path / name).mkdir()
        lines = [json.dumps({"text": f"what is {name} {n} made of"}) for n in range(9)]
        (tmp_path / name / "queries.jsonl").write_text("\n".join(lines), "utf-8")
    source = synthesis.fresh_questions(tmp_path)
    asked = [next(source) for _ in range(40)]
    assert len(set(asked)) == len(asked)


def test_a_profile_tells_time_within_a_function_from_time_below_it(bench: Any) -> None:
    stacks = [
        "ask (search/engine.py:7);find (search/vectors.py:3) 3",
        "ask (search/engine.py:9) 1",
        "ask (/any/search/engine.py:9);find (search/vectors.py:5);find (search/vectors.py:3) 4",
    ]
    assert bench("profiling").table(stacks)[2:] == [
        "| `ask (search/engine.py)` | 12.5 % | 100.0 % |",
        "| `find (search/vectors.py)` | 87.5 % | 87.5 % |",
    ]


def test_copies_of_texts_are_embedded_each_by_itself(bench: Any, tmp_path: Path) -> None:
    folder = tmp_path / "from"
    folder.mkdir()
    (folder / "bees.md").write_text("# Bees\n\nThey swarm in May.", "utf-8")
    (folder / "bees.pdf").write_bytes(b"%PDF-1.7")
    made = bench("encode").copied(folder, tmp_path / "to", 2)
    texts = [path.read_text("utf-8") for path in sorted(made.rglob("*.*"))]
    assert texts == [f"# Bees\nCopy {n}.\n\nThey swarm in May.\nCopy {n}." for n in (0, 1)]


def test_everybody_indexes_in_turn_and_medians_count(
    bench: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    indexing = bench("indexing")
    begun: list[str] = []

    def once(command: list[str]) -> Any:
        name = command[command.index("--peer") + 1] if "--peer" in command else "wherein index"
        begun.append(name)
        if name == "Chroma":
            return "Traceback\nNo module named 'chromadb'"
        seconds = [9.0, 1.0, 2.0][begun.count(name) - 1]
        return indexing._Taken(seconds, int(seconds * 10**6))

    monkeypatch.setattr(indexing, "_once", once)
    rows = indexing._all(tmp_path, 3)
    assert [row["contestant"] for row in rows] == [
        "wherein index",
        "txtai, hybrid",
        "LanceDB, hybrid",
    ]
    assert {(row["seconds"], row["memory MB"]) for row in rows} == {(2.0, 2)}
    assert begun[0] == "wherein index"
    assert begun[4:] == [
        "txtai, hybrid",
        "LanceDB, hybrid",
        "wherein index",
        "LanceDB, hybrid",
        "wherein index",
        "txtai, hybrid",
    ]


def test_what_a_collection_takes_is_that_of_the_build_in_use(bench: Any, tmp_path: Path) -> None:
    for build, size in (("0001", 7_000), ("0002", 3_000)):
        (tmp_path / build / "vectors").mkdir(parents=True)
        (tmp_path / build / "vectors" / "1.part").write_bytes(bytes(size))
    (tmp_path / "CURRENT").write_text("0002\n")
    assert bench("scale_measures")._sizes(tmp_path, 10) == {"vectors bytes a passage": 300.0}


def test_a_load_is_held_against_its_limits_where_there_are_any(bench: Any) -> None:
    figures = {"requests a second": 90.0, "p99 ms": 300.0, "turned away": 0, "errors": 1}
    rows = [
        {"server": "wherein serve", "clients": clients, "questions": "new", **figures}
        for clients in (1, 16)
    ]
    found = bench("serve").figures(rows, 20_000)
    held = {name: one.held() for name, one in found.items() if hasattr(one, "held")}
    where = "wherein serve, 16 clients, new questions"
    assert held == {
        f"{where}: requests a second": False,
        f"{where}: p99 ms": False,
        f"{where}: turned away": True,
        f"{where}: errors": False,
    }


def test_what_is_answered_turned_away_and_dropped_is_told_apart(bench: Any) -> None:
    with _server([ANSWER, AWAY, b""]) as port:
        client = bench("load").Client(port)
        assert client.get("/first") == 200
        assert client.get("/second") == 503
        with pytest.raises(OSError, match="hung up"):
            client.get("/third")
        client.close()


def test_a_load_counts_what_came_back(bench: Any) -> None:
    asked: list[str] = []

    def question() -> str:
        asked.append(f"question {len(asked)}")
        return asked[-1]

    with _server(itertools.cycle([ANSWER, AWAY])) as port:
        found = bench("load").load(port, 1, 0.1, "/?q={q}", question)
    assert found.errors == 0
    assert found.turned_away == len(asked) // 2
    assert found.per_second > 0
    assert found.p50 <= found.p95 <= found.p99


def test_clients_take_questions_from_one_source_in_turn(bench: Any) -> None:
    def source() -> Iterator[str]:
        for number in itertools.count():
            for _ in range(20):
                BENCHMARKS.stat()  # another client may come meanwhile
            yield f"question {number}"

    with _server(itertools.repeat(ANSWER)) as port:
        found = bench("load").load(port, 8, 0.1, "/?q={q}", source().__next__)
    assert found.errors == 0


@contextmanager
def _server(answers: Iterable[bytes]) -> Iterator[int]:
    """The port of a server that gives these answers, one to each request."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, iter(answers)))
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listening: socket.socket, answers: Iterator[bytes]) -> None:
    """Take connections until nobody can ask any more."""
    lines = []
    with contextlib.suppress(OSError):
        while True:
            line, _ = listening.accept()
            lines.append(threading.Thread(target=_answer, args=(line, answers)))
            lines[-1].start()
    for thread in lines:
        thread.join()


def _answer(line: socket.socket, answers: Iterator[bytes]) -> None:
    """Give an answer to each request of a connection."""
    with line:
        while line.recv(4096):
            answer = next(answers)
            line.sendall(answer)
            if not answer or b"close" in answer:
                break
