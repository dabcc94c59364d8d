"""Contestants in processes of their own, asked in turn, each with one thread and no network."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from material import Material
from peers import SILENT, Contestant, Search, contestants

#: One thread each, and nothing told to anybody.
QUIET = SILENT | {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKIO_WORKER_THREADS": "1",
    "LANCE_CPU_THREADS": "1",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a question.

    Attributes:
        milliseconds: How long it took.
        places: The best passages.
    """

    milliseconds: float
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Built:
    """What an index took.

    Attributes:
        seconds: To be built.
        disk: Bytes.
    """

    seconds: float
    disk: int


class Player:
    """A contestant, in its process, ready to be asked.

    Attributes:
        name: The contestant's.
        opened_s: Seconds that its index took to be opened, the libraries' import included.
    """

    def __init__(self, name: str, opened_s: float, line: Any) -> None:
        self.name, self.opened_s, self._line = name, opened_s, line

    def ask(self, question: str) -> Answered:
        """Have a question answered.

        Raises:
            SystemExit: It failed.
        """
        self._line.send(question)
        answered = self._line.recv()
        if isinstance(answered, str):
            raise SystemExit(f"{self.name} failed on {question!r}: {answered}")
        return Answered(*answered)

    def memory(self) -> int:
        """Bytes that its process holds now."""
        self._line.send(None)
        return int(self._line.recv())


def built(given: Path, place: Path, names: Sequence[str]) -> dict[str, Built]:
    """Have contestants build their indexes, one after the other, but for those built before.

    Args:
        given: Where `Material` was saved.
        place: A folder for their indexes.
        names: Of those wanted; who is not installed is left out, which is said.
    """
    os.environ.update(QUIET)
    found = {}
    for name in names:
        folder = place / folder_of(name)
        note = folder.with_suffix(".json")
        if not note.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                made = pool.apply(_build, (name, given, folder))
                pool.close()  # it ends by itself, with whatever its libraries have to put away
                pool.join()
            if isinstance(made, str):
                print(f"{name} is left out: {made}", flush=True)
                continue
            note.write_text(json.dumps(asdict(made)), "utf-8")
        found[name] = Built(**json.loads(note.read_text("utf-8")))
    return found


@contextlib.contextmanager
def players(place: Path, names: Iterable[str]) -> Iterator[list[Player]]:
    """Have contestants open their indexes, each in a process of its own.

    Args:
        place: The folder that `built` put them in.
        names: Of those wanted.
    """
    os.environ.update(QUIET)
    context = multiprocessing.get_context("spawn")
    ready, processes = [], []
    try:
        for name in names:
            ours, theirs = context.Pipe()
            process = context.Process(target=_play, args=(name, place / folder_of(name), theirs))
            process.start()
            theirs.close()
            processes.append((process, ours))
            ready.append(Player(name, ours.recv(), ours))
        yield ready
    finally:
        for process, line in processes:
            line.close()  # the process ends when nobody can ask any more
            process.join(20)
            process.terminate()


def folder_of(name: str) -> str:
    """What a contestant's folder is called."""
    return "".join(letter for letter in name if letter.isalnum())


def _build(name: str, given: Path, folder: Path) -> Built | str:
    """Build a contestant's index; or say why that cannot be."""
    _shut_off()
    material = Material.load(given)
    began = time.perf_counter()
    try:
        _contestant(name).build(folder, material)
    except ImportError as error:
        return str(error)
    taken = time.perf_counter() - began
    return Built(taken, sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()))


def _play(name: str, folder: Path, line: Connection) -> None:
    """Answer questions until nobody can ask any more."""
    _shut_off()
    began = time.perf_counter()
    search = _contestant(name).open(folder)
    line.send(time.perf_counter() - began)
    with contextlib.suppress(EOFError):
        while True:
            question = line.recv()
            if question is None:
                line.send(psutil.Process().memory_info().rss)
            else:
                line.send(_asked(search, question))


def _asked(search: Search, question: str) -> tuple[float, tuple[int, ...]] | str:
    began = time.perf_counter()
    try:
        found = search(question)
    except Exception as error:  # whatever it is, the others are to be asked on
        return f"{type(error).__name__}: {error}"
    taken = (time.perf_counter() - began) * 1e3
    if not all(text for _, text in found):
        return "a passage came without its text"
    return taken, tuple(place for place, _ in found)


def _contestant(name: str) -> Contestant:
    return next(one for one in contestants() if one.name == name)


def _shut_off() -> None:
    """Let no Python code of this process connect to anything."""

    def refuse(*_: object) -> None:
        raise OSError("There is no network in a benchmark.")

    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.getaddrinfo = refuse  # type: ignore[assignment]
